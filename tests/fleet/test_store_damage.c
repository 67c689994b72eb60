/* A store's file with bytes that nobody wrote: whatever it says then is less than the truth, never
 * more, and it says so. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fleet/store_layout.h"
#include "scratch_dir.h"
#include "store_suite.h"

#define SHARDS 2u

/* What the consumers have taken of shard 0's session 2, with one number between their marks. */
#define TAKEN_BY_A 41u
#define TAKEN_BY_B 31u

#define ROUNDS 3000

static uint64_t dice_state;

static uint32_t dice(uint32_t sides) {
  dice_state = dice_state * UINT64_C(6364136223846793005) + 1442695040888963407;
  return (uint32_t)(dice_state >> 33) % sides;
}

static struct sherd_store *open_store(void) {
  struct sherd_store *store;
  assert_int_equal(scratch_open("s", SHARDS, &store, NULL), SHERD_OK);
  return store;
}

static void mark(struct sherd_store *store, uint32_t who, uint32_t number, uint64_t seq) {
  struct sherd_session session = store_session(number, 0, SHARDS);
  assert_int_equal(sherd_store_mark(store, who, 0, sherd_session_tag(session.id), seq), SHERD_OK);
}

/* Shard 0 has session 2 after session 1, shard 1 had session 3; "a" and "b" take, "c" did. */
static void fill(struct sherd_store *store) {
  uint32_t a, b, c;
  struct sherd_session first = store_session(1, 0, SHARDS), second = store_session(2, 0, SHARDS),
                       ended = store_session(3, 1, SHARDS);
  assert_int_equal(sherd_store_consumer(store, "a", &a), SHERD_OK);
  assert_int_equal(sherd_store_consumer(store, "c", &c), SHERD_OK);
  assert_int_equal(sherd_store_consumer(store, "b", &b), SHERD_OK);
  assert_int_equal(sherd_store_begin(store, &first), SHERD_OK);
  assert_int_equal(sherd_store_begin(store, &second), SHERD_OK);
  for (uint64_t seq = 900; seq <= 1000; seq++)
    mark(store, c, 2, seq);
  mark(store, a, 1, 5000);
  for (uint64_t seq = 2; seq <= TAKEN_BY_A; seq++)
    mark(store, a, 2, seq);
  for (uint64_t seq = 2; seq <= TAKEN_BY_B; seq++)
    mark(store, b, 2, seq);
  assert_int_equal(sherd_store_begin(store, &ended), SHERD_OK);
  assert_int_equal(sherd_store_forget(store, 1), SHERD_OK);
  assert_int_equal(sherd_store_drop_consumer(store, "c"), SHERD_OK);
  assert_int_equal(sherd_store_sync(store, 1), SHERD_OK);
  assert_int_equal(sherd_store_sync(store, 2), SHERD_OK);
}

/* How one of the ways to damage a file has ended. */
struct tally {
  size_t intact, behind, lost, refused;
};

/* 1 when a consumer's mark is all that it was, 0 when it is less. Never more. */
static int compare_mark(struct sherd_store *store, uint32_t who, uint64_t taken) {
  uint64_t seq = UINT64_MAX;
  assert_int_equal(sherd_store_mark_of(store, who, 0, &seq), SHERD_OK);
  assert_in_range(seq, 1, taken);
  return seq == taken;
}

/* What an undamaged name says of its index; a consumer may have been lost with the newer head. */
static int compare_marks(struct sherd_store *store) {
  int intact = 0;
  for (uint32_t i = 0; i < SHERD_STORE_CONSUMERS_MAX; i++) {
    const char *name = sherd_store_consumer_name(store, i);
    if (name && strcmp(name, "a") == 0)
      intact += compare_mark(store, i, TAKEN_BY_A);
    else if (name && strcmp(name, "b") == 0)
      intact += compare_mark(store, i, TAKEN_BY_B);
  }
  return intact == 2;
}

