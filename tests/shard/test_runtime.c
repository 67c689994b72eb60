/* The runtime: many shards on several loop threads, called from many threads at once, and one
 * permission to IDENTIFY for all of them. Meant for ThreadSanitizer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "identify_suite.h"
#include "shard/runtime.h"
#include "watch.h"

/* --- Many shards --- */

#define THREADS 4
#define SHARDS  32
#define CALLERS 4
#define EVENTS  300

static const struct script_step flood[] = {SCRIPT_LOGIN, SCRIPT_SIGNAL, SCRIPT_FLOOD(EVENTS, "x"),
                                           SCRIPT_END};

/* What one shard has seen, on its loop's thread alone until all is over. */
struct seen {
  uint64_t events;
  bool in_order, one_thread, has_closed;
  uv_thread_t thread;
  bool has_thread;
};

struct crowd {
  struct script_server *server;
  struct sherd_runtime *runtime;
  struct sherd_shard *shards[SHARDS];
  struct seen seen[SHARDS];
  atomic_uint all_seen; /* shards that have seen all events */
  atomic_bool is_over;
  uv_sem_t all;
};

static void take(struct sherd_shard *shard, const struct sherd_event *event, void *user) {
  struct crowd *crowd = user;
  struct seen *seen = &crowd->seen[sherd_shard_id(shard)];
  uv_thread_t self = uv_thread_self();
  if (!seen->has_thread)
    *seen = (struct seen){.in_order = true, .one_thread = true, .thread = self, .has_thread = true};
  seen->one_thread = seen->one_thread && uv_thread_equal(&seen->thread, &self);
  seen->has_closed = event->type == SHERD_EVENT_CLOSED;
  if (event->type != SHERD_EVENT_MESSAGE_CREATE)
    return;
  seen->events++;
  if (seen->events == EVENTS && atomic_fetch_add(&crowd->all_seen, 1) == SHARDS - 1)
    uv_sem_post(&crowd->all);
}

/* Calls whatever may be called from anywhere, on all shards, until it is over. */
static void call_around(void *arg) {
  struct crowd *crowd = arg;
  for (unsigned n = 0; !atomic_load(&crowd->is_over); n++) {
    struct sherd_shard *shard = crowd->shards[n % SHARDS];
    struct sherd_voice_state voice = {.channel_id = 1};
    struct sherd_presence presence = {.afk_is = SHERD_FIELD_VALUE, .afk = n % 2};
    struct sherd_session session;
    struct sherd_engine_stats stats;
    struct sherd_error_info error;
    sherd_snowflake user_id;
    sherd_shard_update_voice_state(shard, 2, &voice);
    if (n % 7 == 0)
      sherd_shard_update_presence(shard, &presence);
    sherd_shard_is_alive(shard);
    sherd_shard_is_connected(shard);
    sherd_shard_heartbeat_latency(shard);
    sherd_shard_get_user_id(shard, &user_id);
    sherd_shard_session(shard, &session);
    sherd_shard_stats(shard, &stats);
    sherd_last_error(shard, &error);
    sherd_shard_join(shard, 0);
    sherd_shard_start_async(shard, NULL, NULL);
  }
}

static void crowd_begin(struct crowd *crowd) {
  struct sherd_runtime_config config = {.threads = THREADS, .max_concurrency = SHARDS};
  memset(crowd, 0, sizeof *crowd);
  uv_sem_init(&crowd->all, 0);
  crowd->server = script_server_start_one(flood);
  assert_int_equal(sherd_runtime_new(&config, &crowd->runtime), SHERD_OK);
  struct sherd_shard_config shard = watch_config(NULL, crowd->server);
  shard.runtime = crowd->runtime;
  shard.on_event = take;
  shard.user = crowd;
  shard.gateway.shard_count = SHARDS;
  for (unsigned i = 0; i < SHARDS; i++) {
    shard.gateway.shard_id = i;
    crowd->shards[i] = watch_shard(&shard);
  }
}

