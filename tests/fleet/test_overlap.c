/* Two sets that hear the same: what is shown is what happened, once and in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fleet/overlap.h"
#include "fleet/siphash.h"
#include "support/failing_alloc.h"

#define KEEP_MS 100

/* --- Events --- */

static void describe_on(const char *name, const char *d, uint32_t shard_id,
                        struct sherd__overlap_event *out) {
  struct sherd_event event = {
      .type = sherd_event_type_find(name, strlen(name)), .name = name, .session = ""};
  assert_int_equal(sherd_value_open(SHERD_FORMAT_JSON, d, strlen(d), &event.data), SHERD_OK);
  sherd__overlap_describe(&event, shard_id, out);
}

static struct sherd__overlap_event describe(const char *name, const char *d) {
  struct sherd__overlap_event event;
  describe_on(name, d, 0, &event);
  return event;
}

static bool is_same(const char *name, const char *d, const char *other) {
  return describe(name, d).key == describe(name, other).key;
}

static void an_event_is_known_by_its_ids(void **state) {
  (void)state;
  assert_true(is_same("MESSAGE_CREATE", "{\"id\":\"1\",\"url\":\"?ex=1\"}",
                      "{\"url\":\"?ex=2\",\"id\":\"1\"}"));
  assert_false(is_same("MESSAGE_CREATE", "{\"id\":\"1\"}", "{\"id\":\"2\"}"));
  assert_false(describe("MESSAGE_CREATE", "{\"id\":\"1\"}").key ==
               describe("MESSAGE_DELETE", "{\"id\":\"1\"}").key);
  assert_true(is_same("MESSAGE_UPDATE", "{\"id\":\"1\",\"edited_timestamp\":\"a\",\"pinned\":true}",
                      "{\"id\":\"1\",\"edited_timestamp\":\"a\"}"));
  assert_false(is_same("MESSAGE_UPDATE", "{\"id\":\"1\",\"edited_timestamp\":\"a\"}",
                       "{\"id\":\"1\",\"edited_timestamp\":null}"));
  assert_false(
      is_same("MESSAGE_UPDATE", "{\"id\":\"1\"}", "{\"id\":\"1\",\"edited_timestamp\":1}"));
  const char *reaction = "{\"message_id\":\"1\",\"user_id\":\"2\",\"emoji\":{\"name\":\"a\"}}";
  assert_false(is_same("MESSAGE_REACTION_ADD", reaction,
                       "{\"message_id\":\"1\",\"user_id\":\"2\",\"emoji\":{\"name\":\"b\"}}"));
  assert_true(is_same("MESSAGE_REACTION_ADD", reaction,
                      "{\"message_id\":\"1\",\"user_id\":\"2\",\"emoji\":{\"name\":\"a\"},"
                      "\"member\":{}}"));
}

static void other_events_are_known_by_all_they_say(void **state) {
  (void)state;
  assert_true(is_same("PRESENCE_UPDATE", "{\"status\":\"idle\"}", "{\"status\":\"idle\"}"));
  assert_false(is_same("PRESENCE_UPDATE", "{\"status\":\"idle\"}", "{\"status\":\"dnd\"}"));
  assert_true(is_same("NEW_ONE", "[1]", "[1]"));
  assert_false(describe("NEW_ONE", "[1]").key == describe("NEW_TWO", "[1]").key);
  assert_false(is_same("MESSAGE_CREATE", "{\"no_id\":1}", "{\"no_id\":2}")); /* ids as should be */
  assert_int_equal(describe("GUILD_UPDATE", "{\"id\":\"5\"}").guild_id, 5);
  assert_int_equal(describe("MESSAGE_CREATE", "{\"id\":\"5\",\"guild_id\":\"6\"}").guild_id, 6);
  assert_int_equal(describe("MESSAGE_CREATE", "{\"id\":\"5\"}").guild_id, 0);
}

