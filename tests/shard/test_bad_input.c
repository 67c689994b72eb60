/* What no good server does: each gives its own status and a line that says what to do, and leaves
 * nothing behind, and burns no time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <zlib.h>

#include "watch.h"

struct row {
  const char *what;
  const struct script_step *script;
  enum sherd_status expected;
  enum sherd_compression compression;
  uint16_t http_status;
  uint16_t close_code;
  const char *our_close; /* the code that we close with; NULL: none is sent */
  bool is_final;         /* the shard does not try again */
};

#define OPEN  SCRIPT_UPGRADE
#define HELLO SCRIPT_UPGRADE, SCRIPT_HELLO
#define ASKED SCRIPT_UPGRADE, SCRIPT_HELLO, SCRIPT_EXPECT(2)

/* Short limits, so that no row takes long; messages up to 1 MiB. */
static struct sherd_shard_config config_for(struct watch *watch, const struct script_server *server,
                                            const struct row *row) {
  struct sherd_shard_config config = watch_config(watch, server);
  config.gateway.compression = row->compression;
  config.gateway.max_message_bytes = 1024 * 1024;
  config.gateway.upgrade_timeout_ms = 200;
  config.gateway.hello_timeout_ms = 200;
  config.gateway.ready_timeout_ms = 200;
  config.dns_timeout_ms = 2000;
  return config;
}

static uint64_t cpu_ms(void) {
  return (uint64_t)clock() * 1000 / CLOCKS_PER_SEC;
}

/* The shard waits for its next attempt now, or has ended. */
static void check_idleness(struct sherd_shard *shard) {
  uint64_t before_ms = cpu_ms();
  sherd_shard_join(shard, 50);
  assert_in_range(cpu_ms() - before_ms, 0, 30);
}

static void check_error(const struct sherd_shard *shard, const struct row *row) {
  struct sherd_error_info error;
  sherd_last_error(shard, &error);
  assert_string_equal(sherd_status_name(error.status), sherd_status_name(row->expected));
  assert_int_equal(error.close_code, row->close_code);
  if (row->http_status)
    assert_int_equal(error.http_status, row->http_status);
  assert_non_null(strchr(error.text, ':')); /* what happened: what to do */
  assert_null(strstr(error.text, WATCH_TOKEN));
}

static void meet(struct watch *watch, const struct sherd_shard_config *config,
                 const struct row *row) {
  char expected[WATCH_TEXT];
  snprintf(expected, sizeof expected, "DISCONNECTED %s %u%s", sherd_status_name(row->expected),
           row->close_code, row->is_final ? "" : " reconnecting");
  struct sherd_shard *shard = watch_shard(config);
  assert_int_equal(sherd_shard_start_async(shard, watch_done, watch), SHERD_OK);
  if (!watch_wait(watch, expected)) {
    watch_expect(watch, expected); /* shows what came instead */
    fail();
  }
  check_error(shard, row);
  if (row->is_final) {
    assert_true(watch_wait_done(watch, 1));
    assert_int_equal(watch->done_status, row->expected);
    assert_false(sherd_shard_is_alive(shard));
  }
  check_idleness(shard);
  sherd_shard_free(shard);
}

static void run(const struct row *row) {
  struct watch watch;
  unsigned before = watch_open_descriptors();
  struct script_server *server = script_server_start_one(row->script);
  struct sherd_shard_config config = config_for(&watch, server, row);
  watch_init(&watch);
  meet(&watch, &config, row);
  if (row->our_close)
    assert_string_equal(script_server_wait(server, SCRIPT_OP_CLOSE, 0), row->our_close);
  script_server_stop(server);
  watch_deinit(&watch);
  assert_int_equal(watch_open_descriptors(), before);
}

/* --- The upgrade --- */