static void compare(struct sherd_store *store, struct tally *tally) {
  struct sherd_session got, truth = store_session(2, 0, SHARDS);
  enum sherd_status status = sherd_store_load(store, 0, &got);
  if (status == SHERD_OK) {
    assert_in_range(got.seq, 1, TAKEN_BY_B);
    truth.seq = got.seq;
    assert_memory_equal(&got, &truth, sizeof got);
    if (compare_marks(store))
      tally->intact++;
    else
      tally->behind++;
  } else {
    assert_int_equal(status, SHERD_ESTOREDAMAGED);
    tally->lost++;
  }
  status = sherd_store_load(store, 1, &got);
  assert_true(status == SHERD_ENOTFOUND || status == SHERD_ESTOREDAMAGED);
}

/* Opens what was damaged, and looks. */
static void look(struct tally *tally) {
  struct sherd_store *store;
  struct sherd_error_info error;
  switch (scratch_open("s", SHARDS, &store, &error)) {
  case SHERD_OK:
    compare(store, tally);
    sherd_store_free(store);
    return;
  case SHERD_ESTOREDAMAGED:
  case SHERD_ESTOREVERSION:
    assert_null(store);
    assert_non_null(strstr(error.text, "/s: "));
    assert_null(strchr(error.text, '\n'));
    tally->refused++;
    return;
  default:
    fail_msg("%s", error.text);
  }
}

static unsigned char *truth; /* the file as it was written */
static size_t size;

static int setup(void **state) {
  (void)state;
  dice_state = 1;
  scratch_dir_make();
  struct sherd_store *store = open_store();
  fill(store);
  sherd_store_free(store);
  truth = scratch_read("s", &size);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  free(truth);
  scratch_dir_remove();
  return 0;
}

static void undamaged_it_tells_the_truth(void **state) {
  (void)state;
  struct tally tally = {0};
  look(&tally);
  assert_int_equal(tally.intact, 1);
}

/* Damages each byte in turn. */
static struct tally damage_each_byte(unsigned char how) {
  struct tally tally = {0};
  int fd = open(scratch_path("s"), O_RDWR);
  assert_true(fd >= 0);
  for (size_t i = 0; i < size; i++) {
    unsigned char byte = truth[i] ^ how;
    assert_int_equal(pwrite(fd, &byte, 1, (off_t)i), 1);
    look(&tally);
    assert_int_equal(pwrite(fd, &truth[i], 1, (off_t)i), 1);
  }
  close(fd);
  return tally;
}

static void no_single_byte_tells_more_than_the_truth(void **state) {
  (void)state;
  static const unsigned char ways[] = {0x01, 0x80, 0xFF};
  for (size_t i = 0; i < sizeof ways; i++) {
    struct tally tally = damage_each_byte(ways[i]);
    /* The head stands twice: no byte of it costs a session. */
    assert_int_equal(tally.refused, 0);
    /* What cannot be read of the session itself: all of the slot that counts. */
    assert_int_equal(tally.lost, SHERD__SLOT_WORDS(SHERD__STORE_SESSION_WORDS) * 8);
    /* The newer of the two cells of two marks, each without its last word, which is not used. */
    assert_int_equal(tally.behind, 2 * 3 * sizeof(uint64_t));
    assert_int_equal(tally.intact + tally.lost + tally.behind, size);
  }
}

/* Some damage as disks and people do it. */
static void damage(unsigned char *bytes) {
  size_t at = dice((uint32_t)size), len = 1 + dice(dice(3) ? 64 : 4096);
  size_t from = dice((uint32_t)size);
  if (dice(2)) { /* as whole blocks and cells go */
    at &= ~(size_t)31;
    from &= ~(size_t)31;
    len = len < 32 ? 32 : len & ~(size_t)31;
  }
  len = len > size - at ? size - at : len;
  len = len > size - from ? size - from : len;
  switch (dice(4)) {
  case 0:
    memset(bytes + at, 0, len);
    return;
  case 1:
    memset(bytes + at, 0xFF, len);
    return;
  case 2:
    memmove(bytes + at, bytes + from, len);
    return;
  default:
    for (size_t i = 0; i < len; i++)
      bytes[at + i] = (unsigned char)dice(256);
  }
}

