/* Holding a fleet: nobody reads, nothing is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fleet_host.h"

#define SHARDS  12
#define THREADS 3

static struct fleet_host host;

static const struct sherd__sim_config streaming = {
    .shards = SHARDS,
    .guilds = SHARDS,
    .rate = 500,
    .max_events = 400,
    .max_concurrency = SHARDS,
    .guild_pause_ms = 1,
};

/* Holds the fleet at its hundredth event, in the callback; counts what others of that loop thread
 * tell then. (Shards of equal id modulo the threads share one.) */
struct holder {
  atomic_uint events, held_by, late;
};

#define NOBODY UINT32_MAX

static void hold_at_hundred(struct fleet_host *self, struct sherd_fleet *fleet,
                            const struct sherd_fleet_event *event) {
  struct holder *holder = self->hook_arg;
  uint32_t held_by = atomic_load(&holder->held_by);
  if (held_by != NOBODY)
    atomic_fetch_add(&holder->late,
                     held_by != event->shard_id && held_by % THREADS == event->shard_id % THREADS);
  else if (atomic_fetch_add(&holder->events, 1) + 1 == 100) {
    sherd_fleet_hold(fleet, true);
    atomic_store(&holder->held_by, event->shard_id);
  }
}

static size_t shown_count(void) {
  (void)pthread_mutex_lock(&host.mutex);
  size_t count = host.shown.count;
  (void)pthread_mutex_unlock(&host.mutex);
  return count;
}

static void wait_until_held(struct holder *holder) {
  for (int i = 0; i < 4000 && atomic_load(&holder->held_by) == NOBODY; i++)
    uv_sleep(5);
  assert_true(atomic_load(&holder->held_by) != NOBODY);
}

/* The other threads stop a moment later, on a busy machine a long one. Gives what was shown. */
static size_t wait_until_still(void) {
  size_t count = shown_count(), before = count + 1;
  for (int i = 0; i < 50 && count != before; i++) {
    before = count;
    uv_sleep(200); /* the stream goes on */
    count = shown_count();
  }
  assert_int_equal(count, before);
  return count;
}

static size_t produced_count(void) {
  (void)pthread_mutex_lock(&host.mutex);
  size_t count = host.produced.count;
  (void)pthread_mutex_unlock(&host.mutex);
  return count;
}

static void in_a_callback_no_read_of_its_thread_follows(void **state) {
  (void)state;
  struct holder holder = {.held_by = NOBODY};
  struct sherd_fleet_status status;
  fleet_host_start(&host, &streaming);
  host.hook = hold_at_hundred;
  host.hook_arg = &holder;
  struct sherd_fleet_config config = fleet_host_config(&host, SHARDS);
  config.threads = THREADS;
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  wait_until_held(&holder);
  size_t shown = wait_until_still();
  assert_true(produced_count() > shown);
  assert_int_equal(atomic_load(&holder.late), 0);
  sherd_fleet_status(fleet, &status);
  assert_true(status.is_held);
  assert_int_equal(status.holds, 1);
  assert_true(status.held_ms >= 200);
  sherd_fleet_hold(fleet, true); /* changes nothing */
  sherd_fleet_hold(fleet, false);
  fleet_wait_all_shown(&host);
  fleet_expect_ledger(&host);
  sherd_fleet_status(fleet, &status);
  assert_false(status.is_held);
  assert_int_equal(status.holds, 1);
  sherd_fleet_free(fleet);
  fleet_host_stop(&host);
}

static void shards_that_start_meanwhile_are_held(void **state) {
  (void)state;
  fleet_host_start(&host, &streaming);
  struct sherd_fleet_config config = fleet_host_config(&host, SHARDS);
  struct sherd_fleet *fleet;
  assert_int_equal(sherd_fleet_new(&config, &fleet), SHERD_OK);
  sherd_fleet_hold(fleet, true);
  assert_int_equal(sherd_fleet_start(fleet), SHERD_OK);
  fleet_wait_seen(&host, SHERD_EVENT_CONNECTING, SHARDS);
  uv_sleep(100);
  assert_int_equal(fleet_seen(&host, SHERD_EVENT_READY), 0);
  sherd_fleet_hold(fleet, false);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  fleet_wait_all_shown(&host);
  fleet_expect_ledger(&host);
  sherd_fleet_free(fleet);
  fleet_host_stop(&host);
}

static void a_held_fleet_can_be_closed(void **state) {
  (void)state;
  fleet_host_start(&host, &streaming);
  struct sherd_fleet_config config = fleet_host_config(&host, SHARDS);
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  sherd_fleet_hold(fleet, true);
  uv_sleep(50);
  assert_int_equal(sherd_fleet_close(fleet, true, FLEET_HOST_WAIT_MS), SHERD_OK);
  /* Who does not answer in time is freed, and says nothing. */
  assert_int_equal(fleet_seen(&host, SHERD_EVENT_CLOSED), SHARDS);
  sherd_fleet_free(fleet);
  fleet_host_stop(&host);
}

static void *hold_again_and_again(void *fleet) {
  for (int i = 0; i < 200; i++) {
    sherd_fleet_hold(fleet, i % 2);
    uv_sleep(1);
  }
  return NULL;
}

static void many_may_hold_at_once(void **state) {
  (void)state;
  pthread_t threads[4];
  fleet_host_start(&host, &streaming);
  struct sherd_fleet_config config = fleet_host_config(&host, SHARDS);
  struct sherd_fleet *fleet = fleet_host_fleet(&config);
  for (size_t i = 0; i < 4; i++)
    assert_int_equal(pthread_create(&threads[i], NULL, hold_again_and_again, fleet), 0);
  for (size_t i = 0; i < 4; i++)
    assert_int_equal(pthread_join(threads[i], NULL), 0);
  sherd_fleet_hold(fleet, false);
  fleet_wait_phase(fleet, SHERD_FLEET_RUNNING);
  fleet_wait_all_shown(&host);
  fleet_expect_ledger(&host);
  sherd_fleet_free(fleet);
  fleet_host_stop(&host);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(in_a_callback_no_read_of_its_thread_follows),
      cmocka_unit_test(shards_that_start_meanwhile_are_held),
      cmocka_unit_test(a_held_fleet_can_be_closed),
      cmocka_unit_test(many_may_hold_at_once),
  };
  return cmocka_run_group_tests_name("fleet_hold", tests, NULL, NULL);
}
