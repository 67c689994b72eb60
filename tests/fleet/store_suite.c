#include "store_suite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SHARDS 5u

struct sherd_session store_session(uint32_t number, uint32_t shard_id, uint32_t shard_count) {
  struct sherd_session session = {
      .seq = 1, .user_id = 1000 + number, .shard_id = shard_id, .shard_count = shard_count};
  snprintf(session.id, sizeof session.id, "session-%u-of-shard-%u", number, shard_id);
  snprintf(session.resume_url, sizeof session.resume_url, "wss://gateway-%u.example", number);
  return session;
}

/* What a later process finds; the same store where nothing outlives the process. */
static struct sherd_store *later(const struct store_maker *maker, struct sherd_store *store) {
  return maker->reopen ? maker->reopen(store) : store;
}

static void begin(struct sherd_store *store, uint32_t number, uint32_t shard_id) {
  struct sherd_session session = store_session(number, shard_id, SHARDS);
  assert_int_equal(sherd_store_begin(store, &session), SHERD_OK);
}

static uint32_t consumer(struct sherd_store *store, const char *name) {
  uint32_t index = UINT32_MAX;
  assert_int_equal(sherd_store_consumer(store, name, &index), SHERD_OK);
  assert_in_range(index, 0, SHERD_STORE_CONSUMERS_MAX - 1);
  return index;
}

static void mark(struct sherd_store *store, uint32_t who, uint32_t shard_id, uint32_t number,
                 uint64_t seq) {
  struct sherd_session session = store_session(number, shard_id, SHARDS);
  assert_int_equal(sherd_store_mark(store, who, shard_id, sherd_session_tag(session.id), seq),
                   SHERD_OK);
}

static void expect_session(struct sherd_store *store, uint32_t number, uint32_t shard_id,
                           uint64_t seq) {
  struct sherd_session got, wanted = store_session(number, shard_id, SHARDS);
  wanted.seq = seq;
  assert_int_equal(sherd_store_load(store, shard_id, &got), SHERD_OK);
  assert_string_equal(got.id, wanted.id);
  assert_int_equal(got.seq, wanted.seq);
  assert_memory_equal(&got, &wanted, sizeof got);
}

static void expect_none(struct sherd_store *store, uint32_t shard_id) {
  struct sherd_session got = store_session(99, shard_id, SHARDS);
  static const struct sherd_session zeroed;
  assert_int_equal(sherd_store_load(store, shard_id, &got), SHERD_ENOTFOUND);
  assert_memory_equal(&got, &zeroed, sizeof got);
}

static void expect_mark(struct sherd_store *store, uint32_t who, uint32_t shard_id, uint64_t seq) {
  uint64_t got = 0;
  assert_int_equal(sherd_store_mark_of(store, who, shard_id, &got), SHERD_OK);
  assert_int_equal(got, seq);
}

static void a_new_store_is_empty(void **state) {
  const struct store_maker *maker = *state;
  struct sherd_store *store = later(maker, maker->make(SHARDS));
  uint64_t seq;
  assert_int_equal(sherd_store_shard_count(store), SHARDS);
  assert_int_equal(sherd_store_touched_ms(store), 0);
  for (uint32_t i = 0; i < SHARDS; i++)
    expect_none(store, i);
  for (uint32_t i = 0; i <= SHERD_STORE_CONSUMERS_MAX; i++)
    assert_null(sherd_store_consumer_name(store, i));
  assert_int_equal(sherd_store_mark_of(store, consumer(store, "a"), 0, &seq), SHERD_ENOTFOUND);
  sherd_store_free(store);
}

static void free_takes_null(void **state) {
  (void)state;
  sherd_store_free(NULL);
}

static void a_session_is_kept_whole(void **state) {
  const struct store_maker *maker = *state;
  struct sherd_store *store = maker->make(SHARDS);
  begin(store, 1, 0);
  begin(store, 2, SHARDS - 1);
  store = later(maker, store);
  expect_session(store, 1, 0, 1);
  expect_session(store, 2, SHARDS - 1, 1);
  expect_none(store, 1);
  sherd_store_free(store);
}

