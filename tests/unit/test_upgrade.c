/* The HTTP upgrade. Responses are judged whole, byte by byte and cut at each offset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/failing_alloc.h"
#include "engine/upgrade.h"

/* RFC 6455 section 1.3: the nonce "the sample nonce" makes this key, and this accept answers it. */
#define KEY    "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

#define LINE     "HTTP/1.1 101 Switching Protocols\r\n"
#define UPGRADES "Upgrade: websocket\r\nConnection: Upgrade\r\n"
#define ACCEPTS  "Sec-WebSocket-Accept: " ACCEPT "\r\n"
#define GOOD     LINE UPGRADES ACCEPTS

struct row {
  const char *response;
  size_t len;
  enum sherd_status status;
  uint16_t http_status;
};

#define ROW(literal, status, http_status)                                                          \
  { literal, sizeof(literal) - 1, status, http_status }

static void sample_nonce(void *ctx, void *out, size_t len) {
  (void)ctx;
  assert_int_equal(len, 16);
  memcpy(out, "the sample nonce", len);
}

static const struct sherd__random sample = {sample_nonce, NULL};

static void begin(struct sherd__upgrade *upgrade, const struct sherd_allocator *allocator) {
  struct sherd_buf out;
  sherd__buf_init(&out, sherd_allocator_default());
  sherd__upgrade_init(upgrade, allocator);
  assert_int_equal(sherd__upgrade_request(upgrade, "localhost", 80, false, "/", &sample, &out),
                   SHERD_OK);
  sherd__buf_deinit(&out);
}

/* Feeds from memory of the exact size, which is gone afterwards. */
static enum sherd_status feed(struct sherd__upgrade *upgrade, const char *piece, size_t len,
                              size_t *used, bool *done) {
  uint8_t *copy = malloc(len ? len : 1);
  assert_non_null(copy);
  memcpy(copy, piece, len);
  enum sherd_status status =
      sherd__upgrade_feed(upgrade, (struct sherd_bytes){copy, len}, used, done);
  free(copy);
  return status;
}

/* Feeds a response and then some bytes of frames, in pieces of `step` bytes, the first of `first`.
 */
static void check_cut(const struct row *row, size_t first, size_t step) {
  static const char frames[] = "\x81\x02HI\r\n\r\n";
  size_t len = row->len + sizeof frames, total = 0;
  char *stream = malloc(len);
  memcpy(stream, row->response, row->len);
  memcpy(stream + row->len, frames, sizeof frames);
  struct sherd__upgrade upgrade;
  begin(&upgrade, sherd_allocator_default());
  enum sherd_status status = SHERD_OK;
  bool done = false;
  for (size_t at = 0, piece = first; at < len && !status && !done; at += piece, piece = step) {
    if (piece > len - at)
      piece = len - at;
    size_t used;
    status = feed(&upgrade, stream + at, piece, &used, &done);
    assert_true(used <= piece);
    assert_true(status || done || used == piece);
    total += used;
  }
  if (status != row->status)
    print_error("cut at %zu and each %zu:\n%s\n", first, step, row->response);
  assert_int_equal(status, row->status);
  assert_int_equal(done, row->status == SHERD_OK);
  assert_int_equal(upgrade.http_status, row->http_status);
  if (done)
    assert_int_equal(total, row->len); /* and so the frames are left */
  sherd__upgrade_deinit(&upgrade);
  free(stream);
}

static void check_all(const struct row *rows, size_t count) {
  for (size_t i = 0; i < count; i++) {
    check_cut(&rows[i], SIZE_MAX, SIZE_MAX);
    check_cut(&rows[i], 1, 1);
    for (size_t cut = 1; cut < rows[i].len; cut++)
      check_cut(&rows[i], cut, SIZE_MAX);
  }
}

/* --- The request --- */

