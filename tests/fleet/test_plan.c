/* The plan of a start, by computing: nobody waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fleet/plan.h"
#include "shard/identify_queue.h"
#include "support/failing_alloc.h"

#define NOW_MS     1000000u
#define DISCORD_MS 5000u /* Discord's own interval */
#define CONNECT_MS 150u  /* from the start of a connection to HELLO */

static struct sherd__plan_shard *make_shards(uint32_t count, enum sherd__plan_kind kind) {
  struct sherd__plan_shard *shards = calloc(count, sizeof *shards);
  assert_non_null(shards);
  for (uint32_t i = 0; i < count; i++)
    shards[i].kind = kind;
  return shards;
}

static struct sherd__plan make_plan(const struct sherd_identify_limits *limits, uint32_t first_id,
                                    uint32_t count, struct sherd__plan_shard *shards) {
  struct sherd__plan plan;
  assert_int_equal(
      sherd__plan_make(sherd_allocator_default(), limits, first_id, count, NOW_MS, shards, &plan),
      SHERD_OK);
  return plan;
}

static void sessions_resume_at_once_and_ask_for_no_limits(void **state) {
  (void)state;
  struct sherd__plan_shard *shards = make_shards(10000, SHERD__PLAN_RESUME);
  struct sherd__plan plan = make_plan(NULL, 0, 10000, shards);
  for (uint32_t i = 0; i < 10000; i++)
    assert_int_equal(shards[i].start_ms, NOW_MS);
  assert_int_equal(plan.resumes, 10000);
  assert_int_equal(plan.identifies, 0);
  assert_int_equal(plan.last_turn_ms, NOW_MS);
  assert_true(plan.waits_from_ms == SHERD__PLAN_NEVER);
  free(shards);
}

static void without_limits_only_identifies_wait(void **state) {
  (void)state;
  struct sherd__plan_shard shards[] = {{.kind = SHERD__PLAN_IDENTIFY},
                                       {.kind = SHERD__PLAN_RESUME}};
  struct sherd__plan plan = make_plan(NULL, 0, 2, shards);
  assert_true(shards[0].start_ms == SHERD__PLAN_NEVER);
  assert_int_equal(shards[1].start_ms, NOW_MS);
  assert_int_equal(plan.identifies, 1);
}

/* 5 shards in 2 buckets: 0 2 4 and 1 3. */
static void a_bucket_has_one_turn_an_interval_and_connects_shortly_before(void **state) {
  (void)state;
  const struct sherd_identify_limits limits = {.max_concurrency = 2, .remaining = SHERD_NEVER};
  struct sherd__plan_shard *shards = make_shards(5, SHERD__PLAN_IDENTIFY);
  struct sherd__plan plan = make_plan(&limits, 0, 5, shards);
  const uint64_t second = NOW_MS + SHERD__IDENTIFY_INTERVAL_MS - SHERD__PLAN_LEAD_MS;
  assert_int_equal(shards[0].start_ms, NOW_MS);
  assert_int_equal(shards[1].start_ms, NOW_MS);
  assert_int_equal(shards[2].start_ms, second);
  assert_int_equal(shards[3].start_ms, second);
  assert_int_equal(shards[4].start_ms, second + SHERD__IDENTIFY_INTERVAL_MS);
  assert_int_equal(plan.last_turn_ms, NOW_MS + 2 * SHERD__IDENTIFY_INTERVAL_MS);
  free(shards);
}

/* A range begins anywhere: its buckets are those of the ids, not of the places. */
static void buckets_are_those_of_the_ids(void **state) {
  (void)state;
  const struct sherd_identify_limits limits = {.max_concurrency = 4, .remaining = SHERD_NEVER};
  struct sherd__plan_shard shards[6] = {{0}};
  for (uint32_t i = 0; i < 6; i++)
    shards[i].kind = i % 4 == 1 ? SHERD__PLAN_IDENTIFY : SHERD__PLAN_RESUME;
  make_plan(&limits, 6, 6, shards); /* ids 7 and 11, both of bucket 3 */
  assert_int_equal(shards[1].start_ms, NOW_MS);
  assert_int_equal(shards[5].start_ms, NOW_MS + SHERD__IDENTIFY_INTERVAL_MS - SHERD__PLAN_LEAD_MS);
}

static void those_that_have_begun_take_no_turn(void **state) {
  (void)state;
  const struct sherd_identify_limits limits = {.max_concurrency = 1, .remaining = 1, .total = 1};
  struct sherd__plan_shard shards[] = {{.kind = SHERD__PLAN_DONE, .start_ms = 7},
                                       {.kind = SHERD__PLAN_IDENTIFY}};
  struct sherd__plan plan = make_plan(&limits, 0, 2, shards);
  assert_int_equal(shards[0].start_ms, 7);
  assert_int_equal(shards[1].start_ms, NOW_MS);
  assert_int_equal(plan.identifies, 1);
}

/* Of 7, with 2 left and 3 a day: 2 now, 3 at the reset, 2 a day after it. */
static void who_is_over_the_days_starts_waits_for_the_reset(void **state) {
  (void)state;
  const struct sherd_identify_limits limits = {
      .max_concurrency = 16, .remaining = 2, .total = 3, .reset_after_ms = 3600000};
  const uint64_t reset = NOW_MS + 3600000 - SHERD__PLAN_LEAD_MS;
  struct sherd__plan_shard *shards = make_shards(7, SHERD__PLAN_IDENTIFY);
  struct sherd__plan plan = make_plan(&limits, 0, 7, shards);
  for (uint32_t i = 0; i < 7; i++)
    assert_int_equal(shards[i].start_ms, i < 2   ? NOW_MS
                                         : i < 5 ? reset
                                                 : reset + SHERD__PLAN_DAY_MS);
  assert_int_equal(plan.waits_from_ms, NOW_MS + 3600000);
  assert_int_equal(plan.last_turn_ms, NOW_MS + 3600000 + SHERD__PLAN_DAY_MS);
  free(shards);
}

