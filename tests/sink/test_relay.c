/* What the hub keeps in the store, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "event.h"
#include "sink/relay.h"
#include "support/failing_alloc.h"

static struct fixture {
  struct sherd_store *stores[2];
  struct sherd__relay relay;
  struct sherd__test_alloc alloc;
  bool is_held;
  unsigned wakes;
} fixture;

static void hold(void *ctx, bool held) {
  (void)ctx;
  fixture.is_held = held;
}

static struct sherd_store *store_of(void *ctx, uint32_t set) {
  (void)ctx;
  return set < 2 ? fixture.stores[set] : NULL;
}

static void wake(void *ctx) {
  (void)ctx;
  fixture.wakes++;
}

static void start(void) {
  struct sherd__relay_config config = {.allocator = &fixture.alloc.allocator,
                                       .queue_bytes = 1000000,
                                       .hold = hold,
                                       .store = store_of,
                                       .wake = wake};
  sherd__test_alloc_init(&fixture.alloc, 0);
  fixture.is_held = false;
  fixture.wakes = 0;
  assert_int_equal(sherd__relay_init(&fixture.relay, &config), SHERD_OK);
}

static void stop(void) {
  sherd__relay_deinit(&fixture.relay);
  assert_int_equal(fixture.alloc.live, 0);
}

static int setup(void **state) {
  (void)state;
  for (unsigned i = 0; i < 2; i++)
    if (sherd_store_memory_new(NULL, 8, &fixture.stores[i]))
      return -1;
  start();
  return 0;
}

static int teardown(void **state) {
  (void)state;
  stop();
  for (unsigned i = 0; i < 2; i++)
    sherd_store_free(fixture.stores[i]);
  return 0;
}

static struct sherd__consumer *add(const char *name) {
  struct sherd__consumer *consumer;
  assert_int_equal(sherd__relay_add(&fixture.relay, name, &consumer), SHERD_OK);
  consumer->id = 1;
  return consumer;
}

static void offer_ready(uint32_t set, uint32_t shard, const char *session) {
  struct test_event event;
  test_ready(&event, shard, session, 1);
  event.fleet.set = set;
  sherd__relay_offer(&fixture.relay, &event.fleet);
}

static void offer(uint32_t set, uint32_t shard, const char *session, uint64_t seq, bool is_shadow,
                  const char *json) {
  struct test_event event;
  test_dispatch(&event, SHERD_EVENT_TYPING_START, shard, session, seq, json);
  event.fleet.set = set;
  event.fleet.is_shadow = is_shadow;
  sherd__relay_offer(&fixture.relay, &event.fleet);
}

static void say(uint32_t shard, const char *session, uint64_t seq) {
  offer(0, shard, session, seq, false, "{}");
}

/* Shows the consumer everything, which takes it; gives the numbers that it was shown. */
static const char *take_all(struct sherd__consumer *consumer) {
  static char text[256];
  const struct sherd__record *record;
  size_t len = 0;
  text[0] = '\0';
  sherd__relay_look(&fixture.relay);
  while ((record = sherd__relay_give(&fixture.relay, consumer)))
    len += (size_t)snprintf(text + len, sizeof text - len, "%s%u", len ? " " : "",
                            (unsigned)record->seq);
  assert_int_equal(sherd__relay_ack(&fixture.relay, consumer, consumer->cursor.shown_n), SHERD_OK);
  sherd__relay_settle(&fixture.relay);
  return text;
}

static uint64_t mark(uint32_t set, const char *name, uint32_t shard) {
  uint64_t seq = 0;
  for (uint32_t i = 0; i < SHERD_STORE_CONSUMERS_MAX; i++) {
    const char *known = sherd_store_consumer_name(fixture.stores[set], i);
    if (known && strcmp(known, name) == 0 &&
        sherd_store_mark_of(fixture.stores[set], i, shard, &seq) == SHERD_OK)
      return seq;
  }
  return 0;
}

static const char *stored(uint32_t set, uint32_t shard) {
  static struct sherd_session session;
  return sherd_store_load(fixture.stores[set], shard, &session) == SHERD_OK ? session.id : "none";
}

static void sessions_begin_when_all_have_them(void **state) {
  struct sherd__consumer *first = add("first"), *second = add("second");
  struct test_event lost;
  (void)state;
  offer_ready(0, 3, "abc");
  say(3, "abc", 2);
  assert_string_equal(take_all(first), "1 2");
  assert_string_equal(stored(0, 3), "none");
  assert_string_equal(take_all(second), "1 2");
  assert_string_equal(stored(0, 3), "abc");
  assert_int_equal(mark(0, "first", 3), 2);
  /* And they end so. */
  test_lost(&lost, 3);
  sherd__relay_offer(&fixture.relay, &lost.fleet);
  offer_ready(0, 3, "def");
  assert_string_equal(take_all(second), "0 1");
  assert_string_equal(stored(0, 3), "abc");
  assert_string_equal(take_all(first), "0 1");
  assert_string_equal(stored(0, 3), "def");
  assert_int_equal(mark(0, "second", 3), 1);
}

