/* Two sets that hear the same: what makes two events one, and which set shows it, step by step. */
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
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