static void the_longest_texts_are_kept(void **state) {
  const struct store_maker *maker = *state;
  struct sherd_store *store = maker->make(SHARDS);
  struct sherd_session got, session = {.seq = UINT64_MAX - 1, .shard_id = 3, .shard_count = SHARDS};
  memset(session.id, 'i', SHERD_SESSION_ID_MAX);
  memset(session.resume_url, 'u', SHERD_SESSION_URL_MAX);
  assert_int_equal(sherd_store_begin(store, &session), SHERD_OK);
  store = later(maker, store);
  assert_int_equal(sherd_store_load(store, 3, &got), SHERD_OK);
  assert_memory_equal(&got, &session, sizeof got);
  sherd_store_free(store);
}

static void what_stands_behind_a_text_is_not_kept(void **state) {
  const struct store_maker *maker = *state;
  struct sherd_store *store = maker->make(SHARDS);
  struct sherd_session session = store_session(1, 0, SHARDS);
  memset(session.id + strlen(session.id) + 1, 'x', 9);
  memset(session.resume_url + strlen(session.resume_url) + 1, 'x', 9);
  assert_int_equal(sherd_store_begin(store, &session), SHERD_OK);
  expect_session(store, 1, 0, 1);
  sherd_store_free(store);
}

static void the_last_session_counts(void **state) {
  const struct store_maker *maker = *state;
  struct sherd_store *store = maker->make(SHARDS);
  for (uint32_t number = 1; number <= 5; number++) {
    begin(store, number, 2);
    store = later(maker, store);
    expect_session(store, number, 2, 1);
  }
  sherd_store_free(store);
}

static void a_session_that_is_forgotten_is_gone(void **state) {
  const struct store_maker *maker = *state;
  struct sherd_store *store = maker->make(SHARDS);
  uint64_t seq;
  uint32_t who = consumer(store, "a");
  assert_int_equal(sherd_store_forget(store, 1), SHERD_OK); /* harmless */
  begin(store, 1, 1);
  begin(store, 1, 2);
  mark(store, who, 1, 1, 10);
  assert_int_equal(sherd_store_forget(store, 1), SHERD_OK);
  assert_int_equal(sherd_store_forget(store, 1), SHERD_OK);
  store = later(maker, store);
  expect_none(store, 1);
  assert_int_equal(sherd_store_mark_of(store, who, 1, &seq), SHERD_ENOTFOUND);
  expect_session(store, 1, 2, 1);
  begin(store, 2, 1);
  expect_session(store, 2, 1, 1);
  sherd_store_free(store);
}

static void what_cannot_be_is_refused(void **state) {
  const struct store_maker *maker = *state;
  struct sherd_store *store = maker->make(SHARDS);
  static const struct sherd_session zeroed;
  struct sherd_session session = zeroed, got;
  uint64_t seq;
  uint32_t who = consumer(store, "a");
  session.shard_count = SHARDS;
  assert_int_equal(sherd_store_begin(store, &session), SHERD_EINVAL); /* not set */
  session = store_session(1, 0, SHARDS + 1);
  assert_int_equal(sherd_store_begin(store, &session), SHERD_EINVAL);
  session = store_session(1, SHARDS, SHARDS);
  assert_int_equal(sherd_store_begin(store, &session), SHERD_EINVAL);
  session = store_session(1, 0, SHARDS);
  memset(session.id, 'x', sizeof session.id); /* without an end */
  assert_int_equal(sherd_store_begin(store, &session), SHERD_EINVAL);
  session = store_session(1, 0, SHARDS);
  memset(session.resume_url, 'x', sizeof session.resume_url);
  assert_int_equal(sherd_store_begin(store, &session), SHERD_EINVAL);
  got = session;
  assert_int_equal(sherd_store_load(store, SHARDS, &got), SHERD_EINVAL);
  assert_memory_equal(&got, &zeroed, sizeof got);
  assert_int_equal(sherd_store_forget(store, SHARDS), SHERD_EINVAL);
  assert_int_equal(sherd_store_mark_of(store, who, SHARDS, &seq), SHERD_EINVAL);
  assert_int_equal(sherd_store_mark_of(store, who + 1, 0, &seq), SHERD_EINVAL);
  assert_int_equal(sherd_store_mark_of(store, UINT32_MAX, 0, &seq), SHERD_EINVAL);
  assert_int_equal(sherd_store_mark(store, who, SHARDS, 1, 1), SHERD_EINVAL);
  assert_int_equal(sherd_store_mark(store, who + 1, 0, 1, 1), SHERD_EINVAL);
  assert_int_equal(sherd_store_mark(store, UINT32_MAX, 0, 1, 1), SHERD_EINVAL);
  for (uint32_t i = 0; i < SHARDS; i++)
    expect_none(store, i);
  sherd_store_free(store);
}

