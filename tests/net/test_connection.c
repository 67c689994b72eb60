/* Connections on real sockets: every way to open one, to fail to, and to end. Server, proxy and
 * client share one loop; each wait is bounded; no descriptor may be left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "peer.h"
#include "pki.h"
#include "support/failing_alloc.h"

#define LIMIT_MS     10000
#define POOL_THREADS 4

/* --- The ground under each test --- */

struct ground {
  uv_loop_t uv;
  struct sherd__loop *loop;
  struct sherd__tls *trusting; /* the client's context */
  size_t descriptors;
};

static size_t count_descriptors(void) {
  size_t count = 0;
  DIR *directory = opendir("/proc/self/fd");
  assert_non_null(directory);
  while (readdir(directory))
    count++;
  closedir(directory);
  return count;
}

/* The first loop of a process makes a pipe for signals that stays; and who runs a loop of libuv
 * ignores SIGPIPE. */
static int first_loop(void **state) {
  uv_loop_t uv;
  signal(SIGPIPE, SIG_IGN);
  assert_int_equal(setenv("UV_THREADPOOL_SIZE", "4", 1), 0); /* POOL_THREADS */
  assert_int_equal(uv_loop_init(&uv), 0);
  assert_int_equal(uv_loop_close(&uv), 0);
  return pki_setup(state);
}

static int ground_setup(void **state) {
  struct ground *ground = calloc(1, sizeof *ground);
  assert_non_null(ground);
  ground->descriptors = count_descriptors();
  assert_int_equal(uv_loop_init(&ground->uv), 0);
  assert_int_equal(sherd__loop_new(NULL, &ground->uv, &ground->loop), SHERD_OK);
  assert_int_equal(sherd__tls_new(NULL, pki()->ca, &ground->trusting), SHERD_OK);
  *state = ground;
  return 0;
}

static bool is_idle(void *user) {
  return !uv_loop_alive(user);
}

static int ground_teardown(void **state) {
  struct ground *ground = *state;
  sherd__tls_release(ground->trusting);
  sherd__loop_free(ground->loop);
  assert_true(run_until(&ground->uv, is_idle, &ground->uv, LIMIT_MS));
  assert_int_equal(uv_loop_close(&ground->uv), 0);
  assert_int_equal(count_descriptors(), ground->descriptors);
  free(ground);
  return 0;
}

/* --- What is waited for --- */

static bool is_opened(void *user) {
  const struct client *client = user;
  return client->opened || client->lost;
}

static bool is_lost(void *user) {
  const struct client *client = user;
  return client->lost;
}

static bool is_closed(void *user) {
  const struct client *client = user;
  return client->closed;
}

static bool has_five(void *user) {
  const struct client *client = user;
  return client->received.len >= 5 || client->lost;
}

static bool peer_has_five(void *user) {
  const struct peer *peer = user;
  return peer->received.len >= 5;
}

static bool peer_has_ended(void *user) {
  const struct peer *peer = user;
  return peer->ended;
}

static void wait_until(struct ground *ground, bool (*condition)(void *user), void *user) {
  assert_true(run_until(&ground->uv, condition, user, LIMIT_MS));
}

static void finish(struct ground *ground, struct client *client) {
  if (client->connection)
    client_close(client);
  wait_until(ground, is_closed, client);
  assert_int_equal(client->closed, 1);
  client_deinit(client);
}

/* --- Opening, talking, ending --- */

static void talk(struct ground *ground, const char *address, const char *host,
                 const struct peer_script *script, struct sherd__tls *tls) {
  struct peer peer;
  struct client client = {0};
  assert_true(peer_listen(&peer, &ground->uv, address, script));
  const struct sherd__connection_options options = {
      .host = host, .port = peer.port, .tls = tls, .proxy = ""};
  assert_int_equal(client_open(&client, ground->loop, &options), SHERD_OK);
  assert_int_equal(sherd__connection_write(client.connection, (struct sherd_bytes){NULL, 0}),
                   SHERD_ESTATE);
  assert_int_equal(client.opened + client.lost, 0);
  wait_until(ground, is_opened, &client);
  assert_int_equal(client.opened, 1);
  client_write(&client, "he");
  client_write(&client, "l");
  client_write(&client, "lo");
  wait_until(ground, has_five, &client);
  assert_int_equal(client.received.len, 5);
  assert_memory_equal(client.received.data, "hello", 5);
  client_write(&client, "last words");
  client_close(&client);
  wait_until(ground, peer_has_ended, &peer);
  assert_int_equal(peer.received.len, 15);
  assert_memory_equal(peer.received.data, "hellolast words", 15);
  assert_int_equal(peer.said_goodbye, tls != NULL);
  finish(ground, &client);
  assert_int_equal(client.lost, 0);
  peer_close(&peer);
}

