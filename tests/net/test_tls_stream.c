/* Two ends of TLS talk in memory: handshakes, data cut at any byte, and every kind of refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/tls_stream.h"
#include "pki.h"
#include "support/failing_alloc.h"

struct pair {
  struct sherd__tls *client_context, *server_context;
  struct sherd__tls_stream *client, *server;
  struct sherd_buf to_server, to_client; /* ciphertext under way */
  struct sherd_buf at_server, at_client; /* plaintext that arrived */
  enum sherd_status client_status, server_status;
};

static void pair_open(struct pair *pair, const char *ca_file, const char *host,
                      const struct pki_cert *cert) {
  const struct sherd_allocator *allocator = sherd_allocator_default();
  memset(pair, 0, sizeof *pair);
  sherd__buf_init(&pair->to_server, allocator);
  sherd__buf_init(&pair->to_client, allocator);
  sherd__buf_init(&pair->at_server, allocator);
  sherd__buf_init(&pair->at_client, allocator);
  assert_int_equal(sherd__tls_new(NULL, ca_file, &pair->client_context), SHERD_OK);
  assert_int_equal(sherd__tls_server_new(NULL, cert->cert, cert->key, &pair->server_context),
                   SHERD_OK);
  assert_int_equal(sherd__tls_stream_new(pair->client_context, host, &pair->client), SHERD_OK);
  assert_int_equal(sherd__tls_stream_new(pair->server_context, NULL, &pair->server), SHERD_OK);
}

static void pair_close(struct pair *pair) {
  sherd__tls_stream_free(pair->client);
  sherd__tls_stream_free(pair->server);
  sherd__tls_release(pair->client_context);
  sherd__tls_release(pair->server_context);
  sherd__buf_deinit(&pair->to_server);
  sherd__buf_deinit(&pair->to_client);
  sherd__buf_deinit(&pair->at_server);
  sherd__buf_deinit(&pair->at_client);
}

static enum sherd_status feed(struct sherd__tls_stream *stream, struct sherd_bytes in, size_t cap,
                              struct sherd_buf *plain, struct sherd_buf *out) {
  uint8_t chunk[4096];
  for (;;) {
    size_t len;
    enum sherd_status status = sherd__tls_stream_feed(stream, &in, chunk, cap, &len, out);
    if (status)
      return status;
    if (!len) {
      assert_int_equal(in.len, 0);
      return SHERD_OK;
    }
    assert_int_equal(sherd__buf_append(plain, chunk, len), SHERD_OK);
  }
}

/* Carries ciphertext both ways, `step` bytes at a time, until both sides are silent. */
static void carry(struct pair *pair, size_t step, size_t cap) {
  while ((pair->to_server.len && !pair->server_status) ||
         (pair->to_client.len && !pair->client_status)) {
    size_t len = pair->to_server.len < step ? pair->to_server.len : step;
    if (len && !pair->server_status)
      pair->server_status = feed(pair->server, (struct sherd_bytes){pair->to_server.data, len}, cap,
                                 &pair->at_server, &pair->to_client);
    sherd__buf_consume(&pair->to_server, len);
    len = pair->to_client.len < step ? pair->to_client.len : step;
    if (len && !pair->client_status)
      pair->client_status = feed(pair->client, (struct sherd_bytes){pair->to_client.data, len}, cap,
                                 &pair->at_client, &pair->to_server);
    sherd__buf_consume(&pair->to_client, len);
  }
}

static void shake_hands(struct pair *pair, size_t step) {
  pair->client_status =
      feed(pair->client, (struct sherd_bytes){NULL, 0}, 4096, &pair->at_client, &pair->to_server);
  carry(pair, step, 4096);
}

static struct sherd_bytes text(const char *string) {
  return (struct sherd_bytes){(const uint8_t *)string, strlen(string)};
}

