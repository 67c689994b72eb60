/* Processes that are killed at any moment, and what the next one finds.
 *
 * A child counts its steps in memory that it shares with the parent: one before each, one after.
 * The parent kills it at a random moment and knows that the file must say what the steps done have
 * made, or those and the one begun: nothing less, nothing else, nothing more. */
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "scratch_dir.h"
#include "store_suite.h"

#define SHARDS    3u
#define SHARD     1u /* the one that everything happens in */
#define ROUNDS    200
#define STEPS_MAX 40000u /* a child makes no more */
#define NO_TRACE  77     /* how a child says that it cannot be traced */
#define CYCLE     40u    /* steps from one session to the next but one */

struct progress {
  _Atomic uint32_t begun, done;
};
static struct progress *progress;

static uint64_t dice_state = 7;

static uint32_t dice(uint32_t sides) {
  dice_state = dice_state * UINT64_C(6364136223846793005) + 1442695040888963407;
  return (uint32_t)(dice_state >> 33) % sides;
}

/* --- What a step does, and what the file says after it --- */

/* What a store says of the shard; numbers are 0 where there is nothing. */
struct said {
  uint32_t session; /* which one */
  uint64_t marks[2];
  bool has_third; /* consumer */
  uint64_t touched_ms;
};

static const char *const names[] = {"a", "b", "third"};

/* The session that is there after a step: two to a cycle, and none at the end of it. */
static uint32_t session_at(uint32_t step) {
  uint32_t in_cycle = step % CYCLE, two = step / CYCLE * 2;
  return in_cycle < 1 ? 0 : in_cycle < CYCLE / 2 ? two + 1 : two + 2;
}

/* The tags are made ahead: what is killed shall be the store's own steps. */
static uint64_t tags[2 * (STEPS_MAX / CYCLE + 1) + 3];

static void make_tags(void) {
  for (uint32_t i = 0; i < sizeof tags / sizeof *tags; i++)
    tags[i] = sherd_session_tag(store_session(i, SHARD, SHARDS).id);
}

/* The steps of a cycle that are on the store as a whole. */
enum {
  ADDS = 7,
  SYNCS = 11,
  DROPS = 13
};

static bool is_mark(uint32_t step) {
  uint32_t in_cycle = step % CYCLE;
  return in_cycle > 1 && in_cycle != CYCLE / 2 && in_cycle != ADDS && in_cycle != DROPS &&
         in_cycle != SYNCS;
}

static enum sherd_status begin_session(struct sherd_store *store, uint32_t number) {
  struct sherd_session session = store_session(number, SHARD, SHARDS);
  return sherd_store_begin(store, &session);
}

static enum sherd_status make_step(struct sherd_store *store, uint32_t step) {
  uint32_t who;
  switch (step % CYCLE) {
  case 0:
    return sherd_store_forget(store, SHARD);
  case 1:
  case CYCLE / 2:
    return begin_session(store, session_at(step));
  case ADDS:
    return sherd_store_consumer(store, names[2], &who);
  case DROPS:
    return sherd_store_drop_consumer(store, names[2]);
  case SYNCS:
    /* The disk is slow. */
    return step < 2 * CYCLE ? sherd_store_sync(store, step) : SHERD_OK;
  default:
    return sherd_store_mark(store, step % 2, SHARD, tags[session_at(step)], step);
  }
}

static struct said truth_after(uint32_t steps) {
  struct said said = {0};
  for (uint32_t step = 1; step <= steps; step++) {
    uint32_t in_cycle = step % CYCLE;
    if (session_at(step) != said.session)
      said.marks[0] = said.marks[1] = session_at(step) ? 1 : 0;
    said.session = session_at(step);
    if (is_mark(step))
      said.marks[step % 2] = step;
    if (in_cycle == ADDS || in_cycle == DROPS)
      said.has_third = in_cycle == ADDS;
    if (in_cycle == SYNCS && step < 2 * CYCLE)
      said.touched_ms = step;
  }
  return said;
}

/* --- What a later process finds --- */