/* A name of 127.0.0.1 to be looked up; on a machine that has not even localhost, the address. */
static const char *name_of_loopback(void) {
  static const char *name;
  struct addrinfo *found;
  if (!name) {
    bool is_name = getaddrinfo("localhost", NULL, NULL, &found) == 0;
    name = is_name ? "localhost" : "127.0.0.1";
    if (is_name)
      freeaddrinfo(found);
  }
  return name;
}

static void plain_bytes_go_both_ways_and_out_before_the_end(void **state) {
  talk(*state, "127.0.0.1", "127.0.0.1", &(struct peer_script){.echo = true}, NULL);
  talk(*state, "127.0.0.1", name_of_loopback(), &(struct peer_script){.echo = true}, NULL);
}

static struct sherd__tls *server(const struct pki_cert *cert) {
  struct sherd__tls *tls;
  assert_int_equal(sherd__tls_server_new(NULL, cert->cert, cert->key, &tls), SHERD_OK);
  return tls;
}

static void so_they_do_through_tls(void **state) {
  struct ground *ground = *state;
  struct sherd__tls *tls = server(&pki()->good);
  const struct peer_script script = {.tls = tls, .echo = true};
  talk(ground, "127.0.0.1", name_of_loopback(), &script, ground->trusting);
  talk(ground, "127.0.0.1", "127.0.0.1", &script, ground->trusting);
  sherd__tls_release(tls);
}

/* --- Refusals --- */

/* Opens a connection that must be lost, and gives what was said of it. */
static struct sherd_error_info lose(struct ground *ground,
                                    const struct sherd__connection_options *options) {
  struct client client = {.close_when_lost = true};
  assert_int_equal(client_open(&client, ground->loop, options), SHERD_OK);
  wait_until(ground, is_lost, &client);
  finish(ground, &client);
  assert_int_equal(client.opened, 0);
  assert_int_equal(client.lost, 1);
  assert_int_equal(strlen(client.info.text) > 0, 1);
  return client.info;
}

static void expect(const struct sherd_error_info *info, enum sherd_status status, const char *begin,
                   const char *within) {
  assert_string_equal(sherd_status_name(info->status), sherd_status_name(status));
  if (strncmp(info->text, begin, strlen(begin)) != 0 || !strstr(info->text, within))
    fail_msg("\"%s\" does not begin with \"%s\" or has no \"%s\"", info->text, begin, within);
}