static void many_shards_on_several_threads(void **state) {
  static struct crowd crowd;
  uv_thread_t callers[CALLERS];
  (void)state;
  crowd_begin(&crowd);
  for (unsigned i = 0; i < CALLERS; i++)
    assert_int_equal(uv_thread_create(&callers[i], call_around, &crowd), 0);
  for (unsigned i = 0; i < SHARDS; i++) {
    enum sherd_status status = sherd_shard_start(crowd.shards[i]);
    assert_true(status == SHERD_OK || status == SHERD_EALREADY); /* a caller was faster */
    script_server_signal(crowd.server);
  }
  uv_sem_wait(&crowd.all);
  atomic_store(&crowd.is_over, true);
  for (unsigned i = 0; i < CALLERS; i++)
    uv_thread_join(&callers[i]);
  for (unsigned i = 0; i < SHARDS; i++)
    assert_int_equal(sherd_shard_close_async(crowd.shards[i], NULL, NULL), SHERD_OK);
  for (unsigned i = 0; i < SHARDS; i++)
    assert_int_equal(sherd_shard_join(crowd.shards[i], SHERD_FOREVER), SHERD_OK);
  for (unsigned i = 0; i < SHARDS; i++) {
    struct sherd_engine_stats stats;
    assert_int_equal(sherd_shard_stats(crowd.shards[i], &stats), SHERD_OK);
    assert_int_equal(stats.identifies, 1);
    assert_int_equal(crowd.seen[i].events, EVENTS);
    assert_true(crowd.seen[i].one_thread);
    assert_true(crowd.seen[i].has_closed);
    /* Round robin over the threads. */
    for (unsigned k = 0; k < i; k++)
      assert_int_equal(uv_thread_equal(&crowd.seen[i].thread, &crowd.seen[k].thread) != 0,
                       i % THREADS == k % THREADS);
    sherd_shard_free(crowd.shards[i]);
  }
  assert_int_equal(sherd_runtime_free(crowd.runtime), SHERD_OK);
  script_server_stop(crowd.server);
  uv_sem_destroy(&crowd.all);
}

/* Starts and closes from several threads, in any order that comes about. */
static void start_and_close(void *arg) {
  struct sherd_shard *shard = arg;
  struct sherd_session session;
  for (unsigned n = 0; n < 20; n++) {
    sherd_shard_start_async(shard, NULL, NULL);
    if (n % 3 == 0)
      sherd_shard_close_resumable(shard, &session);
    else if (n % 3 == 1)
      sherd_shard_close(shard);
    else
      sherd_shard_close_async(shard, NULL, NULL);
    sherd_shard_join(shard, 1);
  }
}

static void starts_and_closes_in_any_order(void **state) {
  static const struct script_step well_behaved[] = {SCRIPT_LOGIN, SCRIPT_END};
  uv_thread_t threads[CALLERS];
  struct watch watch;
  (void)state;
  watch_init(&watch);
  struct script_server *server = script_server_start_one(well_behaved);
  struct sherd_shard_config config = watch_config(&watch, server);
  struct sherd_shard *shard = watch_shard(&config);
  for (unsigned i = 0; i < CALLERS; i++)
    assert_int_equal(uv_thread_create(&threads[i], start_and_close, shard), 0);
  for (unsigned i = 0; i < CALLERS; i++)
    uv_thread_join(&threads[i]);
  assert_int_equal(sherd_shard_close(shard), SHERD_OK);
  assert_false(sherd_shard_is_alive(shard));
  assert_int_equal(sherd_shard_join(shard, SHERD_FOREVER), SHERD_OK);
  assert_in_range(script_server_count(server, 2), 0, 1); /* they all share 5 s */
  sherd_shard_free(shard);
  script_server_stop(server);
  watch_deinit(&watch);
}

/* --- The permission to IDENTIFY --- */

/* Three shards on two threads; the second one gives its place up to the third. In real time: this
 * is the one place where the rule, the timers and the loops come together. */
static void a_shard_waits_for_its_turn(void **state) {
  static const struct script_step well_behaved[] = {SCRIPT_LOGIN, SCRIPT_END};
  struct watch watch;
  struct sherd_runtime *runtime;
  struct sherd_shard *shards[3];
  (void)state;
  watch_init(&watch);
  struct sherd_runtime_config two = {.threads = 2};
  assert_int_equal(sherd_runtime_new(&two, &runtime), SHERD_OK);
  struct script_server *server = script_server_start_one(well_behaved);
  struct sherd_shard_config config = watch_config(&watch, server);
  config.runtime = runtime;
  config.gateway.shard_count = 3;
  for (unsigned i = 0; i < 3; i++) {
    config.gateway.shard_id = i;
    shards[i] = watch_shard(&config);
  }
  uint64_t before_ms = uv_hrtime() / 1000000;
  assert_int_equal(sherd_shard_start(shards[0]), SHERD_OK);
  assert_int_equal(sherd_shard_start_async(shards[1], NULL, NULL), SHERD_OK);
  assert_non_null(script_server_wait(server, SCRIPT_OP_REQUEST, 1));
  assert_int_equal(sherd_shard_start_async(shards[2], watch_done, &watch), SHERD_OK);
  assert_non_null(script_server_wait(server, SCRIPT_OP_REQUEST, 2));
  assert_int_equal(sherd_shard_close(shards[1]), SHERD_OK);
  assert_true(watch_wait_done(&watch, 1));
  assert_int_equal(watch.done_status, SHERD_OK);
  /* One began at once, and after it one each five seconds, however slow this machine is. */
  unsigned identifies = script_server_count(server, 2);
  assert_in_range(identifies, 2, 3);
  assert_true(uv_hrtime() / 1000000 - before_ms >= (identifies - 1) * UINT64_C(5000));
  for (unsigned i = 0; i < 3; i++)
    sherd_shard_free(shards[i]);
  assert_int_equal(sherd_runtime_free(runtime), SHERD_OK);
  script_server_stop(server);
  watch_deinit(&watch);
}

