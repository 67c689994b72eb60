#include "identify_suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include <sherd/config.h>

/* Discord's rule, and how much longer than that a whole start may take at most. */
#define DISCORD_MS   5000
#define SLACK(steps) ((uint64_t)(steps)*DISCORD_MS / 50)

#define START_MS 1000000u /* a clock does not begin at 0 */

static bool is_granted(const struct identify_giver *giver, void *queue,
                       struct sherd__identify_ticket *ticket, uint64_t now_ms) {
  uint64_t again_ms;
  return giver->poll(queue, ticket, now_ms, &again_ms);
}

static uint64_t turn_of(const struct identify_giver *giver, void *queue,
                        struct sherd__identify_ticket *ticket, uint64_t now_ms) {
  uint64_t again_ms;
  assert_false(giver->poll(queue, ticket, now_ms, &again_ms));
  assert_true(again_ms > now_ms);
  return again_ms;
}

static void the_first_goes_at_once(void **state) {
  const struct identify_giver *giver = *state;
  void *queue = giver->make(1);
  struct sherd__identify_ticket ticket = {0};
  giver->ask(queue, &ticket, 7, START_MS);
  assert_true(is_granted(giver, queue, &ticket, START_MS));
  giver->free(queue);
}

static void who_has_not_asked_has_no_turn(void **state) {
  const struct identify_giver *giver = *state;
  void *queue = giver->make(1);
  struct sherd__identify_ticket ticket = {0};
  uint64_t again_ms = 1;
  assert_false(giver->poll(queue, &ticket, START_MS, &again_ms));
  assert_true(again_ms == UINT64_MAX);
  giver->ask(queue, &ticket, 0, START_MS);
  assert_true(is_granted(giver, queue, &ticket, START_MS));
  assert_false(is_granted(giver, queue, &ticket, START_MS + 60000)); /* one asking, one turn */
  giver->free(queue);
}

/* All ask at once, each polls when it was told to: a grant every 5 s and never two within, in the
 * order of asking, and hardly later than Discord's rule demands. */
static void a_bucket_grants_in_order_every_five_seconds(void **state) {
  enum {
    COUNT = 20
  };
  const struct identify_giver *giver = *state;
  void *queue = giver->make(1);
  struct sherd__identify_ticket tickets[COUNT] = {{0}};
  uint64_t poll_ms[COUNT];
  for (uint32_t i = 0; i < COUNT; i++) {
    giver->ask(queue, &tickets[i], i, START_MS);
    poll_ms[i] = START_MS;
  }
  uint32_t granted = 0;
  uint64_t last_ms = 0;
  for (uint64_t now_ms = START_MS; granted < COUNT; now_ms++)
    for (uint32_t n = 0; n < COUNT; n++) {
      uint32_t i = COUNT - 1 - n; /* the last in line knocks first */
      if (poll_ms[i] > now_ms || !giver->poll(queue, &tickets[i], now_ms, &poll_ms[i]))
        continue;
      assert_int_equal(i, granted);
      assert_true(granted == 0 || now_ms - last_ms > DISCORD_MS);
      last_ms = now_ms;
      granted++;
      poll_ms[i] = UINT64_MAX;
    }
  assert_in_range(last_ms - START_MS, (COUNT - 1) * DISCORD_MS,
                  (COUNT - 1) * DISCORD_MS + SLACK(COUNT - 1));
  giver->free(queue);
}

static void buckets_do_not_wait_for_each_other(void **state) {
  const struct identify_giver *giver = *state;
  void *queue = giver->make(4);
  struct sherd__identify_ticket tickets[8] = {{0}};
  for (uint32_t i = 0; i < 8; i++)
    giver->ask(queue, &tickets[i], i, START_MS);
  for (uint32_t i = 0; i < 4; i++)
    assert_true(is_granted(giver, queue, &tickets[i], START_MS));
  for (uint32_t i = 4; i < 8; i++) {
    uint64_t turn_ms = turn_of(giver, queue, &tickets[i], START_MS);
    assert_false(is_granted(giver, queue, &tickets[i], turn_ms - 1));
    assert_true(is_granted(giver, queue, &tickets[i], turn_ms));
  }
  giver->free(queue);
}

static void the_interval_counts_from_the_grant(void **state) {
  const struct identify_giver *giver = *state;
  void *queue = giver->make(1);
  struct sherd__identify_ticket first = {0}, second = {0};
  giver->ask(queue, &first, 0, START_MS);
  assert_true(is_granted(giver, queue, &first, START_MS + 3000)); /* it came late */
  giver->ask(queue, &second, 1, START_MS + 5100);
  assert_true(turn_of(giver, queue, &second, START_MS + 5100) > START_MS + 8000);
  giver->cancel(queue, &second);
  giver->free(queue);
}