static struct said ask(struct sherd_store *store) {
  struct said said = {0};
  struct sherd_session got;
  enum sherd_status status = sherd_store_load(store, SHARD, &got);
  if (status == SHERD_OK)
    assert_int_equal(sscanf(got.id, "session-%u-of-shard-1", &said.session), 1);
  else
    assert_int_equal(status, SHERD_ENOTFOUND);
  for (uint32_t i = 0; i < 2; i++) {
    assert_string_equal(sherd_store_consumer_name(store, i), names[i]);
    assert_int_equal(sherd_store_mark_of(store, i, SHARD, &said.marks[i]), status);
  }
  said.has_third = sherd_store_consumer_name(store, 2) != NULL;
  said.touched_ms = sherd_store_touched_ms(store);
  return said;
}

static bool is_said(const struct said *a, const struct said *b) {
  return a->session == b->session && a->marks[0] == b->marks[0] && a->marks[1] == b->marks[1] &&
         a->has_third == b->has_third && a->touched_ms == b->touched_ms;
}

static void expect_truth(const char *name, uint32_t begun, uint32_t done) {
  struct sherd_store *store;
  assert_int_equal(scratch_open(name, 0, &store, NULL), SHERD_OK);
  struct said said = ask(store), before = truth_after(done), after = truth_after(begun);
  if (!is_said(&said, &before) && !is_said(&said, &after))
    fail_msg("after %u steps, %u begun: session %u, marks %u and %u", done, begun, said.session,
             (unsigned)said.marks[0], (unsigned)said.marks[1]);
  sherd_store_free(store);
}

/* --- Killing --- */

static pid_t run(void (*child)(void)) {
  atomic_store(&progress->begun, 0);
  atomic_store(&progress->done, 0);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    child();
    _exit(0);
  }
  return pid;
}

/* Kills it; it must not have ended by itself, unless that is allowed. */
static void end(pid_t pid, bool may_have_ended) {
  int status;
  kill(pid, SIGKILL);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  if (!may_have_ended || !WIFEXITED(status))
    assert_true(WIFSIGNALED(status));
  else
    assert_int_equal(WEXITSTATUS(status), 0);
}

static int setup(void **state) {
  (void)state;
  make_tags();
  scratch_dir_make();
  progress =
      mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  assert_true(progress != MAP_FAILED);
  return 0;
}

static int teardown(void **state) {
  (void)state;
  munmap(progress, sizeof *progress);
  scratch_dir_remove();
  return 0;
}

static struct sherd_store *open_with_consumers(void) {
  struct sherd_store *store;
  uint32_t who;
  if (scratch_open("s", SHARDS, &store, NULL) || sherd_store_consumer(store, names[0], &who) ||
      sherd_store_consumer(store, names[1], &who))
    _exit(2);
  return store;
}

static void make_steps(struct sherd_store *store, uint32_t count) {
  for (uint32_t step = 1; step <= count; step++) {
    atomic_store(&progress->begun, step);
    if (make_step(store, step))
      _exit(3);
    atomic_store(&progress->done, step);
  }
}

static void work(void) {
  make_steps(open_with_consumers(), STEPS_MAX);
  for (;;)
    sched_yield(); /* until it is killed */
}

static void a_killed_process_leaves_its_last_step_or_the_one_before(void **state) {
  (void)state;
  uint32_t in_a_step = 0;
  for (int i = 0; i < ROUNDS; i++) {
    uint32_t target = 1 + dice(i % 2 ? STEPS_MAX / 10 : 2 * CYCLE);
    pid_t pid = run(work);
    while (atomic_load(&progress->begun) < target)
      sched_yield();
    end(pid, false);
    uint32_t begun = atomic_load(&progress->begun), done = atomic_load(&progress->done);
    in_a_step += begun != done;
    expect_truth("s", begun, done);
    unlink(scratch_path("s"));
  }
  assert_true(in_a_step > ROUNDS / 10); /* the moments are what they shall be */
}

/* --- Every moment there is --- */

#define TRACED_STEPS (CYCLE + 3) /* every kind of step, and what follows on a forgotten session */

static void work_step_by_step(void) {
  struct sherd_store *store = open_with_consumers();
  if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
    _exit(NO_TRACE);
  raise(SIGSTOP);
  make_steps(store, TRACED_STEPS);
}

