/* The server on real sockets, on loopback: its loop in a thread, a blocking client in this one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <sherd/value.h>

#include "base/random.h"
#include "engine/frames.h"
#include "sim/authority.h"
#include "sim/server.h"
#include "support/broken_pipe.h"

#define TIMEOUT_S 45 /* under TSan, on a busy machine */

#define UPGRADE                                                                                    \
  "GET /?v=10&encoding=json HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"                        \
  "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"                         \
  "Sec-WebSocket-Version: 13\r\n\r\n"

#define IDENTIFY                                                                                   \
  "{\"op\":2,\"d\":{\"token\":\"sherd-sim-token\",\"properties\":{},\"intents\":53608447}}"

/* --- The server's thread --- */

struct running {
  uv_loop_t loop;
  uv_async_t stop;
  struct sherd__sim_server *server;
  pthread_t thread;
};

static void on_stop(uv_async_t *async) {
  struct running *running = async->data;
  sherd__sim_server_stop(running->server);
  uv_close((uv_handle_t *)async, NULL);
}

static void *run_loop(void *loop) {
  block_broken_pipe();
  (void)uv_run(loop, UV_RUN_DEFAULT);
  return NULL;
}

static void start(struct running *running, const struct sherd__sim_server_options *options) {
  char error[256];
  assert_int_equal(uv_loop_init(&running->loop), 0);
  assert_int_equal(uv_async_init(&running->loop, &running->stop, on_stop), 0);
  running->stop.data = running;
  if (sherd__sim_server_new(&running->loop, options, &running->server, error, sizeof error))
    fail_msg("%s", error);
  assert_int_equal(pthread_create(&running->thread, NULL, run_loop, &running->loop), 0);
}

/* Also when clients are still there. */
static void stop(struct running *running) {
  (void)uv_async_send(&running->stop);
  assert_int_equal(pthread_join(running->thread, NULL), 0);
  sherd__sim_server_free(running->server);
  assert_int_equal(uv_loop_close(&running->loop), 0);
}

/* --- A blocking client --- */

struct client {
  int fd;
  SSL *ssl; /* NULL: none */
};

static void connect_to(struct client *client, uint16_t port) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  struct timeval limit = {.tv_sec = TIMEOUT_S};
  *client = (struct client){.fd = socket(AF_INET, SOCK_STREAM, 0)};
  assert_int_equal(setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
  assert_int_equal(connect(client->fd, (struct sockaddr *)&address, sizeof address), 0);
}

static void disconnect(struct client *client) {
  SSL_free(client->ssl);
  close(client->fd);
}

static void say(struct client *client, const void *data, size_t len) {
  if (client->ssl)
    assert_int_equal(SSL_write(client->ssl, data, (int)len), len);
  else
    assert_int_equal(send(client->fd, data, len, MSG_NOSIGNAL), len);
}

static size_t hear(struct client *client, uint8_t *buf, size_t cap) {
  ssize_t got = client->ssl ? SSL_read(client->ssl, buf, (int)cap) : recv(client->fd, buf, cap, 0);
  return got > 0 ? (size_t)got : 0;
}

/* Reads one byte at a time up to an empty line, and then `Content-Length` bytes. */
static void read_response(struct client *client, char *out, size_t size) {
  size_t len = 0, end = 0;
  while (len + 1 < size && (!end || len < end)) {
    assert_int_equal(hear(client, (uint8_t *)out + len, 1), 1);
    out[++len] = '\0';
    const char *length = strcasestr(out, "Content-Length: ");
    if (!end && len >= 4 && strcmp(out + len - 4, "\r\n\r\n") == 0)
      end = len + (length ? strtoul(length + strlen("Content-Length: "), NULL, 10) : 0);
  }
}

/* --- WebSocket on top --- */

struct socket {
  struct client *client;
  struct sherd__random random;
  struct sherd__frames *frames;
  struct sherd_buf message;
  uint8_t buf[65536];
  uint16_t close_code;
};