static void a_mark_moves_on(void **state) {
  const struct store_maker *maker = *state;
  struct sherd_store *store = maker->make(SHARDS);
  uint32_t who = consumer(store, "a");
  begin(store, 1, 0);
  expect_mark(store, who, 0, 1); /* READY's own */
  for (uint64_t seq = 2; seq < 10; seq++) {
    mark(store, who, 0, 1, seq);
    store = later(maker, store);
    expect_mark(store, who, 0, seq);
    expect_session(store, 1, 0, seq);
  }
  mark(store, who, 0, 1, 5); /* taken is taken */
  expect_mark(store, who, 0, 9);
  mark(store, who, 0, 1, UINT64_MAX - 1);
  expect_mark(store, who, 0, UINT64_MAX - 1);
  sherd_store_free(store);
}

static void the_slowest_consumer_says_where_to_resume(void **state) {
  const struct store_maker *maker = *state;
  struct sherd_store *store = maker->make(SHARDS);
  uint32_t fast = consumer(store, "fast"), slow = consumer(store, "slow");
  begin(store, 1, 0);
  mark(store, fast, 0, 1, 100);
  expect_session(store, 1, 0, 1);
  mark(store, slow, 0, 1, 40);
  store = later(maker, store);
  expect_session(store, 1, 0, 40);
  expect_mark(store, fast, 0, 100);
  expect_mark(store, slow, 0, 40);
  assert_int_equal(sherd_store_drop_consumer(store, "slow"), SHERD_OK);
  expect_session(store, 1, 0, 100);
  assert_int_equal(sherd_store_drop_consumer(store, "fast"), SHERD_OK);
  store = later(maker, store);
  expect_session(store, 1, 0, 1); /* nobody has taken anything */
  sherd_store_free(store);
}

static void a_mark_belongs_to_its_session(void **state) {
  const struct store_maker *maker = *state;
  struct sherd_store *store = maker->make(SHARDS);
  uint32_t who = consumer(store, "a");
  begin(store, 1, 0);
  mark(store, who, 0, 1, 100);
  begin(store, 2, 0);
  store = later(maker, store);
  expect_session(store, 2, 0, 1);
  expect_mark(store, who, 0, 1);
  mark(store, who, 0, 2, 7);
  store = later(maker, store);
  expect_mark(store, who, 0, 7);
  sherd_store_free(store);
}

/* A consumer may be ahead of the others, in a session that not all have begun. */
static void marks_of_a_session_to_come_hold_once_it_begins(void **state) {
  const struct store_maker *maker = *state;
  struct sherd_store *store = maker->make(SHARDS);
  uint32_t who = consumer(store, "a");
  begin(store, 1, 0);
  mark(store, who, 0, 1, 100);
  mark(store, who, 0, 2, 3);
  store = later(maker, store);
  expect_session(store, 1, 0, 100); /* one step ahead: its mark here still stands */
  mark(store, who, 0, 2, 4);
  mark(store, who, 0, 2, 5);
  begin(store, 2, 0);
  store = later(maker, store);
  expect_session(store, 2, 0, 5);
  sherd_store_free(store);
}

/* It cannot be: but if it is, what READY itself says is what the gateway can resume from. */
static void a_mark_below_ready_counts_as_ready(void **state) {
  const struct store_maker *maker = *state;
  struct sherd_store *store = maker->make(SHARDS);
  struct sherd_session session = store_session(1, 0, SHARDS);
  uint32_t who = consumer(store, "a");
  session.seq = 9;
  assert_int_equal(sherd_store_begin(store, &session), SHERD_OK);
  mark(store, who, 0, 1, 3);
  expect_session(store, 1, 0, 9);
  expect_mark(store, who, 0, 9);
  sherd_store_free(store);
}