static void sessions_begin_without_consumers(void **state) {
  (void)state;
  offer_ready(0, 3, "abc");
  assert_false(sherd__relay_sleep(&fixture.relay));
  sherd__relay_look(&fixture.relay);
  sherd__relay_settle(&fixture.relay);
  assert_string_equal(stored(0, 3), "abc");
  assert_true(sherd__relay_sleep(&fixture.relay));
}

static void shadows_are_taken_and_not_shown(void **state) {
  struct sherd__consumer *consumer = add("worker");
  (void)state;
  offer_ready(0, 0, "abc");
  offer(0, 0, "abc", 2, true, "{}");
  say(0, "abc", 3);
  offer(0, 0, "abc", 4, true, "{}");
  assert_string_equal(take_all(consumer), "1 3");
  assert_int_equal(mark(0, "worker", 0), 4);
  assert_int_equal(consumer->cursor.skipped, 0);
}

static void damage_takes_its_place(void **state) {
  struct sherd__consumer *consumer = add("worker");
  struct sherd__hub_stats stats;
  (void)state;
  offer_ready(0, 0, "abc");
  offer(0, 0, "abc", 2, false, "{\"a\":\"\xff\"}");
  say(0, "abc", 3);
  assert_string_equal(take_all(consumer), "1 3");
  assert_int_equal(mark(0, "worker", 0), 3);
  sherd__relay_stats(&fixture.relay, &stats, NULL, 0);
  assert_int_equal(stats.offered, 3);
  assert_int_equal(stats.damaged, 1);
}

static void sets_have_stores_of_their_own(void **state) {
  struct sherd__consumer *consumer = add("worker");
  (void)state;
  offer_ready(0, 0, "old");
  assert_string_equal(take_all(consumer), "1");
  offer_ready(1, 0, "new");
  offer(1, 0, "new", 7, true, "{}");
  say(0, "old", 5);
  assert_string_equal(take_all(consumer), "1 5");
  assert_string_equal(stored(0, 0), "old");
  assert_string_equal(stored(1, 0), "new");
  assert_int_equal(mark(0, "worker", 0), 5);
  assert_int_equal(mark(1, "worker", 0), 7);
  /* Who comes later is in both. */
  struct sherd__consumer *late = add("late");
  assert_int_equal(mark(0, "late", 0), 5);
  assert_int_equal(mark(1, "late", 0), 7);
  assert_int_equal(sherd__relay_remove(&fixture.relay, late, true), SHERD_OK);
  assert_int_equal(mark(0, "late", 0), 0);
  assert_int_equal(mark(1, "late", 0), 0);
}

static void newcomers_begin_now(void **state) {
  struct sherd__consumer *old = add("old");
  (void)state;
  offer_ready(0, 0, "abc");
  offer_ready(0, 1, "def");
  say(0, "abc", 2);
  assert_string_equal(take_all(old), "1 1 2");
  say(0, "abc", 3); /* not taken by the old one when the new one comes */
  struct sherd__consumer *late = add("late");
  assert_int_equal(mark(0, "late", 0), 3);
  assert_int_equal(mark(0, "late", 1), 1);
  say(0, "abc", 4);
  assert_string_equal(take_all(late), "4");
  assert_string_equal(take_all(old), "3 4");
}

/* One that is declared for the first time, with sessions from the process before. */
static void newcomers_begin_where_the_fleet_resumes(void **state) {
  struct sherd__consumer *consumer = add("old");
  (void)state;
  offer_ready(0, 0, "abc");
  offer_ready(0, 1, "def");
  for (uint64_t seq = 2; seq <= 9; seq++)
    say(0, "abc", seq);
  (void)take_all(consumer);
  stop();
  start();
  struct sherd__consumer *declared = add("declared");
  say(0, "abc", 10);
  assert_string_equal(take_all(declared), "10");
  assert_int_equal(mark(0, "declared", 0), 10);
  assert_int_equal(mark(0, "declared", 1), 1); /* as the others; its shard said nothing yet */
  struct sherd__consumer *old = sherd__relay_find(&fixture.relay, "old");
  assert_non_null(old);
  assert_int_equal(mark(0, "old", 0), 9);
  assert_string_equal(take_all(old), "10");
}

static void taken_before_is_not_shown(void **state) {
  struct sherd__consumer *fast = add("fast"), *slow = add("slow");
  (void)state;
  offer_ready(0, 0, "abc");
  say(0, "abc", 2);
  assert_string_equal(take_all(slow), "1 2");
  say(0, "abc", 3);
  say(0, "abc", 4);
  assert_string_equal(take_all(fast), "1 2 3 4");
  stop();
  start();
  /* Resumed from the lowest mark. */
  for (uint64_t seq = 3; seq <= 5; seq++)
    say(0, "abc", seq);
  sherd__relay_look(&fixture.relay);
  fast = sherd__relay_find(&fixture.relay, "fast");
  slow = sherd__relay_find(&fixture.relay, "slow");
  assert_string_equal(take_all(fast), "5");
  assert_string_equal(take_all(slow), "3 4 5");
  assert_int_equal(fast->cursor.skipped, 2);
  /* Another session's numbers are others. */
  offer_ready(0, 0, "new");
  say(0, "new", 2);
  assert_string_equal(take_all(fast), "1 2");
}

