#include <string.h>

#include <sherd/event.h>

#include "shard/live.h"

enum sherd_status sherd__live_reserve_closed(struct sherd__live *live) {
  if (!live->closed_event) {
    struct sherd_event closed = {
        .type = SHERD_EVENT_CLOSED,
        .name = sherd_event_type_name(SHERD_EVENT_CLOSED),
        .session = "",
        .allocator_ = live->allocator,
    };
    enum sherd_status status = sherd_event_retain(&closed, &live->closed_event);
    if (status != SHERD_OK)
      return status;
  }
  return sherd__event_queue_reserve(&live->queue);
}

/* CLOSED always comes, if need be as the one that was kept before the start. */
static void enqueue_closed(struct sherd__live *live, const struct sherd_event *event) {
  struct sherd_event *kept;
  if (sherd_event_retain(event, &kept) != SHERD_OK) {
    kept = live->closed_event;
    kept->status = event->status;
    live->closed_event = NULL;
  }
  sherd__event_queue_push_last(&live->queue, kept);
  uv_cond_signal(&live->arrived);
}

static enum sherd_status keep(struct sherd__live *live, const struct sherd_event *event) {
  struct sherd_event *kept;
  enum sherd_status status = sherd_event_retain(event, &kept);
  if (status != SHERD_OK)
    return status;
  status = sherd__event_queue_push(&live->queue, kept);
  if (status != SHERD_OK)
    sherd_event_release(kept);
  return status;
}

/* An event that cannot be kept is lost, and shall not be lost silently: the run ends, saying so. */
static void lose_run(struct sherd__live *live, enum sherd_status status) {
  live->gave_up = status;
  live->close_wanted = live->close_resumable = true;
  live->own_error = (struct sherd_error_info){.status = status};
  strncpy(live->own_error.text, sherd_strerror(status), SHERD_ERROR_TEXT_MAX);
}

/* Reading stops at the mark, and so does a start: RESUMED may lie behind more events than fit, and
 * who waits for the start does not pull. (What an earlier run has left in the queue stops no start:
 * there is nothing to read before the first connection.) */
static void check_full(struct sherd__live *live) {
  if (live->is_paused || !sherd__event_queue_is_full(&live->queue) ||
      sherd_engine_state(live->engine) == SHERD_ENGINE_CLOSING)
    return;
  if (!live->connection && !live->has_been_ready)
    return;
  live->is_paused = true;
  sherd__live_note_started(live);
}

void sherd__live_enqueue(struct sherd__live *live, const struct sherd_event *event) {
  if (event->type == SHERD_EVENT_CLOSED) {
    enqueue_closed(live, event);
    return;
  }
  if (live->gave_up == SHERD_ENOMEM)
    return;
  enum sherd_status status = keep(live, event);
  if (status != SHERD_OK) {
    lose_run(live, status);
    return;
  }
  uv_cond_signal(&live->arrived);
  check_full(live);
}

static enum sherd_status why_none(const struct sherd__live *live) {
  if (!live->was_started)
    return SHERD_ENOTALIVE;
  return live->is_alive || live->is_running ? SHERD_OK : SHERD_ECLOSED;
}

static enum sherd_status pull(struct sherd__live *live, uint64_t deadline_ns, bool may_wait,
                              struct sherd_event **out) {
  for (;;) {
    *out = sherd__event_queue_pop(&live->queue);
    if (*out)
      return SHERD_OK;
    enum sherd_status status = why_none(live);
    if (status != SHERD_OK)
      return status;
    if (!may_wait)
      return SHERD_EAGAIN;
    if (!sherd__live_wait(live, &live->arrived, deadline_ns))
      may_wait = false; /* one last look */
  }
}

enum sherd_status sherd__live_next(struct sherd_shard *shard, int64_t timeout_ms,
                                   struct sherd_event **out) {
  struct sherd__live *live = sherd__live_of(shard);
  if (live->on_event)
    return SHERD_ESTATE;
  if (timeout_ms != 0 && sherd__live_is_own_thread(live))
    return SHERD_EDEADLK;
  uint64_t deadline_ns = sherd__live_deadline_ns(timeout_ms);
  uv_mutex_lock(&live->mutex);
  enum sherd_status status = pull(live, deadline_ns, timeout_ms != 0, out);
  bool go_on = live->is_paused && sherd__event_queue_is_low(&live->queue);
  uv_mutex_unlock(&live->mutex);
  if (go_on)
    sherd__live_wake(live);
  return status == SHERD_EAGAIN && timeout_ms != 0 ? SHERD_ETIMEDOUT : status;
}