/* Both slots zeroed look like a session that never was: that alone nobody can tell. */
static bool is_zeroed(unsigned char *bytes) {
  struct sherd__slots slots = sherd__store_session_slots(bytes, 0, 0);
  static const unsigned char zero[SHERD__SLOT_WORDS(SHERD__STORE_SESSION_WORDS) * 8];
  return memcmp((void *)slots.slot[0], zero, sizeof zero) == 0 &&
         memcmp((void *)slots.slot[1], zero, sizeof zero) == 0;
}

static void random_damage_never_tells_more_than_the_truth(void **state) {
  (void)state;
  struct tally tally = {0};
  unsigned char *bytes = malloc(size);
  assert_non_null(bytes);
  for (int i = 0; i < ROUNDS; i++) {
    memcpy(bytes, truth, size);
    for (uint32_t left = 1 + dice(4); left; left--)
      damage(bytes);
    if (is_zeroed(bytes))
      continue;
    scratch_write("s", bytes, size);
    look(&tally);
  }
  free(bytes);
  /* Each way to end is met. */
  assert_true(tally.intact > 0 && tally.behind > 0 && tally.lost > 0 && tally.refused > 0);
}

/* Whatever was damaged, what is written anew is kept. */
static void after_damage_it_can_be_used(void **state) {
  (void)state;
  unsigned char *bytes = malloc(size);
  assert_non_null(bytes);
  for (int i = 0; i < ROUNDS / 10; i++) {
    struct sherd_store *store;
    struct sherd_session got, session = store_session(9, 0, SHARDS);
    uint32_t who;
    memcpy(bytes, truth, size);
    damage(bytes);
    damage(bytes);
    scratch_write("s", bytes, size);
    if (scratch_open("s", SHARDS, &store, NULL) != SHERD_OK)
      continue;
    assert_int_equal(sherd_store_begin(store, &session), SHERD_OK);
    assert_int_equal(sherd_store_consumer(store, "a", &who), SHERD_OK);
    mark(store, who, 9, 70);
    mark(store, who, 9, 71);
    assert_int_equal(sherd_store_forget(store, 1), SHERD_OK);
    sherd_store_drop_consumer(store, "b");
    sherd_store_drop_consumer(store, "c");
    sherd_store_free(store);
    store = open_store();
    assert_int_equal(sherd_store_load(store, 0, &got), SHERD_OK);
    session.seq = 71;
    assert_memory_equal(&got, &session, sizeof got);
    assert_int_equal(sherd_store_load(store, 1, &got), SHERD_ENOTFOUND);
    sherd_store_free(store);
  }
  free(bytes);
}

static void a_mark_counts_in_its_own_place_only(void **state) {
  (void)state;
  struct sherd_store *store = open_store();
  struct sherd_session session = store_session(3, 1, SHARDS), got;
  uint64_t seq;
  uint32_t a, b;
  assert_int_equal(sherd_store_consumer(store, "a", &a), SHERD_OK);
  assert_int_equal(sherd_store_consumer(store, "b", &b), SHERD_OK);
  /* A session of the same name in two shards: the tag does not tell them apart. */
  strcpy(session.id, "session-2-of-shard-0");
  assert_int_equal(sherd_store_begin(store, &session), SHERD_OK);
  sherd_store_free(store);
  unsigned char *bytes = scratch_read("s", &size);
  struct sherd__mark *mark_of_a = sherd__store_mark_at(bytes, SHARDS, a, 0);
  memcpy(sherd__store_mark_at(bytes, SHARDS, b, 0), mark_of_a, sizeof *mark_of_a);
  memcpy(sherd__store_mark_at(bytes, SHARDS, a, 1), mark_of_a, sizeof *mark_of_a);
  scratch_write("s", bytes, size);
  free(bytes);
  store = open_store();
  assert_int_equal(sherd_store_mark_of(store, a, 0, &seq), SHERD_OK);
  assert_int_equal(seq, TAKEN_BY_A);
  assert_int_equal(sherd_store_mark_of(store, b, 0, &seq), SHERD_OK);
  assert_int_equal(seq, 1);
  assert_int_equal(sherd_store_mark_of(store, a, 1, &seq), SHERD_OK);
  assert_int_equal(seq, 1);
  assert_int_equal(sherd_store_load(store, 1, &got), SHERD_OK);
  assert_int_equal(got.seq, 1);
  sherd_store_free(store);
}