/* The day's starts are used up until new limits say otherwise. In real time too. */
static void a_shard_waits_for_the_reset(void **state) {
  static const struct script_step well_behaved[] = {SCRIPT_LOGIN, SCRIPT_END};
  struct watch watch;
  struct sherd_runtime *runtime;
  struct sherd_identify_limits limits = {
      .max_concurrency = 16, .remaining = 0, .total = 1000, .reset_after_ms = 3600000};
  (void)state;
  watch_init(&watch);
  assert_int_equal(sherd_runtime_new(NULL, &runtime), SHERD_OK);
  assert_int_equal(sherd_runtime_set_identify_limits(runtime, &limits), SHERD_OK);
  assert_int_equal(sherd_runtime_set_identify_limits(runtime, NULL), SHERD_EINVAL);
  struct script_server *server = script_server_start_one(well_behaved);
  struct sherd_shard_config config = watch_config(&watch, server);
  config.runtime = runtime;
  struct sherd_shard *shard = watch_shard(&config);
  assert_int_equal(sherd_shard_start_async(shard, watch_done, &watch), SHERD_OK);
  assert_non_null(script_server_wait(server, SCRIPT_OP_REQUEST, 0));
  assert_int_equal(sherd_shard_join(shard, 100), SHERD_ETIMEDOUT);
  assert_int_equal(script_server_count(server, 2), 0);
  limits.remaining = 7;
  assert_int_equal(sherd_runtime_set_identify_limits(runtime, &limits), SHERD_OK);
  assert_true(watch_wait_done(&watch, 1));
  assert_int_equal(watch.done_status, SHERD_OK);
  sherd_runtime_identify_limits(runtime, &limits);
  assert_int_equal(limits.max_concurrency, 16);
  assert_int_equal(limits.remaining, 6);
  assert_int_equal(limits.total, 1000);
  assert_in_range(limits.reset_after_ms, 3500000, 3600000);
  sherd_shard_free(shard);
  assert_int_equal(sherd_runtime_free(runtime), SHERD_OK);
  script_server_stop(server);
  watch_deinit(&watch);
}

static void *make(uint32_t max_concurrency) {
  struct sherd_runtime *runtime;
  struct sherd_runtime_config config = {.max_concurrency = max_concurrency};
  assert_int_equal(sherd_runtime_new(&config, &runtime), SHERD_OK);
  return runtime;
}

static void drop(void *runtime) {
  assert_int_equal(sherd_runtime_free(runtime), SHERD_OK);
}

static void ask(void *runtime, struct sherd__identify_ticket *ticket, uint32_t shard_id,
                uint64_t now_ms) {
  sherd__runtime_identify_ask(runtime, ticket, shard_id, now_ms);
}

static bool poll_turn(void *runtime, struct sherd__identify_ticket *ticket, uint64_t now_ms,
                      uint64_t *again_ms) {
  return sherd__runtime_identify_poll(runtime, ticket, now_ms, again_ms);
}

static void cancel(void *runtime, struct sherd__identify_ticket *ticket) {
  sherd__runtime_identify_cancel(runtime, ticket);
}

static enum sherd_status set_limits(void *runtime, const struct sherd_identify_limits *limits,
                                    uint64_t now_ms) {
  return sherd__runtime_identify_set_limits(runtime, limits, now_ms);
}

static void get_limits(void *runtime, uint64_t now_ms, struct sherd_identify_limits *out) {
  sherd__runtime_identify_limits(runtime, now_ms, out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(many_shards_on_several_threads),
      cmocka_unit_test(starts_and_closes_in_any_order),
      cmocka_unit_test(a_shard_waits_for_its_turn),
      cmocka_unit_test(a_shard_waits_for_the_reset),
  };
  struct identify_giver locked = {make, drop, ask, poll_turn, cancel, set_limits, get_limits};
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return failed + identify_suite_run("identify permissions of a runtime", &locked);
}