static void talk(const char *host, size_t step, size_t cap) {
  struct pair pair;
  pair_open(&pair, pki()->ca, host, &pki()->good);
  assert_int_equal(sherd__tls_stream_write(pair.client, text("early"), &pair.to_server),
                   SHERD_ESTATE);
  shake_hands(&pair, step);
  assert_int_equal(pair.client_status, SHERD_OK);
  assert_int_equal(pair.server_status, SHERD_OK);
  assert_true(sherd__tls_stream_is_open(pair.client));
  assert_true(sherd__tls_stream_is_open(pair.server));
  assert_string_equal(sherd__tls_stream_reason(pair.client), "");

  static uint8_t big[20000]; /* over one record */
  for (size_t i = 0; i < sizeof big; i++)
    big[i] = (uint8_t)(i * 7 + i / 251);
  assert_int_equal(sherd__tls_stream_write(pair.client, text("hello"), &pair.to_server), SHERD_OK);
  assert_int_equal(
      sherd__tls_stream_write(pair.server, (struct sherd_bytes){big, sizeof big}, &pair.to_client),
      SHERD_OK);
  carry(&pair, step, cap);
  assert_int_equal(pair.at_server.len, 5);
  assert_memory_equal(pair.at_server.data, "hello", 5);
  assert_int_equal(pair.at_client.len, sizeof big);
  assert_memory_equal(pair.at_client.data, big, sizeof big);

  assert_false(sherd__tls_stream_is_ended(pair.server));
  sherd__tls_stream_close(pair.client, &pair.to_server);
  size_t goodbye = pair.to_server.len;
  assert_true(goodbye > 0);
  sherd__tls_stream_close(pair.client, &pair.to_server);
  assert_int_equal(pair.to_server.len, goodbye);
  assert_int_equal(sherd__tls_stream_write(pair.client, text("late"), &pair.to_server),
                   SHERD_ESTATE);
  carry(&pair, step, cap);
  assert_true(sherd__tls_stream_is_ended(pair.server));
  assert_int_equal(pair.server_status, SHERD_OK);
  pair_close(&pair);
}

static void what_is_written_arrives(void **state) {
  (void)state;
  talk("localhost", SIZE_MAX, 4096);
}

static void a_stream_may_be_cut_at_any_byte(void **state) {
  (void)state;
  talk("localhost", 1, 1);
  talk("localhost", 3, 7);
}

static void an_address_and_a_final_dot_are_verified_too(void **state) {
  (void)state;
  talk("127.0.0.1", SIZE_MAX, 4096);
  talk("::1", SIZE_MAX, 4096);
  talk("localhost.", SIZE_MAX, 4096);
}

static void refuse(const char *ca_file, const char *host, const struct pki_cert *cert,
                   enum sherd_status status, const char *reason) {
  struct pair pair;
  pair_open(&pair, ca_file, host, cert);
  shake_hands(&pair, SIZE_MAX);
  assert_string_equal(sherd_status_name(pair.client_status), sherd_status_name(status));
  assert_non_null(strstr(sherd__tls_stream_reason(pair.client), reason));
  assert_false(sherd__tls_stream_is_open(pair.client));
  /* The alert went out, so that the server learns of it; its own failure is no certificate's. */
  assert_true(pair.server_status == SHERD_ETLS || pair.server_status == SHERD_ELOST);
  assert_non_null(strstr(sherd__tls_stream_reason(pair.server), "alert"));
  /* A failed stream stays failed. */
  struct sherd_bytes none = {NULL, 0};
  uint8_t plain[16];
  size_t len;
  assert_int_equal(
      sherd__tls_stream_feed(pair.client, &none, plain, sizeof plain, &len, &pair.to_server),
      status);
  assert_int_equal(sherd__tls_stream_write(pair.client, text("x"), &pair.to_server), status);
  pair_close(&pair);
}

static void each_bad_certificate_has_its_status(void **state) {
  (void)state;
  const struct pki *pki_files = pki();
  refuse(pki_files->ca, "localhost", &pki_files->expired, SHERD_ETLSEXPIRED, "expired");
  refuse(pki_files->ca, "localhost", &pki_files->future, SHERD_ETLSEXPIRED, "not yet valid");
  refuse(pki_files->ca, "localhost", &pki_files->elsewhere, SHERD_ETLSHOST, "mismatch");
  refuse(pki_files->ca, "127.0.0.1", &pki_files->elsewhere, SHERD_ETLSHOST, "mismatch");
  refuse(pki_files->ca, "127.0.0.2", &pki_files->good, SHERD_ETLSHOST, "mismatch");
  refuse(pki_files->ca, "localhost", &pki_files->foreign, SHERD_ETLSCA, "issuer");
  refuse(NULL, "localhost", &pki_files->good, SHERD_ETLSCA, "issuer");
}