static void the_request_is_as_the_rfc_wants(void **state) {
  (void)state;
  struct sherd__upgrade upgrade;
  struct sherd_buf out;
  sherd__buf_init(&out, sherd_allocator_default());
  sherd__upgrade_init(&upgrade, sherd_allocator_default());
  assert_int_equal(sherd__buf_append(&out, "before", 6), SHERD_OK);
  assert_int_equal(sherd__upgrade_request(&upgrade, "gateway.discord.gg", 443, true,
                                          "/?v=10&encoding=json", &sample, &out),
                   SHERD_OK);
  assert_int_equal(sherd__buf_append_byte(&out, 0), SHERD_OK);
  assert_string_equal((const char *)out.data, "beforeGET /?v=10&encoding=json HTTP/1.1\r\n"
                                              "Host: gateway.discord.gg\r\n"
                                              "Upgrade: websocket\r\n"
                                              "Connection: Upgrade\r\n"
                                              "Sec-WebSocket-Key: " KEY "\r\n"
                                              "Sec-WebSocket-Version: 13\r\n"
                                              "User-Agent: " SHERD__USER_AGENT "\r\n"
                                              "\r\n");
  assert_string_equal(upgrade.key, KEY);
  assert_ptr_equal(strstr(SHERD__USER_AGENT, "DiscordBot (https://"), SHERD__USER_AGENT);
  sherd__upgrade_deinit(&upgrade);
  sherd__buf_deinit(&out);
}

