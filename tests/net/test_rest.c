/* GET /gateway/bot against a server that says what a script has: each answer, each refusal, each
 * pause. The server is a thread with blocking sockets; pauses are noted and not slept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/token.h"
#include "net/rest.h"
#include "peer.h"
#include "pki.h"

#define TOKEN    "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"
#define LIMIT_MS 10000
#define GOOD_BODY                                                                                  \
  "{\"url\":\"wss://gateway.discord.gg/\",\"shards\":4,\"session_start_limit\":{\"total\":1000,"   \
  "\"remaining\":962,\"reset_after\":51840000,\"max_concurrency\":16}}"
#define ANSWER(line, headers, body) "HTTP/1.1 " line "\r\nConnection: close\r\n" headers "\r\n" body
#define GOOD                        ANSWER("200 OK", "Content-Type: application/json\r\n", GOOD_BODY)

/* --- Server --- */

struct server {
  int listener, stop[2];
  uint16_t port;
  pthread_t thread;
  SSL_CTX *tls;            /* NULL: plain */
  const char *const *says; /* an answer a request, the last one again and again; "": nothing, and
                              the connection ends; NULL: silence */
  size_t count, served;
  char request[4096]; /* the newest */
};

static bool is_readable(const struct server *server, int fd) {
  struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = server->stop[0], .events = POLLIN}};
  return poll(fds, 2, LIMIT_MS) > 0 && fds[0].revents && !fds[1].revents;
}

static int receive(struct server *server, SSL *ssl, int fd, char *out, size_t cap) {
  if (ssl)
    return SSL_read(ssl, out, (int)cap);
  return is_readable(server, fd) ? (int)read(fd, out, cap) : -1;
}

static void answer(struct server *server, SSL *ssl, int fd) {
  size_t len = 0;
  do {
    int got = receive(server, ssl, fd, server->request + len, sizeof server->request - 1 - len);
    if (got <= 0)
      return;
    len += (size_t)got;
    server->request[len] = '\0';
  } while (!strstr(server->request, "\r\n\r\n"));
  size_t at = server->served < server->count ? server->served : server->count - 1;
  const char *text = server->says[at];
  server->served++;
  if (!text)
    is_readable(server, server->stop[0]);
  else if (ssl)
    SSL_write(ssl, text, (int)strlen(text));
  else
    send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void serve_one(struct server *server, int fd) {
  SSL *ssl = server->tls ? SSL_new(server->tls) : NULL;
  if (ssl)
    SSL_set_fd(ssl, fd);
  if (!ssl || SSL_accept(ssl) == 1)
    answer(server, ssl, fd);
  if (ssl)
    SSL_shutdown(ssl);
  SSL_free(ssl);
  close(fd);
}

static void *serve(void *arg) {
  struct server *server = arg;
  while (is_readable(server, server->listener)) {
    int fd = accept(server->listener, NULL, NULL);
    if (fd >= 0)
      serve_one(server, fd);
  }
  return NULL;
}

static void start(struct server *server, const struct pki_cert *cert, const char *const *says,
                  size_t count) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t len = sizeof address;
  *server = (struct server){.says = says, .count = count};
  if (cert) {
    server->tls = SSL_CTX_new(TLS_server_method());
    assert_int_equal(SSL_CTX_use_certificate_chain_file(server->tls, cert->cert), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey_file(server->tls, cert->key, SSL_FILETYPE_PEM), 1);
  }
  server->listener = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(server->listener, 16), 0);
  assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &len), 0);
  server->port = ntohs(address.sin_port);
  assert_int_equal(pipe(server->stop), 0);
  assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void stop(struct server *server) {
  assert_int_equal(write(server->stop[1], "x", 1), 1);
  pthread_join(server->thread, NULL);
  close(server->stop[0]);
  close(server->stop[1]);
  close(server->listener);
  SSL_CTX_free(server->tls);
}

/* --- Client --- */

struct pauses {
  uint64_t ms[16];
  size_t count;
};