static void open_socket_at(struct socket *ws, struct client *client, const char *host) {
  char request[512], response[1024];
  ws->client = client;
  ws->close_code = 0;
  sherd__random_init(&ws->random, NULL, NULL);
  sherd__buf_init(&ws->message, sherd_allocator_default());
  assert_int_equal(sherd__frames_new(sherd_allocator_default(), SHERD__FRAMES_CLIENT, &ws->random,
                                     64u << 20, &ws->frames),
                   SHERD_OK);
  (void)snprintf(request, sizeof request, UPGRADE, host);
  say(client, request, strlen(request));
  read_response(client, response, sizeof response);
  assert_non_null(strstr(response, "HTTP/1.1 101 "));
  sherd__frames_input(ws->frames, (struct sherd_bytes){ws->buf, 0});
}

static void open_socket(struct socket *ws, struct client *client) {
  open_socket_at(ws, client, "localhost");
}

static void free_socket(struct socket *ws) {
  sherd__frames_free(ws->frames);
  sherd__buf_deinit(&ws->message);
}

static void say_frame(struct socket *ws, enum sherd__frames_opcode opcode, const char *text) {
  struct sherd_buf out;
  sherd__buf_init(&out, sherd_allocator_default());
  assert_int_equal(sherd__frames_write(ws->frames, opcode,
                                       (struct sherd_bytes){(const uint8_t *)text, strlen(text)},
                                       &out),
                   SHERD_OK);
  say(ws->client, out.data, out.len);
  sherd__buf_deinit(&out);
}

/* The next message; false at a close frame or the connection's end. */
static bool next_message(struct socket *ws) {
  struct sherd__frame_part part;
  ws->message.len = 0;
  for (;;) {
    assert_int_equal(sherd__frames_next(ws->frames, &part), SHERD_OK);
    if (part.kind == SHERD__FRAME_CLOSE) {
      ws->close_code = part.close_code;
      return false;
    }
    if (part.kind == SHERD__FRAME_DATA) {
      assert_int_equal(sherd__buf_append(&ws->message, part.data.data, part.data.len), SHERD_OK);
      if (part.is_last)
        return true;
    }
    if (part.kind == SHERD__FRAME_NONE) {
      size_t got = hear(ws->client, ws->buf, sizeof ws->buf);
      if (!got)
        return false;
      sherd__frames_input(ws->frames, (struct sherd_bytes){ws->buf, got});
    }
  }
}

static struct sherd_value envelope(struct socket *ws) {
  struct sherd_value value;
  assert_int_equal(sherd_value_validate(SHERD_FORMAT_JSON, ws->message.data, ws->message.len, NULL),
                   SHERD_OK);
  assert_int_equal(sherd_value_open(SHERD_FORMAT_JSON, ws->message.data, ws->message.len, &value),
                   SHERD_OK);
  return value;
}

/* HELLO, IDENTIFY, READY, and `count` dispatches in order. */
static void stream(struct socket *ws, uint64_t count) {
  uint64_t number = 0;
  assert_true(next_message(ws));
  assert_int_equal(sherd_value_as_u64(sherd_value_get(envelope(ws), "op"), &number), SHERD_OK);
  assert_int_equal(number, 10);
  say_frame(ws, SHERD__FRAMES_TEXT, IDENTIFY);
  for (uint64_t seq = 1; seq <= count; seq++) {
    assert_true(next_message(ws));
    assert_int_equal(sherd_value_as_u64(sherd_value_get(envelope(ws), "s"), &number), SHERD_OK);
    assert_int_equal(number, seq);
  }
}

/* --- Tests --- */

static const struct sherd__sim_server_options plain = {
    .sim = {.seed = 4, .guilds = 3, .rate = 5000, .shards = 3}};

