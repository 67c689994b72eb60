/* Holding a shard that has a callback: what is still read and what is not, what goes on meanwhile,
 * and how it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "flood.h"
#include "watch.h"

/* What a callback has seen. */
struct seen {
  struct sherd_shard *shard;
  atomic_uint events;
  atomic_bool out_of_order;
  uv_sem_t all; /* posted at the flood's last event */
  bool holds_at_ready;
};

static void take(struct sherd_shard *shard, const struct sherd_event *event, void *user) {
  struct seen *seen = user;
  if (!event->has_seq)
    return;
  if (event->seq != atomic_fetch_add(&seen->events, 1) + 1)
    atomic_store(&seen->out_of_order, true);
  if (seen->holds_at_ready && event->type == SHERD_EVENT_READY)
    sherd_shard_hold(shard, true);
  if (event->seq == FLOOD_COUNT + 1)
    uv_sem_post(&seen->all);
}

static void seen_begin(struct seen *seen, const struct script_server *server,
                       struct sherd_runtime *runtime, uint32_t shard_id) {
  struct sherd_shard_config config = watch_config(NULL, server);
  memset(seen, 0, sizeof *seen);
  assert_int_equal(uv_sem_init(&seen->all, 0), 0);
  config.runtime = runtime;
  config.gateway.shard_id = shard_id;
  config.gateway.shard_count = 2;
  config.gateway.close_timeout_ms = SCRIPT_HOUR_MS; /* more than a test is given */
  config.on_event = take;
  config.user = seen;
  seen->shard = watch_shard(&config);
}

static void seen_end(struct seen *seen) {
  sherd_shard_free(seen->shard);
  uv_sem_destroy(&seen->all);
}

/* Everything came, once and in order, and the silence was not held against the server. */
static void seen_all(struct seen *seen) {
  struct sherd_engine_stats stats;
  uv_sem_wait(&seen->all);
  assert_int_equal(sherd_shard_stats(seen->shard, &stats), SHERD_OK);
  assert_int_equal(atomic_load(&seen->events), FLOOD_COUNT + 1);
  assert_false(atomic_load(&seen->out_of_order));
  assert_int_equal(stats.zombies, 0);
  assert_int_equal(stats.gaps, 0);
  assert_int_equal(stats.repeats, 0);
  assert_int_equal(stats.connects, 1);
}

/* For many heartbeat intervals nothing is read beyond what had been; heartbeats go on. */
static void a_callback_holds_its_shard(void **state) {
  struct seen seen;
  (void)state;
  struct script_server *server = script_server_start_one(flooding);
  seen_begin(&seen, server, NULL, 0);
  seen.holds_at_ready = true;
  assert_int_equal(sherd_shard_start(seen.shard), SHERD_OK);
  assert_non_null(script_server_wait(server, 1, 2)); /* three beats */
  unsigned held = atomic_load(&seen.events);
  assert_in_range(held, 1, ONE_READ);
  assert_non_null(script_server_wait(server, 1, 3));
  assert_int_equal(atomic_load(&seen.events), held);
  assert_true(sherd_shard_is_connected(seen.shard));
  sherd_shard_hold(seen.shard, true); /* does not nest */
  sherd_shard_hold(seen.shard, false);
  seen_all(&seen);
  seen_end(&seen);
  script_server_stop(server);
}

/* --- Another shard of the same thread --- */

struct neighbours {
  struct seen seen;
  struct script_server *server;
  struct sherd_shard *asker;
  struct script_server *askers_server;
};

/* All of the neighbour's bytes lie in its socket, whose turn to be read is next. */
static void hold_the_neighbour(struct sherd_shard *shard, const struct sherd_event *event,
                               void *user) {
  struct neighbours *neighbours = user;
  (void)shard;
  if (event->type != SHERD_EVENT_TYPING_START)
    return;
  script_server_signal(neighbours->server);
  script_server_wait(neighbours->server, SCRIPT_OP_GONE, 0);
  sherd_shard_hold(neighbours->seen.shard, true);
}

static void start_neighbours(struct neighbours *neighbours, struct sherd_runtime *runtime) {
  seen_begin(&neighbours->seen, neighbours->server, runtime, 0);
  struct sherd_shard_config config = watch_config(NULL, neighbours->askers_server);
  config.runtime = runtime;
  config.on_event = hold_the_neighbour;
  config.user = neighbours;
  config.gateway.shard_id = 1;
  config.gateway.shard_count = 2;
  neighbours->asker = watch_shard(&config);
  assert_int_equal(sherd_shard_start(neighbours->seen.shard), SHERD_OK);
  assert_int_equal(sherd_shard_start(neighbours->asker), SHERD_OK);
}