/* An event that is lost for want of memory stops the marks of its session: it comes again. */
static void want_of_memory_loses_nothing(void **state) {
  struct sherd__consumer *consumer = add("worker");
  static char big[600000];
  (void)state;
  memset(big, 'x', sizeof big);
  memcpy(big, "{\"x\":\"", 6);
  memcpy(big + sizeof big - 3, "\"}", 3);
  offer_ready(0, 0, "abc");
  say(0, "abc", 2);
  assert_string_equal(take_all(consumer), "1 2");
  assert_false(sherd__relay_has_failed(&fixture.relay));
  /* First there is no memory for the line, then none for the block. */
  for (size_t nth = 1; nth <= 2; nth++) {
    fixture.alloc.fail_at = fixture.alloc.requests + nth;
    offer(0, 0, "abc", 2 + nth, false, big);
    assert_true(sherd__test_alloc_has_failed(&fixture.alloc));
    assert_true(sherd__relay_has_failed(&fixture.relay));
    fixture.relay.has_failed = false;
  }
  say(0, "abc", 5);
  assert_string_equal(take_all(consumer), "5");
  assert_int_equal(mark(0, "worker", 0), 2);
  offer_ready(0, 0, "def");
  say(0, "def", 2);
  assert_string_equal(take_all(consumer), "1 2");
  assert_int_equal(mark(0, "worker", 0), 2);
  assert_string_equal(stored(0, 0), "def");
}

/* Each allocation of adding fails in turn: it is added or it is not. */
static void adding_fails_as_a_whole(void **state) {
  struct sherd__consumer *consumer = NULL;
  (void)state;
  offer_ready(0, 0, "abc");
  size_t fail_at = 0;
  do {
    fixture.alloc.requests = 0;
    fixture.alloc.fail_at = ++fail_at;
    enum sherd_status status = sherd__relay_add(&fixture.relay, "worker", &consumer);
    assert_true(status == SHERD_OK || status == SHERD_ENOMEM);
    assert_true((status == SHERD_OK) == (consumer != NULL));
    assert_true(status == SHERD_OK || !sherd__relay_find(&fixture.relay, "worker"));
    assert_true(status == SHERD_OK || !sherd_store_consumer_name(fixture.stores[0], 0));
  } while (!consumer);
  assert_true(fail_at > 3);
  fixture.alloc.fail_at = 0;
  consumer->id = 1;
  say(0, "abc", 2);
  assert_string_equal(take_all(consumer), "2");
}

static void waking_waits_for_who_can_be_shown(void **state) {
  struct sherd__consumer *consumer = add("worker");
  (void)state;
  sherd__relay_look(&fixture.relay);
  assert_true(sherd__relay_sleep(&fixture.relay));
  say(0, "abc", 1);
  say(0, "abc", 2);
  assert_int_equal(fixture.wakes, 1); /* once is enough */
  assert_false(sherd__relay_sleep(&fixture.relay));
  sherd__relay_look(&fixture.relay);
  consumer->is_stuck = true;
  assert_true(sherd__relay_sleep(&fixture.relay));
  say(0, "abc", 3);
  assert_int_equal(fixture.wakes, 1);
  /* But it drops at its bound. */
  consumer->policy = SHERD__POLICY_DROP_OLDEST;
  consumer->queue_bytes = 4096;
  sherd__relay_settle(&fixture.relay);
  assert_true(sherd__relay_sleep(&fixture.relay));
  for (uint64_t seq = 4; seq < 100; seq++)
    say(0, "abc", seq);
  assert_int_equal(fixture.wakes, 2);
  sherd__relay_look(&fixture.relay);
  sherd__relay_keep_bounds(&fixture.relay);
  assert_in_range(sherd__cursor_lag_bytes(&consumer->cursor, &fixture.relay.end), 1, 2048);
  assert_true(consumer->cursor.missed_events > 0);
  assert_false(fixture.is_held);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(sessions_begin_when_all_have_them),
      TEST(sessions_begin_without_consumers),
      TEST(shadows_are_taken_and_not_shown),
      TEST(damage_takes_its_place),
      TEST(sets_have_stores_of_their_own),
      TEST(newcomers_begin_now),
      TEST(newcomers_begin_where_the_fleet_resumes),
      TEST(taken_before_is_not_shown),
      TEST(want_of_memory_loses_nothing),
      TEST(adding_fails_as_a_whole),
      TEST(waking_waits_for_who_can_be_shown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