static void note_pause(void *ctx, uint64_t pause_ms) {
  struct pauses *pauses = ctx;
  assert_true(pauses->count < sizeof pauses->ms / sizeof *pauses->ms);
  pauses->ms[pauses->count++] = pause_ms;
}

/* Dice that always fall highest, or lowest. */
static void fill_ones(void *ctx, void *out, size_t len) {
  memset(out, *(int *)ctx, len);
}

struct outcome {
  enum sherd_status status;
  struct sherd_gateway_bot bot;
  struct sherd_error_info error;
  struct pauses pauses;
};

static struct outcome ask(const struct sherd_rest_config *given, const char *scheme, uint16_t port,
                          int dice) {
  struct outcome outcome;
  char url[64];
  struct sherd_rest_config config = *given;
  memset(&outcome, 0x5A, sizeof outcome);
  outcome.pauses.count = 0;
  struct sherd__rest_host host = {.pause = note_pause, .ctx = &outcome.pauses};
  sherd__random_init(&host.random, fill_ones, &dice);
  snprintf(url, sizeof url, "%s://127.0.0.1:%u/api/v10", scheme, port);
  if (!config.api_url)
    config.api_url = url;
  if (!config.token)
    config.token = TOKEN;
  if (!config.proxy)
    config.proxy = "";
  outcome.status = sherd__rest_gateway_bot(&config, &host, &outcome.bot, &outcome.error);
  assert_int_equal(outcome.error.status, outcome.status);
  assert_int_equal(*outcome.error.text != '\0', outcome.status != SHERD_OK);
  assert_null(strstr(outcome.error.text, "MTk4"));
  if (outcome.status) {
    static const struct sherd_gateway_bot zeroed;
    assert_memory_equal(&outcome.bot, &zeroed, sizeof zeroed);
    if (!strstr(outcome.error.text, sherd_strerror(outcome.status)))
      fail_msg("\"%s\" does not say \"%s\"", outcome.error.text, sherd_strerror(outcome.status));
  }
  return outcome;
}

static void expect_status(const struct outcome *outcome, enum sherd_status status) {
  if (outcome->status != status)
    fail_msg("%s, not %s: %s", sherd_status_name(outcome->status), sherd_status_name(status),
             outcome->error.text);
}

#define ASK(server, ...)                                                                           \
  ask(&(struct sherd_rest_config){__VA_ARGS__}, (server)->tls ? "https" : "http", (server)->port,  \
      255)

/* --- Answers --- */

static void a_good_answer_is_read_and_the_request_is_as_documented(void **state) {
  (void)state;
  static const char *const says[] = {GOOD};
  struct server server;
  start(&server, NULL, says, 1);
  struct outcome outcome = ASK(&server, .token = NULL);
  stop(&server);
  expect_status(&outcome, SHERD_OK);
  assert_string_equal(outcome.bot.url, "wss://gateway.discord.gg/");
  assert_int_equal(outcome.bot.shards, 4);
  assert_int_equal(outcome.bot.total, 1000);
  assert_int_equal(outcome.bot.remaining, 962);
  assert_int_equal(outcome.bot.reset_after_ms, 51840000);
  assert_int_equal(outcome.bot.max_concurrency, 16);
  assert_int_equal(outcome.pauses.count, 0);
  assert_memory_equal(server.request, "GET /api/v10/gateway/bot HTTP/1.1\r\n", 35);
  assert_non_null(strstr(server.request, "\r\nAuthorization: Bot " TOKEN "\r\n"));
  assert_non_null(strstr(server.request, "\r\nUser-Agent: DiscordBot (https://"));
}

