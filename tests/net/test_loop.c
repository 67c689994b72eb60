/* The loop: tasks from any thread in order, threads that end, and a caller's loop left as it was.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <unistd.h>

#include "net/loop.h"
#include "support/failing_alloc.h"

#define TASKS    1000
#define POSTERS  4
#define AS(type) (struct type *)(void *)

/* --- Order --- */

struct counted {
  struct sherd__task task;
  struct tally *tally;
  uint32_t poster, number;
};

struct tally {
  struct sherd__loop *loop;
  struct counted tasks[POSTERS][TASKS];
  uint32_t next[POSTERS]; /* touched by the loop's thread alone until it is joined */
  bool in_order, on_thread;
};

static void count(struct sherd__task *task) {
  struct counted *counted = AS(counted) task;
  struct tally *tally = counted->tally;
  tally->in_order &= tally->next[counted->poster]++ == counted->number;
  tally->on_thread &= sherd__loop_is_own_thread(tally->loop);
}

struct poster {
  struct tally *tally;
  uint32_t number;
};

static void post_all(void *arg) {
  struct poster *poster = arg;
  struct tally *tally = poster->tally;
  for (uint32_t i = 0; i < TASKS; i++) {
    struct counted *counted = &tally->tasks[poster->number][i];
    *counted = (struct counted){{count, NULL}, tally, poster->number, i};
    sherd__loop_post(tally->loop, &counted->task);
  }
}

static void tasks_of_many_threads_run_in_order_and_before_the_end(void **state) {
  (void)state;
  static struct tally tally;
  tally = (struct tally){.in_order = true, .on_thread = true};
  assert_int_equal(sherd__loop_new(NULL, NULL, &tally.loop), SHERD_OK);
  assert_false(sherd__loop_is_own_thread(tally.loop));
  struct poster posters[POSTERS];
  uv_thread_t threads[POSTERS];
  for (uint32_t i = 0; i < POSTERS; i++) {
    posters[i] = (struct poster){&tally, i};
    assert_int_equal(uv_thread_create(&threads[i], post_all, &posters[i]), 0);
  }
  for (uint32_t i = 0; i < POSTERS; i++)
    uv_thread_join(&threads[i]);
  sherd__loop_free(tally.loop);
  for (uint32_t i = 0; i < POSTERS; i++)
    assert_int_equal(tally.next[i], TASKS);
  assert_true(tally.in_order);
  assert_true(tally.on_thread);
}

/* --- Tasks that post --- */

struct chain {
  struct sherd__task task;
  struct sherd__loop *loop;
  uint32_t left;
  bool running, nested;
};

static void run_chain(struct sherd__task *task) {
  struct chain *chain = AS(chain) task;
  chain->nested |= chain->running;
  chain->running = true;
  if (chain->left && --chain->left)
    sherd__loop_post(chain->loop, task);
  chain->running = false;
}

static void a_task_may_post_itself_again(void **state) {
  (void)state;
  struct chain chain = {.task.run = run_chain, .left = 100};
  assert_int_equal(sherd__loop_new(NULL, NULL, &chain.loop), SHERD_OK);
  sherd__loop_post(chain.loop, &chain.task);
  sherd__loop_free(chain.loop);
  assert_int_equal(chain.left, 0);
  assert_false(chain.nested);
}

/* --- Freed on its own thread --- */

struct suicide {
  struct sherd__task task;
  struct sherd__task last;
  struct sherd__loop *loop;
  uv_sem_t done;
};

static void run_last(struct sherd__task *task) {
  struct suicide *suicide =
      (struct suicide *)(void *)((char *)task - offsetof(struct suicide, last));
  uv_sem_post(&suicide->done);
}

static void run_suicide(struct sherd__task *task) {
  struct suicide *suicide = AS(suicide) task;
  sherd__loop_free(suicide->loop);
  sherd__loop_post(suicide->loop, &suicide->last);
}

static void a_loop_may_be_freed_on_its_own_thread(void **state) {
  (void)state;
  struct suicide suicide = {.task.run = run_suicide, .last.run = run_last};
  assert_int_equal(uv_sem_init(&suicide.done, 0), 0);
  assert_int_equal(sherd__loop_new(NULL, NULL, &suicide.loop), SHERD_OK);
  sherd__loop_post(suicide.loop, &suicide.task);
  uv_sem_wait(&suicide.done);
  uv_sem_destroy(&suicide.done);
}

/* --- SIGPIPE --- */

struct broken {
  struct sherd__task task;
  int write_end;
  int error;
};

static void run_broken(struct sherd__task *task) {
  struct broken *broken = AS(broken) task;
  broken->error = write(broken->write_end, "x", 1) < 0 ? errno : 0;
}

static void a_peer_that_has_gone_does_not_end_the_process(void **state) {
  (void)state;
  struct broken broken = {.task.run = run_broken};
  struct sherd__loop *loop;
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  close(ends[0]);
  broken.write_end = ends[1];
  assert_int_equal(sherd__loop_new(NULL, NULL, &loop), SHERD_OK);
  sherd__loop_post(loop, &broken.task);
  sherd__loop_free(loop);
  assert_int_equal(broken.error, EPIPE);
  close(ends[1]);
}

/* --- The caller's loop --- */