static void a_session_counts_in_its_own_shard_only(void **state) {
  (void)state;
  unsigned char *bytes = scratch_read("s", &size);
  struct sherd__slots from = sherd__store_session_slots(bytes, 0, 0);
  struct sherd__slots to = sherd__store_session_slots(bytes, 0, 1);
  for (int i = 0; i < 2; i++)
    memcpy((void *)to.slot[i], (void *)from.slot[i], SHERD__SLOT_WORDS(from.words) * 8);
  scratch_write("s", bytes, size);
  free(bytes);
  struct sherd_store *store = open_store();
  struct sherd_session got;
  assert_int_equal(sherd_store_load(store, 0, &got), SHERD_OK);
  assert_int_equal(sherd_store_load(store, 1, &got), SHERD_ESTOREDAMAGED);
  sherd_store_free(store);
}

/* All but the head of one store under the head of another. */
static void another_stores_content_does_not_count(void **state) {
  (void)state;
  assert_int_equal(unlink(scratch_path("s")), 0);
  struct sherd_store *store = open_store();
  struct sherd_session got, session = store_session(2, 0, SHARDS);
  uint64_t seq;
  uint32_t who;
  assert_int_equal(sherd_store_consumer(store, "a", &who), SHERD_OK);
  sherd_store_free(store);
  unsigned char *bytes = scratch_read("s", &size);
  memcpy(bytes + sherd__store_bytes(0), truth + sherd__store_bytes(0),
         size - sherd__store_bytes(0));
  scratch_write("s", bytes, size);
  free(bytes);
  store = open_store();
  assert_int_equal(sherd_store_load(store, 0, &got), SHERD_ESTOREDAMAGED);
  assert_int_equal(sherd_store_load(store, 1, &got), SHERD_ESTOREDAMAGED);
  assert_int_equal(sherd_store_mark_of(store, who, 0, &seq), SHERD_ESTOREDAMAGED);
  assert_int_equal(sherd_store_begin(store, &session), SHERD_OK);
  assert_int_equal(sherd_store_mark_of(store, who, 0, &seq), SHERD_OK);
  assert_int_equal(seq, 1);
  sherd_store_free(store);
}

/* What a disk loses at once: of the session that counts, or of the one that did. */
static void a_zeroed_slot_is_not_taken_for_none(void **state) {
  (void)state;
  struct tally tally = {0};
  for (int i = 0; i < 2; i++) {
    unsigned char *bytes = malloc(size);
    assert_non_null(bytes);
    memcpy(bytes, truth, size);
    struct sherd__slots slots = sherd__store_session_slots(bytes, 0, 0);
    memset((void *)slots.slot[i], 0, SHERD__SLOT_WORDS(slots.words) * 8);
    scratch_write("s", bytes, size);
    free(bytes);
    look(&tally);
  }
  assert_int_equal(tally.intact, 1);
  assert_int_equal(tally.lost, 1);
}

static void either_head_will_do(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    unsigned char *bytes = malloc(size);
    assert_non_null(bytes);
    memcpy(bytes, truth, size);
    memset(bytes + (i ? 4096 : 0), 0xFF, 4096);
    scratch_write("s", bytes, size);
    free(bytes);
    struct tally tally = {0};
    look(&tally);
    assert_int_equal(tally.intact, 1);
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(undamaged_it_tells_the_truth),
      TEST(no_single_byte_tells_more_than_the_truth),
      TEST(random_damage_never_tells_more_than_the_truth),
      TEST(after_damage_it_can_be_used),
      TEST(a_mark_counts_in_its_own_place_only),
      TEST(a_session_counts_in_its_own_shard_only),
      TEST(another_stores_content_does_not_count),
      TEST(a_zeroed_slot_is_not_taken_for_none),
      TEST(either_head_will_do),
  };
  return cmocka_run_group_tests_name("damage to the store's file", tests, NULL, NULL);
}
