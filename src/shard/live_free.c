#include "base/mem.h"
#include "shard/live.h"

static void free_secret(struct sherd__live *live, char *text) {
  for (char *at = text; at && *at; at++)
    sherd__wipe(at, 1);
  sherd__free(live->allocator, text);
}

void sherd__live_destroy(struct sherd__live *live) {
  struct sherd_runtime *runtime = live->runtime;
  bool owns_runtime = live->owns_runtime;
  bool is_inside = owns_runtime && sherd__live_is_own_thread(live);
  sherd_engine_free(live->engine);
  sherd__event_queue_deinit(&live->queue);
  sherd_event_release(live->closed_event);
  sherd__runtime_tls_put(runtime, live->tls);
  sherd__free(live->allocator, live->ca_file);
  free_secret(live, live->proxy); /* it may have a password */
  uv_cond_destroy(&live->arrived);
  uv_cond_destroy(&live->changed);
  uv_mutex_destroy(&live->mutex);
  sherd__free(live->allocator, live);
  sherd__runtime_left(runtime);
  if (is_inside)
    sherd__runtime_free_from_inside(runtime);
  else if (owns_runtime)
    sherd_runtime_free(runtime);
}

/* --- On the loop's thread --- */

/* The close frame still goes out; nobody waits for its answer. A session that somebody has asked to
 * keep is kept. */
static void say_goodbye(struct sherd__live *live) {
  bool resumable = live->close_wanted && live->close_resumable;
  sherd_engine_close(live->engine, resumable, sherd__live_now_ms(live));
  struct sherd_output out;
  while (sherd_engine_next(live->engine, &out))
    if (out.type == SHERD_OUTPUT_WRITE)
      sherd__live_write(live, out.as.write);
  sherd__live_disconnect(live);
}

static void dismiss_waiters(struct sherd__live *live) {
  live->is_running = false;
  sherd__live_note_closed(live);
  sherd__live_note_ended(live, SHERD_OK);
}

static void call_the_last(struct sherd__live *live) {
  struct sherd__waiter *waiter;
  sherd__runtime_set_in_callback(live->runtime, true);
  while ((waiter = sherd__live_pop_finished(live)))
    sherd__live_call_done(live, waiter);
  sherd__runtime_set_in_callback(live->runtime, false);
}

void sherd__live_tear_down(struct sherd__live *live) {
  if (!live->is_torn_down) {
    live->is_torn_down = true;
    uv_mutex_lock(&live->mutex);
    say_goodbye(live);
    dismiss_waiters(live);
    uv_mutex_unlock(&live->mutex);
    sherd__runtime_identify_cancel(live->runtime, &live->ticket);
    sherd__live_close_timer(live);
    call_the_last(live);
  }
  sherd__live_try_let_go(live);
}

void sherd__live_try_let_go(struct sherd__live *live) {
  if (!live->is_torn_down || live->closing || atomic_load(&live->wake_posted))
    return;
  uv_mutex_lock(&live->mutex);
  sherd_engine_free(live->engine); /* here, where the scratch's other users are */
  live->engine = NULL;
  live->is_gone = true;
  bool somebody_waits = live->free_waits;
  uv_cond_broadcast(&live->changed);
  uv_mutex_unlock(&live->mutex);
  if (!somebody_waits)
    sherd__live_destroy(live);
}

/* --- On any thread --- */

/* From elsewhere, no callback may be running when this returns, and none may begin. */
static void silence(struct sherd__live *live) {
  live->is_quiet = true;
  if (!sherd__live_is_own_thread(live))
    while (live->in_callback)
      sherd__live_wait(live, &live->changed, UINT64_MAX);
}

void sherd__live_free(struct sherd_shard *shard) {
  struct sherd__live *live = sherd__live_of(shard);
  bool is_inside = sherd__live_is_own_thread(live);
  if (!atomic_load(&live->was_woken)) { /* the loop's thread has never heard of it */
    sherd__runtime_leave(live->runtime);
    sherd__live_destroy(live);
    return;
  }
  /* A caller's loop may not run at all now: it lets go when it does. On the loop's thread it is
   * done at once, unless that is in the midst of a callback. */
  bool wait = !is_inside && !sherd__runtime_is_on_callers_loop(live->runtime);
  bool at_once = is_inside && !sherd__runtime_is_in_callback(live->runtime);
  uv_mutex_lock(&live->mutex);
  silence(live);
  sherd__runtime_leave(live->runtime);
  live->free_waits = wait;
  live->is_freeing = true;
  if (!at_once)
    sherd__live_wake(live);
  while (wait && !live->is_gone)
    sherd__live_wait(live, &live->changed, UINT64_MAX);
  uv_mutex_unlock(&live->mutex);
  if (at_once)
    sherd__live_tear_down(live);
  else if (wait)
    sherd__live_destroy(live);
}