/* A reset that comes sooner than the turns of those before it does not shorten the interval. */
static void a_near_reset_keeps_the_interval(void **state) {
  (void)state;
  const struct sherd_identify_limits limits = {
      .max_concurrency = 1, .remaining = 1, .total = 1000, .reset_after_ms = 10};
  struct sherd__plan_shard shards[] = {{.kind = SHERD__PLAN_IDENTIFY},
                                       {.kind = SHERD__PLAN_IDENTIFY}};
  make_plan(&limits, 0, 2, shards);
  assert_int_equal(shards[1].start_ms, NOW_MS + SHERD__IDENTIFY_INTERVAL_MS - SHERD__PLAN_LEAD_MS);
}

static void nothing_left_and_odd_numbers_are_harmless(void **state) {
  (void)state;
  struct sherd_identify_limits limits = {.max_concurrency = UINT32_MAX, .remaining = 0};
  struct sherd__plan_shard *shards = make_shards(3, SHERD__PLAN_IDENTIFY);
  struct sherd__plan plan = make_plan(&limits, UINT32_MAX - 3, 3, shards);
  assert_int_equal(plan.waits_from_ms, NOW_MS + SHERD__PLAN_DAY_MS); /* the first is the reset's */
  limits.max_concurrency = 0;
  plan = make_plan(&limits, 0, 0, shards);
  assert_int_equal(plan.last_turn_ms, NOW_MS);
  free(shards);
}

/* The plan against the queue that gives the real permission, with connections that take a while. */
static void a_start_takes_two_hundredths_longer_than_discord_asks(void **state) {
  (void)state;
  static const struct {
    uint32_t shards, max_concurrency;
  } rows[] = {{300, 1}, {1000, 16}, {10000, 16}, {10000, 64}};
  for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
    const uint32_t count = rows[row].shards, buckets = rows[row].max_concurrency;
    const struct sherd_identify_limits limits = {.max_concurrency = buckets,
                                                 .remaining = SHERD_NEVER};
    struct sherd__plan_shard *shards = make_shards(count, SHERD__PLAN_IDENTIFY);
    struct sherd__identify_ticket *tickets = calloc(count, sizeof *tickets);
    struct sherd__identify_queue *queue;
    assert_non_null(tickets);
    assert_int_equal(sherd__identify_queue_new(NULL, buckets, &queue), SHERD_OK);
    struct sherd__plan plan = make_plan(&limits, 0, count, shards);
    uint64_t last_ms = 0;
    for (uint32_t i = 0; i < count; i++) { /* in the order in which they connect */
      uint64_t at_ms = shards[i].start_ms + CONNECT_MS, again_ms = 0;
      sherd__identify_queue_ask(queue, &tickets[i], i, at_ms);
      while (!sherd__identify_queue_poll(queue, &tickets[i], at_ms, &again_ms)) {
        assert_true(again_ms - at_ms <=
                    SHERD__PLAN_LEAD_MS); /* nobody waits long on a connection */
        at_ms = again_ms;
      }
      last_ms = at_ms;
    }
    uint64_t limit_ms = (uint64_t)((count - 1) / buckets) * DISCORD_MS;
    assert_in_range(last_ms - NOW_MS, limit_ms, limit_ms + limit_ms / 50 + CONNECT_MS);
    assert_in_range(last_ms, plan.last_turn_ms, plan.last_turn_ms + CONNECT_MS); /* the ETA holds */
    sherd__identify_queue_free(queue);
    free(tickets);
    free(shards);
  }
}

static void out_of_memory_changes_nothing(void **state) {
  (void)state;
  const struct sherd_identify_limits limits = {.max_concurrency = 1, .remaining = 5, .total = 5};
  struct sherd__test_alloc failing;
  struct sherd__plan_shard shard = {.kind = SHERD__PLAN_IDENTIFY, .start_ms = 7};
  struct sherd__plan plan = {.resumes = 9};
  sherd__test_alloc_init(&failing, 1);
  assert_int_equal(sherd__plan_make(&failing.allocator, &limits, 0, 1, NOW_MS, &shard, &plan),
                   SHERD_ENOMEM);
  assert_int_equal(shard.start_ms, 7);
  assert_int_equal(plan.resumes, 9);
}

static void what_is_too_old(void **state) {
  (void)state;
  assert_false(sherd__plan_is_too_old(1000, 1000 + 600000, 600000));
  assert_true(sherd__plan_is_too_old(1000, 1001 + 600000, 600000));
  assert_false(sherd__plan_is_too_old(5000, 1000, 600000)); /* the clock was set back */
  assert_true(sherd__plan_is_too_old(0, UINT64_C(1700000000000), 600000));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sessions_resume_at_once_and_ask_for_no_limits),
      cmocka_unit_test(without_limits_only_identifies_wait),
      cmocka_unit_test(a_bucket_has_one_turn_an_interval_and_connects_shortly_before),
      cmocka_unit_test(buckets_are_those_of_the_ids),
      cmocka_unit_test(those_that_have_begun_take_no_turn),
      cmocka_unit_test(who_is_over_the_days_starts_waits_for_the_reset),
      cmocka_unit_test(a_near_reset_keeps_the_interval),
      cmocka_unit_test(nothing_left_and_odd_numbers_are_harmless),
      cmocka_unit_test(a_start_takes_two_hundredths_longer_than_discord_asks),
      cmocka_unit_test(out_of_memory_changes_nothing),
      cmocka_unit_test(what_is_too_old),
  };
  return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