static void a_reidentify_waits_its_turn_too(void **state) {
  const struct identify_giver *giver = *state;
  void *queue = giver->make(1);
  struct sherd__identify_ticket ticket = {0};
  giver->ask(queue, &ticket, 0, START_MS);
  assert_true(is_granted(giver, queue, &ticket, START_MS));
  giver->ask(queue, &ticket, 0, START_MS + 100);
  uint64_t turn_ms = turn_of(giver, queue, &ticket, START_MS + 100);
  assert_true(turn_ms > START_MS + DISCORD_MS);
  assert_true(is_granted(giver, queue, &ticket, turn_ms));
  giver->free(queue);
}

struct watched {
  struct sherd__identify_ticket ticket;
  unsigned moves;
};

static void count_move(struct sherd__identify_ticket *ticket) {
  ((struct watched *)(void *)ticket)->moves++;
}

static void cancelling_gives_the_place_back(void **state) {
  const struct identify_giver *giver = *state;
  void *queue = giver->make(1);
  struct watched watched[4] = {{{0}, 0}};
  for (uint32_t i = 0; i < 4; i++) {
    watched[i].ticket.moved = count_move;
    giver->ask(queue, &watched[i].ticket, i, START_MS);
  }
  assert_true(is_granted(giver, queue, &watched[0].ticket, START_MS));
  uint64_t second_ms = turn_of(giver, queue, &watched[1].ticket, START_MS);
  uint64_t third_ms = turn_of(giver, queue, &watched[2].ticket, START_MS);
  giver->cancel(queue, &watched[1].ticket);
  /* Those behind are told, and move up by one. */
  assert_int_equal(watched[1].moves, 0);
  assert_int_equal(watched[2].moves, 1);
  assert_int_equal(watched[3].moves, 1);
  assert_true(turn_of(giver, queue, &watched[2].ticket, START_MS) == second_ms);
  assert_true(turn_of(giver, queue, &watched[3].ticket, START_MS) == third_ms);
  giver->cancel(queue, &watched[1].ticket); /* again: nothing happens */
  assert_int_equal(watched[2].moves, 1);
  giver->cancel(queue, &watched[2].ticket);
  giver->cancel(queue, &watched[3].ticket);
  giver->free(queue);
}

static void asking_twice_keeps_one_place(void **state) {
  const struct identify_giver *giver = *state;
  void *queue = giver->make(1);
  struct sherd__identify_ticket first = {0}, second = {0};
  giver->ask(queue, &first, 0, START_MS);
  giver->ask(queue, &second, 1, START_MS);
  giver->ask(queue, &first, 0, START_MS);
  assert_true(is_granted(giver, queue, &first, START_MS));
  assert_true(is_granted(giver, queue, &second, turn_of(giver, queue, &second, START_MS)));
  giver->free(queue);
}

/* One whose thread is busy does not come for its turn. */
static void a_late_one_holds_nobody_up_for_ever(void **state) {
  const struct identify_giver *giver = *state;
  void *queue = giver->make(1);
  struct sherd__identify_ticket late = {0}, next = {0};
  giver->ask(queue, &late, 0, START_MS);
  giver->ask(queue, &next, 1, START_MS);
  uint64_t turn_ms = turn_of(giver, queue, &next, START_MS);
  assert_in_range(turn_ms - START_MS, DISCORD_MS, DISCORD_MS + SLACK(1));
  assert_true(is_granted(giver, queue, &next, turn_ms));
  /* ... and the late one still may not come right after. */
  uint64_t late_ms = turn_of(giver, queue, &late, turn_ms + 1);
  assert_true(late_ms - turn_ms > DISCORD_MS);
  assert_true(is_granted(giver, queue, &late, late_ms));
  giver->free(queue);
}

static void no_concurrency_counts_as_one(void **state) {
  const struct identify_giver *giver = *state;
  void *queue = giver->make(0);
  struct sherd__identify_ticket first = {0}, second = {0};
  giver->ask(queue, &first, 0, START_MS);
  giver->ask(queue, &second, 1, START_MS);
  assert_true(is_granted(giver, queue, &first, START_MS));
  assert_false(is_granted(giver, queue, &second, START_MS));
  giver->cancel(queue, &second);
  giver->free(queue);
}

/* Whatever the shards do, in whatever order: no bucket grants twice within 5 s, and everybody who
 * keeps coming gets a turn. */
