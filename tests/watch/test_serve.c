/* What is served and sent: HTTP on loopback, and systemd's datagrams. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "watch/http.h"
#include "watch/notify.h"
#include "watch/sample.h"

#define ANSWER_BYTES 65536

static struct sample sample;
static const struct sherd__snapshot *to_give;
static int taken, released;

static const struct sherd__snapshot *take(void *ctx) {
  (void)ctx;
  __atomic_add_fetch(&taken, 1, __ATOMIC_RELAXED);
  return to_give;
}

static void release(void *ctx, const struct sherd__snapshot *snapshot) {
  (void)ctx;
  (void)snapshot;
  __atomic_add_fetch(&released, 1, __ATOMIC_RELAXED);
}

static struct sherd__watch_http *serve(void) {
  struct sherd__watch_http_config config = {
      .max_shard_rows = 100, .take = take, .release = release};
  struct sherd__watch_http *http;
  struct sherd_error_info error;
  sample_running(&sample);
  to_give = &sample.snapshot;
  taken = released = 0;
  assert_int_equal(sherd__watch_http_new(&config, &http, &error), SHERD_OK);
  return http;
}

static int dial(uint16_t port) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  struct timeval limit = {.tv_sec = 15};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_true(fd >= 0);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
  return fd;
}

/* The whole answer, NUL-terminated. */
static void ask(uint16_t port, const char *request, char answer[ANSWER_BYTES]) {
  int fd = dial(port);
  size_t len = 0;
  assert_int_equal(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
  for (;;) {
    ssize_t got = recv(fd, answer + len, ANSWER_BYTES - 1 - len, 0);
    if (got <= 0)
      break;
    len += (size_t)got;
  }
  answer[len] = '\0';
  close(fd);
}

static void assert_answer(uint16_t port, const char *method, const char *path, const char *status,
                          const char *holds) {
  static char answer[ANSWER_BYTES];
  char request[256];
  snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n",
           method, path);
  ask(port, request, answer);
  assert_non_null(strstr(answer, status));
  assert_non_null(strstr(answer, holds));
}

static void test_the_three_paths(void **state) {
  (void)state;
  struct sherd__watch_http *http = serve();
  uint16_t port = sherd__watch_http_port(http);
  assert_answer(port, "GET", "/metrics", "HTTP/1.1 200", "version=0.0.4");
  assert_answer(port, "GET", "/metrics", "HTTP/1.1 200", "\nsherd_fleet_shards_connected 1023\n");
  assert_answer(port, "GET", "/healthz", "HTTP/1.1 200", "does its work\n");
  assert_answer(port, "GET", "/readyz", "HTTP/1.1 200", "nine in ten");
  sample.snapshot.fleet.phase = SHERD_FLEET_FAILED;
  assert_answer(port, "GET", "/healthz", "HTTP/1.1 503", "the fleet has failed");
  assert_answer(port, "GET", "/readyz", "HTTP/1.1 503", "the fleet has failed");
  assert_int_equal(taken, 6);
  assert_int_equal(released, 6);
  sherd__watch_http_free(http);
}

static void test_what_is_not_there(void **state) {
  (void)state;
  struct sherd__watch_http *http = serve();
  uint16_t port = sherd__watch_http_port(http);
  assert_answer(port, "GET", "/", "HTTP/1.1 404", "there are /metrics, /healthz and /readyz\n");
  assert_answer(port, "POST", "/metrics", "HTTP/1.1 405", "Allow: GET, HEAD");
  to_give = NULL;
  assert_answer(port, "GET", "/metrics", "HTTP/1.1 503", "out of memory");
  assert_int_equal(released, 0);
  sherd__watch_http_free(http);
}

static void test_a_head_has_no_body(void **state) {
  (void)state;
  static char answer[ANSWER_BYTES];
  struct sherd__watch_http *http = serve();
  ask(sherd__watch_http_port(http),
      "HEAD /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", answer);
  const char *end = strstr(answer, "\r\n\r\n");
  assert_non_null(end);
  assert_string_equal(end, "\r\n\r\n");
  sherd__watch_http_free(http);
}

static void test_garbage_hurts_nobody(void **state) {
  (void)state;
  static char answer[ANSWER_BYTES];
  struct sherd__watch_http *http = serve();
  uint16_t port = sherd__watch_http_port(http);
  static char big[100000];
  memset(big, 'a', sizeof big - 1);
  memcpy(big, "GET /", 5);
  strcpy(big + sizeof big - 5, "\r\n\r\n");
  ask(port, "\x16\x03\x01 no HTTP\r\n\r\n", answer);
  ask(port, big, answer);
  assert_null(strstr(answer, "HTTP/1.1 200"));
  assert_answer(port, "GET", "/healthz", "HTTP/1.1 200", "does its work");
  sherd__watch_http_free(http);
}

