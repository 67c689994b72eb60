#include "harness.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/broken_pipe.h"

#define WAIT_MS 10000

static void hold(void *ctx, bool held) {
  struct harness *harness = ctx;
  harness->holds += held;
  harness->is_held = held;
}

static struct sherd_store *store_of(void *ctx, uint32_t set) {
  struct harness *harness = ctx;
  return set == 0 ? harness->store : NULL;
}

/* Says the line again, so that tests see it whole. */
static void answer(void *ctx, struct sherd_bytes line, struct sherd_buf *out) {
  (void)ctx;
  (void)sherd__buf_append(out, "answer:", 7);
  (void)sherd__buf_append(out, line.data, line.len);
  (void)sherd__buf_append_byte(out, '\n');
}

static void ended(void *ctx, const char *why, enum sherd_status status) {
  struct harness *harness = ctx;
  (void)status;
  (void)snprintf(harness->why, sizeof harness->why, "%s", why);
  harness->ends++;
}

static void on_log(void *user, const struct sherd_log_record *record) {
  struct harness *harness = user;
  harness->hold_logs += strcmp(record->event, "hub.held") == 0;
}

void harness_init(struct harness *harness) {
  memset(harness, 0, sizeof *harness);
  (void)snprintf(harness->dir, sizeof harness->dir, "/tmp/sherd-hub-XXXXXX");
  assert_non_null(mkdtemp(harness->dir));
  (void)snprintf(harness->path, sizeof harness->path, "%s/socket", harness->dir);
  assert_int_equal(sherd_store_memory_new(NULL, 8, &harness->store), SHERD_OK);
  harness->config = (struct sherd__hub_config){.stdout_fd = -1,
                                               .stdin_fd = -1,
                                               .unix_path = harness->path,
                                               .hold = hold,
                                               .store = store_of,
                                               .answer = answer,
                                               .ended = ended,
                                               .log = {on_log, harness, SHERD_LOG_DEBUG},
                                               .ctx = harness};
}

static void done(void *ctx, uint64_t untaken) {
  struct harness *harness = ctx;
  harness->untaken = untaken;
  harness->finished = 1;
  uv_close((uv_handle_t *)&harness->quit, NULL);
}

static void on_quit(uv_async_t *async) {
  struct harness *harness = async->data;
  sherd__hub_finish(harness->hub, harness->finish_timeout_ms, done, harness);
}

static void run(void *arg) {
  struct harness *harness = arg;
  block_broken_pipe();
  uv_run(&harness->loop, UV_RUN_DEFAULT);
}

void harness_start(struct harness *harness) {
  struct sherd_error_info error;
  harness->is_held = false;
  harness->finished = 0;
  assert_int_equal(uv_loop_init(&harness->loop), 0);
  harness->config.loop = &harness->loop;
  if (sherd__hub_new(&harness->config, &harness->hub, &error))
    fail_msg("%s", error.text);
  assert_int_equal(uv_async_init(&harness->loop, &harness->quit, on_quit), 0);
  harness->quit.data = harness;
  assert_int_equal(uv_thread_create(&harness->thread, run, harness), 0);
}

uint64_t harness_stop(struct harness *harness, uint64_t timeout_ms) {
  harness->finish_timeout_ms = timeout_ms;
  uv_async_send(&harness->quit);
  uv_thread_join(&harness->thread);
  assert_int_equal(harness->finished, 1);
  sherd__hub_free(harness->hub);
  assert_int_equal(uv_loop_close(&harness->loop), 0);
  return harness->untaken;
}

void harness_deinit(struct harness *harness) {
  sherd_store_free(harness->store);
  (void)unlink(harness->path);
  assert_int_equal(rmdir(harness->dir), 0);
}

void harness_rest(void) {
  (void)poll(NULL, 0, 1);
}

void harness_ready(struct harness *harness, uint32_t shard) {
  struct test_event event;
  char session[32];
  (void)snprintf(session, sizeof session, "session-%u", shard);
  test_ready(&event, shard, session, 1);
  sherd__hub_offer(harness->hub, &event.fleet);
}