static void an_event_is_common_or_ones_own(void **state) {
  (void)state;
  assert_int_equal(describe("MESSAGE_CREATE", "{}").kind, SHERD__OVERLAP_COMMON);
  assert_int_equal(describe("NEW_ONE", "{}").kind, SHERD__OVERLAP_COMMON);
  assert_int_equal(describe("GUILD_MEMBERS_CHUNK", "{}").kind, SHERD__OVERLAP_OWN_SHOW);
  assert_int_equal(describe("READY", "{}").kind, SHERD__OVERLAP_OWN_HIDE);
  assert_true(describe("READY", "{}").is_ready);
  assert_int_equal(describe("GUILD_CREATE", "{\"id\":\"1\",\"unavailable\":false}").kind,
                   SHERD__OVERLAP_OWN_HIDE);
  assert_int_equal(describe("GUILD_CREATE", "{\"id\":\"1\"}").kind, SHERD__OVERLAP_COMMON);
  assert_int_equal(describe("GUILD_CREATE", "{\"id\":\"1\",\"unavailable\":true}").kind,
                   SHERD__OVERLAP_COMMON);
  struct sherd_event closed = {.type = SHERD_EVENT_CLOSED, .name = "CLOSED", .session = ""};
  struct sherd__overlap_event out;
  sherd__overlap_describe(&closed, 3, &out);
  assert_int_equal(out.kind, SHERD__OVERLAP_OWN_HIDE);
  assert_int_equal(out.shard_id, 3);
}

/* The vectors of SipHash's reference: the key 00 01 .. 0f, and the input 00 01 .. */
static void the_hash_is_siphash(void **state) {
  uint8_t in[15];
  (void)state;
  for (uint8_t i = 0; i < sizeof in; i++)
    in[i] = i;
  uint64_t key0 = UINT64_C(0x0706050403020100), key1 = UINT64_C(0x0f0e0d0c0b0a0908);
  assert_true(sherd__siphash(key0, key1, (struct sherd_bytes){NULL, 0}) ==
              UINT64_C(0x726fdb47dd0e0e31));
  assert_true(sherd__siphash(key0, key1, (struct sherd_bytes){in, 8}) ==
              UINT64_C(0x93f5f5799a932462));
  assert_true(sherd__siphash(key0, key1, (struct sherd_bytes){in, 15}) ==
              UINT64_C(0xa129ca6149be45e5));
}

/* --- The rule, step by step --- */

static struct sherd__overlap *make(uint32_t shards, uint32_t max_keys) {
  struct sherd__overlap *overlap;
  assert_int_equal(sherd__overlap_new(NULL, shards, max_keys, KEEP_MS, &overlap), SHERD_OK);
  return overlap;
}

static bool old_shows(struct sherd__overlap *overlap, const char *name, const char *d,
                      uint64_t now_ms) {
  struct sherd__overlap_event event = describe(name, d);
  return sherd__overlap_shows(overlap, false, &event, now_ms);
}

static bool new_shows(struct sherd__overlap *overlap, const char *name, const char *d,
                      uint64_t now_ms) {
  struct sherd__overlap_event event = describe(name, d);
  return sherd__overlap_shows(overlap, true, &event, now_ms);
}

static void each_sets_own_events(void **state) {
  (void)state;
  struct sherd__overlap *overlap = make(1, 8);
  static const char *const guild = "{\"id\":\"1\",\"unavailable\":false}";
  for (unsigned phase = SHERD__OVERLAP_LISTEN; phase <= SHERD__OVERLAP_ALONE; phase++) {
    bool is_alone = phase == SHERD__OVERLAP_ALONE;
    sherd__overlap_set_phase(overlap, phase);
    assert_int_equal(new_shows(overlap, "READY", "{}", 1), is_alone);
    assert_int_equal(new_shows(overlap, "GUILD_CREATE", guild, 1), is_alone);
    assert_true(new_shows(overlap, "GUILD_MEMBERS_CHUNK", "{}", 1));
    assert_true(old_shows(overlap, "READY", "{}", 1));
    assert_true(old_shows(overlap, "GUILD_CREATE", guild, 1));
    assert_true(old_shows(overlap, "GUILD_MEMBERS_CHUNK", "{}", 1));
  }
  sherd__overlap_free(overlap);
}