static void the_host_header_names_port_and_address(void **state) {
  (void)state;
  static const struct {
    const char *host;
    uint16_t port;
    bool tls;
    const char *expected;
  } rows[] = {
      {"example.org", 443, true, "\r\nHost: example.org\r\n"},
      {"example.org", 80, false, "\r\nHost: example.org\r\n"},
      {"example.org", 80, true, "\r\nHost: example.org:80\r\n"},
      {"example.org", 443, false, "\r\nHost: example.org:443\r\n"},
      {"127.0.0.1", 65535, false, "\r\nHost: 127.0.0.1:65535\r\n"},
      {"::1", 443, true, "\r\nHost: [::1]\r\n"},
      {"2001:db8::1", 8080, true, "\r\nHost: [2001:db8::1]:8080\r\n"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sherd__upgrade upgrade;
    struct sherd_buf out;
    sherd__buf_init(&out, sherd_allocator_default());
    sherd__upgrade_init(&upgrade, sherd_allocator_default());
    assert_int_equal(sherd__upgrade_request(&upgrade, rows[i].host, rows[i].port, rows[i].tls, "/",
                                            &sample, &out),
                     SHERD_OK);
    assert_int_equal(sherd__buf_append_byte(&out, 0), SHERD_OK);
    assert_non_null(strstr((const char *)out.data, rows[i].expected));
    sherd__upgrade_deinit(&upgrade);
    sherd__buf_deinit(&out);
  }
}

static void an_accept_answers_its_key(void **state) {
  (void)state;
  char accept[SHERD__WEBSOCKET_ACCEPT_SIZE + 1];
  sherd__websocket_accept(KEY, strlen(KEY), accept);
  assert_string_equal(accept, ACCEPT);
}

/* --- What is good --- */

static void a_good_response_is_taken_and_the_frames_are_left(void **state) {
  (void)state;
  static const struct row rows[] = {
      ROW(GOOD "\r\n", SHERD_OK, 101),
      ROW("HTTP/1.1 101 \r\n" UPGRADES ACCEPTS "\r\n", SHERD_OK, 101),
      ROW("HTTP/1.1 101\r\n" UPGRADES ACCEPTS "\r\n", SHERD_OK, 101),
      ROW(LINE "upgrade:WebSocket\r\nCONNECTION:upgrade \t\r\nsec-websocket-ACCEPT:\t" ACCEPT
               " \r\n\r\n",
          SHERD_OK, 101),
      ROW(LINE "Connection: keep-alive, Upgrade\r\nUpgrade: h2c , ,websocket\r\n" ACCEPTS "\r\n",
          SHERD_OK, 101),
      ROW(LINE "Connection: keep-alive\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" ACCEPTS
               "\r\n",
          SHERD_OK, 101),
      ROW(GOOD "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\nX-Empty:\r\nServer: caf\xe9\t!\r\n"
               "!#$%&'*+-.^_`|~09azAZ: all of a token\r\nContent-Length: 0\r\n\r\n",
          SHERD_OK, 101),
  };
  check_all(rows, sizeof rows / sizeof *rows);
}

/* --- What is not --- */

static void another_status_is_told_with_its_first_line(void **state) {
  (void)state;
  static const struct row rows[] = {
      ROW("HTTP/1.1 200 OK\r\n", SHERD_EUPGRADE, 200),
      ROW("HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\n\r\n<html>", SHERD_EUPGRADE, 403),
      ROW("HTTP/1.1 404 Not Found\r\n", SHERD_EUPGRADE, 404),
      ROW("HTTP/1.1 502 Bad Gateway\r\n", SHERD_EUPGRADE, 502),
      ROW("HTTP/1.1 100 Continue\r\n", SHERD_EUPGRADE, 100),
      ROW("HTTP/1.0 403 Forbidden\r\n", SHERD_EUPGRADE, 403),
      ROW("HTTP/1.1 999\r\n", SHERD_EUPGRADE, 999),
  };
  check_all(rows, sizeof rows / sizeof *rows);
}

static void a_malformed_first_line_is_refused(void **state) {
  (void)state;
  static const struct row rows[] = {
      ROW("SSH-2.0-OpenSSH_9.2\r\n", SHERD_EUPGRADEHEADER, 0),
      ROW("\x15\x03\x03", SHERD_EUPGRADEHEADER, 0), /* a TLS alert: no line will ever end */
      ROW("\r\n", SHERD_EUPGRADEHEADER, 0),
      ROW("\n", SHERD_EUPGRADEHEADER, 0),
      ROW("http/1.1 101 No\r\n", SHERD_EUPGRADEHEADER, 0),
      ROW("HTTP/2 101 No\r\n", SHERD_EUPGRADEHEADER, 0),
      ROW("HTTP/1.1  101 No\r\n", SHERD_EUPGRADEHEADER, 0),
      ROW("HTTP/1.1\t101 No\r\n", SHERD_EUPGRADEHEADER, 0),
      ROW("HTTP/1.11 101 No\r\n", SHERD_EUPGRADEHEADER, 0),
      ROW("HTTP/1. 101 No\r\n", SHERD_EUPGRADEHEADER, 0),
      ROW("HTTP/1.1 10\r\n", SHERD_EUPGRADEHEADER, 0),
      ROW("HTTP/1.1 1010 No\r\n", SHERD_EUPGRADEHEADER, 0),
      ROW("HTTP/1.1 1o1 No\r\n", SHERD_EUPGRADEHEADER, 0),
      ROW("HTTP/1.1 011 No\r\n", SHERD_EUPGRADEHEADER, 0),
      ROW("HTTP/1.1 101 N\0o\r\n", SHERD_EUPGRADEHEADER, 0),
      ROW("HTTP/1.1 101 N\ro\r\n", SHERD_EUPGRADEHEADER, 0),
      ROW("HTTP/1.1 101 bare\n" UPGRADES ACCEPTS "\r\n", SHERD_EUPGRADEHEADER, 0),
      ROW("HTTP/1.0 101 Too Old\r\n" UPGRADES ACCEPTS "\r\n", SHERD_EUPGRADEHEADER, 101),
  };
  check_all(rows, sizeof rows / sizeof *rows);
}

static void missing_and_doubled_headers_are_refused(void **state) {
  (void)state;
  static const struct row rows[] = {
      ROW(LINE "\r\n", SHERD_EUPGRADEHEADER, 101),
      ROW(LINE UPGRADES "\r\n", SHERD_EUPGRADEHEADER, 101),
      ROW(LINE "Upgrade: websocket\r\n" ACCEPTS "\r\n", SHERD_EUPGRADEHEADER, 101),
      ROW(LINE "Connection: upgrade\r\n" ACCEPTS "\r\n", SHERD_EUPGRADEHEADER, 101),
      ROW(LINE "Connection: keep-alive\r\nUpgrade: websocket\r\n" ACCEPTS "\r\n",
          SHERD_EUPGRADEHEADER, 101),
      ROW(LINE "Connection: upgraded\r\nUpgrade: websocket\r\n" ACCEPTS "\r\n",
          SHERD_EUPGRADEHEADER, 101),
      ROW(LINE "Connection: Upgrade\r\nUpgrade: h2c\r\n" ACCEPTS "\r\n", SHERD_EUPGRADEHEADER, 101),
      ROW(LINE "Connection: Upgrade\r\nUpgrade:\r\n" ACCEPTS "\r\n", SHERD_EUPGRADEHEADER, 101),
      ROW(GOOD ACCEPTS "\r\n", SHERD_EUPGRADEHEADER, 101),
  };
  check_all(rows, sizeof rows / sizeof *rows);
}

static void a_wrong_accept_is_refused(void **state) {
  (void)state;
  static const struct row rows[] = {
      ROW(LINE "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", SHERD_EUPGRADEKEY, 101),
      ROW(LINE "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo\r\n", SHERD_EUPGRADEKEY, 101),
      ROW(LINE "Sec-WebSocket-Accept: " ACCEPT "=\r\n", SHERD_EUPGRADEKEY, 101),
      ROW(LINE "Sec-WebSocket-Accept:\r\n", SHERD_EUPGRADEKEY, 101),
      ROW(LINE "Sec-WebSocket-Accept: " KEY "\r\n", SHERD_EUPGRADEKEY, 101),
  };
  check_all(rows, sizeof rows / sizeof *rows);
}

static void what_was_not_asked_for_is_refused(void **state) {
  (void)state;
  static const struct row rows[] = {
      ROW(GOOD "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", SHERD_EUPGRADEHEADER, 101),
      ROW(GOOD "Sec-WebSocket-Protocol: chat\r\n\r\n", SHERD_EUPGRADEHEADER, 101),
      ROW(GOOD "Content-Length: 5\r\n\r\n", SHERD_EUPGRADEHEADER, 101),
      ROW(GOOD "Transfer-Encoding: chunked\r\n\r\n", SHERD_EUPGRADEHEADER, 101),
  };
  check_all(rows, sizeof rows / sizeof *rows);
}

static void bad_header_syntax_is_refused(void **state) {
  (void)state;
  static const struct row rows[] = {
      ROW(LINE "Upgrade: websocket\r\n folded\r\n", SHERD_EUPGRADEHEADER, 101),
      ROW(LINE "Upgrade: websocket\r\n\tfolded: x\r\n", SHERD_EUPGRADEHEADER, 101),
      ROW(LINE "Upgrade : websocket\r\n", SHERD_EUPGRADEHEADER, 101),
      ROW(LINE "Up grade: websocket\r\n", SHERD_EUPGRADEHEADER, 101),
      ROW(LINE "Upgrade websocket\r\n", SHERD_EUPGRADEHEADER, 101),
      ROW(LINE ": websocket\r\n", SHERD_EUPGRADEHEADER, 101),
      ROW(LINE "Upgr\0ade: websocket\r\n", SHERD_EUPGRADEHEADER, 101),
      ROW(LINE "Upgrade: web\0socket\r\n", SHERD_EUPGRADEHEADER, 101),
      ROW(LINE "Upgrade: web\rsocket\r\n", SHERD_EUPGRADEHEADER, 101),
      ROW(LINE "Upgrade: web\x7fsocket\r\n", SHERD_EUPGRADEHEADER, 101),
      ROW(LINE "Upgr\xe4"
               "de: websocket\r\n",
          SHERD_EUPGRADEHEADER, 101),
      ROW(LINE "Upgrade: websocket\n", SHERD_EUPGRADEHEADER, 101),
      ROW(GOOD "\n", SHERD_EUPGRADEHEADER, 101),
  };
  check_all(rows, sizeof rows / sizeof *rows);
}

/* --- Size --- */

/* A good response of `len` bytes. */
static char *padded_response(size_t len) {
  static const char head[] = GOOD "X-Pad: ";
  char *response = malloc(len);
  memset(response, 'x', len);
  memcpy(response, head, sizeof head - 1);
  memcpy(response + len - 4, "\r\n\r\n", 4);
  return response;
}

static void a_header_may_have_16_kib(void **state) {
  (void)state;
  for (size_t over = 0; over < 2; over++) {
    size_t len = SHERD__UPGRADE_BYTES_MAX + over;
    char *response = padded_response(len);
    struct row row = {response, len, over ? SHERD_EUPGRADETOOBIG : SHERD_OK, 101};
    static const size_t steps[] = {SIZE_MAX, 1, 1000, SHERD__UPGRADE_BYTES_MAX - 1,
                                   SHERD__UPGRADE_BYTES_MAX};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
      check_cut(&row, steps[i], steps[i]);
    free(response);
  }
}

static void a_header_of_10_mb_is_not_kept(void **state) {
  (void)state;
  enum {
    LEN = 10 * 1000 * 1000
  };
  char *response = padded_response(LEN);
  static const size_t steps[] = {LEN, 1448, 1};
  for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
    struct sherd__test_alloc alloc;
    sherd__test_alloc_init(&alloc, 0);
    struct sherd__upgrade upgrade;
    begin(&upgrade, &alloc.allocator);
    enum sherd_status status = SHERD_OK;
    size_t at = 0;
    while (at < LEN && !status) {
      size_t used;
      bool done;
      size_t len = steps[i] < LEN - at ? steps[i] : LEN - at;
      status = sherd__upgrade_feed(&upgrade, (struct sherd_bytes){(uint8_t *)response + at, len},
                                   &used, &done);
      at += used;
    }
    assert_int_equal(status, SHERD_EUPGRADETOOBIG);
    assert_true(at <= SHERD__UPGRADE_BYTES_MAX);
    assert_true(alloc.peak_bytes <= 3 * SHERD__UPGRADE_BYTES_MAX); /* while a block is moved */
    sherd__upgrade_deinit(&upgrade);
    assert_int_equal(alloc.live, 0);
  }
  free(response);
}