static void a_session_runs_over_a_real_socket(void **state) {
  (void)state;
  struct running running;
  struct client client;
  static struct socket ws;
  start(&running, &plain);
  connect_to(&client, sherd__sim_server_port(running.server));
  open_socket(&ws, &client);
  stream(&ws, 1000);
  say_frame(&ws, SHERD__FRAMES_CLOSE, "\x03\xe8");
  while (next_message(&ws))
    ;
  assert_int_equal(ws.close_code, 1000);
  assert_int_equal(hear(&client, ws.buf, sizeof ws.buf), 0); /* and then it hangs up */
  free_socket(&ws);
  disconnect(&client);
  stop(&running);
}

static void closes_reach_the_client_whole(void **state) {
  (void)state;
  struct running running;
  struct client client;
  static struct socket ws;
  start(&running, &plain);
  connect_to(&client, sherd__sim_server_port(running.server));
  open_socket(&ws, &client);
  stream(&ws, 100);
  say_frame(&ws, SHERD__FRAMES_TEXT, "{\"op\":99,\"d\":null}");
  say_frame(&ws, SHERD__FRAMES_TEXT, "{\"op\":99,\"d\":null}"); /* lies unread when it closes */
  while (next_message(&ws))
    ;
  assert_int_equal(ws.close_code, 4001);
  free_socket(&ws);
  disconnect(&client);
  stop(&running);
}

/* As on a machine where localhost is no name: sessions come back to another port. */
static void without_another_name_there_is_another_port(void **state) {
  (void)state;
  struct sherd__sim_server_options options = plain;
  struct running running;
  struct client client;
  static struct socket ws;
  char url[64], place[64], resume[256], session_id[64];
  options.other_name = "no-such-name.invalid";
  options.sim = (struct sherd__sim_config){.strict_resume_url = true};
  start(&running, &options);
  connect_to(&client, sherd__sim_server_port(running.server));
  (void)snprintf(place, sizeof place, "127.0.0.1:%u", sherd__sim_server_port(running.server));
  open_socket_at(&ws, &client, place);
  stream(&ws, 1);
  struct sherd_value ready = sherd_value_get(envelope(&ws), "d");
  assert_int_equal(
      sherd_value_as_str_copy(sherd_value_get(ready, "resume_gateway_url"), url, sizeof url, NULL),
      SHERD_OK);
  assert_int_equal(sherd_value_as_str_copy(sherd_value_get(ready, "session_id"), session_id,
                                           sizeof session_id, NULL),
                   SHERD_OK);
  assert_memory_equal(url, "ws://127.0.0.1:", 15);
  assert_string_not_equal(url + 5, place);
  free_socket(&ws);
  disconnect(&client);

  connect_to(&client, (uint16_t)strtoul(url + 15, NULL, 10));
  open_socket_at(&ws, &client, url + 5);
  assert_true(next_message(&ws)); /* HELLO */
  (void)snprintf(resume, sizeof resume,
                 "{\"op\":6,\"d\":{\"token\":\"sherd-sim-token\",\"session_id\":\"%s\",\"seq\":1}}",
                 session_id);
  say_frame(&ws, SHERD__FRAMES_TEXT, resume);
  assert_true(next_message(&ws));
  assert_true(sherd_value_equals(sherd_value_get(envelope(&ws), "t"), "RESUMED"));
  free_socket(&ws);
  disconnect(&client);
  stop(&running);
}

static void clients_may_be_there_when_it_stops(void **state) {
  (void)state;
  struct running running;
  struct client clients[3];
  static struct socket ws;
  start(&running, &plain);
  for (int i = 0; i < 3; i++)
    connect_to(&clients[i], sherd__sim_server_port(running.server));
  open_socket(&ws, &clients[0]);
  stream(&ws, 10);
  say(&clients[1], "GET /api/v10/gat", 16);
  stop(&running);
  while (next_message(&ws))
    ;
  free_socket(&ws);
  for (int i = 0; i < 3; i++)
    disconnect(&clients[i]);
}