static void plaintext_is_no_tls(void **state) {
  (void)state;
  struct pair pair;
  pair_open(&pair, pki()->ca, "localhost", &pki()->good);
  assert_int_equal(
      feed(pair.client, (struct sherd_bytes){NULL, 0}, 64, &pair.at_client, &pair.to_server),
      SHERD_OK);
  assert_int_equal(feed(pair.client, text("HTTP/1.1 400 Bad Request\r\n\r\n"), 64, &pair.at_client,
                        &pair.to_server),
                   SHERD_ETLS);
  assert_string_equal(sherd__tls_stream_reason(pair.client), "wrong version number");
  pair_close(&pair);
}

static void damage_after_the_handshake_loses_the_connection(void **state) {
  (void)state;
  struct pair pair;
  pair_open(&pair, pki()->ca, "localhost", &pki()->good);
  shake_hands(&pair, SIZE_MAX);
  assert_int_equal(sherd__tls_stream_write(pair.server, text("sound"), &pair.to_client), SHERD_OK);
  assert_int_equal(sherd__tls_stream_write(pair.server, text("damaged"), &pair.to_client),
                   SHERD_OK);
  pair.to_client.data[pair.to_client.len - 1] ^= 1;
  carry(&pair, SIZE_MAX, 4096);
  assert_int_equal(pair.client_status, SHERD_ELOST);
  assert_int_equal(pair.at_client.len, 5);
  assert_memory_equal(pair.at_client.data, "sound", 5);
  pair_close(&pair);
}

static void files_that_cannot_be_read_are_told(void **state) {
  (void)state;
  struct sherd__tls *tls = (struct sherd__tls *)1;
  assert_int_equal(sherd__tls_new(NULL, "/nonexistent.pem", &tls), SHERD_ETLSCAFILE);
  assert_null(tls);
  assert_int_equal(sherd__tls_new(NULL, pki()->good.key, &tls), SHERD_ETLSCAFILE);
  assert_int_equal(sherd__tls_server_new(NULL, "/nonexistent.pem", pki()->good.key, &tls),
                   SHERD_EINVAL);
  assert_int_equal(sherd__tls_server_new(NULL, pki()->good.cert, pki()->expired.key, &tls),
                   SHERD_EINVAL);
  assert_null(tls);
  sherd__tls_release(NULL);
  sherd__tls_stream_free(NULL);
}

/* The same as for the HTTP API; see test_rest.c. */
static void the_environment_s_authorities_are_trusted(void **state) {
  (void)state;
  struct pair pair;
  struct sherd__tls *tls;
  assert_int_equal(setenv("SSL_CERT_FILE", pki()->ca, 1), 0);
  pair_open(&pair, NULL, "localhost", &pki()->good);
  shake_hands(&pair, SIZE_MAX);
  assert_int_equal(pair.client_status, SHERD_OK);
  pair_close(&pair);
  refuse(pki()->foreign.cert, "localhost", &pki()->good, SHERD_ETLSCA, "");
  assert_int_equal(setenv("SSL_CERT_FILE", "", 1), 0);
  refuse(NULL, "localhost", &pki()->good, SHERD_ETLSCA, "");
  assert_int_equal(setenv("SSL_CERT_FILE", "/nonexistent.pem", 1), 0);
  assert_int_equal(sherd__tls_new(NULL, NULL, &tls), SHERD_ETLSCAFILE);
  assert_int_equal(sherd__tls_new(NULL, pki()->ca, &tls), SHERD_OK);
  sherd__tls_release(tls);
  assert_int_equal(unsetenv("SSL_CERT_FILE"), 0);
}

