#include "identify_suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

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
  };
  return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