static void tls_is_verified(void **state) {
  (void)state;
  static const char *const says[] = {GOOD};
  const struct {
    const struct pki_cert *cert;
    const char *ca_file;
    enum sherd_status status;
  } rows[] = {
      {&pki()->good, pki()->ca, SHERD_OK},
      {&pki()->expired, pki()->ca, SHERD_ETLSEXPIRED},
      {&pki()->future, pki()->ca, SHERD_ETLSEXPIRED},
      {&pki()->elsewhere, pki()->ca, SHERD_ETLSHOST},
      {&pki()->foreign, pki()->ca, SHERD_ETLSCA},
      {&pki()->good, NULL, SHERD_ETLSCA},
      {&pki()->good, "/nonexistent.pem", SHERD_ETLSCAFILE},
      {NULL, pki()->ca, SHERD_ETLS}, /* no TLS: what it waits for does not come */
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct server server;
    start(&server, rows[i].cert, says, 1);
    struct outcome outcome = ask(&(struct sherd_rest_config){.ca_file = rows[i].ca_file,
                                                             .timeout_ms = rows[i].cert ? 0 : 50},
                                 "https", server.port, 0);
    stop(&server);
    expect_status(&outcome, rows[i].status);
    assert_int_equal(outcome.pauses.count, 0);
  }
}

/* The same as for the shard's own TLS; see test_tls_stream.c. */
static void the_environment_s_authorities_are_trusted(void **state) {
  (void)state;
  static const char *const says[] = {GOOD};
  const struct {
    const char *env, *ca_file;
    enum sherd_status status;
  } rows[] = {
      {pki()->ca, NULL, SHERD_OK},
      {"", NULL, SHERD_ETLSCA},
      {pki()->foreign.cert, pki()->ca, SHERD_OK},
      {pki()->ca, pki()->foreign.cert, SHERD_ETLSCA},
      {"/nonexistent.pem", NULL, SHERD_ETLSCAFILE},
      {"/nonexistent.pem", pki()->ca, SHERD_OK},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct server server;
    start(&server, &pki()->good, says, 1);
    assert_int_equal(setenv("SSL_CERT_FILE", rows[i].env, 1), 0);
    struct outcome outcome =
        ask(&(struct sherd_rest_config){.ca_file = rows[i].ca_file}, "https", server.port, 0);
    assert_int_equal(unsetenv("SSL_CERT_FILE"), 0);
    stop(&server);
    expect_status(&outcome, rows[i].status);
  }
}