static void a_host_that_no_certificate_names_is_refused(void **state) {
  (void)state;
  struct sherd__tls *tls;
  struct sherd__tls_stream *stream;
  char long_name[300];
  memset(long_name, 'a', sizeof long_name - 1);
  long_name[sizeof long_name - 1] = '\0';
  assert_int_equal(sherd__tls_new(NULL, pki()->ca, &tls), SHERD_OK);
  assert_int_equal(sherd__tls_stream_new(tls, NULL, &stream), SHERD_EINVAL);
  assert_int_equal(sherd__tls_stream_new(tls, "", &stream), SHERD_EINVAL);
  assert_int_equal(sherd__tls_stream_new(tls, long_name, &stream), SHERD_EINVAL);
  assert_null(stream);
  sherd__tls_release(tls);
}

static void want_of_memory_is_told_and_leaks_nothing(void **state) {
  (void)state;
  for (size_t fail_at = 1; fail_at <= 4; fail_at++) {
    struct sherd__test_alloc alloc;
    sherd__test_alloc_init(&alloc, fail_at);
    struct sherd__tls *tls = NULL;
    struct sherd__tls_stream *stream = NULL;
    struct sherd_buf out;
    sherd__buf_init(&out, &alloc.allocator);
    enum sherd_status status = sherd__tls_new(&alloc.allocator, pki()->ca, &tls);
    if (!status)
      status = sherd__tls_stream_new(tls, "localhost", &stream);
    if (!status) {
      struct sherd_bytes none = {NULL, 0};
      uint8_t plain[16];
      size_t len;
      status = sherd__tls_stream_feed(stream, &none, plain, sizeof plain, &len, &out);
    }
    assert_int_equal(status, fail_at <= 3 ? SHERD_ENOMEM : SHERD_OK);
    sherd__tls_stream_free(stream);
    sherd__tls_release(tls);
    sherd__buf_deinit(&out);
    assert_int_equal(alloc.live, 0);
  }
}

/* Events come as records, many in a read. What OpenSSL asks the heap for itself is not seen here.
 */
static void a_read_asks_for_no_memory_of_ours(void **state) {
  static const uint8_t event[1000];
  struct sherd__test_alloc alloc;
  struct pair pair;
  (void)state;
  sherd__test_alloc_init(&alloc, 0);
  pair_open(&pair, pki()->ca, "localhost", &pki()->good);
  sherd__tls_stream_free(pair.client);
  sherd__tls_release(pair.client_context);
  assert_int_equal(sherd__tls_new(&alloc.allocator, pki()->ca, &pair.client_context), SHERD_OK);
  assert_int_equal(sherd__tls_stream_new(pair.client_context, "localhost", &pair.client), SHERD_OK);
  shake_hands(&pair, 65536);
  size_t requests = alloc.requests;
  assert_true(requests > 0);
  for (unsigned i = 0; i < 40; i++)
    assert_int_equal(sherd__tls_stream_write(pair.server, (struct sherd_bytes){event, sizeof event},
                                             &pair.to_client),
                     SHERD_OK);
  carry(&pair, 65536, 4096);
  assert_int_equal(pair.at_client.len, 40 * sizeof event);
  assert_int_equal(alloc.requests, requests);
  pair_close(&pair);
  assert_int_equal(alloc.live, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_written_arrives),
      cmocka_unit_test(a_stream_may_be_cut_at_any_byte),
      cmocka_unit_test(an_address_and_a_final_dot_are_verified_too),
      cmocka_unit_test(each_bad_certificate_has_its_status),
      cmocka_unit_test(plaintext_is_no_tls),
      cmocka_unit_test(damage_after_the_handshake_loses_the_connection),
      cmocka_unit_test(files_that_cannot_be_read_are_told),
      cmocka_unit_test(the_environment_s_authorities_are_trusted),
      cmocka_unit_test(a_host_that_no_certificate_names_is_refused),
      cmocka_unit_test(want_of_memory_is_told_and_leaks_nothing),
      cmocka_unit_test(a_read_asks_for_no_memory_of_ours),
  };
  (void)unsetenv("SSL_CERT_FILE");
  return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
