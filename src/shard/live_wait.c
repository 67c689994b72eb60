#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "shard/live.h"

#define NS_PER_MS UINT64_C(1000000)

/* --- Waiting --- */

uint64_t sherd__live_deadline_ns(int64_t timeout_ms) {
  uint64_t now_ns = uv_hrtime();
  if (timeout_ms < 0 || (uint64_t)timeout_ms > (UINT64_MAX - now_ns) / NS_PER_MS)
    return UINT64_MAX;
  return now_ns + (uint64_t)timeout_ms * NS_PER_MS;
}

bool sherd__live_wait(struct sherd__live *live, uv_cond_t *cond, uint64_t deadline_ns) {
  if (deadline_ns == UINT64_MAX) {
    uv_cond_wait(cond, &live->mutex);
    return true;
  }
  uint64_t now_ns = uv_hrtime();
  return now_ns < deadline_ns &&
         uv_cond_timedwait(cond, &live->mutex, deadline_ns - now_ns) != UV_ETIMEDOUT;
}

/* --- Lists of waiters --- */

static void append(struct sherd__waiters *list, struct sherd__waiter *waiter) {
  waiter->next = NULL;
  *(list->last ? &list->last->next : &list->first) = waiter;
  list->last = waiter;
}

static struct sherd__waiter *take_first(struct sherd__waiters *list) {
  struct sherd__waiter *waiter = list->first;
  if (!waiter)
    return NULL;
  list->first = waiter->next;
  if (!list->first)
    list->last = NULL;
  return waiter;
}

static void move_all(struct sherd__waiters *from, struct sherd__waiters *to) {
  struct sherd__waiter *waiter;
  while ((waiter = take_first(from)))
    append(to, waiter);
}

static void take_out(struct sherd__waiters *list, const struct sherd__waiter *gone) {
  struct sherd__waiters kept = {NULL, NULL};
  struct sherd__waiter *waiter;
  while ((waiter = take_first(list)))
    if (waiter != gone)
      append(&kept, waiter);
  *list = kept;
}

static void finish(struct sherd__live *live, struct sherd__waiter *waiter,
                   enum sherd_status status) {
  waiter->status = status;
  waiter->has_finished = true;
  if (waiter->is_async)
    append(&live->finished, waiter);
}

struct sherd__waiter *sherd__live_pop_finished(struct sherd__live *live) {
  return take_first(&live->finished);
}

void sherd__live_call_done(struct sherd__live *live, struct sherd__waiter *waiter) {
  if (waiter->done)
    waiter->done(&live->base, waiter->status, waiter->user);
  sherd__free(live->allocator, waiter);
}

/* --- What happens to a run --- */

void sherd__live_note_started(struct sherd__live *live) {
  live->has_been_ready = true;
  live->start_deadline_ms = SHERD__NEVER_MS;
  struct sherd__waiter *waiter;
  while ((waiter = take_first(&live->starters)))
    finish(live, waiter, SHERD_OK);
  uv_cond_broadcast(&live->changed);
}

void sherd__live_note_closed(struct sherd__live *live) {
  live->is_alive = false;
  live->close_wanted = false;
  live->start_deadline_ms = SHERD__NEVER_MS;
  move_all(&live->starters, &live->ending);
  move_all(&live->enders, &live->ending);
}

static enum sherd_status get_session(const struct sherd__live *live, struct sherd_session *out) {
  struct sherd_session unwanted;
  return sherd_engine_session(live->engine, out ? out : &unwanted);
}

static enum sherd_status outcome(const struct sherd__live *live,
                                 const struct sherd__waiter *waiter) {
  switch (waiter->kind) {
  case SHERD__WAITER_START:
    return live->end_status == SHERD_OK ? SHERD_ECLOSED : live->end_status;
  case SHERD__WAITER_JOIN:
    return live->end_status;
  case SHERD__WAITER_CLOSE:
    break;
  case SHERD__WAITER_CLOSE_RESUMABLE:
    return get_session(live, waiter->session);
  }
  return SHERD_OK;
}