static const struct script_step http_200[] = {
    SCRIPT_REQUEST, SCRIPT_RAW("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), SCRIPT_END};
static const struct script_step http_403[] = {
    SCRIPT_REQUEST, SCRIPT_RAW("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), SCRIPT_END};
static const struct script_step wrong_key[] = {
    SCRIPT_REQUEST,
    SCRIPT_RAW("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"),
    SCRIPT_END};
static const struct script_step no_key[] = {
    SCRIPT_REQUEST,
    SCRIPT_RAW("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
               "Connection: Upgrade\r\n\r\n"),
    SCRIPT_END};
static const struct script_step not_http[] = {SCRIPT_REQUEST, SCRIPT_RAW("220 mail.test ESMTP\r\n"),
                                              SCRIPT_END};
static const struct script_step huge_header[] = {
    SCRIPT_REQUEST, SCRIPT_RAW("HTTP/1.1 101 Switching Protocols\r\nX-Fill: "),
    SCRIPT_FILL(10 * 1024 * 1024), SCRIPT_END};
static const struct script_step no_answer[] = {SCRIPT_REQUEST, SCRIPT_END};
static const struct script_step hang_up[] = {SCRIPT_DROP, SCRIPT_END};

static void upgrades(void **state) {
  static const struct row rows[] = {
      {.what = "HTTP 200", .script = http_200, .expected = SHERD_EUPGRADE, .http_status = 200},
      {.what = "HTTP 403", .script = http_403, .expected = SHERD_EUPGRADE, .http_status = 403},
      {.what = "a wrong key",
       .script = wrong_key,
       .expected = SHERD_EUPGRADEKEY,
       .http_status = 101},
      {.what = "no key", .script = no_key, .expected = SHERD_EUPGRADEHEADER, .http_status = 101},
      {.what = "no HTTP", .script = not_http, .expected = SHERD_EUPGRADEHEADER},
      {.what = "10 MB of header",
       .script = huge_header,
       .expected = SHERD_EUPGRADETOOBIG,
       .http_status = 101},
      {.what = "no answer", .script = no_answer, .expected = SHERD_EUPGRADETIMEOUT},
      {.what = "the end", .script = hang_up, .expected = SHERD_ELOST},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    run(&rows[i]);
}

/* --- Frames --- */

static const struct script_step frame_of_2_62[] = {
    HELLO, SCRIPT_RAW("\x81\x7f\x40\x00\x00\x00\x00\x00\x00\x00"), SCRIPT_END};
static const struct script_step frame_of_2_63[] = {
    HELLO, SCRIPT_RAW("\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x00"), SCRIPT_END};
static const struct script_step reserved_bits[] = {HELLO, SCRIPT_RAW("\xf1\x00"), SCRIPT_END};
static const struct script_step masked_frame[] = {
    HELLO, SCRIPT_RAW("\x81\x82\x01\x02\x03\x04\x7a\x7f"), SCRIPT_END};
static const struct script_step long_ping[] = {HELLO, SCRIPT_RAW("\x89\x7e\x00\x7e"), SCRIPT_END};
static const struct script_step lone_continuation[] = {HELLO, SCRIPT_RAW("\x80\x02{}"), SCRIPT_END};
static const struct script_step text_for_binary[] = {HELLO, SCRIPT_END};
static const struct script_step binary_for_text[] = {OPEN, SCRIPT_BINARY("{\"op\":10}"),
                                                     SCRIPT_END};
static const struct script_step big_message[] = {
    HELLO, SCRIPT_RAW("\x81\x7f\x00\x00\x00\x00\x00\x20\x00\x00"), SCRIPT_FILL(2 * 1024 * 1024),
    SCRIPT_END};
static const struct script_step bad_utf8[] = {HELLO, SCRIPT_RAW("\x81\x04\"\xc3(\""), SCRIPT_END};

static void frames(void **state) {
  static const struct row rows[] = {
      {.what = "2^62 bytes",
       .script = frame_of_2_62,
       .expected = SHERD_ETOOBIG,
       .our_close = "1009"},
      {.what = "2^63 bytes",
       .script = frame_of_2_63,
       .expected = SHERD_EFRAME,
       .our_close = "1002"},
      {.what = "reserved bits",
       .script = reserved_bits,
       .expected = SHERD_EFRAME,
       .our_close = "1002"},
      {.what = "a mask", .script = masked_frame, .expected = SHERD_EFRAME, .our_close = "1002"},
      {.what = "a long ping", .script = long_ping, .expected = SHERD_EFRAME, .our_close = "1002"},
      {.what = "a continuation of nothing",
       .script = lone_continuation,
       .expected = SHERD_EFRAME,
       .our_close = "1002"},
      {.what = "text under zlib-stream",
       .script = text_for_binary,
       .expected = SHERD_EFRAMETYPE,
       .compression = SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM,
       .our_close = "1003"},
      {.what = "text under zstd-stream",
       .script = text_for_binary,
       .expected = SHERD_EFRAMETYPE,
       .compression = SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM,
       .our_close = "1003"},
      {.what = "binary without compression",
       .script = binary_for_text,
       .expected = SHERD_EFRAMETYPE,
       .our_close = "1003"},
      {.what = "2 MiB", .script = big_message, .expected = SHERD_ETOOBIG, .our_close = "1009"},
      {.what = "invalid UTF-8", .script = bad_utf8, .expected = SHERD_EUTF8, .our_close = "1007"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    run(&rows[i]);
}

/* --- Compression --- */

#define ZLIB_STREAM SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM
#define ZSTD_STREAM SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM

/* The HELLO of a zlib-stream, with a bit flipped; without its end. */
#define ZLIB_HELLO                                                                                 \
  "\x78\x9c\xaa\x56\x2a\x51\xb2\xca\x2b\xcd\xc9\xd1\x51\x2a\x86\x31\xf2\x0b\x94\xac\x0c\x0d\x74"   \
  "\x94\x52\x94\xac\xaa\x95\x32\x52\x13\x8b\x4a\x92\x52\x13\x4b\xe2\x33\xf3\x4a\x52\x8b\xca\x12"   \
  "\x73\x94\xac\x4c\x0c\x8d\x4c\x0d\x6a\x6b\x01\x00\x00\x00\xff\xff"
static const struct script_step damaged_zlib[] = {
    OPEN, SCRIPT_BINARY("\x78\x9c\xff\xff\xff\xff\x00\x00\xff\xff"), SCRIPT_END};
static const struct script_step zlib_for_zstd[] = {OPEN, SCRIPT_BINARY(ZLIB_HELLO), SCRIPT_END};
static const struct script_step cut_zlib[] = {
    OPEN, SCRIPT_BINARY("\x78\x9c\xaa\x56\x2a\x51\xb2\xca\x2b\xcd\xc9\xd1\x51\x2a\x86\x31"),
    SCRIPT_END};
/* A whole payload: {"t":null,"s":null,"op":11,"d":null}, with its checksum cut off. */
static const struct script_step cut_payload[] = {
    HELLO,
    SCRIPT_BINARY("\x78\x9c\xab\x56\x2a\x51\xb2\xca\x2b\xcd\xc9\xd1\x51\x2a\x86\x31\xf2\x0b\x94"
                  "\xac\x0c\x0d\x75\x94\x52\x20\x02\xb5\x00\xce\x64"),
    SCRIPT_END};

static struct script_step bomb_steps[] = {OPEN, {SCRIPT_ACT_BINARY, 0, NULL, 0}, SCRIPT_END};

/* 64 MiB of white space in a few dozen kilobytes. */
static void make_bomb(void) {
  static uint8_t spaces[65536];
  static uint8_t bomb[256 * 1024];
  z_stream stream = {0};
  memset(spaces, ' ', sizeof spaces);
  assert_int_equal(deflateInit(&stream, 9), Z_OK);
  stream.next_out = bomb;
  stream.avail_out = sizeof bomb;
  for (unsigned i = 0; i < 1024; i++) {
    stream.next_in = spaces;
    stream.avail_in = sizeof spaces;
    assert_int_equal(deflate(&stream, i == 1023 ? Z_SYNC_FLUSH : Z_NO_FLUSH), Z_OK);
  }
  bomb_steps[1].text = (const char *)bomb;
  bomb_steps[1].len = sizeof bomb - stream.avail_out;
  deflateEnd(&stream);
}

static void compressions(void **state) {
  static const struct row rows[] = {
      {.what = "damaged zlib",
       .script = damaged_zlib,
       .expected = SHERD_EZLIB,
       .compression = ZLIB_STREAM,
       .our_close = "1007"},
      {.what = "a zlib-stream that stops",
       .script = cut_zlib,
       .expected = SHERD_EHELLOTIMEOUT,
       .compression = ZLIB_STREAM,
       .our_close = "4000"},
      {.what = "a cut payload",
       .script = cut_payload,
       .expected = SHERD_EZLIB,
       .compression = SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM,
       .our_close = "1007"},
      {.what = "damaged zstd",
       .script = zlib_for_zstd,
       .expected = SHERD_EZSTD,
       .compression = ZSTD_STREAM,
       .our_close = "1007"},
      {.what = "a bomb",
       .script = bomb_steps,
       .expected = SHERD_EINFLATELIMIT,
       .compression = ZLIB_STREAM,
       .our_close = "1009"},
  };
  (void)state;
  make_bomb();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    run(&rows[i]);
}

/* --- Messages --- */

static const struct script_step interval_0[] = {OPEN, SCRIPT_HELLO_MS(0), SCRIPT_END};
static const struct script_step interval_text[] = {OPEN, SCRIPT_HELLO_MS("soon"), SCRIPT_END};
static const struct script_step no_hello[] = {OPEN, SCRIPT_DEAF, SCRIPT_END};
static const struct script_step ack_for_hello[] = {OPEN, SCRIPT_TEXT("{\"op\":11}"), SCRIPT_END};
static const struct script_step no_ready[] = {ASKED, SCRIPT_END};
static const struct script_step broken_json[] = {HELLO, SCRIPT_TEXT("{\"op\":11,}"), SCRIPT_END};
static const struct script_step no_op[] = {HELLO, SCRIPT_TEXT("{\"d\":null}"), SCRIPT_END};
static const struct script_step deep[] = {
    HELLO,
    SCRIPT_TEXT("{\"x\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
                "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["
                "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
                "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]],\"op\":11}"),
    SCRIPT_END};
static const struct script_step reconnect[] = {OPEN, SCRIPT_TEXT("{\"op\":7,\"d\":null}"),
                                               SCRIPT_END};
static const struct script_step invalid_session[] = {ASKED, SCRIPT_TEXT("{\"op\":9,\"d\":false}"),
                                                     SCRIPT_END};
static const struct script_step dead[] = {OPEN,         SCRIPT_HELLO_MS(50), SCRIPT_EXPECT(2),
                                          SCRIPT_READY, SCRIPT_DEAF,         SCRIPT_END};

static void messages(void **state) {
  static const struct row rows[] = {
      {.what = "HELLO with interval 0",
       .script = interval_0,
       .expected = SHERD_EHELLO,
       .our_close = "4000"},
      {.what = "HELLO without a number",
       .script = interval_text,
       .expected = SHERD_EHELLO,
       .our_close = "4000"},
      {.what = "no HELLO",
       .script = no_hello,
       .expected = SHERD_EHELLOTIMEOUT,
       .our_close = "4000"},
      {.what = "something else",
       .script = ack_for_hello,
       .expected = SHERD_EUNEXPECTEDOP,
       .our_close = "4000"},
      {.what = "no READY",
       .script = no_ready,
       .expected = SHERD_EREADYTIMEOUT,
       .our_close = "4000"},
      {.what = "broken JSON", .script = broken_json, .expected = SHERD_EJSON, .our_close = "1007"},
      {.what = "no op", .script = no_op, .expected = SHERD_EENVELOPE, .our_close = "4000"},
      {.what = "136 lists", .script = deep, .expected = SHERD_EDEPTH, .our_close = "1007"},
      {.what = "RECONNECT", .script = reconnect, .expected = SHERD_ERECONNECT, .our_close = "4000"},
      {.what = "INVALID SESSION",
       .script = invalid_session,
       .expected = SHERD_EINVALIDSESSION,
       .our_close = "4000"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    run(&rows[i]);
}

static void a_server_that_dies_silently(void **state) {
  struct watch watch;
  (void)state;
  watch_init(&watch);
  struct script_server *server = script_server_start_one(dead);
  struct sherd_shard_config config = watch_config(&watch, server);
  config.gateway.close_timeout_ms = 10;
  struct sherd_shard *shard = watch_shard(&config);
  assert_int_equal(sherd_shard_start(shard), SHERD_OK);
  assert_true(watch_wait(&watch, "DISCONNECTED SHERD_EZOMBIE 0 reconnecting resuming"));
  const struct row row = {.expected = SHERD_EZOMBIE};
  check_error(shard, &row);
  check_idleness(shard);
  sherd_shard_free(shard);
  assert_string_equal(script_server_wait(server, SCRIPT_OP_CLOSE, 0), "4000");
  script_server_stop(server);
  watch_deinit(&watch);
}

/* --- Close codes --- */

static void close_codes(void **state) {
  static const struct {
    uint16_t code;
    enum sherd_status expected;
    bool is_final;
  } codes[] = {
      {1000, SHERD_ESERVERCLOSED, false},
      {1001, SHERD_ESERVERCLOSED, false},
      {4000, SHERD_ESERVERERROR, false},
      {4001, SHERD_EUNKNOWNOPCODE, false},
      {4002, SHERD_EDECODE, false},
      {4003, SHERD_ENOTAUTHENTICATED, false},
      {4004, SHERD_EAUTH, true},
      {4005, SHERD_EALREADYAUTHENTICATED, false},
      {4006, SHERD_ESERVERCLOSED, false},
      {4007, SHERD_EBADSEQ, false},
      {4008, SHERD_ESENDLIMIT, false},
      {4009, SHERD_ESESSIONTIMEOUT, false},
      {4010, SHERD_EBADSHARD, true},
      {4011, SHERD_ESHARDINGREQUIRED, true},
      {4012, SHERD_EBADVERSION, true},
      {4013, SHERD_EBADINTENTS, true},
      {4014, SHERD_EDISALLOWEDINTENTS, true},
      {4999, SHERD_ESERVERCLOSED, false},
  };
  (void)state;
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    const struct script_step script[] = {ASKED, SCRIPT_CLOSE(codes[i].code), SCRIPT_END};
    const struct row row = {.what = "a close code",
                            .script = script,
                            .expected = codes[i].expected,
                            .close_code = codes[i].code,
                            .is_final = codes[i].is_final};
    run(&row);
  }
}

/* --- Nobody there --- */

static void nobody_there(void **state) {
  struct watch watch;
  (void)state;
  struct script_server *server = script_server_start_one(hang_up);
  const struct row refused = {.expected = SHERD_ECONNREFUSED};
  struct sherd_shard_config config = config_for(&watch, server, &refused);
  char url[64];
  strcpy(url, script_server_url(server));
  config.gateway.gateway_url = url;
  script_server_stop(server); /* its port is free now */
  unsigned before = watch_open_descriptors();
  watch_init(&watch);
  meet(&watch, &config, &refused);
  watch_deinit(&watch);

  const struct row absent = {.expected = SHERD_EDNS};
  config.gateway.gateway_url = "ws://no-such-host.invalid";
  watch_init(&watch);
  meet(&watch, &config, &absent);
  watch_deinit(&watch);
  assert_int_equal(watch_open_descriptors(), before);
}

/* libuv keeps a pipe for signals from its first loop on: that is not ours to count. */
static int warm_up(void **state) {
  uv_loop_t loop;
  (void)state;
  return uv_loop_init(&loop) || uv_loop_close(&loop);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(upgrades),
      cmocka_unit_test(frames),
      cmocka_unit_test(compressions),
      cmocka_unit_test(messages),
      cmocka_unit_test(a_server_that_dies_silently),
      cmocka_unit_test(close_codes),
      cmocka_unit_test(nobody_there),
  };
  return cmocka_run_group_tests(tests, warm_up, NULL);
}