static void the_same_port_serves_the_http_api(void **state) {
  (void)state;
  static const struct {
    const char *request, *status, *body;
  } rows[] = {
      {"GET /api/v10/gateway HTTP/1.1\r\nHost: x\r\n\r\n", "200", "{\"url\": \"ws://127.0.0.1:"},
      {"GET /api/v9/gateway HTTP/1.1\r\nHost: x\r\n\r\n", "200", "{\"url\": \"ws://127.0.0.1:"},
      {"GET /api/gateway HTTP/1.1\r\nHost: x\r\n\r\n", "200", "{\"url\": \"ws://127.0.0.1:"},
      {"GET /gateway HTTP/1.1\r\nHost: x\r\n\r\n", "200", "{\"url\": \"ws://127.0.0.1:"},
      {"GET /api/v10/gateway/bot HTTP/1.1\r\nHost: x\r\n\r\n", "401",
       "{\"message\": \"401: Unauthorized\", \"code\": 0}"},
      {"GET /api/v10/gateway/bot HTTP/1.1\r\nHost: x\r\nAuthorization: Bot no\r\n\r\n", "401",
       "{\"message\": \"401: Unauthorized\", \"code\": 0}"},
      {"GET /api/v10/gateway/bot HTTP/1.1\r\nHost: x\r\nAuthorization: sherd-sim-token\r\n\r\n",
       "401", "{\"message\": \"401: Unauthorized\", \"code\": 0}"},
      {"GET /api/v10/gateway/bot HTTP/1.1\r\nHost: x\r\n"
       "Authorization: Bot sherd-sim-token\r\n\r\n",
       "200",
       "\"shards\": 3, \"session_start_limit\": {\"total\": 1000, \"remaining\": 1000, "
       "\"reset_after\": 0, \"max_concurrency\": 1}}"},
      {"GET /api/v8/gateway HTTP/1.1\r\nHost: x\r\n\r\n", "404",
       "{\"message\": \"404: Not Found\", \"code\": 0}"},
      {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "404",
       "{\"message\": \"404: Not Found\", \"code\": 0}"},
      {"POST /gateway HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "405",
       "{\"message\": \"405: Method Not Allowed\", \"code\": 0}"},
  };
  struct running running;
  struct client client;
  char response[2048];
  start(&running, &plain);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    connect_to(&client, sherd__sim_server_port(running.server));
    say(&client, rows[i].request, strlen(rows[i].request));
    read_response(&client, response, sizeof response);
    if (strncmp(response + strlen("HTTP/1.1 "), rows[i].status, 3) != 0 ||
        !strstr(response, rows[i].body) || !strstr(response, "application/json") ||
        !strstr(response, "Connection: close\r\n"))
      fail_msg("%s\n%s", rows[i].request, response);
    uint8_t byte;
    assert_int_equal(hear(&client, &byte, 1), 0); /* nobody shall ask for a WebSocket here */
    disconnect(&client);
  }
  stop(&running);
}

/* A directory of this test's own, with an authority and a certificate. */
struct files {
  char directory[64], ca[128], cert[128], key[128], other_key[128];
};

static void make_files(struct files *files) {
  (void)snprintf(files->directory, sizeof files->directory, "/tmp/sherd-sim-XXXXXX");
  assert_non_null(mkdtemp(files->directory));
  (void)snprintf(files->ca, sizeof files->ca, "%s/ca.pem", files->directory);
  (void)snprintf(files->cert, sizeof files->cert, "%s/cert.pem", files->directory);
  (void)snprintf(files->key, sizeof files->key, "%s/key.pem", files->directory);
  (void)snprintf(files->other_key, sizeof files->other_key, "%s/other.pem", files->directory);
  struct sherd__authority *authority = sherd__authority_new("sim test");
  assert_true(sherd__authority_write(authority, files->ca));
  assert_true(sherd__authority_issue(authority, "DNS:localhost,IP:127.0.0.1", -60, 3600,
                                     files->cert, files->other_key));
  assert_true(sherd__authority_issue(authority, "DNS:localhost,IP:127.0.0.1", -60, 3600,
                                     files->cert, files->key));
  sherd__authority_free(authority);
}

static void remove_files(const struct files *files) {
  (void)unlink(files->ca);
  (void)unlink(files->cert);
  (void)unlink(files->key);
  (void)unlink(files->other_key);
  (void)rmdir(files->directory);
}