void sherd__live_note_ended(struct sherd__live *live, enum sherd_status status) {
  live->end_status = status == SHERD_OK ? live->gave_up : status;
  struct sherd__waiter *waiter;
  while ((waiter = take_first(&live->ending)))
    finish(live, waiter, outcome(live, waiter));
  uv_cond_broadcast(&live->changed);
  uv_cond_broadcast(&live->arrived);
}

/* --- Start --- */

static enum sherd_status want_start(struct sherd__live *live, struct sherd__waiter *waiter) {
  if (live->is_alive)
    return SHERD_EALREADY;
  enum sherd_status status = live->on_event ? SHERD_OK : sherd__live_reserve_closed(live);
  if (status != SHERD_OK)
    return status;
  live->was_started = true;
  live->is_alive = true;
  live->start_wanted = true;
  append(&live->starters, waiter);
  sherd__live_wake(live);
  return SHERD_OK;
}

/* The session is kept: a start that is tried again can still resume it. */
void sherd__live_give_up_start(struct sherd__live *live) {
  struct sherd_error_info last;
  sherd_engine_last_error(live->engine, &last);
  live->start_deadline_ms = SHERD__NEVER_MS;
  live->gave_up = SHERD_ETIMEDOUT;
  live->close_resumable = !live->close_wanted || live->close_resumable;
  live->close_wanted = true;
  struct sherd_error_info *error = &live->own_error;
  *error = last;
  error->status = SHERD_ETIMEDOUT;
  snprintf(error->text, sizeof error->text,
           "start gave up after %u ms (the last failure was %s): give a longer start_timeout_ms, "
           "or see why the gateway cannot be reached",
           (unsigned)live->start_timeout_ms,
           last.status == SHERD_OK ? "none" : sherd_status_name(last.status));
}

enum sherd_status sherd__live_start(struct sherd_shard *shard) {
  struct sherd__live *live = sherd__live_of(shard);
  if (sherd__live_is_own_thread(live))
    return SHERD_EDEADLK;
  struct sherd__waiter waiter = {.kind = SHERD__WAITER_START};
  uv_mutex_lock(&live->mutex);
  enum sherd_status status = want_start(live, &waiter);
  if (status == SHERD_OK) {
    while (!waiter.has_finished)
      sherd__live_wait(live, &live->changed, UINT64_MAX);
    status = waiter.status;
  }
  uv_mutex_unlock(&live->mutex);
  return status;
}

static struct sherd__waiter *async_new(struct sherd__live *live, enum sherd__waiter_kind kind,
                                       sherd_done_fn done, void *user) {
  struct sherd__waiter *waiter = sherd__calloc(live->allocator, sizeof *waiter);
  if (waiter) {
    waiter->kind = kind;
    waiter->is_async = true;
    waiter->done = done;
    waiter->user = user;
  }
  return waiter;
}

enum sherd_status sherd__live_start_async(struct sherd_shard *shard, sherd_done_fn done,
                                          void *user) {
  struct sherd__live *live = sherd__live_of(shard);
  struct sherd__waiter *waiter = async_new(live, SHERD__WAITER_START, done, user);
  if (!waiter)
    return SHERD_ENOMEM;
  uv_mutex_lock(&live->mutex);
  enum sherd_status status = want_start(live, waiter);
  uv_mutex_unlock(&live->mutex);
  if (status != SHERD_OK)
    sherd__free(live->allocator, waiter);
  return status;
}

/* --- The end --- */

static bool has_ended(const struct sherd__live *live) {
  return !live->is_alive && !live->is_running;
}

/* Where those wait who want to see the end of what is there now. */
static struct sherd__waiters *end_of_this(struct sherd__live *live) {
  return live->is_alive ? &live->enders : &live->ending;
}

