#include "net/loop.h"

#include <signal.h>
#include <stdatomic.h>

#include "base/mem.h"

struct sherd__loop {
  const struct sherd_allocator *allocator;
  struct sherd_scratch *scratch;
  uint8_t *raw, *plain;

  uv_loop_t *uv;     /* `own`, or the caller's */
  uv_loop_t own;     /* with a thread of ours */
  uv_async_t wakeup; /* tells the loop that tasks are waiting */
  uv_thread_t thread;
  bool has_thread;
  bool is_orphan;        /* freed on its own thread, which frees it when it ends */
  atomic_uintptr_t home; /* the loop's thread, as current_thread() names it */

  uv_mutex_t mutex; /* guards what is below */
  struct sherd__task *first;
  struct sherd__task **last;
  bool can_wake; /* wakeup is open */

  struct sherd__task stop;
};

/* Names the thread that runs: each has a variable of its own at an address of its own. */
static uintptr_t current_thread(void) {
  static _Thread_local char here;
  return (uintptr_t)&here;
}

/* --- Tasks --- */

static struct sherd__task *take_tasks(struct sherd__loop *loop) {
  uv_mutex_lock(&loop->mutex);
  struct sherd__task *first = loop->first;
  loop->first = NULL;
  loop->last = &loop->first;
  uv_mutex_unlock(&loop->mutex);
  return first;
}

/* Runs those that are there; those that they post come with the next turn of the loop, so that
 * tasks that post themselves again starve nobody. */
static bool run_tasks(struct sherd__loop *loop) {
  struct sherd__task *task = take_tasks(loop);
  bool any = task != NULL;
  while (task) {
    struct sherd__task *next = task->next; /* running may free it */
    task->run(task);
    task = next;
  }
  return any;
}

static void on_wakeup(uv_async_t *handle) {
  struct sherd__loop *loop = handle->data;
  sherd__loop_enter(loop);
  if (!loop->has_thread)
    uv_unref((uv_handle_t *)&loop->wakeup); /* see sherd__loop_post() */
  run_tasks(loop);
}

void sherd__loop_post(struct sherd__loop *loop, struct sherd__task *task) {
  task->next = NULL;
  uv_mutex_lock(&loop->mutex);
  bool was_empty = !loop->first;
  *loop->last = task;
  loop->last = &task->next;
  if (was_empty && loop->can_wake) {
    /* What its own thread posts keeps a caller's loop alive until it has run. */
    if (!loop->has_thread && sherd__loop_is_own_thread(loop))
      uv_ref((uv_handle_t *)&loop->wakeup);
    uv_async_send(&loop->wakeup);
  }
  uv_mutex_unlock(&loop->mutex);
}

/* --- Life --- */

static void free_memory(struct sherd__loop *loop) {
  sherd_scratch_free(loop->scratch);
  sherd__free(loop->allocator, loop->raw);
  sherd__free(loop->allocator, loop->plain);
  sherd__free(loop->allocator, loop);
}

static enum sherd_status allocate(const struct sherd_allocator *allocator,
                                  struct sherd__loop **out) {
  struct sherd__loop *loop = sherd__calloc(allocator, sizeof *loop);
  if (!loop)
    return SHERD_ENOMEM;
  loop->allocator = allocator;
  loop->last = &loop->first;
  atomic_init(&loop->home, 0);
  loop->raw = sherd__malloc(allocator, SHERD__READ_BYTES);
  loop->plain = sherd__malloc(allocator, SHERD__READ_BYTES);
  if (!loop->raw || !loop->plain || sherd_scratch_new(allocator, &loop->scratch)) {
    free_memory(loop);
    return SHERD_ENOMEM;
  }
  *out = loop;
  return SHERD_OK;
}

static enum sherd_status attach(struct sherd__loop *loop, uv_loop_t *uv) {
  loop->uv = uv;
  loop->wakeup.data = loop;
  if (uv_mutex_init(&loop->mutex))
    return SHERD_ESYSTEM;
  if (uv_async_init(uv, &loop->wakeup, on_wakeup)) {
    uv_mutex_destroy(&loop->mutex);
    return SHERD_ESYSTEM;
  }
  loop->can_wake = true;
  return SHERD_OK;
}

static void close_wakeup(struct sherd__loop *loop, uv_close_cb closed) {
  uv_mutex_lock(&loop->mutex);
  loop->can_wake = false;
  uv_mutex_unlock(&loop->mutex);
  uv_close((uv_handle_t *)&loop->wakeup, closed);
}

static void detach(struct sherd__loop *loop) {
  uv_mutex_destroy(&loop->mutex);
  if (loop->uv == &loop->own)
    uv_loop_close(&loop->own);
}

