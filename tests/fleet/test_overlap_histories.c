/* Two sets that hear the same: whatever happens, and whenever each of them hears it, what is shown
 * is what happened, once and in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fleet/overlap.h"

#define KEEP_MS 100

enum {
  EVENTS = 500,
  GUILDS = 5,
  SHARDS = 2,
  LAG_MS = KEEP_MS / 2, /* a set is behind by less */
  SESSIONS = 2          /* of a new shard: it may lose one */
};

struct hearing {
  uint64_t at_ms;
  bool is_new;
  uint32_t order; /* within its set and millisecond */
  struct sherd__overlap_event event;
};

struct world {
  uint64_t dice;
  struct {
    uint64_t at_ms;
    struct sherd__overlap_event event;
  } happened[EVENTS];
  /* A new shard hears what happens from..to, and READY before all of it. */
  uint64_t from_ms[SHARDS][SESSIONS], to_ms[SHARDS][SESSIONS], ready_ms[SHARDS][SESSIONS];
  struct hearing hearings[2 * EVENTS + SHARDS * SESSIONS];
  uint32_t hearing_count;
  uint64_t merge_ms, end_ms;
  uint64_t give_up_ms;        /* the new set ends, and the old one does not */
  uint64_t shown[2 * EVENTS]; /* keys, with their guilds */
  uint32_t shown_guild[2 * EVENTS];
  uint32_t shown_count;
  bool was_alone;
};

static uint32_t roll(struct world *world, uint32_t below) {
  world->dice ^= world->dice << 13;
  world->dice ^= world->dice >> 7;
  world->dice ^= world->dice << 17;
  return (uint32_t)(world->dice >> 20) % below;
}

/* Half of all events look like one of two others of their guild. */
static void let_happen(struct world *world) {
  uint64_t now_ms = 0;
  uint32_t pace_ms = 1 + roll(world, 20);
  for (uint32_t i = 0; i < EVENTS; i++) {
    uint32_t guild = roll(world, GUILDS);
    now_ms += roll(world, pace_ms);
    world->happened[i].at_ms = now_ms;
    world->happened[i].event = (struct sherd__overlap_event){
        .key = roll(world, 2) ? 1000000 + i : guild * 2 + roll(world, 2),
        .guild_id = (uint64_t)guild << 22,
    };
  }
}

static void choose_times(struct world *world) {
  uint64_t last_ready_ms = 0;
  for (uint32_t shard = 0; shard < SHARDS; shard++) {
    bool loses_session = roll(world, 3) == 0;
    uint64_t from_ms = roll(world, 500);
    for (uint32_t n = 0; n < SESSIONS; n++) {
      bool is_last = n + 1 == SESSIONS || !loses_session;
      world->from_ms[shard][n] = from_ms;
      world->ready_ms[shard][n] = from_ms + roll(world, LAG_MS);
      world->to_ms[shard][n] = is_last ? UINT64_MAX : from_ms + 50 + roll(world, 500);
      from_ms = is_last ? UINT64_MAX : world->to_ms[shard][n] + LAG_MS + roll(world, 100);
      if (world->ready_ms[shard][n] > last_ready_ms)
        last_ready_ms = world->ready_ms[shard][n];
      if (is_last)
        break;
    }
  }
  world->merge_ms = roll(world, 1000);
  world->end_ms = last_ready_ms + roll(world, 1000);
  world->give_up_ms = roll(world, 4) ? UINT64_MAX : roll(world, 2000);
}

static bool new_set_hears(const struct world *world, uint32_t shard, uint64_t at_ms,
                          uint64_t *ready_ms) {
  for (uint32_t n = 0; n < SESSIONS; n++)
    if (at_ms >= world->from_ms[shard][n] && at_ms < world->to_ms[shard][n]) {
      *ready_ms = world->ready_ms[shard][n];
      return true;
    }
  return false;
}

static void add_hearing(struct world *world, uint64_t at_ms, bool is_new,
                        const struct sherd__overlap_event *event) {
  uint32_t n = world->hearing_count++;
  world->hearings[n] = (struct hearing){at_ms, is_new, n, *event};
}

static int compare(const void *a, const void *b) {
  const struct hearing *one = a, *other = b;
  if (one->at_ms != other->at_ms)
    return one->at_ms < other->at_ms ? -1 : 1;
  if (one->is_new != other->is_new) /* either may be first */
    return one->is_new == (one->at_ms % 3 == 0) ? -1 : 1;
  return one->order < other->order ? -1 : 1;
}