static void chaos_keeps_the_rule(void **state) {
  enum {
    SHARDS = 40,
    BUCKETS = 3,
    STEPS = 200000
  };
  const struct identify_giver *giver = *state;
  void *queue = giver->make(BUCKETS);
  struct sherd__identify_ticket tickets[SHARDS] = {{0}};
  bool waits[SHARDS] = {false};
  unsigned grants[SHARDS] = {0};
  uint64_t last_ms[BUCKETS] = {0};
  uint64_t now_ms = START_MS;
  uint64_t dice = 88172645463325252u;
  for (unsigned step = 0; step < STEPS; step++) {
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    now_ms += dice % 64;
    uint32_t id = (uint32_t)(dice >> 32) % SHARDS;
    if (!waits[id]) {
      giver->ask(queue, &tickets[id], id, now_ms);
      waits[id] = true;
    } else if (dice % 50 == 0) {
      giver->cancel(queue, &tickets[id]);
      waits[id] = false;
    } else if (is_granted(giver, queue, &tickets[id], now_ms)) {
      assert_true(now_ms - last_ms[id % BUCKETS] > DISCORD_MS);
      last_ms[id % BUCKETS] = now_ms;
      waits[id] = false;
      grants[id]++;
    }
  }
  for (uint32_t id = 0; id < SHARDS; id++) {
    assert_true(grants[id] > 0);
    giver->cancel(queue, &tickets[id]);
  }
  giver->free(queue);
}

/* --- The limits --- */

#define DAY_MS 86400000u

static uint32_t remaining_at(const struct identify_giver *giver, void *queue, uint64_t now_ms) {
  struct sherd_identify_limits limits;
  giver->limits(queue, now_ms, &limits);
  return limits.remaining;
}

static void set_limits(const struct identify_giver *giver, void *queue, uint32_t max_concurrency,
                       uint32_t remaining, uint64_t now_ms) {
  struct sherd_identify_limits limits = {max_concurrency, remaining, 3, 100000};
  assert_int_equal(giver->set_limits(queue, &limits, now_ms), SHERD_OK);
}

static void without_limits_nothing_is_counted(void **state) {
  const struct identify_giver *giver = *state;
  void *queue = giver->make(1);
  struct sherd__identify_ticket ticket = {0};
  struct sherd_identify_limits limits;
  giver->ask(queue, &ticket, 0, START_MS);
  assert_true(is_granted(giver, queue, &ticket, START_MS));
  giver->limits(queue, START_MS, &limits);
  assert_int_equal(limits.max_concurrency, 1);
  assert_true(limits.remaining == SHERD_NEVER);
  assert_int_equal(limits.reset_after_ms, 0);
  giver->free(queue);
}

/* Two starts are left, then three each day: everybody comes for his turn when he was told to. */
static void used_up_starts_wait_for_the_reset(void **state) {
  const struct identify_giver *giver = *state;
  static const uint64_t expected_ms[] = {0, 0, 100000, 100000, 100000, 100000 + DAY_MS};
  enum {
    COUNT = sizeof expected_ms / sizeof *expected_ms
  };
  void *queue = giver->make(16);
  struct sherd__identify_ticket tickets[COUNT] = {{0}};
  struct sherd_identify_limits limits;
  set_limits(giver, queue, 16, 2, START_MS);
  for (uint32_t i = 0; i < COUNT; i++)
    giver->ask(queue, &tickets[i], i, START_MS);
  for (uint32_t i = 0; i < COUNT; i++) {
    uint64_t turn_ms = START_MS + expected_ms[i];
    uint64_t again_ms;
    if (turn_ms > START_MS)
      assert_false(giver->poll(queue, &tickets[i], turn_ms - 1, &again_ms));
    assert_true(is_granted(giver, queue, &tickets[i], turn_ms));
  }
  giver->limits(queue, START_MS + 100000 + DAY_MS, &limits);
  assert_int_equal(limits.remaining, 2);
  assert_int_equal(limits.total, 3);
  assert_int_equal(limits.reset_after_ms, DAY_MS);
  assert_int_equal(remaining_at(giver, queue, START_MS + 100000 + 5 * (uint64_t)DAY_MS), 3);
  giver->free(queue);
}

/* In one bucket all is known beforehand; and who knocks too early at the reset does not get in
 * before those ahead of him: they were not late. */
