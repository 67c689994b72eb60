/* A store that several threads have: some take, one begins sessions, others sync and look. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

#include "scratch_dir.h"
#include "store_suite.h"

#define SHARDS   2u
#define LAST_SEQ 500000u
#define SESSIONS 500u
#define TAKERS   4u /* two for each consumer */

static struct sherd_store *store;
static atomic_bool is_over;

/* What a thread found wrong; NULL: nothing. */
#define REQUIRE(holds)                                                                             \
  do {                                                                                             \
    if (!(holds))                                                                                  \
      return (void *)#holds;                                                                       \
  } while (0)

static uint64_t tag_of(uint32_t number, uint32_t shard_id) {
  struct sherd_session session = store_session(number, shard_id, SHARDS);
  return sherd_session_tag(session.id);
}

/* Takes all of shard 0's session. */
static void *take(void *who) {
  uint32_t consumer = *(uint32_t *)who;
  uint64_t tag = tag_of(1, 0);
  for (uint64_t seq = 2; seq <= LAST_SEQ; seq++)
    REQUIRE(sherd_store_mark(store, consumer, 0, tag, seq) == SHERD_OK);
  return NULL;
}

/* Sessions come and go in shard 1, each taken a little. */
static void *begin_and_end(void *who) {
  uint32_t consumer = *(uint32_t *)who;
  for (uint32_t number = 1; number <= SESSIONS; number++) {
    struct sherd_session session = store_session(number, 1, SHARDS);
    REQUIRE(sherd_store_begin(store, &session) == SHERD_OK);
    for (uint64_t seq = 2; seq < 10; seq++)
      REQUIRE(sherd_store_mark(store, consumer, 1, tag_of(number, 1), seq) == SHERD_OK);
    if (number % 5 == 0)
      REQUIRE(sherd_store_forget(store, 1) == SHERD_OK);
  }
  return NULL;
}

/* A consumer that comes and goes. */
static void *come_and_go(void *unused) {
  (void)unused;
  while (!atomic_load(&is_over)) {
    uint32_t index;
    REQUIRE(sherd_store_consumer(store, "guest", &index) == SHERD_OK);
    REQUIRE(sherd_store_mark(store, index, 1, 1, 1) == SHERD_OK);
    REQUIRE(sherd_store_drop_consumer(store, "guest") == SHERD_OK);
  }
  return NULL;
}

/* What has been taken only ever grows, and is whole. */
static void *look(void *unused) {
  (void)unused;
  uint64_t before[2] = {1, 1};
  while (!atomic_load(&is_over)) {
    struct sherd_session got;
    REQUIRE(sherd_store_load(store, 0, &got) == SHERD_OK && got.seq >= 1 && got.seq <= LAST_SEQ);
    for (uint32_t i = 0; i < 2; i++) {
      uint64_t seq;
      REQUIRE(sherd_store_mark_of(store, i, 0, &seq) == SHERD_OK);
      REQUIRE(seq >= before[i] && seq <= LAST_SEQ);
      before[i] = seq;
    }
    enum sherd_status status = sherd_store_load(store, 1, &got);
    REQUIRE(status == SHERD_OK || status == SHERD_ENOTFOUND);
    REQUIRE(status || (got.seq >= 1 && got.seq < 10));
  }
  return NULL;
}

static void *keep(void *unused) {
  (void)unused;
  for (uint64_t now = 1; !atomic_load(&is_over); now++) {
    REQUIRE(sherd_store_sync(store, now) == SHERD_OK);
    REQUIRE(sherd_store_touched_ms(store) == now);
    sched_yield(); /* where there is no disk it has nothing to wait for */
  }
  return NULL;
}

static void join(pthread_t thread) {
  void *wrong;
  assert_int_equal(pthread_join(thread, &wrong), 0);
  if (wrong)
    fail_msg("does not hold: %s", (const char *)wrong);
}

static void use_from_all_sides(void) {
  static const char *const names[] = {"a", "b"};
  uint32_t who[2];
  pthread_t takers[TAKERS], beginner, guest, looker, keeper;
  struct sherd_session got, session = store_session(1, 0, SHARDS);
  atomic_store(&is_over, false);
  assert_int_equal(sherd_store_begin(store, &session), SHERD_OK);
  for (uint32_t i = 0; i < 2; i++)
    assert_int_equal(sherd_store_consumer(store, names[i], &who[i]), SHERD_OK);
  for (uint32_t i = 0; i < TAKERS; i++)
    pthread_create(&takers[i], NULL, take, &who[i % 2]);
  pthread_create(&beginner, NULL, begin_and_end, &who[0]);
  pthread_create(&guest, NULL, come_and_go, NULL);
  pthread_create(&looker, NULL, look, NULL);
  pthread_create(&keeper, NULL, keep, NULL);
  for (uint32_t i = 0; i < TAKERS; i++)
    join(takers[i]);
  join(beginner);
  atomic_store(&is_over, true);
  join(guest);
  join(looker);
  join(keeper);
  assert_int_equal(sherd_store_load(store, 0, &got), SHERD_OK);
  assert_int_equal(got.seq, LAST_SEQ);
  assert_int_equal(sherd_store_load(store, 1, &got), SHERD_ENOTFOUND);
}

static void a_file_may_be_used_from_all_sides(void **state) {
  (void)state;
  struct sherd_session got;
  scratch_dir_make();
  assert_int_equal(scratch_open("s", SHARDS, &store, NULL), SHERD_OK);
  use_from_all_sides();
  sherd_store_free(store);
  assert_int_equal(scratch_open("s", SHARDS, &store, NULL), SHERD_OK);
  assert_int_equal(sherd_store_load(store, 0, &got), SHERD_OK);
  assert_int_equal(got.seq, LAST_SEQ);
  sherd_store_free(store);
  scratch_dir_remove();
}

static void memory_may_be_used_from_all_sides(void **state) {
  (void)state;
  assert_int_equal(sherd_store_memory_new(NULL, SHARDS, &store), SHERD_OK);
  use_from_all_sides();
  sherd_store_free(store);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_file_may_be_used_from_all_sides),
      cmocka_unit_test(memory_may_be_used_from_all_sides),
  };
  return cmocka_run_group_tests_name("stores and threads", tests, NULL, NULL);
}