static void both_show_what_the_other_has_not(void **state) {
  (void)state;
  struct sherd__overlap *overlap = make(1, 8);
  assert_false(new_shows(overlap, "READY", "{}", 0));
  sherd__overlap_set_phase(overlap, SHERD__OVERLAP_MERGE);
  assert_false(sherd__overlap_is_settled(overlap, 199));
  assert_true(sherd__overlap_is_settled(overlap, 200));
  assert_true(new_shows(overlap, "A", "1", 200));
  assert_false(old_shows(overlap, "A", "1", 210));
  assert_true(old_shows(overlap, "B", "1", 220));
  assert_true(old_shows(overlap, "B", "1", 220)); /* it happened twice */
  assert_false(new_shows(overlap, "B", "1", 230));
  sherd__overlap_set_phase(overlap, SHERD__OVERLAP_ALONE);
  assert_false(new_shows(overlap, "B", "1", 240));
  assert_true(new_shows(overlap, "B", "1", 250));
  sherd__overlap_free(overlap);
}

/* A guild of which the new set has left something to the old one stays the old one's, until that
 * has caught up; others do not wait for it. */
static void a_guild_keeps_its_order(void **state) {
  (void)state;
  struct sherd__overlap *overlap = make(1, 64);
  static const char *const here = "{\"guild_id\":\"4194304\"}"; /* 1 << 22 */
  static const char *const there = "{\"guild_id\":\"8388608\"}";
  new_shows(overlap, "READY", "{}", 0);
  assert_false(new_shows(overlap, "A", here, 200)); /* LISTEN */
  sherd__overlap_set_phase(overlap, SHERD__OVERLAP_MERGE);
  assert_false(new_shows(overlap, "B", here, 210));
  assert_true(new_shows(overlap, "B", there, 210));
  assert_false(sherd__overlap_is_settled(overlap, 210));
  assert_true(old_shows(overlap, "A", here, 220));
  assert_false(new_shows(overlap, "C", here, 230)); /* B is still to come */
  assert_true(old_shows(overlap, "B", here, 240));
  assert_true(old_shows(overlap, "C", here, 240));
  assert_true(sherd__overlap_is_settled(overlap, 240));
  assert_true(new_shows(overlap, "D", here, 250));
  sherd__overlap_free(overlap);
}

/* A guild that was heard of from the start on is known in its place by a pair that nothing else can
 * be taken for: two that are too far apart could be two. */
static void a_guild_is_aligned_by_a_pair(void **state) {
  (void)state;
  struct sherd__overlap *overlap = make(1, 64);
  new_shows(overlap, "READY", "{}", 0);
  sherd__overlap_set_phase(overlap, SHERD__OVERLAP_MERGE);
  assert_false(new_shows(overlap, "A", "1", 150));
  assert_true(old_shows(overlap, "A", "1", 160));
  assert_true(old_shows(overlap, "B", "1", 210));
  assert_false(new_shows(overlap, "B", "1", 261));
  assert_false(sherd__overlap_is_settled(overlap, 261));
  assert_true(old_shows(overlap, "C", "1", 262));
  assert_false(new_shows(overlap, "C", "1", 270));
  assert_true(sherd__overlap_is_settled(overlap, 270));
  assert_true(new_shows(overlap, "D", "1", 280));
  sherd__overlap_free(overlap);
}

/* What the old set still hears from before READY hides nothing that looks like it. */
static void what_was_before_ready_hides_nothing(void **state) {
  (void)state;
  struct sherd__overlap *overlap = make(1, 8);
  assert_true(old_shows(overlap, "A", "1", 0));
  new_shows(overlap, "READY", "{}", 10);
  assert_true(old_shows(overlap, "A", "1", 109)); /* it happened before 10 */
  assert_true(old_shows(overlap, "B", "1", 110));
  sherd__overlap_set_phase(overlap, SHERD__OVERLAP_ALONE);
  assert_true(new_shows(overlap, "A", "1", 120));
  assert_false(new_shows(overlap, "B", "1", 120));
  sherd__overlap_free(overlap);
}