/* A port of loopback that nobody listens on: bound once, and let go. */
static uint16_t free_port(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t len = sizeof address;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_true(fd >= 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
  close(fd);
  return ntohs(address.sin_port);
}

static void a_refused_port_is_told(void **state) {
  const struct sherd__connection_options options = {
      .host = name_of_loopback(), .port = free_port(), .proxy = ""};
  struct sherd_error_info info = lose(*state, &options);
  char place[32];
  snprintf(place, sizeof place, "%s:%u: ", options.host, options.port);
  expect(&info, SHERD_ECONNREFUSED, place, "connection refused");
  assert_int_equal(info.os_error, ECONNREFUSED);
}

static void an_absent_host_is_told(void **state) {
  const struct sherd__connection_options options = {
      .host = "no-such-host.invalid", .port = 443, .proxy = ""};
  struct sherd_error_info info = lose(*state, &options);
  expect(&info, SHERD_EDNS, "no-such-host.invalid:443", ": ");
  assert_int_equal(info.os_error, 0);
  /* A label of over 63 bytes cannot be asked for at all. */
  char name[101];
  memset(name, 'a', 100);
  name[100] = '\0';
  info = lose(*state, &(struct sherd__connection_options){.host = name, .port = 1, .proxy = ""});
  expect(&info, SHERD_EDNS, "aaaa", ":1: ");
}

/* Work that holds a thread of libuv's pool until it is let go. */
struct holder {
  uv_work_t work;
  uv_sem_t *let_go;
};

static void hold(uv_work_t *work) {
  struct holder *holder = work->data;
  uv_sem_wait(holder->let_go);
}

static void on_let_go(uv_work_t *work, int status) {
  (void)work;
  (void)status;
}

static void a_lookup_that_takes_too_long_is_told(void **state) {
  struct ground *ground = *state;
  struct holder holders[POOL_THREADS];
  uv_sem_t let_go;
  assert_int_equal(uv_sem_init(&let_go, 0), 0);
  for (size_t i = 0; i < POOL_THREADS; i++) {
    holders[i] = (struct holder){.let_go = &let_go};
    holders[i].work.data = &holders[i];
    assert_int_equal(uv_queue_work(&ground->uv, &holders[i].work, hold, on_let_go), 0);
  }
  struct sherd_error_info info =
      lose(ground, &(struct sherd__connection_options){
                       .host = "localhost", .port = 1, .proxy = "", .dns_timeout_ms = 20});
  expect(&info, SHERD_EDNS, "localhost:1: ", "not done in 20 ms");
  for (size_t i = 0; i < POOL_THREADS; i++)
    uv_sem_post(&let_go);
  assert_true(run_until(&ground->uv, is_idle, &ground->uv, LIMIT_MS));
  uv_sem_destroy(&let_go);
}

static void each_bad_certificate_is_told(void **state) {
  struct ground *ground = *state;
  const struct {
    const struct pki_cert *cert;
    enum sherd_status status;
    const char *within;
  } rows[] = {
      {&pki()->expired, SHERD_ETLSEXPIRED, "certificate has expired"},
      {&pki()->future, SHERD_ETLSEXPIRED, "certificate is not yet valid"},
      {&pki()->elsewhere, SHERD_ETLSHOST, " mismatch"}, /* of the name, or of the address */
      {&pki()->foreign, SHERD_ETLSCA, "issuer certificate"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sherd__tls *tls = server(rows[i].cert);
    struct peer peer;
    assert_true(peer_listen(&peer, &ground->uv, "127.0.0.1", &(struct peer_script){.tls = tls}));
    struct sherd_error_info info = lose(
        ground,
        &(struct sherd__connection_options){
            .host = name_of_loopback(), .port = peer.port, .tls = ground->trusting, .proxy = ""});
    expect(&info, rows[i].status, name_of_loopback(), rows[i].within);
    peer_close(&peer);
    sherd__tls_release(tls);
  }
}

static struct sherd_error_info
lose_handshake(struct ground *ground, const struct peer_script *script, uint32_t timeout_ms) {
  struct peer peer;
  assert_true(peer_listen(&peer, &ground->uv, "127.0.0.1", script));
  struct sherd_error_info info =
      lose(ground, &(struct sherd__connection_options){.host = "127.0.0.1",
                                                       .port = peer.port,
                                                       .tls = ground->trusting,
                                                       .proxy = "",
                                                       .tls_timeout_ms = timeout_ms});
  peer_close(&peer);
  return info;
}

static void a_port_that_speaks_no_tls_is_told(void **state) {
  struct sherd_error_info info =
      lose_handshake(*state, &(struct peer_script){.greeting = "220 mail ready\r\n"}, 0);
  expect(&info, SHERD_ETLS, "127.0.0.1:", "wrong version number");
  info = lose_handshake(*state, &(struct peer_script){.close_first = true}, 0);
  expect(&info, SHERD_ETLS, "127.0.0.1:", "the other side closed it");
  info = lose_handshake(*state, &(struct peer_script){.reset = true}, 0);
  expect(&info, SHERD_ETLS, "127.0.0.1:", "connection reset by peer");
  assert_int_equal(info.os_error, ECONNRESET);
}

static void a_handshake_that_stalls_is_ended(void **state) {
  struct sherd_error_info info = lose_handshake(*state, &(struct peer_script){0}, 20);
  expect(&info, SHERD_ETLS, "127.0.0.1:", "not done in 20 ms");
}

static void a_host_that_does_not_answer_is_given_up(void **state) {
  struct black_hole hole;
  assert_true(black_hole_open(&hole));
  struct sherd_error_info info = lose(
      *state, &(struct sherd__connection_options){
                  .host = "127.0.0.1", .port = hole.port, .proxy = "", .connect_timeout_ms = 50});
  expect(&info, SHERD_ECONNECTTIMEOUT, "127.0.0.1:", "not done in 50 ms");
  black_hole_close(&hole);
}

static void what_cannot_be_asked_for_is_refused_at_once(void **state) {
  struct ground *ground = *state;
  const struct sherd__connection_options rows[] = {
      {.host = NULL, .port = 1, .proxy = ""},
      {.host = "", .port = 1, .proxy = ""},
      {.host = "a\r\nb", .port = 1, .proxy = ""},
      {.host = "localhost", .port = 0, .proxy = ""},
      {.host = "localhost", .port = 1, .proxy = "socks5://localhost"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct client client = {0};
    assert_int_equal(client_open(&client, ground->loop, &rows[i]), SHERD_EINVAL);
    assert_null(client.connection);
  }
}

/* --- Proxies --- */

static void a_proxy_passes_us_on(void **state) {
  struct ground *ground = *state;
  struct sherd__tls *tls = server(&pki()->good);
  struct peer peer;
  char proxy[64];
  const struct peer_script script = {
      .reply = "HTTP/1.1 200 Connection established\r\n\r\n", .tls = tls, .echo = true};
  assert_true(peer_listen(&peer, &ground->uv, "127.0.0.1", &script));
  snprintf(proxy, sizeof proxy, "http://user:secret@127.0.0.1:%u", peer.port);
  struct client client = {0};
  /* The name is the proxy's to look up, so that it need not exist here. */
  const struct sherd__connection_options options = {
      .host = "localhost", .port = 4443, .tls = ground->trusting, .proxy = proxy};
  assert_int_equal(client_open(&client, ground->loop, &options), SHERD_OK);
  wait_until(ground, is_opened, &client);
  assert_int_equal(client.opened, 1);
  client_write(&client, "hello");
  wait_until(ground, has_five, &client);
  assert_memory_equal(client.received.data, "hello", 5);
  sherd__buf_append_byte(&peer.request, 0);
  assert_non_null(strstr((char *)peer.request.data,
                         "CONNECT localhost:4443 HTTP/1.1\r\nHost: localhost:4443\r\n"
                         "Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n"));
  finish(ground, &client);
  peer_close(&peer);
  sherd__tls_release(tls);
}

static void what_comes_behind_the_reply_is_not_lost(void **state) {
  struct ground *ground = *state;
  struct peer peer;
  char proxy[64];
  const struct peer_script script = {.reply = "HTTP/1.1 200 OK\r\n\r\nhello"};
  assert_true(peer_listen(&peer, &ground->uv, "127.0.0.1", &script));
  snprintf(proxy, sizeof proxy, "127.0.0.1:%u", peer.port);
  struct client client = {0};
  const struct sherd__connection_options options = {
      .host = "no-such-host.invalid", .port = 80, .proxy = proxy};
  assert_int_equal(client_open(&client, ground->loop, &options), SHERD_OK);
  wait_until(ground, has_five, &client);
  assert_int_equal(client.opened, 1);
  assert_memory_equal(client.received.data, "hello", 5);
  finish(ground, &client);
  peer_close(&peer);
}

static void each_refusal_of_a_proxy_is_told(void **state) {
  struct ground *ground = *state;
  static const struct {
    struct peer_script script;
    enum sherd_status status;
    uint16_t http_status;
    const char *within;
  } rows[] = {
      {{.reply = "HTTP/1.1 407 Authenticate\r\n\r\n"}, SHERD_EPROXYAUTH, 407, "HTTP 407"},
      {{.reply = "HTTP/1.1 403 Forbidden\r\n\r\n"}, SHERD_EPROXY, 403, "HTTP 403"},
      {{.reply = "what?\r\n"}, SHERD_EPROXY, 0, "it spoke no HTTP"},
      {{.greeting = "220 mail ready\r\n"}, SHERD_EPROXY, 0, "it spoke no HTTP"},
      {{.close_first = true}, SHERD_EPROXY, 0, "the other side closed it"},
      {{.reply = "HTTP/1.1 200", .close_first = true}, SHERD_EPROXY, 0, "the other side closed it"},
      {{.greeting = "HTTP/1.1 200 OK\r\n"}, SHERD_EPROXY, 0, "not done in 30 ms"},
      {{0}, SHERD_EPROXY, 0, "not done in 30 ms"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct peer peer;
    char proxy[64], place[64];
    assert_true(peer_listen(&peer, &ground->uv, "127.0.0.1", &rows[i].script));
    snprintf(proxy, sizeof proxy, "http://user:secret@127.0.0.1:%u", peer.port);
    snprintf(place, sizeof place, "example.org:443 through the proxy 127.0.0.1:%u: ", peer.port);
    struct sherd_error_info info =
        lose(ground, &(struct sherd__connection_options){.host = "example.org",
                                                         .port = 443,
                                                         .tls = ground->trusting,
                                                         .proxy = proxy,
                                                         .proxy_timeout_ms = 30});
    expect(&info, rows[i].status, place, rows[i].within);
    assert_int_equal(info.http_status, rows[i].http_status);
    assert_null(strstr(info.text, "secret"));
    peer_close(&peer);
  }
}

static void a_proxy_that_refuses_the_port_is_told(void **state) {
  char proxy[64];
  snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", free_port());
  struct sherd_error_info info =
      lose(*state,
           &(struct sherd__connection_options){.host = "example.org", .port = 443, .proxy = proxy});
  expect(&info, SHERD_ECONNREFUSED, "example.org:443 through the proxy 127.0.0.1:", "refused");
}

/* --- Losing an open one --- */

static struct client *open_to(struct ground *ground, struct peer *peer, struct client *client,
                              const struct peer_script *script) {
  assert_true(peer_listen(peer, &ground->uv, "127.0.0.1", script));
  const struct sherd__connection_options options = {.host = "127.0.0.1",
                                                    .port = peer->port,
                                                    .tls = script->tls ? ground->trusting : NULL,
                                                    .proxy = ""};
  assert_int_equal(client_open(client, ground->loop, &options), SHERD_OK);
  wait_until(ground, is_opened, client);
  assert_int_equal(client->opened, 1);
  return client;
}

static void an_end_by_the_peer_loses_it_once_its_words_are_read(void **state) {
  struct ground *ground = *state;
  struct peer peer;
  struct client client = {0};
  open_to(ground, &peer, &client, &(struct peer_script){.greeting = "hello", .close_first = true});
  wait_until(ground, is_lost, &client);
  assert_int_equal(client.received.len, 5);
  expect(&client.info, SHERD_ELOST, "127.0.0.1:", "the other side closed it");
  assert_int_equal(client.info.os_error, 0);
  assert_int_equal(sherd__connection_write(client.connection, (struct sherd_bytes){NULL, 0}),
                   SHERD_ESTATE);
  sherd__connection_pause(client.connection, true);
  finish(ground, &client);
  assert_int_equal(client.lost, 1);
  peer_close(&peer);
}

static void a_reset_by_the_peer_loses_it(void **state) {
  struct ground *ground = *state;
  struct peer peer;
  struct client client = {.close_when_lost = true};
  open_to(ground, &peer, &client, &(struct peer_script){.reset = true});
  client_write(&client, "hello");
  wait_until(ground, is_lost, &client);
  expect(&client.info, SHERD_ELOST, "127.0.0.1:", "connection reset by peer");
  assert_int_equal(client.info.os_error, ECONNRESET);
  finish(ground, &client);
  peer_close(&peer);
}

/* Writes to a peer that has gone, while reading is paused, so that only writing can tell. */
static void a_failed_write_loses_it_but_not_from_inside(void **state) {
  struct ground *ground = *state;
  struct peer peer;
  struct client client = {.pause_when_opened = true};
  open_to(ground, &peer, &client, &(struct peer_script){.reset = true});
  for (uint32_t i = 0; i < 100 && !client.lost; i++) {
    client_write(&client, "hello");
    assert_int_equal(client.lost, 0);
    uv_run(&ground->uv, UV_RUN_NOWAIT);
  }
  wait_until(ground, is_lost, &client);
  assert_int_equal(client.info.status, SHERD_ELOST);
  assert_true(client.info.os_error == EPIPE || client.info.os_error == ECONNRESET);
  finish(ground, &client);
  peer_close(&peer);
}

static void a_goodbye_through_tls_loses_it(void **state) {
  struct ground *ground = *state;
  struct sherd__tls *tls = server(&pki()->good);
  struct peer peer;
  struct client client = {0};
  open_to(ground, &peer, &client, &(struct peer_script){.tls = tls, .echo = true});
  client_write(&client, "hello");
  wait_until(ground, has_five, &client);
  peer_close(&peer); /* without TLS's goodbye, as it happens */
  wait_until(ground, is_lost, &client);
  expect(&client.info, SHERD_ELOST, "127.0.0.1:", "the other side closed it");
  finish(ground, &client);
  sherd__tls_release(tls);
}

/* --- Pausing --- */

static void a_paused_connection_reads_nothing(void **state) {
  struct ground *ground = *state;
  struct peer peer;
  struct client client = {.pause_when_opened = true};
  open_to(ground, &peer, &client, &(struct peer_script){.echo = true});
  client_write(&client, "hello");
  wait_until(ground, peer_has_five, &peer);
  for (uint32_t i = 0; i < 20; i++)
    uv_run(&ground->uv, UV_RUN_NOWAIT);
  assert_int_equal(client.received.len, 0);
  sherd__connection_pause(client.connection, true);
  sherd__connection_pause(client.connection, false);
  wait_until(ground, has_five, &client);
  assert_int_equal(client.received.len, 5);
  sherd__connection_pause(client.connection, true);
  finish(ground, &client); /* closing needs no reader */
  peer_close(&peer);
}

/* --- Closing --- */

static void it_may_be_closed_inside_each_callback(void **state) {
  struct ground *ground = *state;
  struct sherd__tls *tls = server(&pki()->good);
  for (uint32_t secure = 0; secure < 2; secure++) {
    struct peer peer;
    const struct peer_script script = {.tls = secure ? tls : NULL, .echo = true};
    struct client early = {.close_when_opened = true}, late = {.close_when_received = true};
    open_to(ground, &peer, &early, &script);
    finish(ground, &early);
    assert_int_equal(early.lost, 0);
    peer_close(&peer);
    open_to(ground, &peer, &late, &script);
    client_write(&late, "hello");
    wait_until(ground, is_closed, &late);
    assert_int_equal(late.received.len, 5);
    assert_int_equal(late.lost, 0);
    finish(ground, &late);
    peer_close(&peer);
  }
  sherd__tls_release(tls);
}

/* Closes a connection after each number of turns of the loop, so in each of its steps. */
static void it_may_be_closed_at_any_moment(void **state) {
  struct ground *ground = *state;
  struct sherd__tls *tls = server(&pki()->good);
  bool was_open = false;
  for (uint32_t turns = 0; turns < 200 && !was_open; turns++) {
    struct peer peer;
    struct client client = {0};
    char proxy[64];
    const struct peer_script script = {.reply = "HTTP/1.1 200 OK\r\n\r\n", .tls = tls};
    assert_true(peer_listen(&peer, &ground->uv, "127.0.0.1", &script));
    snprintf(proxy, sizeof proxy, "127.0.0.1:%u", peer.port);
    const struct sherd__connection_options options = {
        .host = "localhost", .port = 443, .tls = ground->trusting, .proxy = proxy};
    assert_int_equal(client_open(&client, ground->loop, &options), SHERD_OK);
    for (uint32_t i = 0; i < turns && !client.opened; i++)
      uv_run(&ground->uv, UV_RUN_ONCE);
    was_open = client.opened;
    client_close(&client);
    wait_until(ground, is_closed, &client);
    finish(ground, &client);
    assert_int_equal(client.lost, 0);
    peer_close(&peer);
  }
  assert_true(was_open);
  sherd__tls_release(tls);
}

static void a_peer_that_does_not_end_is_left_after_a_second(void **state) {
  struct ground *ground = *state;
  struct peer peer;
  struct client client = {0};
  open_to(ground, &peer, &client, &(struct peer_script){0}); /* reads nothing, ends nothing */
  uint64_t start = sherd__loop_now_ms(ground->loop);
  client_write(&client, "hello");
  finish(ground, &client);
  assert_in_range(sherd__loop_now_ms(ground->loop) - start, 900, 5000);
  assert_int_equal(client.lost, 0);
  peer_close(&peer);
}

/* --- Much --- */

struct much {
  struct client *client;
  size_t wanted;
};

static bool has_much(void *user) {
  const struct much *much = user;
  return much->client->received.len >= much->wanted || much->client->lost;
}

static void much_goes_both_ways_whole(void **state) {
  struct ground *ground = *state;
  struct sherd__tls *tls = server(&pki()->good);
  static uint8_t bytes[1000003];
  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = (uint8_t)(i * 31 + i / 257);
  struct peer peer;
  struct client client = {0};
  open_to(ground, &peer, &client, &(struct peer_script){.tls = tls, .echo = true});
  for (size_t at = 0; at < sizeof bytes; at += 30011) {
    size_t step = sizeof bytes - at < 30011 ? sizeof bytes - at : 30011;
    assert_int_equal(
        sherd__connection_write(client.connection, (struct sherd_bytes){bytes + at, step}),
        SHERD_OK);
  }
  struct much much = {&client, sizeof bytes};
  wait_until(ground, has_much, &much);
  assert_int_equal(client.received.len, sizeof bytes);
  assert_memory_equal(client.received.data, bytes, sizeof bytes);
  finish(ground, &client);
  peer_close(&peer);
  sherd__tls_release(tls);
}

/* --- Want of memory --- */

static void each_allocation_may_fail(void **state) {
  (void)state;
  size_t descriptors = count_descriptors();
  bool has_opened = false;
  for (size_t fail_at = 1; !has_opened; fail_at++) {
    struct sherd__test_alloc alloc;
    uv_loop_t uv;
    struct sherd__loop *loop;
    struct sherd__tls *trusting, *tls = server(&pki()->good);
    struct peer peer;
    struct client client = {0};
    char proxy[64];
    assert_int_equal(uv_loop_init(&uv), 0);
    sherd__test_alloc_init(&alloc, 0);
    assert_int_equal(sherd__tls_new(NULL, pki()->ca, &trusting), SHERD_OK);
    assert_int_equal(sherd__loop_new(&alloc.allocator, &uv, &loop), SHERD_OK);
    alloc.fail_at = alloc.requests + fail_at;
    const struct peer_script script = {.reply = "HTTP/1.1 200 OK\r\n\r\n", .tls = tls};
    assert_true(peer_listen(&peer, &uv, "127.0.0.1", &script));
    snprintf(proxy, sizeof proxy, "127.0.0.1:%u", peer.port);
    const struct sherd__connection_options options = {
        .host = "localhost", .port = 443, .tls = trusting, .proxy = proxy};
    enum sherd_status status = client_open(&client, loop, &options);
    if (status) {
      assert_int_equal(status, SHERD_ENOMEM);
    } else {
      assert_true(run_until(&uv, is_opened, &client, LIMIT_MS));
      has_opened = client.opened;
      if (!has_opened)
        assert_int_equal(client.info.status, SHERD_ENOMEM);
      client_close(&client);
      assert_true(run_until(&uv, is_closed, &client, LIMIT_MS));
    }
    client_deinit(&client);
    peer_close(&peer);
    sherd__loop_free(loop);
    assert_true(run_until(&uv, is_idle, &uv, LIMIT_MS));
    assert_int_equal(uv_loop_close(&uv), 0);
    assert_int_equal(alloc.live, 0);
    sherd__tls_release(trusting);
    sherd__tls_release(tls);
  }
  assert_int_equal(count_descriptors(), descriptors);
}

#define ON_GROUND(test) cmocka_unit_test_setup_teardown(test, ground_setup, ground_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      ON_GROUND(plain_bytes_go_both_ways_and_out_before_the_end),
      ON_GROUND(so_they_do_through_tls),
      ON_GROUND(a_refused_port_is_told),
      ON_GROUND(an_absent_host_is_told),
      ON_GROUND(a_lookup_that_takes_too_long_is_told),
      ON_GROUND(each_bad_certificate_is_told),
      ON_GROUND(a_port_that_speaks_no_tls_is_told),
      ON_GROUND(a_handshake_that_stalls_is_ended),
      ON_GROUND(a_host_that_does_not_answer_is_given_up),
      ON_GROUND(what_cannot_be_asked_for_is_refused_at_once),
      ON_GROUND(a_proxy_passes_us_on),
      ON_GROUND(what_comes_behind_the_reply_is_not_lost),
      ON_GROUND(each_refusal_of_a_proxy_is_told),
      ON_GROUND(a_proxy_that_refuses_the_port_is_told),
      ON_GROUND(an_end_by_the_peer_loses_it_once_its_words_are_read),
      ON_GROUND(a_reset_by_the_peer_loses_it),
      ON_GROUND(a_failed_write_loses_it_but_not_from_inside),
      ON_GROUND(a_goodbye_through_tls_loses_it),
      ON_GROUND(a_paused_connection_reads_nothing),
      ON_GROUND(it_may_be_closed_inside_each_callback),
      ON_GROUND(it_may_be_closed_at_any_moment),
      ON_GROUND(a_peer_that_does_not_end_is_left_after_a_second),
      ON_GROUND(much_goes_both_ways_whole),
      cmocka_unit_test(each_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, first_loop, pki_teardown);
}