static void turns_are_told_beyond_the_reset(void **state) {
  const struct identify_giver *giver = *state;
  void *queue = giver->make(1);
  struct sherd__identify_ticket tickets[5] = {{0}};
  const uint64_t interval_ms = SHERD__IDENTIFY_INTERVAL_MS, reset_ms = START_MS + 100000;
  set_limits(giver, queue, 1, 2, START_MS);
  for (uint32_t i = 0; i < 5; i++)
    giver->ask(queue, &tickets[i], i, START_MS);
  assert_true(turn_of(giver, queue, &tickets[1], START_MS) == START_MS + interval_ms);
  for (uint32_t i = 2; i < 5; i++)
    assert_true(turn_of(giver, queue, &tickets[i], START_MS) == reset_ms + (i - 2) * interval_ms);
  assert_true(is_granted(giver, queue, &tickets[0], START_MS));
  assert_true(is_granted(giver, queue, &tickets[1], START_MS + interval_ms));
  assert_int_equal(remaining_at(giver, queue, reset_ms - 1), 0);
  for (uint32_t i = 4; i > 2; i--)
    assert_true(turn_of(giver, queue, &tickets[i], reset_ms) == reset_ms + (i - 2) * interval_ms);
  for (uint32_t i = 2; i < 5; i++)
    assert_true(is_granted(giver, queue, &tickets[i], reset_ms + (i - 2) * interval_ms));
  giver->free(queue);
}

static void new_limits_are_told_to_all_who_wait(void **state) {
  const struct identify_giver *giver = *state;
  void *queue = giver->make(1);
  struct watched watched[3] = {{{0}, 0}};
  set_limits(giver, queue, 1, 0, START_MS);
  for (uint32_t i = 0; i < 3; i++) {
    watched[i].ticket.moved = count_move;
    giver->ask(queue, &watched[i].ticket, i, START_MS);
  }
  uint64_t later_ms = START_MS + 60000; /* all the line is long past its bucket's turns */
  assert_true(turn_of(giver, queue, &watched[0].ticket, later_ms) == START_MS + 100000);
  set_limits(giver, queue, 1, 9, later_ms);
  for (uint32_t i = 0; i < 3; i++)
    assert_int_equal(watched[i].moves, 1);
  assert_true(turn_of(giver, queue, &watched[1].ticket, later_ms) ==
              later_ms + SHERD__IDENTIFY_INTERVAL_MS);
  assert_true(is_granted(giver, queue, &watched[0].ticket, later_ms));
  assert_int_equal(remaining_at(giver, queue, later_ms), 8);
  giver->cancel(queue, &watched[1].ticket);
  assert_int_equal(remaining_at(giver, queue, later_ms), 8); /* a place is no start */
  giver->cancel(queue, &watched[2].ticket);
  giver->free(queue);
}

/* Polls all as they are told to until all have been granted; gives the order. */
static void grant_all(const struct identify_giver *giver, void *queue,
                      struct sherd__identify_ticket *tickets, uint32_t count, uint64_t now_ms,
                      uint32_t order[], uint64_t times_ms[]) {
  for (uint32_t granted = 0; granted < count; now_ms++)
    for (uint32_t i = count; i-- > 0;) /* the last in line knocks first */
      if (tickets[i].waiting && is_granted(giver, queue, &tickets[i], now_ms)) {
        times_ms[granted] = now_ms;
        order[granted++] = i;
      }
}

static void other_buckets_keep_the_order_of_asking(void **state) {
  const struct identify_giver *giver = *state;
  enum {
    COUNT = 7
  };
  void *queue = giver->make(3);
  struct sherd__identify_ticket first = {0}, tickets[COUNT] = {{0}};
  uint32_t order[COUNT];
  uint64_t times_ms[COUNT];
  giver->ask(queue, &first, 1, START_MS);
  assert_true(is_granted(giver, queue, &first, START_MS + 1000));
  for (uint32_t i = 0; i < COUNT; i++) /* ids against the order, over all three buckets */
    giver->ask(queue, &tickets[i], 20 - i, START_MS + 1000);
  set_limits(giver, queue, 1, SHERD_NEVER, START_MS + 1000);
  assert_false(is_granted(giver, queue, &tickets[0], START_MS + 1000 + DISCORD_MS));
  set_limits(giver, queue, 2, SHERD_NEVER, START_MS + 1000);
  grant_all(giver, queue, tickets, COUNT, START_MS + 1000, order, times_ms);
  for (uint32_t n = 0; n < COUNT; n++) {
    assert_true(times_ms[n] == START_MS + 1000 + (n / 2 + 1) * SHERD__IDENTIFY_INTERVAL_MS);
    assert_int_equal(order[n] / 2, n / 2); /* pairs, whose two are in different buckets */
  }
  giver->free(queue);
}