static void no_read_comes_in_between(void **state) {
  static const struct script_step few[] = {SCRIPT_LOGIN, SCRIPT_SIGNAL, SCRIPT_FLOOD(50, "x"),
                                           SCRIPT_DROP, SCRIPT_END};
  static const struct script_step typing[] = {
      SCRIPT_UPGRADE, SCRIPT_HELLO_MS(500), SCRIPT_EXPECT(2),
      SCRIPT_READY,   SCRIPT_SIGNAL,        SCRIPT_DISPATCH("TYPING_START", "{}"),
      SCRIPT_END};
  struct neighbours neighbours;
  struct sherd_runtime *runtime;
  (void)state;
  struct sherd_runtime_config one = {.threads = 1, .max_concurrency = 2};
  assert_int_equal(sherd_runtime_new(&one, &runtime), SHERD_OK);
  neighbours.server = script_server_start_one(few);
  neighbours.askers_server = script_server_start_one(typing);
  start_neighbours(&neighbours, runtime);
  script_server_signal(neighbours.askers_server);
  assert_non_null(script_server_wait(neighbours.server, SCRIPT_OP_GONE, 0));
  assert_non_null(script_server_wait(neighbours.askers_server, 1, 2)); /* the loop goes round */
  assert_int_equal(atomic_load(&neighbours.seen.events), 1);
  sherd_shard_hold(neighbours.seen.shard, false);
  for (unsigned i = 0; i < 500 && atomic_load(&neighbours.seen.events) < 51; i++)
    assert_int_equal(sherd_shard_join(neighbours.asker, 20), SHERD_ETIMEDOUT);
  assert_int_equal(atomic_load(&neighbours.seen.events), 51);
  sherd_shard_free(neighbours.asker);
  seen_end(&neighbours.seen);
  script_server_stop(neighbours.askers_server);
  script_server_stop(neighbours.server);
  assert_int_equal(sherd_runtime_free(runtime), SHERD_OK);
}

/* --- Other threads --- */

static void hold_and_go_on(void *arg) {
  struct sherd_shard *shard = arg;
  for (unsigned i = 0; i < 500; i++) {
    sherd_shard_hold(shard, true);
    sherd_shard_hold(shard, i % 3 == 0);
  }
}

static void any_thread_may_hold(void **state) {
  enum {
    THREADS = 3
  };
  uv_thread_t threads[THREADS];
  struct seen seen;
  (void)state;
  struct script_server *server = script_server_start_one(flooding);
  seen_begin(&seen, server, NULL, 0);
  assert_int_equal(sherd_shard_start_async(seen.shard, NULL, NULL), SHERD_OK);
  for (unsigned i = 0; i < THREADS; i++)
    assert_int_equal(uv_thread_create(&threads[i], hold_and_go_on, seen.shard), 0);
  for (unsigned i = 0; i < THREADS; i++)
    uv_thread_join(&threads[i]);
  sherd_shard_hold(seen.shard, false);
  seen_all(&seen);
  seen_end(&seen);
  script_server_stop(server);
}

/* --- Connections --- */

static void count_attempts(void *user, const struct sherd_log_record *record) {
  if (strcmp(record->event, "connection.begin") == 0)
    atomic_fetch_add((atomic_uint *)user, 1);
}

/* The engine asks for its n-th connection, and no more than `requests` are made. */
static void is_asked_in_vain(struct sherd_shard *shard, struct script_server *server,
                             atomic_uint *attempts, unsigned n, unsigned requests) {
  for (unsigned i = 0; i < 500 && atomic_load(attempts) < n; i++)
    assert_int_equal(sherd_shard_join(shard, 20), SHERD_ETIMEDOUT);
  assert_int_equal(atomic_load(attempts), n);
  assert_int_equal(sherd_shard_join(shard, 100), SHERD_ETIMEDOUT);
  assert_int_equal(script_server_count(server, SCRIPT_OP_REQUEST), requests);
}

static void hold_when_disconnected(struct watch *watch, struct sherd_shard *shard,
                                   const struct sherd_event *event) {
  (void)watch;
  if (event->type == SHERD_EVENT_DISCONNECTED && event->reconnecting)
    sherd_shard_hold(shard, true);
}