static void marks_keep_to_their_shard_and_consumer(void **state) {
  const struct store_maker *maker = *state;
  struct sherd_store *store = maker->make(SHARDS);
  uint32_t all[SHERD_STORE_CONSUMERS_MAX];
  for (uint32_t i = 0; i < SHERD_STORE_CONSUMERS_MAX; i++) {
    char name[8];
    snprintf(name, sizeof name, "c%u", i);
    all[i] = consumer(store, name);
  }
  for (uint32_t shard = 0; shard < SHARDS; shard++) {
    begin(store, 1, shard);
    for (uint32_t i = 0; i < SHERD_STORE_CONSUMERS_MAX; i++)
      mark(store, all[i], shard, 1, 100 * (shard + 1) + i);
  }
  store = later(maker, store);
  for (uint32_t shard = 0; shard < SHARDS; shard++) {
    for (uint32_t i = 0; i < SHERD_STORE_CONSUMERS_MAX; i++)
      expect_mark(store, all[i], shard, 100 * (shard + 1) + i);
    expect_session(store, 1, shard, 100 * (shard + 1));
  }
  sherd_store_free(store);
}

static void consumers_are_found_by_their_names(void **state) {
  const struct store_maker *maker = *state;
  struct sherd_store *store = maker->make(SHARDS);
  uint32_t one = consumer(store, "one"), two = consumer(store, "two.2_-Z");
  assert_true(one != two);
  store = later(maker, store);
  assert_int_equal(consumer(store, "two.2_-Z"), two);
  assert_int_equal(consumer(store, "one"), one);
  assert_string_equal(sherd_store_consumer_name(store, one), "one");
  assert_string_equal(sherd_store_consumer_name(store, two), "two.2_-Z");
  assert_int_equal(sherd_store_drop_consumer(store, "one"), SHERD_OK);
  assert_int_equal(sherd_store_drop_consumer(store, "one"), SHERD_ENOTFOUND);
  store = later(maker, store);
  assert_null(sherd_store_consumer_name(store, one));
  assert_string_equal(sherd_store_consumer_name(store, two), "two.2_-Z");
  sherd_store_free(store);
}