static void a_callers_loop_is_not_kept_alive(void **state) {
  (void)state;
  uv_loop_t uv;
  struct sherd__loop *loop;
  assert_int_equal(uv_loop_init(&uv), 0);
  assert_int_equal(sherd__loop_new(NULL, &uv, &loop), SHERD_OK);
  assert_ptr_equal(sherd__loop_uv(loop), &uv);
  assert_true(sherd__loop_is_own_thread(loop));
  assert_false(uv_loop_alive(&uv));
  assert_int_equal(uv_run(&uv, UV_RUN_DEFAULT), 0);
  sherd__loop_free(loop);
  assert_int_equal(uv_loop_close(&uv), 0);
}

static void what_its_thread_posts_runs_before_a_callers_loop_ends(void **state) {
  (void)state;
  uv_loop_t uv;
  struct chain chain = {.task.run = run_chain, .left = 3};
  assert_int_equal(uv_loop_init(&uv), 0);
  assert_int_equal(sherd__loop_new(NULL, &uv, &chain.loop), SHERD_OK);
  sherd__loop_post(chain.loop, &chain.task);
  assert_int_equal(chain.left, 3);
  assert_int_equal(uv_run(&uv, UV_RUN_DEFAULT), 0);
  assert_int_equal(chain.left, 0);
  /* And what never got to run does so at the end. */
  chain.left = 1;
  sherd__loop_post(chain.loop, &chain.task);
  sherd__loop_free(chain.loop);
  assert_int_equal(chain.left, 0);
  assert_int_equal(uv_loop_close(&uv), 0);
}

struct moved {
  struct sherd__task task;
  struct sherd__loop *loop;
  uv_loop_t uv;
  bool is_own;
};

static void run_moved(struct sherd__task *task) {
  struct moved *moved = AS(moved) task;
  moved->is_own = sherd__loop_is_own_thread(moved->loop);
}

static void run_uv(void *arg) {
  struct moved *moved = arg;
  uv_run(&moved->uv, UV_RUN_DEFAULT);
}

static void a_callers_loop_knows_the_thread_that_runs_it(void **state) {
  (void)state;
  struct moved moved = {.task.run = run_moved};
  uv_thread_t thread;
  assert_int_equal(uv_loop_init(&moved.uv), 0);
  assert_int_equal(sherd__loop_new(NULL, &moved.uv, &moved.loop), SHERD_OK);
  sherd__loop_post(moved.loop, &moved.task);
  assert_int_equal(uv_thread_create(&thread, run_uv, &moved), 0);
  uv_thread_join(&thread);
  assert_true(moved.is_own);
  assert_false(sherd__loop_is_own_thread(moved.loop));
  sherd__loop_free(moved.loop);
  assert_int_equal(uv_loop_close(&moved.uv), 0);
}

/* The caller has a handle of their own on the loop, and runs it on. */
static void on_timer(uv_timer_t *timer) {
  uv_close((uv_handle_t *)timer, NULL);
}

static void a_callers_loop_that_lives_on_lets_go_by_itself(void **state) {
  (void)state;
  uv_loop_t uv;
  uv_timer_t timer;
  struct sherd__loop *loop;
  assert_int_equal(uv_loop_init(&uv), 0);
  assert_int_equal(uv_timer_init(&uv, &timer), 0);
  assert_int_equal(uv_timer_start(&timer, on_timer, 0, 0), 0);
  assert_int_equal(sherd__loop_new(NULL, &uv, &loop), SHERD_OK);
  sherd__loop_free(loop);
  assert_int_equal(uv_run(&uv, UV_RUN_DEFAULT), 0);
  assert_int_equal(uv_loop_close(&uv), 0);
}

/* --- The rest --- */

static void time_goes_forward(void **state) {
  (void)state;
  struct sherd__loop *loop;
  assert_int_equal(sherd__loop_new(NULL, NULL, &loop), SHERD_OK);
  uint64_t before = uv_hrtime() / 1000000, now = sherd__loop_now_ms(loop);
  assert_in_range(now, before, uv_hrtime() / 1000000);
  sherd__loop_free(loop);
}

static void each_allocation_may_fail(void **state) {
  (void)state;
  for (size_t fail_at = 1;; fail_at++) {
    struct sherd__test_alloc alloc;
    struct sherd__loop *loop;
    sherd__test_alloc_init(&alloc, fail_at);
    enum sherd_status status = sherd__loop_new(&alloc.allocator, NULL, &loop);
    assert_int_equal(status, sherd__test_alloc_has_failed(&alloc) ? SHERD_ENOMEM : SHERD_OK);
    if (!status)
      assert_non_null(sherd__loop_scratch(loop));
    sherd__loop_free(loop);
    assert_int_equal(alloc.live, 0);
    if (!status)
      break;
    assert_null(loop);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tasks_of_many_threads_run_in_order_and_before_the_end),
      cmocka_unit_test(a_task_may_post_itself_again),
      cmocka_unit_test(a_loop_may_be_freed_on_its_own_thread),
      cmocka_unit_test(a_peer_that_has_gone_does_not_end_the_process),
      cmocka_unit_test(a_callers_loop_is_not_kept_alive),
      cmocka_unit_test(what_its_thread_posts_runs_before_a_callers_loop_ends),
      cmocka_unit_test(a_callers_loop_knows_the_thread_that_runs_it),
      cmocka_unit_test(a_callers_loop_that_lives_on_lets_go_by_itself),
      cmocka_unit_test(time_goes_forward),
      cmocka_unit_test(each_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