/* Neither the first connection nor the next is made while it is held. */
static void a_held_shard_makes_no_connection(void **state) {
  static const struct script_step first[] = {SCRIPT_LOGIN, SCRIPT_DROP, SCRIPT_END};
  static const struct script_step second[] = {SCRIPT_UPGRADE, SCRIPT_HELLO, SCRIPT_EXPECT(6),
                                              SCRIPT_RESUMED, SCRIPT_END};
  static const struct script_step *const scripts[] = {first, second};
  struct sherd_runtime *runtime;
  struct watch watch;
  atomic_uint attempts = 0;
  (void)state;
  struct sherd_runtime_config logging = {.log = {count_attempts, &attempts, SHERD_LOG_INFO}};
  assert_int_equal(sherd_runtime_new(&logging, &runtime), SHERD_OK);
  struct script_server *server = script_server_start(scripts, 2);
  watch_init(&watch);
  watch.hook = hold_when_disconnected;
  struct sherd_shard_config config = watch_config(&watch, server);
  config.runtime = runtime;
  struct sherd_shard *shard = watch_shard(&config);
  sherd_shard_hold(shard, true);
  assert_int_equal(sherd_shard_start_async(shard, watch_done, &watch), SHERD_OK);
  is_asked_in_vain(shard, server, &attempts, 1, 0);
  sherd_shard_hold(shard, false);
  assert_true(watch_wait_done(&watch, 1));
  assert_int_equal(watch.done_status, SHERD_OK);
  is_asked_in_vain(shard, server, &attempts, 2, 1);
  sherd_shard_hold(shard, false);
  assert_true(watch_wait(&watch, "RESUMED"));
  sherd_shard_free(shard);
  watch_expect(&watch, "CONNECTING\nREADY 1\n"
                       "DISCONNECTED SHERD_ELOST 0 reconnecting resuming\n"
                       "CONNECTING resuming\nRESUMED 2");
  assert_int_equal(sherd_runtime_free(runtime), SHERD_OK);
  script_server_stop(server);
  watch_deinit(&watch);
}

/* --- The end of it --- */

/* The peer's answer is read, though it lies behind all that was not: else it would not end. */
static void a_close_ends_the_hold(void **state) {
  struct seen seen;
  (void)state;
  struct script_server *server = script_server_start_one(flooding);
  seen_begin(&seen, server, NULL, 0);
  seen.holds_at_ready = true;
  assert_int_equal(sherd_shard_start(seen.shard), SHERD_OK);
  assert_non_null(script_server_wait(server, 1, 1));
  assert_int_equal(sherd_shard_close(seen.shard), SHERD_OK);
  seen_end(&seen);
  script_server_stop(server);
}

/* ... also one that is made before the first connection, and the next run is not held. */
static void a_close_ends_a_hold_from_before_the_start(void **state) {
  static const struct script_step well_behaved[] = {SCRIPT_LOGIN, SCRIPT_END};
  struct watch watch;
  (void)state;
  watch_init(&watch);
  struct script_server *server = script_server_start_one(well_behaved);
  struct sherd_shard_config config = watch_config(&watch, server);
  struct sherd_shard *shard = watch_shard(&config);
  sherd_shard_hold(shard, true);
  assert_int_equal(sherd_shard_close(shard), SHERD_OK); /* not even started */
  assert_int_equal(sherd_shard_start(shard), SHERD_OK);
  assert_int_equal(sherd_shard_close(shard), SHERD_OK);
  sherd_shard_hold(shard, true);
  assert_int_equal(sherd_shard_start_async(shard, NULL, NULL), SHERD_OK);
  assert_true(watch_wait_nth(&watch, "CONNECTING", 1));
  assert_int_equal(sherd_shard_close(shard), SHERD_OK);
  assert_int_equal(script_server_count(server, SCRIPT_OP_REQUEST), 1);
  assert_int_equal(sherd_shard_start_async(shard, NULL, NULL), SHERD_OK);
  assert_non_null(script_server_wait(server, SCRIPT_OP_REQUEST, 1));
  sherd_shard_free(shard);
  script_server_stop(server);
  watch_deinit(&watch);
}

/* A hold does nothing there: who pulls nothing holds it already. */
static void a_shard_that_is_pulled_holds_by_itself(void **state) {
  static const struct script_step well_behaved[] = {SCRIPT_LOGIN, SCRIPT_END};
  struct sherd_event *event;
  (void)state;
  struct script_server *server = script_server_start_one(well_behaved);
  struct sherd_shard_config config = watch_config(NULL, server);
  struct sherd_shard *shard = watch_shard(&config);
  sherd_shard_hold(shard, true);
  assert_int_equal(sherd_shard_start(shard), SHERD_OK);
  assert_int_equal(sherd_shard_next(shard, 10000, &event), SHERD_OK);
  sherd_event_release(event);
  sherd_shard_free(shard);
  script_server_stop(server);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_callback_holds_its_shard),
      cmocka_unit_test(no_read_comes_in_between),
      cmocka_unit_test(any_thread_may_hold),
      cmocka_unit_test(a_held_shard_makes_no_connection),
      cmocka_unit_test(a_close_ends_the_hold),
      cmocka_unit_test(a_close_ends_a_hold_from_before_the_start),
      cmocka_unit_test(a_shard_that_is_pulled_holds_by_itself),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