/* A shard of the new set begins a new session: what it has missed hides nothing either. */
static void a_new_session_begins_anew(void **state) {
  (void)state;
  struct sherd__overlap *overlap = make(2, 8);
  struct sherd__overlap_event ready;
  new_shows(overlap, "READY", "{}", 0);
  sherd__overlap_set_phase(overlap, SHERD__OVERLAP_MERGE);
  assert_false(sherd__overlap_is_settled(overlap, 1000)); /* shard 1 has not said READY */
  describe_on("READY", "{}", 1, &ready);
  assert_false(sherd__overlap_shows(overlap, true, &ready, 1000));
  assert_true(sherd__overlap_is_settled(overlap, 1200));
  assert_true(old_shows(overlap, "A", "1", 1200)); /* shard 0 was away */
  assert_false(new_shows(overlap, "READY", "{}", 1210));
  assert_false(new_shows(overlap, "A", "1", 1220)); /* another one, left to the old set */
  assert_true(old_shows(overlap, "A", "1", 1230));
  assert_false(sherd__overlap_is_settled(overlap, 1400));
  assert_true(sherd__overlap_is_settled(overlap, 1410));
  sherd__overlap_free(overlap);
}

static void no_memory_makes_none(void **state) {
  struct sherd__test_alloc alloc;
  struct sherd__overlap *overlap;
  (void)state;
  for (size_t fail_at = 1;; fail_at++) {
    sherd__test_alloc_init(&alloc, fail_at);
    enum sherd_status status = sherd__overlap_new(&alloc.allocator, 3, 5, KEEP_MS, &overlap);
    if (!sherd__test_alloc_has_failed(&alloc))
      break;
    assert_int_equal(status, SHERD_ENOMEM);
    assert_null(overlap);
    assert_int_equal(alloc.live, 0);
  }
  size_t bytes = alloc.live_bytes;
  for (unsigned i = 0; i < 1000; i++) { /* more than it can remember */
    struct sherd__overlap_event event = {.key = i};
    sherd__overlap_shows(overlap, true, &event, i);
  }
  assert_int_equal(alloc.peak_bytes, bytes);
  sherd__overlap_free(overlap);
  assert_int_equal(alloc.live, 0);
  assert_int_equal(sherd__overlap_new(NULL, 0, 1, 1, &overlap), SHERD_EINVAL);
  assert_int_equal(sherd__overlap_new(NULL, 1, 0, 1, &overlap), SHERD_EINVAL);
  assert_int_equal(sherd__overlap_new(NULL, 1, UINT32_MAX, 1, &overlap), SHERD_EINVAL);
  sherd__overlap_free(NULL);
}

/* --- The property: whatever happens, and whenever it is heard --- */

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
  struct sherd__overlap *overlap = make(SHARDS, max_keys);
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
      cmocka_unit_test(an_event_is_known_by_its_ids),
      cmocka_unit_test(other_events_are_known_by_all_they_say),
      cmocka_unit_test(an_event_is_common_or_ones_own),
      cmocka_unit_test(the_hash_is_siphash),
      cmocka_unit_test(each_sets_own_events),
      cmocka_unit_test(both_show_what_the_other_has_not),
      cmocka_unit_test(a_guild_keeps_its_order),
      cmocka_unit_test(a_guild_is_aligned_by_a_pair),
      cmocka_unit_test(what_was_before_ready_hides_nothing),
      cmocka_unit_test(a_new_session_begins_anew),
      cmocka_unit_test(no_memory_makes_none),
      cmocka_unit_test(what_is_shown_is_what_happened),
      cmocka_unit_test(a_full_table_only_repeats),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