/* --- Memory --- */

static void a_response_in_one_piece_needs_no_memory(void **state) {
  (void)state;
  struct sherd__test_alloc alloc;
  sherd__test_alloc_init(&alloc, 0);
  struct sherd__upgrade upgrade;
  begin(&upgrade, &alloc.allocator);
  size_t used;
  bool done;
  assert_int_equal(feed(&upgrade, GOOD "\r\n", sizeof GOOD "\r\n" - 1, &used, &done), SHERD_OK);
  assert_true(done);
  assert_int_equal(alloc.requests, 0);
  sherd__upgrade_deinit(&upgrade);
}

static void failing_memory_is_told_and_nothing_leaks(void **state) {
  (void)state;
  static const char response[] = GOOD "\r\n";
  size_t fail_at = 1;
  for (bool failed = true; failed; fail_at++) {
    struct sherd__test_alloc alloc;
    sherd__test_alloc_init(&alloc, fail_at);
    struct sherd__upgrade upgrade;
    begin(&upgrade, &alloc.allocator);
    enum sherd_status status = SHERD_OK;
    bool done = false;
    size_t used;
    for (size_t at = 0; at < sizeof response - 1 && !status; at++)
      status = feed(&upgrade, response + at, 1, &used, &done);
    failed = sherd__test_alloc_has_failed(&alloc);
    assert_int_equal(status, failed ? SHERD_ENOMEM : SHERD_OK);
    assert_int_equal(done, !failed);
    sherd__upgrade_deinit(&upgrade);
    assert_int_equal(alloc.live, 0);
  }
  assert_true(fail_at > 2);

  struct sherd__test_alloc alloc;
  sherd__test_alloc_init(&alloc, 2);
  struct sherd__upgrade upgrade;
  struct sherd_buf out;
  sherd__upgrade_init(&upgrade, &alloc.allocator);
  sherd__buf_init(&out, &alloc.allocator);
  assert_int_equal(sherd__buf_append(&out, "kept", 4), SHERD_OK);
  assert_int_equal(sherd__upgrade_request(&upgrade, "h", 1, true, "/", &sample, &out),
                   SHERD_ENOMEM);
  assert_int_equal(out.len, 4);
  sherd__buf_deinit(&out);
  sherd__upgrade_deinit(&upgrade);
  assert_int_equal(alloc.live, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_request_is_as_the_rfc_wants),
      cmocka_unit_test(the_host_header_names_port_and_address),
      cmocka_unit_test(an_accept_answers_its_key),
      cmocka_unit_test(a_good_response_is_taken_and_the_frames_are_left),
      cmocka_unit_test(another_status_is_told_with_its_first_line),
      cmocka_unit_test(a_malformed_first_line_is_refused),
      cmocka_unit_test(missing_and_doubled_headers_are_refused),
      cmocka_unit_test(a_wrong_accept_is_refused),
      cmocka_unit_test(what_was_not_asked_for_is_refused),
      cmocka_unit_test(bad_header_syntax_is_refused),
      cmocka_unit_test(a_header_may_have_16_kib),
      cmocka_unit_test(a_header_of_10_mb_is_not_kept),
      cmocka_unit_test(a_response_in_one_piece_needs_no_memory),
      cmocka_unit_test(failing_memory_is_told_and_nothing_leaks),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