static void scrape(void *user) {
  for (int i = 0; i < 20; i++)
    assert_answer(*(uint16_t *)user, "GET", "/healthz", "HTTP/1.1 200", "does its work");
}

static void test_two_in_turn_do_not_wait_for_a_silent_one(void **state) {
  (void)state;
  struct sherd__watch_http *http = serve();
  uint16_t port = sherd__watch_http_port(http);
  int silent = dial(port);
  scrape(&port);
  close(silent);
  assert_int_equal(taken, 20);
  sherd__watch_http_free(http);
}

static void test_a_port_in_use_is_named(void **state) {
  (void)state;
  struct sherd__watch_http *http = serve(), *second;
  struct sherd_error_info error = {0};
  struct sherd__watch_http_config config = {
      .port = sherd__watch_http_port(http), .take = take, .release = release};
  char expected[64];
  assert_int_equal(sherd__watch_http_new(&config, &second, &error), SHERD_ESYSTEM);
  assert_null(second);
  snprintf(expected, sizeof expected, "127.0.0.1 port %u: Address already in use",
           (unsigned)config.port);
  assert_non_null(strstr(error.text, expected));
  config.host = "localhost";
  assert_int_equal(sherd__watch_http_new(&config, &second, &error), SHERD_EINVAL);
  assert_non_null(strstr(error.text, "not a name"));
  sherd__watch_http_free(http);
}

/* --- systemd --- */

static void assert_notified(const struct sockaddr_un *address, socklen_t len, const char *name) {
  char got[64];
  int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  struct timeval limit = {.tv_sec = 5};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  assert_int_equal(bind(fd, (const struct sockaddr *)address, len), 0);
  setenv("NOTIFY_SOCKET", name, 1);
  assert_true(sherd__notify("READY=1\nSTATUS=3 shards"));
  ssize_t size = recv(fd, got, sizeof got, 0);
  assert_int_equal(size, strlen("READY=1\nSTATUS=3 shards"));
  assert_memory_equal(got, "READY=1\nSTATUS=3 shards", (size_t)size);
  unsetenv("NOTIFY_SOCKET");
  close(fd);
}

static void test_notify_by_path_and_by_name(void **state) {
  (void)state;
  char folder[] = "/tmp/sherd-notify-XXXXXX", path[64], name[64];
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/socket", folder);
  strcpy(address.sun_path, path);
  assert_notified(&address, sizeof address, path);
  unlink(path);
  rmdir(folder);
  int len = snprintf(name, sizeof name, "@sherd-test-%ld", (long)getpid());
  memset(address.sun_path, 0, sizeof address.sun_path);
  memcpy(address.sun_path + 1, name + 1, (size_t)len - 1);
  assert_notified(&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + (size_t)len),
                  name);
}

static void test_without_systemd_nothing_is_sent(void **state) {
  (void)state;
  unsetenv("NOTIFY_SOCKET");
  assert_false(sherd__notify("READY=1"));
  setenv("NOTIFY_SOCKET", "relative", 1);
  assert_false(sherd__notify("READY=1"));
  setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
  assert_false(sherd__notify("READY=1"));
  unsetenv("NOTIFY_SOCKET");
}

static void test_the_watchdog_wants_half_of_its_time(void **state) {
  (void)state;
  char pid[24];
  unsetenv("WATCHDOG_PID");
  unsetenv("WATCHDOG_USEC");
  assert_int_equal(sherd__notify_watchdog_ms(), 0);
  setenv("WATCHDOG_USEC", "30000000", 1);
  assert_int_equal(sherd__notify_watchdog_ms(), 15000);
  setenv("WATCHDOG_PID", "1", 1);
  assert_int_equal(sherd__notify_watchdog_ms(), 0);
  snprintf(pid, sizeof pid, "%ld", (long)getpid());
  setenv("WATCHDOG_PID", pid, 1);
  assert_int_equal(sherd__notify_watchdog_ms(), 15000);
  setenv("WATCHDOG_USEC", "soon", 1);
  assert_int_equal(sherd__notify_watchdog_ms(), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_three_paths),
      cmocka_unit_test(test_what_is_not_there),
      cmocka_unit_test(test_a_head_has_no_body),
      cmocka_unit_test(test_garbage_hurts_nobody),
      cmocka_unit_test(test_two_in_turn_do_not_wait_for_a_silent_one),
      cmocka_unit_test(test_a_port_in_use_is_named),
      cmocka_unit_test(test_notify_by_path_and_by_name),
      cmocka_unit_test(test_without_systemd_nothing_is_sent),
      cmocka_unit_test(test_the_watchdog_wants_half_of_its_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