/* A set hears a guild's events in their order, each some time after it has happened. */
static void let_hear(struct world *world) {
  uint64_t last_ms[2][GUILDS] = {{0}};
  uint32_t lag_ms[2] = {1 + roll(world, LAG_MS), 1 + roll(world, LAG_MS)};
  for (uint32_t shard = 0; shard < SHARDS; shard++)
    for (uint32_t n = 0; n < SESSIONS; n++)
      if (world->ready_ms[shard][n]) {
        struct sherd__overlap_event ready = {
            .kind = SHERD__OVERLAP_OWN_HIDE, .is_ready = true, .shard_id = shard};
        add_hearing(world, world->ready_ms[shard][n], true, &ready);
      }
  for (uint32_t i = 0; i < EVENTS; i++)
    for (uint32_t set = 0; set < 2; set++) {
      uint64_t at_ms = world->happened[i].at_ms, ready_ms = 0;
      uint32_t guild = (uint32_t)(world->happened[i].event.guild_id >> 22);
      if (set == 1 && !new_set_hears(world, guild % SHARDS, at_ms, &ready_ms))
        continue;
      at_ms += roll(world, lag_ms[set]);
      at_ms = at_ms < ready_ms ? ready_ms : at_ms;
      at_ms = at_ms < last_ms[set][guild] ? last_ms[set][guild] : at_ms;
      last_ms[set][guild] = at_ms;
      add_hearing(world, at_ms, set == 1, &world->happened[i].event);
    }
  qsort(world->hearings, world->hearing_count, sizeof *world->hearings, compare);
}

static void show(struct world *world, const struct sherd__overlap_event *event) {
  world->shown[world->shown_count] = event->key;
  world->shown_guild[world->shown_count++] = (uint32_t)(event->guild_id >> 22);
}

/* As whoever re-shards does it. */
static void reshard(struct world *world, struct sherd__overlap *overlap) {
  enum sherd__overlap_phase phase = SHERD__OVERLAP_LISTEN;
  for (uint32_t n = 0; n < world->hearing_count; n++) {
    const struct hearing *hearing = &world->hearings[n];
    if (phase == SHERD__OVERLAP_LISTEN && hearing->at_ms >= world->merge_ms)
      phase = SHERD__OVERLAP_MERGE;
    sherd__overlap_set_phase(overlap, phase);
    if (phase == SHERD__OVERLAP_MERGE && hearing->at_ms > world->end_ms &&
        world->give_up_ms == UINT64_MAX && sherd__overlap_is_settled(overlap, hearing->at_ms))
      phase = SHERD__OVERLAP_ALONE;
    sherd__overlap_set_phase(overlap, phase);
    if (phase == SHERD__OVERLAP_ALONE && !hearing->is_new)
      continue; /* it has ended and hears nothing */
    if (hearing->is_new && hearing->at_ms >= world->give_up_ms)
      continue;
    if (sherd__overlap_shows(overlap, hearing->is_new, &hearing->event, hearing->at_ms) &&
        !hearing->event.is_ready)
      show(world, &hearing->event);
  }
  world->was_alone = phase == SHERD__OVERLAP_ALONE;
}

static void play(struct world *world, uint64_t seed, uint32_t max_keys) {
  memset(world, 0, sizeof *world);
  world->dice = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;
  memset(world->from_ms, 0xFF, sizeof world->from_ms);
  struct sherd__overlap *overlap;
  assert_int_equal(sherd__overlap_new(NULL, SHARDS, max_keys, KEEP_MS, &overlap), SHERD_OK);
  let_happen(world);
  choose_times(world);
  let_hear(world);
  reshard(world, overlap);
  sherd__overlap_free(overlap);
}

/* Of each guild everything is shown that has happened, once and in order. */
static void check_shown(const struct world *world) {
  for (uint32_t guild = 0; guild < GUILDS; guild++) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < EVENTS; i++) {
      if (world->happened[i].event.guild_id >> 22 != guild)
        continue;
      while (n < world->shown_count && world->shown_guild[n] != guild)
        n++;
      assert_in_range(n, 0, world->shown_count - 1);
      assert_int_equal(world->shown[n], world->happened[i].event.key);
      n++;
    }
    for (; n < world->shown_count; n++)
      assert_int_not_equal(world->shown_guild[n], guild);
  }
}

static void what_is_shown_is_what_happened(void **state) {
  static struct world world;
  unsigned alone = 0;
  (void)state;
  for (uint64_t seed = 1; seed <= 3000; seed++) {
    play(&world, seed, 4096);
    check_shown(&world);
    alone += world.was_alone;
  }
  assert_in_range(alone, 1000, 3000);
}

static uint32_t count_shown(const struct world *world, uint64_t key) {
  uint32_t count = 0;
  for (uint32_t n = 0; n < world->shown_count; n++)
    count += world->shown[n] == key;
  return count;
}

/* With a table that is too small events come twice, and none is missing. */
static void a_full_table_only_repeats(void **state) {
  static struct world world;
  unsigned alone = 0, repeats = 0;
  (void)state;
  for (uint64_t seed = 1; seed <= 300; seed++) {
    play(&world, seed, 1 + (uint32_t)(seed % 100));
    for (uint32_t i = 0; i < EVENTS; i++) {
      uint64_t key = world.happened[i].event.key;
      uint32_t happened = 0;
      for (uint32_t k = 0; k < EVENTS; k++)
        happened += world.happened[k].event.key == key;
      uint32_t shown = count_shown(&world, key);
      assert_true(shown >= happened);
      repeats += shown - happened;
    }
    alone += world.was_alone;
  }
  assert_true(repeats > 0);
  assert_true(alone > 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_shown_is_what_happened),
      cmocka_unit_test(a_full_table_only_repeats),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
