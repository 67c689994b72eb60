/* Live shards against the server on real sockets, over both formats and every compression of each:
 * what the ledger has is what the shard saw, event by event, through a cut connection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>
#include <uv.h>

#include <sherd.h>

#include "sim/server.h"
#include "support/broken_pipe.h"

#define EVENTS     400
#define EVENTS_MAX 1000
#define TIMEOUT_MS 30000

/* What was produced on the server's thread and seen on the shard's: hashes of the JSON that each
 * `d` is, by sequence number. */
struct book {
  uint64_t hashes[EVENTS_MAX];
  uint64_t newest;
};

struct running {
  uv_loop_t loop;
  uv_async_t stop;
  pthread_t thread;
  struct sherd__sim_server *server;
  struct book produced;

  pthread_mutex_t mutex;
  pthread_cond_t changed;
  struct book seen;
  uint32_t resumes;
};

static void note(struct book *book, uint64_t seq, struct sherd_value data) {
  size_t len = 0;
  (void)sherd_value_to_json(data, NULL, 0, &len);
  char *text = malloc(len + 1);
  if (!text || seq >= EVENTS_MAX || seq != book->newest + 1 ||
      sherd_value_to_json(data, text, len + 1, NULL))
    abort(); /* on a thread where cmocka cannot fail */
  book->hashes[seq] = sherd__fnv1a((struct sherd_bytes){(const uint8_t *)text, len});
  book->newest = seq;
  free(text);
}

static void on_produced(void *ctx, const struct sherd__sim_produced *it) {
  struct running *running = ctx;
  struct sherd_value data;
  if (sherd_value_open(SHERD_FORMAT_JSON, it->dispatch->data, it->dispatch->len, &data))
    abort();
  note(&running->produced, it->seq, data);
}

static void on_event(struct sherd_shard *shard, const struct sherd_event *event, void *user) {
  struct running *running = user;
  (void)shard;
  if (!event->has_seq)
    return;
  (void)pthread_mutex_lock(&running->mutex);
  note(&running->seen, event->seq, event->data);
  running->resumes += event->type == SHERD_EVENT_RESUMED;
  (void)pthread_cond_signal(&running->changed);
  (void)pthread_mutex_unlock(&running->mutex);
}

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

static void start(struct running *running, bool etf_integers) {
  struct sherd__sim_server_options options = {.sim = {.seed = 3,
                                                      .guilds = 3,
                                                      .rate = 2000,
                                                      .max_events = EVENTS,
                                                      .drop_after = 200,
                                                      .etf_integers = etf_integers,
                                                      .produced = on_produced,
                                                      .produced_ctx = running}};
  char error[256];
  memset(running, 0, sizeof *running);
  assert_int_equal(pthread_mutex_init(&running->mutex, NULL), 0);
  assert_int_equal(pthread_cond_init(&running->changed, NULL), 0);
  assert_int_equal(uv_loop_init(&running->loop), 0);
  assert_int_equal(uv_async_init(&running->loop, &running->stop, on_stop), 0);
  running->stop.data = running;
  if (sherd__sim_server_new(&running->loop, &options, &running->server, error, sizeof error))
    fail_msg("%s", error);
  assert_int_equal(pthread_create(&running->thread, NULL, run_loop, &running->loop), 0);
}

static void stop(struct running *running) {
  (void)uv_async_send(&running->stop);
  assert_int_equal(pthread_join(running->thread, NULL), 0);
  sherd__sim_server_free(running->server);
  assert_int_equal(uv_loop_close(&running->loop), 0);
  (void)pthread_cond_destroy(&running->changed);
  (void)pthread_mutex_destroy(&running->mutex);
}

/* Waits for READY, RESUMED, the guilds and the whole of the stream. */
static bool wait_for_all(struct running *running) {
  struct timespec limit;
  (void)clock_gettime(CLOCK_REALTIME, &limit);
  limit.tv_sec += TIMEOUT_MS / 1000;
  int error = 0;
  (void)pthread_mutex_lock(&running->mutex);
  while (running->seen.newest < EVENTS + 5 && !error)
    error = pthread_cond_timedwait(&running->changed, &running->mutex, &limit);
  (void)pthread_mutex_unlock(&running->mutex);
  return !error;
}

static void compare(const struct sherd_gateway_config *gateway) {
  static struct running running;
  struct sherd_shard *shard;
  start(&running, false);
  struct sherd_shard_config config = {
      .gateway = *gateway, .proxy = "", .on_event = on_event, .user = &running};
  config.gateway.token = SHERD__SIM_TOKEN;
  config.gateway.gateway_url = sherd__sim_server_url(running.server);
  config.gateway.intents = SHERD_INTENTS_ALL;
  assert_int_equal(sherd_shard_new(&config, &shard), SHERD_OK);
  assert_int_equal(sherd_shard_start(shard), SHERD_OK);
  bool came = wait_for_all(&running);
  assert_int_equal(sherd_shard_close(shard), SHERD_OK);
  sherd_shard_free(shard);
  stop(&running);
  assert_true(came);
  assert_int_equal(running.resumes, 1);
  assert_int_equal(running.seen.newest, running.produced.newest);
  assert_memory_equal(running.seen.hashes, running.produced.hashes, sizeof running.seen.hashes);
}

static void the_shard_sees_what_the_ledger_has(void **state) {
  (void)state;
  static const struct sherd_gateway_config rows[] = {
      {.format = SHERD_FORMAT_JSON, .compression = SHERD_COMPRESSION_NONE},
      {.format = SHERD_FORMAT_JSON, .compression = SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM},
      {.format = SHERD_FORMAT_JSON, .compression = SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM},
      {.format = SHERD_FORMAT_JSON, .compression = SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM},
      {.format = SHERD_FORMAT_ETF, .compression = SHERD_COMPRESSION_NONE},
      {.format = SHERD_FORMAT_ETF, .compression = SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM},
      {.format = SHERD_FORMAT_ETF, .compression = SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    compare(&rows[i]);
}

/* With integers the JSON differs, but nothing is missing and the session resumes. */
static void snowflakes_as_integers_carry_a_session(void **state) {
  (void)state;
  static struct running running;
  struct sherd_shard *shard;
  sherd_snowflake user_id = 0;
  start(&running, true);
  struct sherd_shard_config config = {
      .gateway = {.format = SHERD_FORMAT_ETF,
                  .token = SHERD__SIM_TOKEN,
                  .gateway_url = sherd__sim_server_url(running.server),
                  .intents = SHERD_INTENTS_ALL},
      .proxy = "",
      .on_event = on_event,
      .user = &running,
  };
  assert_int_equal(sherd_shard_new(&config, &shard), SHERD_OK);
  assert_int_equal(sherd_shard_start(shard), SHERD_OK);
  assert_int_equal(sherd_shard_get_user_id(shard, &user_id), SHERD_OK);
  assert_true(user_id > 1u << 22);
  assert_true(wait_for_all(&running));
  assert_int_equal(sherd_shard_close(shard), SHERD_OK);
  sherd_shard_free(shard);
  stop(&running);
  assert_int_equal(running.resumes, 1);
  assert_int_equal(running.seen.newest, running.produced.newest);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_shard_sees_what_the_ledger_has),
      cmocka_unit_test(snowflakes_as_integers_carry_a_session),
  };
  return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}