/* Lets it go on by one instruction; false once it has ended. */
static bool advance(pid_t pid) {
  int status;
  assert_int_equal(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  if (WIFSTOPPED(status))
    return true;
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  return false;
}

/* After each instruction that has changed the file, that state of it is what a process that is
 * killed there leaves. */
static uint32_t follow(pid_t pid) {
  uint32_t states = 0;
  size_t size;
  unsigned char *before = scratch_read("s", &size);
  int fd = open(scratch_path("s"), O_RDONLY);
  void *file = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
  assert_true(file != MAP_FAILED);
  while (advance(pid)) {
    if (memcmp(before, file, size) == 0)
      continue;
    memcpy(before, file, size);
    scratch_write("copy", before, size);
    expect_truth("copy", atomic_load(&progress->begun), atomic_load(&progress->done));
    states++;
  }
  munmap(file, size);
  close(fd);
  free(before);
  return states;
}

static void at_no_instruction_anything_else_is_left(void **state) {
  (void)state;
  int status;
  pid_t pid = run(work_step_by_step);
  assert_int_equal(waitpid(pid, &status, 0), pid);
  if (WIFEXITED(status) && WEXITSTATUS(status) == NO_TRACE) {
    print_message("no process can be traced here: the random moments have shown a part of this\n");
    skip();
  }
  assert_true(WIFSTOPPED(status));
  uint32_t states = follow(pid);
  assert_int_equal(atomic_load(&progress->done), TRACED_STEPS);
  assert_true(states > 4 * TRACED_STEPS);
}

static uint64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Kills a child anywhere in what it does, or right after; `usual_us` follows what it needs, the
 * disk's share included. */
static void kill_anywhere(void (*child)(void), uint64_t *usual_us) {
  uint64_t start = now_us(), until = start + dice(1 + (uint32_t)*usual_us * 5 / 4);
  pid_t pid = run(child);
  while (now_us() < until && atomic_load(&progress->done) == 0)
    sched_yield();
  if (atomic_load(&progress->done))
    *usual_us = now_us() - start;
  else
    *usual_us += *usual_us / 64;
  end(pid, true);
}

static void make(void) {
  struct sherd_store *store;
  if (scratch_open("s", SHARDS, &store, NULL) != SHERD_OK)
    _exit(2);
  atomic_store(&progress->done, 1);
}

static void a_file_is_there_whole_or_not_at_all(void **state) {
  (void)state;
  uint64_t usual_us = 3000;
  for (int i = 0; i < ROUNDS / 4; i++) {
    struct sherd_store *store;
    kill_anywhere(make, &usual_us);
    assert_int_equal(scratch_open("s", SHARDS, &store, NULL), SHERD_OK);
    assert_int_equal(scratch_count(), 1);
    sherd_store_free(store);
    unlink(scratch_path("s"));
  }
}

static void move_over(void) {
  struct sherd_store *old, *new;
  struct sherd_store_file_config config = {
      .path = scratch_path("s"), .token = SCRATCH_TOKEN, .shard_count = 2 * SHARDS, .beside = 1};
  struct sherd_session session = store_session(2, SHARD, 2 * SHARDS);
  if (scratch_open("s", SHARDS, &old, NULL) || sherd_store_file_open(&config, &new, NULL) ||
      sherd_store_begin(new, &session) || sherd_store_promote(new))
    _exit(2);
  atomic_store(&progress->done, 1);
}

static void a_place_is_taken_whole_or_not_at_all(void **state) {
  (void)state;
  uint64_t usual_us = 3000;
  for (int i = 0; i < ROUNDS / 4; i++) {
    struct sherd_store *store;
    struct sherd_session got, session = store_session(1, SHARD, SHARDS);
    assert_int_equal(scratch_open("s", SHARDS, &store, NULL), SHERD_OK);
    assert_int_equal(sherd_store_begin(store, &session), SHERD_OK);
    sherd_store_free(store);
    kill_anywhere(move_over, &usual_us);
    assert_int_equal(scratch_open("s", 0, &store, NULL), SHERD_OK);
    assert_int_equal(sherd_store_load(store, SHARD, &got), SHERD_OK);
    bool is_old = sherd_store_shard_count(store) == SHARDS;
    assert_string_equal(got.id, is_old ? "session-1-of-shard-1" : "session-2-of-shard-1");
    sherd_store_free(store);
    unlink(scratch_path("s"));
  }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_killed_process_leaves_its_last_step_or_the_one_before),
      TEST(at_no_instruction_anything_else_is_left),
      TEST(a_file_is_there_whole_or_not_at_all),
      TEST(a_place_is_taken_whole_or_not_at_all),
  };
  return cmocka_run_group_tests_name("stores of killed processes", tests, NULL, NULL);
}