static void each_refusal_has_its_status(void **state) {
  (void)state;
  static const struct {
    const char *says;
    enum sherd_status status;
    uint16_t http_status;
  } rows[] = {
      {ANSWER("401 Unauthorized", "", "{\"message\":\"401: Unauthorized\",\"code\":0}"),
       SHERD_ERESTAUTH, 401},
      {ANSWER("403 Forbidden", "", ""), SHERD_EREST, 403},
      {ANSWER("404 Not Found", "", ""), SHERD_EREST, 404},
      {ANSWER("302 Found", "Location: http://127.0.0.1:1/\r\n", ""), SHERD_EREST, 302},
      {ANSWER("200 OK", "", "<html>"), SHERD_ERESTBODY, 200},
      {ANSWER("200 OK", "", ""), SHERD_ERESTBODY, 200},
      {ANSWER("200 OK", "", GOOD_BODY "x"), SHERD_ERESTBODY, 200},
      {ANSWER("204 No Content", "", ""), SHERD_EREST, 204},
      {"SSH-2.0-OpenSSH_9.2\r\n", SHERD_ERESTBODY, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct server server;
    start(&server, NULL, &rows[i].says, 1);
    struct outcome outcome = ASK(&server, .token = NULL);
    stop(&server);
    expect_status(&outcome, rows[i].status);
    assert_int_equal(outcome.error.http_status, rows[i].http_status);
    assert_int_equal(outcome.pauses.count, 0);
    assert_int_equal(server.served, 1);
  }
}

static void a_body_over_64_kib_is_refused(void **state) {
  (void)state;
  static char whole[80000];
  static const char *const says[] = {whole};
  int len = snprintf(whole, sizeof whole, "%s", GOOD);
  struct server server;
  memset(whole + len, ' ', sizeof whole - 1 - (size_t)len);
  start(&server, NULL, says, 1);
  struct outcome outcome = ASK(&server, .token = NULL);
  stop(&server);
  expect_status(&outcome, SHERD_ERESTBODY);
  assert_non_null(strstr(outcome.error.text, "64 KiB"));
  /* The same with white space that just fits is fine. */
  whole[(size_t)len - strlen(GOOD_BODY) + SHERD__REST_BODY_BYTES_MAX] = '\0';
  start(&server, NULL, says, 1);
  outcome = ASK(&server, .token = NULL);
  stop(&server);
  expect_status(&outcome, SHERD_OK);
}

#define ASKERS 4

static void *ask_once(void *arg) {
  const struct server *server = arg;
  struct outcome outcome = ASK(server, .token = NULL);
  return outcome.status == SHERD_OK && outcome.bot.shards == 4 ? arg : NULL;
}

static void many_threads_may_ask_at_once(void **state) {
  (void)state;
  static const char *const says[] = {GOOD};
  struct server server;
  pthread_t askers[ASKERS];
  start(&server, NULL, says, 1);
  for (size_t i = 0; i < ASKERS; i++)
    assert_int_equal(pthread_create(&askers[i], NULL, ask_once, &server), 0);
  for (size_t i = 0; i < ASKERS; i++) {
    void *result;
    pthread_join(askers[i], &result);
    assert_non_null(result);
  }
  stop(&server);
  assert_int_equal(server.served, ASKERS);
}

/* --- Tries --- */

static void server_errors_are_retried_with_growing_pauses(void **state) {
  (void)state;
  static const char *const says[] = {ANSWER("502 Bad Gateway", "", ""),
                                     ANSWER("503 Service Unavailable", "", ""), "",
                                     ANSWER("500 Internal Server Error", "", ""), GOOD};
  struct server server;
  start(&server, NULL, says, 5);
  struct outcome outcome = ASK(&server, .token = NULL);
  stop(&server);
  expect_status(&outcome, SHERD_OK);
  assert_int_equal(server.served, 5);
  assert_int_equal(outcome.pauses.count, 4);
  for (size_t i = 0; i < 4; i++)
    assert_int_equal(outcome.pauses.ms[i], 1000 << i);
}

static void half_of_a_pause_is_left_to_chance(void **state) {
  (void)state;
  static const char *const says[] = {ANSWER("502 Bad Gateway", "", ""),
                                     ANSWER("502 Bad Gateway", "", ""), GOOD};
  struct server server;
  start(&server, NULL, says, 3);
  struct outcome outcome = ask(&(struct sherd_rest_config){0}, "http", server.port, 0);
  stop(&server);
  expect_status(&outcome, SHERD_OK);
  assert_int_equal(outcome.pauses.ms[0], 500);
  assert_int_equal(outcome.pauses.ms[1], 1000);
}

static void tries_and_pauses_have_their_limits(void **state) {
  (void)state;
  static const char *const says[] = {ANSWER("503 Service Unavailable", "", "")};
  struct server server;
  start(&server, NULL, says, 1);
  struct outcome outcome = ASK(&server, .token = NULL);
  expect_status(&outcome, SHERD_EREST);
  assert_int_equal(outcome.error.http_status, 503);
  assert_int_equal(outcome.pauses.count, 4);
  outcome = ASK(&server, .max_tries = 8, .max_wait_ms = 3000);
  expect_status(&outcome, SHERD_EREST);
  assert_int_equal(outcome.pauses.count, 7);
  assert_int_equal(outcome.pauses.ms[1], 2000);
  assert_int_equal(outcome.pauses.ms[6], 3000);
  outcome = ASK(&server, .max_tries = 1);
  assert_int_equal(outcome.pauses.count, 0);
  stop(&server);
}

static void what_429_asks_for_is_obeyed(void **state) {
  (void)state;
  static const char *const says[] = {
      ANSWER("429 Too Many Requests", "Retry-After: 7\r\n", ""),
      ANSWER("429 Too Many Requests", "", "{\"retry_after\":9.25,\"global\":false}"),
      ANSWER("429 Too Many Requests", "Retry-After: 11\r\n", "{\"retry_after\":10.5}"),
      GOOD,
  };
  struct server server;
  start(&server, NULL, says, 4);
  struct outcome outcome = ASK(&server, .token = NULL);
  stop(&server);
  expect_status(&outcome, SHERD_OK);
  assert_int_equal(outcome.pauses.count, 3);
  assert_int_equal(outcome.pauses.ms[0], 7000);
  assert_int_equal(outcome.pauses.ms[1], 9251);
  assert_int_equal(outcome.pauses.ms[2], 11000);
}

static void a_longer_wait_than_is_allowed_is_told_at_once(void **state) {
  (void)state;
  static const char *const says[] = {
      ANSWER("429 Too Many Requests", "Retry-After: 61\r\n", "{\"retry_after\":60.5}")};
  struct server server;
  start(&server, NULL, says, 1);
  struct outcome outcome = ASK(&server, .token = NULL);
  stop(&server);
  expect_status(&outcome, SHERD_EREST);
  assert_int_equal(outcome.error.http_status, 429);
  assert_int_equal(outcome.error.retry_after_ms, 61000);
  assert_int_equal(outcome.pauses.count, 0);
}

/* --- Transport --- */

static void trouble_on_the_way_has_its_status(void **state) {
  (void)state;
  static const char *const silence[] = {NULL};
  struct server server;
  start(&server, NULL, silence, 1);
  struct outcome outcome = ASK(&server, .timeout_ms = 50, .max_tries = 2);
  expect_status(&outcome, SHERD_ELOST);
  assert_int_equal(outcome.pauses.count, 1);
  stop(&server);

  struct black_hole hole;
  assert_true(black_hole_open(&hole));
  outcome =
      ask(&(struct sherd_rest_config){.timeout_ms = 50, .max_tries = 2}, "https", hole.port, 0);
  black_hole_close(&hole);
  expect_status(&outcome, SHERD_ECONNECTTIMEOUT);
  assert_int_equal(outcome.pauses.count, 1);

  outcome = ask(&(struct sherd_rest_config){0}, "http", server.port, 0);
  expect_status(&outcome, SHERD_ECONNREFUSED);
  assert_int_equal(outcome.error.os_error, -UV_ECONNREFUSED);
  assert_int_equal(outcome.pauses.count, 0);

  outcome = ask(&(struct sherd_rest_config){.api_url = "http://no-such-host.invalid/"}, "", 0, 0);
  expect_status(&outcome, SHERD_EDNS);
  assert_memory_equal(outcome.error.text, "no-such-host.invalid:80: ", 25);
  assert_int_equal(outcome.pauses.count, 0);
}

static void a_proxy_that_refuses_has_its_status(void **state) {
  (void)state;
  static const char *const says[] = {ANSWER("407 Authenticate", "", ""),
                                     ANSWER("403 Forbidden", "", "")};
  static const enum sherd_status statuses[] = {SHERD_EPROXYAUTH, SHERD_EPROXY};
  for (size_t i = 0; i < 2; i++) {
    struct server server;
    char proxy[64];
    start(&server, NULL, &says[i], 1);
    snprintf(proxy, sizeof proxy, "http://user:secret@127.0.0.1:%u", server.port);
    struct outcome outcome =
        ask(&(struct sherd_rest_config){.api_url = "https://example.org/api", .proxy = proxy}, "",
            0, 0);
    stop(&server);
    expect_status(&outcome, statuses[i]);
    assert_int_equal(outcome.error.http_status, i ? 403 : 407);
    assert_null(strstr(outcome.error.text, "secret"));
    assert_memory_equal(server.request, "CONNECT example.org:443 ", 24);
    assert_null(strstr(server.request, "MTk4"));
  }
}

/* --- What is given --- */

static void what_cannot_be_asked_is_refused(void **state) {
  (void)state;
  static const struct sherd_rest_config rows[] = {
      {.token = "", .api_url = "http://127.0.0.1:1"},
      {.token = "a b", .api_url = "http://127.0.0.1:1"},
      {.token = "a\r\nX: b", .api_url = "http://127.0.0.1:1"},
      {.api_url = "ftp://127.0.0.1:1"},
      {.api_url = "file:///etc/passwd"},
      {.api_url = ""},
      {.api_url = "http://"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct outcome outcome = ask(&rows[i], "http", 1, 0);
    expect_status(&outcome, i < 3 ? SHERD_ETOKEN : SHERD_EINVAL);
  }
  /* As long as the shard takes it, and a byte longer. */
  char token[SHERD__TOKEN_SIZE + 1] = "";
  struct sherd_rest_config config = {.token = token, .api_url = "http://127.0.0.1:1"};
  memset(token, 'x', SHERD__TOKEN_BYTES_MAX);
  struct outcome outcome = ask(&config, "http", 1, 0);
  expect_status(&outcome, SHERD_ECONNREFUSED);
  token[SHERD__TOKEN_BYTES_MAX] = 'x';
  outcome = ask(&config, "http", 1, 0);
  expect_status(&outcome, SHERD_ETOKEN);
  struct sherd_gateway_bot bot;
  assert_int_equal(sherd_rest_gateway_bot(NULL, &bot, NULL), SHERD_EINVAL);
  assert_int_equal(sherd_rest_gateway_bot(&rows[0], NULL, NULL), SHERD_EINVAL);
  assert_int_equal(sherd_rest_gateway_bot(&rows[0], &bot, NULL), SHERD_ETOKEN);
}

static void each_part_of_a_body_is_checked(void **state) {
  (void)state;
  static const struct {
    const char *body, *fault;
  } rows[] = {
      {"[]", "url"},
      {"{\"url\":1}", "url"},
      {"{\"url\":\"https://x\"}", "url"},
      {"{\"url\":\"wss://x\\u0000y\"}", "url"},
      {"{\"url\":\"wss://x\"}", "shards"},
      {"{\"url\":\"wss://x\",\"shards\":0}", "shards"},
      {"{\"url\":\"wss://x\",\"shards\":4294967296}", "shards"},
      {"{\"url\":\"wss://x\",\"shards\":\"1\"}", "shards"},
      {"{\"url\":\"wss://x\",\"shards\":1}", "session_start_limit"},
      {"{\"url\":\"wss://x\",\"shards\":1,\"session_start_limit\":{\"total\":1,\"remaining\":1,"
       "\"reset_after\":0,\"max_concurrency\":0}}",
       "session_start_limit"},
      {"{\"url\":\"ws://x\",\"shards\":1,\"session_start_limit\":{\"total\":1,\"remaining\":1,"
       "\"reset_after\":0,\"max_concurrency\":1}}",
       NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sherd_gateway_bot bot;
    const char *fault;
    const struct sherd_bytes body = {(const uint8_t *)rows[i].body, strlen(rows[i].body)};
    assert_int_equal(sherd__rest_read_body(body, &bot, &fault),
                     rows[i].fault ? SHERD_ERESTBODY : SHERD_OK);
    if (rows[i].fault)
      assert_memory_equal(fault, rows[i].fault, strlen(rows[i].fault));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_good_answer_is_read_and_the_request_is_as_documented),
      cmocka_unit_test(tls_is_verified),
      cmocka_unit_test(the_environment_s_authorities_are_trusted),
      cmocka_unit_test(each_refusal_has_its_status),
      cmocka_unit_test(a_body_over_64_kib_is_refused),
      cmocka_unit_test(many_threads_may_ask_at_once),
      cmocka_unit_test(server_errors_are_retried_with_growing_pauses),
      cmocka_unit_test(half_of_a_pause_is_left_to_chance),
      cmocka_unit_test(tries_and_pauses_have_their_limits),
      cmocka_unit_test(what_429_asks_for_is_obeyed),
      cmocka_unit_test(a_longer_wait_than_is_allowed_is_told_at_once),
      cmocka_unit_test(trouble_on_the_way_has_its_status),
      cmocka_unit_test(a_proxy_that_refuses_has_its_status),
      cmocka_unit_test(what_cannot_be_asked_is_refused),
      cmocka_unit_test(each_part_of_a_body_is_checked),
  };
  signal(SIGPIPE, SIG_IGN);
  (void)unsetenv("SSL_CERT_FILE");
  return cmocka_run_group_tests(tests, pki_setup, pki_teardown);
}