void harness_say(struct harness *harness, uint32_t shard, uint64_t seq, size_t bytes) {
  struct test_event event;
  char session[32];
  char *json = malloc(bytes + 64);
  assert_non_null(json);
  int len = snprintf(json, 64, "{\"guild_id\":\"%u\",\"x\":\"", shard);
  memset(json + len, 'x', bytes);
  memcpy(json + len + bytes, "\"}", 3);
  (void)snprintf(session, sizeof session, "session-%u", shard);
  test_dispatch(&event, SHERD_EVENT_MESSAGE_CREATE, shard, session, seq, json);
  for (unsigned tries = 0; harness->is_held && tries < WAIT_MS; tries++)
    harness_rest();
  sherd__hub_offer(harness->hub, &event.fleet);
  free(json);
}

uint64_t harness_mark(struct harness *harness, const char *name, uint32_t shard) {
  uint64_t seq = 0;
  for (uint32_t i = 0; i < SHERD_STORE_CONSUMERS_MAX; i++) {
    const char *known = sherd_store_consumer_name(harness->store, i);
    if (known && strcmp(known, name) == 0)
      (void)sherd_store_mark_of(harness->store, i, shard, &seq);
  }
  return seq;
}

/* --- A client of the socket --- */

void reader_take(struct reader *reader, int fd) {
  *reader = (struct reader){.fd = fd};
}

void reader_open(struct reader *reader, const struct harness *harness, const char *request) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  reader_take(reader, socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  memcpy(address.sun_path, harness->path, strlen(harness->path));
  assert_int_equal(connect(reader->fd, (struct sockaddr *)&address, sizeof address), 0);
  if (request)
    reader_send(reader, request);
}

void reader_send(struct reader *reader, const char *text) {
  size_t len = strlen(text);
  while (len) {
    ssize_t sent = send(reader->fd, text, len, MSG_NOSIGNAL);
    if (sent <= 0)
      return; /* a test that cares sees it by the answer that does not come */
    text += sent;
    len -= (size_t)sent;
  }
}

bool reader_has(struct reader *reader, int timeout_ms) {
  struct pollfd state = {.fd = reader->fd, .events = POLLIN};
  if (reader->len > reader->at && memchr(reader->buf + reader->at, '\n', reader->len - reader->at))
    return true;
  return poll(&state, 1, timeout_ms) > 0;
}

static bool read_more(struct reader *reader) {
  if (reader->at) {
    memmove(reader->buf, reader->buf + reader->at, reader->len - reader->at);
    reader->len -= reader->at;
    reader->at = 0;
  }
  if (reader->cap - reader->len < 65536) {
    reader->cap = reader->cap * 2 + 65536;
    reader->buf = realloc(reader->buf, reader->cap);
    assert_non_null(reader->buf);
  }
  if (!reader_has(reader, WAIT_MS))
    fail_msg("nothing came for %d ms", WAIT_MS);
  ssize_t len = read(reader->fd, reader->buf + reader->len, reader->cap - reader->len - 1);
  if (len > 0)
    reader->len += (size_t)len;
  return len > 0;
}

const char *reader_line(struct reader *reader) {
  size_t looked = 0;
  for (;;) {
    char *from = reader->buf + reader->at;
    char *end = reader->len > reader->at + looked
                    ? memchr(from + looked, '\n', reader->len - reader->at - looked)
                    : NULL;
    if (end) {
      *end = '\0';
      reader->at = (size_t)(end - reader->buf) + 1;
      return from;
    }
    looked = reader->len - reader->at;
    if (!read_more(reader))
      return NULL;
  }
}

void reader_close(struct reader *reader) {
  if (reader->fd >= 0)
    close(reader->fd);
  free(reader->buf);
  *reader = (struct reader){.fd = -1};
}

void reader_expect(struct reader *reader, const char *expected, const char *file, int line) {
  const char *got = reader_line(reader);
  size_t len = strlen(expected);
  bool is_open = len && expected[len - 1] == '*';
  if (got && (is_open ? strncmp(got, expected, len - 1) == 0 : strcmp(got, expected) == 0))
    return;
  print_error("got      %s\nexpected %s\n", got ? got : "the end", expected);
  _fail(file, line);
}

uint64_t number_in(const char *line, const char *key) {
  char text[64];
  (void)snprintf(text, sizeof text, "\"%s\":", key);
  const char *at = line ? strstr(line, text) : NULL;
  if (!at)
    fail_msg("there is no %s in %s", text, line ? line : "the end");
  return strtoull(at + strlen(text), NULL, 10);
}