enum sherd_status sherd__live_join(struct sherd_shard *shard, int64_t timeout_ms) {
  struct sherd__live *live = sherd__live_of(shard);
  if (timeout_ms != 0 && sherd__live_is_own_thread(live))
    return SHERD_EDEADLK;
  uint64_t deadline_ns = sherd__live_deadline_ns(timeout_ms);
  struct sherd__waiter waiter = {.kind = SHERD__WAITER_JOIN};
  uv_mutex_lock(&live->mutex);
  if (!live->was_started) {
    waiter.status = SHERD_ENOTALIVE;
  } else if (has_ended(live)) {
    waiter.status = live->end_status;
  } else {
    append(end_of_this(live), &waiter);
    while (!waiter.has_finished && sherd__live_wait(live, &live->changed, deadline_ns))
      ;
    if (!waiter.has_finished) {
      take_out(&live->enders, &waiter);
      take_out(&live->ending, &waiter);
      waiter.status = SHERD_ETIMEDOUT;
    }
  }
  uv_mutex_unlock(&live->mutex);
  return waiter.status;
}

/* Who asks for the session's end gets it, whatever others ask for. */
static void want_close(struct sherd__live *live, bool resumable) {
  if (!live->is_alive) {
    live->hold_wanted = false; /* as a close that has something to end does when it is done */
    return;
  }
  live->close_resumable = resumable && (!live->close_wanted || live->close_resumable);
  live->close_wanted = true;
  sherd__live_wake(live);
}

static enum sherd_status close_and_wait(struct sherd_shard *shard, enum sherd__waiter_kind kind,
                                        struct sherd_session *session) {
  struct sherd__live *live = sherd__live_of(shard);
  if (sherd__live_is_own_thread(live))
    return SHERD_EDEADLK;
  struct sherd__waiter waiter = {.kind = kind, .session = session};
  uv_mutex_lock(&live->mutex);
  want_close(live, kind == SHERD__WAITER_CLOSE_RESUMABLE);
  if (has_ended(live)) {
    waiter.status = outcome(live, &waiter);
  } else {
    append(end_of_this(live), &waiter);
    while (!waiter.has_finished)
      sherd__live_wait(live, &live->changed, UINT64_MAX);
  }
  uv_mutex_unlock(&live->mutex);
  return waiter.status;
}

static enum sherd_status close_and_tell(struct sherd_shard *shard, enum sherd__waiter_kind kind,
                                        sherd_done_fn done, void *user) {
  struct sherd__live *live = sherd__live_of(shard);
  struct sherd__waiter *waiter = async_new(live, kind, done, user);
  if (!waiter)
    return SHERD_ENOMEM;
  uv_mutex_lock(&live->mutex);
  want_close(live, kind == SHERD__WAITER_CLOSE_RESUMABLE);
  if (has_ended(live)) {
    finish(live, waiter, outcome(live, waiter));
    sherd__live_wake(live);
  } else {
    append(end_of_this(live), waiter);
  }
  uv_mutex_unlock(&live->mutex);
  return SHERD_OK;
}

enum sherd_status sherd__live_close(struct sherd_shard *shard) {
  return close_and_wait(shard, SHERD__WAITER_CLOSE, NULL);
}

enum sherd_status sherd__live_close_async(struct sherd_shard *shard, sherd_done_fn done,
                                          void *user) {
  return close_and_tell(shard, SHERD__WAITER_CLOSE, done, user);
}

enum sherd_status sherd__live_close_resumable(struct sherd_shard *shard,
                                              struct sherd_session *out) {
  return close_and_wait(shard, SHERD__WAITER_CLOSE_RESUMABLE, out);
}

enum sherd_status sherd__live_close_resumable_async(struct sherd_shard *shard, sherd_done_fn done,
                                                    void *user) {
  return close_and_tell(shard, SHERD__WAITER_CLOSE_RESUMABLE, done, user);
}