static void run_stop(struct sherd__task *task) {
  struct sherd__loop *loop =
      (struct sherd__loop *)((char *)task - offsetof(struct sherd__loop, stop));
  close_wakeup(loop, NULL);
}

static void thread_main(void *arg) {
  struct sherd__loop *loop = arg;
  /* A peer that has gone must be an error of one write, not the end of the process. */
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, NULL);
  atomic_store(&loop->home, current_thread());
  /* It ends when nothing is left on the loop, but for tasks posted by what was closed last. */
  do
    uv_run(loop->uv, UV_RUN_DEFAULT);
  while (run_tasks(loop));
  if (!loop->is_orphan)
    return;
  pthread_detach(pthread_self());
  detach(loop);
  free_memory(loop);
}

static enum sherd_status start_thread(struct sherd__loop *loop) {
  if (uv_loop_init(&loop->own))
    return SHERD_ESYSTEM;
  enum sherd_status status = attach(loop, &loop->own);
  if (status) {
    uv_loop_close(&loop->own);
    return status;
  }
  loop->has_thread = true;
  if (uv_thread_create(&loop->thread, thread_main, loop) == 0)
    return SHERD_OK;
  close_wakeup(loop, NULL);
  uv_run(loop->uv, UV_RUN_DEFAULT);
  detach(loop);
  return SHERD_ESYSTEM;
}

/* Takes a caller's loop, which our wakeup must not keep alive by itself. */
static enum sherd_status adopt(struct sherd__loop *loop, uv_loop_t *uv) {
  enum sherd_status status = attach(loop, uv);
  if (status)
    return status;
  sherd__loop_enter(loop);
  uv_unref((uv_handle_t *)&loop->wakeup);
  return SHERD_OK;
}

enum sherd_status sherd__loop_new(const struct sherd_allocator *allocator, uv_loop_t *uv,
                                  struct sherd__loop **out) {
  *out = NULL;
  struct sherd__loop *loop;
  enum sherd_status status = allocate(sherd__allocator_or_default(allocator), &loop);
  if (status)
    return status;
  status = uv ? adopt(loop, uv) : start_thread(loop);
  if (status)
    free_memory(loop);
  else
    *out = loop;
  return status;
}

static void on_let_go(uv_handle_t *handle) {
  struct sherd__loop *loop = handle->data;
  while (run_tasks(loop))
    ;
  detach(loop);
  free_memory(loop);
}

/* Our handle on a caller's loop can only be closed by running that. With nothing else alive on it
 * nobody but us would do that, so that one turn is taken here; otherwise the caller runs it anyway
 * before it can be closed. */
static void let_go(struct sherd__loop *loop) {
  uv_loop_t *uv = loop->uv;
  uv_unref((uv_handle_t *)&loop->wakeup);
  bool is_ours_alone = !uv_loop_alive(uv);
  close_wakeup(loop, on_let_go);
  if (is_ours_alone)
    uv_run(uv, UV_RUN_NOWAIT);
}

void sherd__loop_free(struct sherd__loop *loop) {
  if (!loop)
    return;
  if (!loop->has_thread) {
    let_go(loop);
    return;
  }
  loop->is_orphan = sherd__loop_is_own_thread(loop);
  bool is_orphan = loop->is_orphan; /* whose loop may be gone after the next call */
  loop->stop.run = run_stop;
  sherd__loop_post(loop, &loop->stop);
  if (is_orphan)
    return;
  uv_thread_join(&loop->thread);
  detach(loop);
  free_memory(loop);
}

/* --- Questions --- */

uv_loop_t *sherd__loop_uv(struct sherd__loop *loop) {
  return loop->uv;
}

struct sherd_scratch *sherd__loop_scratch(struct sherd__loop *loop) {
  return loop->scratch;
}

const struct sherd_allocator *sherd__loop_allocator(const struct sherd__loop *loop) {
  return loop->allocator;
}

uint8_t *sherd__loop_raw_buffer(struct sherd__loop *loop) {
  return loop->raw;
}

uint8_t *sherd__loop_plain_buffer(struct sherd__loop *loop) {
  return loop->plain;
}

uint64_t sherd__loop_now_ms(const struct sherd__loop *loop) {
  (void)loop;
  return uv_hrtime() / 1000000;
}

bool sherd__loop_is_own_thread(const struct sherd__loop *loop) {
  return atomic_load(&loop->home) == current_thread();
}

void sherd__loop_enter(struct sherd__loop *loop) {
  if (!loop->has_thread)
    atomic_store_explicit(&loop->home, current_thread(), memory_order_relaxed);
}