static void names_have_their_rules(void **state) {
  const struct store_maker *maker = *state;
  struct sherd_store *store = maker->make(SHARDS);
  static const char *const bad[] = {"", " ", "a b", "a/b", "a\n", "\xC3\xA4", "a:b"};
  char longest[SHERD_CONSUMER_NAME_MAX + 2];
  uint32_t index;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(sherd_store_consumer(store, bad[i], &index), SHERD_EINVAL);
  memset(longest, 'n', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  assert_int_equal(sherd_store_consumer(store, longest, &index), SHERD_EINVAL);
  assert_int_equal(sherd_store_drop_consumer(store, longest), SHERD_ENOTFOUND);
  longest[SHERD_CONSUMER_NAME_MAX] = '\0';
  index = consumer(store, longest);
  store = later(maker, store);
  assert_string_equal(sherd_store_consumer_name(store, index), longest);
  sherd_store_free(store);
}

static void there_is_room_for_eight_consumers(void **state) {
  const struct store_maker *maker = *state;
  struct sherd_store *store = maker->make(SHARDS);
  uint32_t index;
  char name[8];
  for (uint32_t i = 0; i < SHERD_STORE_CONSUMERS_MAX; i++) {
    snprintf(name, sizeof name, "c%u", i);
    consumer(store, name);
  }
  assert_int_equal(sherd_store_consumer(store, "one-more", &index), SHERD_EQUEUEFULL);
  consumer(store, "c3");
  assert_int_equal(sherd_store_drop_consumer(store, "c3"), SHERD_OK);
  consumer(store, "one-more");
  assert_int_equal(sherd_store_consumer(store, "c3", &index), SHERD_EQUEUEFULL);
  sherd_store_free(store);
}

static void marks_of_a_dropped_consumer_are_nobodys(void **state) {
  const struct store_maker *maker = *state;
  struct sherd_store *store = maker->make(SHARDS);
  uint32_t who = consumer(store, "a");
  begin(store, 1, 0);
  mark(store, who, 0, 1, 50);
  assert_int_equal(sherd_store_drop_consumer(store, "a"), SHERD_OK);
  assert_int_equal(sherd_store_mark(store, who, 0, 1, 1), SHERD_EINVAL);
  assert_int_equal(consumer(store, "b"), who); /* the same place */
  expect_mark(store, who, 0, 1);
  mark(store, who, 0, 1, 2);
  assert_int_equal(sherd_store_drop_consumer(store, "b"), SHERD_OK);
  assert_int_equal(consumer(store, "a"), who);
  store = later(maker, store);
  expect_mark(store, who, 0, 1);
  sherd_store_free(store);
}

static void sync_notes_the_time(void **state) {
  const struct store_maker *maker = *state;
  struct sherd_store *store = maker->make(SHARDS);
  for (uint64_t now = 1700000000000; now < 1700000000005; now++) {
    assert_int_equal(sherd_store_sync(store, now), SHERD_OK);
    store = later(maker, store);
    assert_int_equal(sherd_store_touched_ms(store), now);
  }
  sherd_store_free(store);
}

static void what_stands_beside_none_has_no_place_to_take(void **state) {
  const struct store_maker *maker = *state;
  struct sherd_store *store = maker->make(SHARDS);
  assert_int_equal(sherd_store_promote(store), SHERD_ESTATE);
  sherd_store_free(store);
}

static void one_shard_has_a_store_too(void **state) {
  const struct store_maker *maker = *state;
  struct sherd_store *store = maker->make(1);
  struct sherd_session got, session = store_session(1, 0, 1);
  assert_int_equal(sherd_store_begin(store, &session), SHERD_OK);
  store = later(maker, store);
  assert_int_equal(sherd_store_load(store, 0, &got), SHERD_OK);
  assert_memory_equal(&got, &session, sizeof got);
  sherd_store_free(store);
}

static void tags_tell_sessions_apart(void **state) {
  (void)state;
  uint64_t one = sherd_session_tag("0123456789abcdef");
  assert_true(one != 0);
  assert_true(one == sherd_session_tag("0123456789abcdef"));
  assert_true(one != sherd_session_tag("0123456789abcdeg"));
  assert_true(sherd_session_tag("") != 0);
  /* It is in files: it must not change. The front of SHA-256("abc"), FIPS 180-2 appendix B.1. */
  assert_true(sherd_session_tag("abc") == UINT64_C(0xba7816bf8f01cfea));
}

int store_suite_run(const char *name, struct store_maker *maker) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_prestate(a_new_store_is_empty, maker),
      cmocka_unit_test_prestate(free_takes_null, maker),
      cmocka_unit_test_prestate(a_session_is_kept_whole, maker),
      cmocka_unit_test_prestate(the_longest_texts_are_kept, maker),
      cmocka_unit_test_prestate(what_stands_behind_a_text_is_not_kept, maker),
      cmocka_unit_test_prestate(the_last_session_counts, maker),
      cmocka_unit_test_prestate(a_session_that_is_forgotten_is_gone, maker),
      cmocka_unit_test_prestate(what_cannot_be_is_refused, maker),
      cmocka_unit_test_prestate(a_mark_moves_on, maker),
      cmocka_unit_test_prestate(the_slowest_consumer_says_where_to_resume, maker),
      cmocka_unit_test_prestate(a_mark_belongs_to_its_session, maker),
      cmocka_unit_test_prestate(marks_of_a_session_to_come_hold_once_it_begins, maker),
      cmocka_unit_test_prestate(a_mark_below_ready_counts_as_ready, maker),
      cmocka_unit_test_prestate(marks_keep_to_their_shard_and_consumer, maker),
      cmocka_unit_test_prestate(consumers_are_found_by_their_names, maker),
      cmocka_unit_test_prestate(names_have_their_rules, maker),
      cmocka_unit_test_prestate(there_is_room_for_eight_consumers, maker),
      cmocka_unit_test_prestate(marks_of_a_dropped_consumer_are_nobodys, maker),
      cmocka_unit_test_prestate(sync_notes_the_time, maker),
      cmocka_unit_test_prestate(what_stands_beside_none_has_no_place_to_take, maker),
      cmocka_unit_test_prestate(one_shard_has_a_store_too, maker),
      cmocka_unit_test_prestate(tags_tell_sessions_apart, maker),
  };
  return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}