/* Thousands wait: a poll costs the same wherever one stands, and each polls a few times only. */
static void thousands_may_wait(void **state) {
  enum {
    COUNT = 10000,
    BUCKETS = 16
  };
  const struct identify_giver *giver = *state;
  struct sherd__identify_ticket *tickets = calloc(COUNT, sizeof *tickets);
  uint64_t *again_ms = calloc(COUNT, sizeof *again_ms);
  void *queue = giver->make(BUCKETS);
  uint32_t granted = 0, polls = 0;
  uint64_t now_ms = START_MS;
  for (uint32_t i = 0; i < COUNT; i++)
    giver->ask(queue, &tickets[i], i, now_ms);
  for (; granted < COUNT; now_ms += SHERD__IDENTIFY_INTERVAL_MS)
    for (uint32_t i = granted; i < COUNT; i++)
      if (tickets[i].waiting && again_ms[i] <= now_ms) {
        polls++;
        granted += giver->poll(queue, &tickets[i], now_ms, &again_ms[i]);
      }
  assert_in_range(now_ms - START_MS, (COUNT / BUCKETS) * DISCORD_MS,
                  (COUNT / BUCKETS) * DISCORD_MS + SLACK(COUNT / BUCKETS));
  assert_in_range(polls, COUNT, 3 * COUNT);
  giver->free(queue);
  free(again_ms);
  free(tickets);
}

/* With limits that change at any moment: never more starts than there are, never two in 5 s where
 * there is one bucket. */
static void chaos_keeps_the_limits(void **state) {
  enum {
    SHARDS = 20,
    STEPS = 200000
  };
  const struct identify_giver *giver = *state;
  void *queue = giver->make(1);
  struct sherd__identify_ticket tickets[SHARDS] = {{0}};
  uint64_t now_ms = START_MS, last_ms = 0, reset_ms = UINT64_MAX;
  uint32_t left = UINT32_MAX, buckets = 1;
  unsigned used_up = 0;
  uint64_t dice = 88172645463325252u;
  for (unsigned step = 0; step < STEPS; step++) {
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    now_ms += dice % 512;
    uint32_t id = (uint32_t)(dice >> 32) % SHARDS;
    if (now_ms >= reset_ms) {
      left = 3;
      reset_ms += DAY_MS;
    }
    if (dice % 1000 == 0) {
      buckets = 1 + (uint32_t)(dice >> 20) % 2;
      left = (uint32_t)(dice >> 24) % 40;
      reset_ms = now_ms + 100000;
      set_limits(giver, queue, buckets, left, now_ms);
    }
    giver->ask(queue, &tickets[id], id, now_ms);
    if (dice % 50 == 1) {
      giver->cancel(queue, &tickets[id]);
    } else if (is_granted(giver, queue, &tickets[id], now_ms)) {
      assert_true(left > 0);
      assert_true(buckets > 1 || now_ms - last_ms > DISCORD_MS);
      last_ms = now_ms;
      left -= left != UINT32_MAX;
      used_up += left == 0;
    }
  }
  assert_true(used_up > 10);
  for (uint32_t id = 0; id < SHARDS; id++)
    giver->cancel(queue, &tickets[id]);
  giver->free(queue);
}

int identify_suite_run(const char *name, struct identify_giver *giver) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_prestate(the_first_goes_at_once, giver),
      cmocka_unit_test_prestate(who_has_not_asked_has_no_turn, giver),
      cmocka_unit_test_prestate(a_bucket_grants_in_order_every_five_seconds, giver),
      cmocka_unit_test_prestate(buckets_do_not_wait_for_each_other, giver),
      cmocka_unit_test_prestate(the_interval_counts_from_the_grant, giver),
      cmocka_unit_test_prestate(a_reidentify_waits_its_turn_too, giver),
      cmocka_unit_test_prestate(cancelling_gives_the_place_back, giver),
      cmocka_unit_test_prestate(asking_twice_keeps_one_place, giver),
      cmocka_unit_test_prestate(a_late_one_holds_nobody_up_for_ever, giver),
      cmocka_unit_test_prestate(no_concurrency_counts_as_one, giver),
      cmocka_unit_test_prestate(chaos_keeps_the_rule, giver),
      cmocka_unit_test_prestate(without_limits_nothing_is_counted, giver),
      cmocka_unit_test_prestate(used_up_starts_wait_for_the_reset, giver),
      cmocka_unit_test_prestate(turns_are_told_beyond_the_reset, giver),
      cmocka_unit_test_prestate(new_limits_are_told_to_all_who_wait, giver),
      cmocka_unit_test_prestate(other_buckets_keep_the_order_of_asking, giver),
      cmocka_unit_test_prestate(thousands_may_wait, giver),
      cmocka_unit_test_prestate(chaos_keeps_the_limits, giver),
  };
  return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