static void secure(struct client *client, SSL_CTX *context) {
  client->ssl = SSL_new(context);
  assert_int_equal(SSL_set1_host(client->ssl, "localhost"), 1);
  SSL_set_fd(client->ssl, client->fd);
  assert_int_equal(SSL_connect(client->ssl), 1);
}

static void both_are_served_over_tls(void **state) {
  (void)state;
  static const char request[] = "GET /api/v10/gateway HTTP/1.1\r\nHost: x\r\n\r\n";
  struct files files;
  struct running running;
  struct client client;
  static struct socket ws;
  char response[1024], api[128];
  make_files(&files);
  struct sherd__sim_server_options options = plain;
  options.cert_file = files.cert;
  options.key_file = files.key;
  start(&running, &options);
  sherd__sim_server_api_url(running.server, api, sizeof api);
  assert_memory_equal(api, "https://127.0.0.1:", 18);
  SSL_CTX *context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
  assert_int_equal(SSL_CTX_load_verify_locations(context, files.ca, NULL), 1);
  connect_to(&client, sherd__sim_server_port(running.server));
  secure(&client, context);
  open_socket(&ws, &client);
  stream(&ws, 1000);
  free_socket(&ws);
  disconnect(&client);
  connect_to(&client, sherd__sim_server_port(running.server));
  secure(&client, context);
  say(&client, request, sizeof request - 1);
  read_response(&client, response, sizeof response);
  assert_non_null(strstr(response, "{\"url\": \"wss://127.0.0.1:"));
  disconnect(&client);
  /* who does not speak TLS is let go */
  connect_to(&client, sherd__sim_server_port(running.server));
  say(&client, request, sizeof request - 1);
  while (hear(&client, (uint8_t *)response, sizeof response))
    ;
  disconnect(&client);
  SSL_CTX_free(context);
  stop(&running);
  remove_files(&files);
}

static void expect_refusal(struct sherd__sim_server_options options, enum sherd_status status,
                           const char *advice) {
  uv_loop_t loop;
  char error[512];
  struct sherd__sim_server *server;
  assert_int_equal(uv_loop_init(&loop), 0);
  assert_int_equal(sherd__sim_server_new(&loop, &options, &server, error, sizeof error), status);
  assert_null(server);
  if (!strstr(error, advice))
    fail_msg("%s", error);
  assert_null(strchr(error, '\n'));
  assert_int_equal(uv_loop_close(&loop), 0);
}

static void what_cannot_be_is_refused_in_one_line(void **state) {
  (void)state;
  struct files files;
  struct running running;
  struct sherd__sim_server_options options = plain;
  make_files(&files);
  options.host = "0.0.0.0";
  expect_refusal(options, SHERD_EINVAL, "--i-know-this-is-public");
  options.host = "::";
  expect_refusal(options, SHERD_EINVAL, "--i-know-this-is-public");
  options.host = "example.test";
  expect_refusal(options, SHERD_EINVAL, "listen on one");
  options = plain;
  options.sim.guilds = 100001;
  expect_refusal(options, SHERD_EINVAL, "invalid argument");
  options = plain;
  options.cert_file = files.cert;
  options.key_file = files.other_key;
  expect_refusal(options, SHERD_ETLS, "the key that belongs to it");
  start(&running, &plain);
  options = plain;
  options.port = sherd__sim_server_port(running.server);
  expect_refusal(options, SHERD_ESYSTEM, "choose another");
  stop(&running);
  remove_files(&files);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_session_runs_over_a_real_socket),
      cmocka_unit_test(closes_reach_the_client_whole),
      cmocka_unit_test(without_another_name_there_is_another_port),
      cmocka_unit_test(clients_may_be_there_when_it_stops),
      cmocka_unit_test(the_same_port_serves_the_http_api),
      cmocka_unit_test(both_are_served_over_tls),
      cmocka_unit_test(what_cannot_be_is_refused_in_one_line),
  };
  return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
