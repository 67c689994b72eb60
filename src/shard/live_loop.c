#include <string.h>

#include "base/mem.h"
#include "shard/live.h"

static struct sherd__live *from_wake(struct sherd__task *task) {
  return (struct sherd__live *)((char *)task - offsetof(struct sherd__live, wake));
}

static struct sherd__live *from_ticket(struct sherd__identify_ticket *ticket) {
  return (struct sherd__live *)((char *)ticket - offsetof(struct sherd__live, ticket));
}

/* --- The timer: one for all that a shard may wait for. It is there while a run is --- */

static void on_timer(uv_timer_t *timer);

static void on_timer_closed(uv_handle_t *handle) {
  struct sherd__live *live = handle->data;
  sherd__loop_enter(live->loop);
  live->timer_is_closing = false;
  live->closing--;
  sherd__live_drain(live); /* the next run may have begun */
}

void sherd__live_close_timer(struct sherd__live *live) {
  if (!live->has_timer)
    return;
  live->has_timer = false;
  live->timer_is_closing = true;
  live->closing++;
  uv_close((uv_handle_t *)&live->timer, on_timer_closed);
}

static uint64_t min_u64(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

static void arm_timer(struct sherd__live *live) {
  if (!live->is_running || live->timer_is_closing)
    return;
  if (!live->has_timer) {
    uv_timer_init(sherd__loop_uv(live->loop), &live->timer);
    live->timer.data = live;
    live->has_timer = true;
    live->armed_ms = SHERD__NEVER_MS;
  }
  uint64_t when_ms = min_u64(sherd_engine_deadline(live->engine),
                             min_u64(live->start_deadline_ms, live->permit_ms));
  if (when_ms == live->armed_ms)
    return;
  live->armed_ms = when_ms;
  if (when_ms == SHERD__NEVER_MS) {
    uv_timer_stop(&live->timer);
    return;
  }
  uint64_t now_ms = sherd__live_now_ms(live);
  uv_update_time(sherd__loop_uv(live->loop)); /* the timer counts from the loop's idea of now */
  uv_timer_start(&live->timer, on_timer, when_ms > now_ms ? when_ms - now_ms : 0, 0);
}

/* --- The connection --- */

static void on_opened(void *user) {
  struct sherd__live *live = user;
  live->has_stopped_reading = false; /* whatever was wished while it was being made */
  uv_mutex_lock(&live->mutex);
  sherd_engine_opened(live->engine, sherd__live_now_ms(live));
  uv_mutex_unlock(&live->mutex);
  sherd__live_drain(live);
}

static void on_received(void *user, struct sherd_bytes in) {
  struct sherd__live *live = user;
  uv_mutex_lock(&live->mutex);
  sherd_engine_feed(live->engine, in, sherd__live_now_ms(live));
  uv_mutex_unlock(&live->mutex);
  sherd__live_drain(live);
}

static void on_lost(void *user, const struct sherd_error_info *info) {
  struct sherd__live *live = user;
  sherd__live_disconnect(live);
  uv_mutex_lock(&live->mutex);
  sherd_engine_lost(live->engine, info->status, info, sherd__live_now_ms(live));
  uv_mutex_unlock(&live->mutex);
  sherd__live_drain(live);
}

static void on_disconnected(void *user) {
  struct sherd__live *live = user;
  live->closing--;
  sherd__live_try_let_go(live);
}

void sherd__live_disconnect(struct sherd__live *live) {
  sherd__live_forget_late(live);
  if (!live->connection)
    return;
  live->closing++;
  sherd__connection_close(live->connection, on_disconnected, live);
  live->connection = NULL;
}

enum sherd_status sherd__live_open_connection(struct sherd__live *live, const char *host,
                                              uint16_t port, bool tls) {
  static const struct sherd__connection_events events = {on_opened, on_received, on_lost};
  if (tls && !live->tls) {
    enum sherd_status status = sherd__runtime_tls_get(live->runtime, live->ca_file, &live->tls);
    if (status != SHERD_OK)
      return status;
  }
  struct sherd__connection_options options = {
      .host = host,
      .port = port,
      .tls = tls ? live->tls : NULL,
      .proxy = live->proxy,
      .dns_timeout_ms = live->dns_timeout_ms,
      .connect_timeout_ms = live->connect_timeout_ms,
      .proxy_timeout_ms = live->proxy_timeout_ms,
      .tls_timeout_ms = live->tls_timeout_ms,
  };
  live->has_stopped_reading = false;
  return sherd__connection_open(live->loop, &options, &events, live, &live->connection);
}

void sherd__live_write(struct sherd__live *live, struct sherd_bytes bytes) {
  if (!live->connection || sherd__connection_write(live->connection, bytes) != SHERD_ENOMEM)
    return; /* a connection that is not open any more says so itself */
  sherd__live_disconnect(live);
  sherd_engine_lost(live->engine, SHERD_ENOMEM, NULL, sherd__live_now_ms(live));
}

/* --- The permission to IDENTIFY --- */

void sherd__live_on_moved(struct sherd__identify_ticket *ticket) {
  sherd__live_wake(from_ticket(ticket));
}

static void poll_permit(struct sherd__live *live) {
  if (live->permit_ms == SHERD__NEVER_MS)
    return;
  uint64_t now_ms = sherd__live_now_ms(live);
  if (sherd__runtime_identify_poll(live->runtime, &live->ticket, now_ms, &live->permit_ms)) {
    live->permit_ms = SHERD__NEVER_MS;
    sherd_engine_granted(live->engine, now_ms);
  }
}

static void ask_permit(struct sherd__live *live) {
  live->permit_ms = sherd__live_now_ms(live);
  sherd__runtime_identify_ask(live->runtime, &live->ticket, live->id, live->permit_ms);
  poll_permit(live);
}

static void cancel_permit(struct sherd__live *live) {
  live->permit_ms = SHERD__NEVER_MS;
  sherd__runtime_identify_cancel(live->runtime, &live->ticket);
}

/* --- Wishes of other threads --- */

static void begin_run(struct sherd__live *live) {
  uint64_t now_ms = sherd__live_now_ms(live);
  live->start_wanted = false;
  live->is_running = true;
  live->has_been_ready = false;
  live->gave_up = SHERD_OK;
  live->own_error.status = SHERD_OK;
  live->start_deadline_ms =
      live->start_timeout_ms ? now_ms + live->start_timeout_ms : SHERD__NEVER_MS;
  sherd_engine_start(live->engine, now_ms);
}

/* The engine takes no close while it has much to say; then it is asked again after that. */
static void close_run(struct sherd__live *live) {
  if (sherd_engine_close(live->engine, live->close_resumable, sherd__live_now_ms(live)))
    return;
  live->close_wanted = false;
  sherd__live_end_hold(live);
}

static void obey(struct sherd__live *live) {
  if (live->start_wanted && !live->is_running)
    begin_run(live);
  if (live->close_wanted && !live->start_wanted)
    close_run(live);
  sherd__live_follow_hold(live);
  poll_permit(live);
}

/* --- What the engine says --- */

/* To the engine it is a close that was asked for. */
static void note_closed(struct sherd__live *live, struct sherd_event *event) {
  if (event->status == SHERD_OK)
    event->status = live->gave_up;
  sherd__live_note_closed(live);
}

static void note_event(struct sherd__live *live, struct sherd_event *event) {
  if (event->type == SHERD_EVENT_CLOSED)
    note_closed(live, event);
  live->told_ready = event->type == SHERD_EVENT_READY || event->type == SHERD_EVENT_RESUMED;
  if (!live->on_event)
    sherd__live_enqueue(live, event);
}

static void note_end(struct sherd__live *live, enum sherd_status status) {
  live->is_running = false;
  live->is_paused = false;
  live->start_deadline_ms = SHERD__NEVER_MS;
  sherd__live_close_timer(live);
  sherd__live_note_ended(live, status);
}

/* True when it is an event that the user's callback is due for. */
static bool act(struct sherd__live *live, struct sherd_output *out) {
  switch (out->type) {
  case SHERD_OUTPUT_CONNECT:
    sherd__live_dial(live, out->as.connect.host, out->as.connect.port, out->as.connect.tls);
    break;
  case SHERD_OUTPUT_WRITE:
    sherd__live_write(live, out->as.write);
    break;
  case SHERD_OUTPUT_DISCONNECT:
    sherd__live_disconnect(live);
    break;
  case SHERD_OUTPUT_PERMIT:
    ask_permit(live);
    break;
  case SHERD_OUTPUT_PERMIT_CANCEL:
    cancel_permit(live);
    break;
  case SHERD_OUTPUT_EVENT:
    note_event(live, &out->as.event);
    return live->on_event;
  case SHERD_OUTPUT_SESSION: /* sherd_shard_session() asks the engine */
    break;
  case SHERD_OUTPUT_ENDED:
    note_end(live, out->as.ended);
    break;
  }
  return false;
}

/* --- The drain --- */

struct callback {
  struct sherd__waiter *waiter; /* NULL: it is the event's turn */
  struct sherd_output out;
};

/* Goes on, with the mutex, to the next callback of the user's; false when there is none to make.
 * An event's bytes stay good meanwhile: other threads only queue commands. Even when nobody is to
 * be called any more, the engine has to use up the bytes that it was fed. */
static bool go_on(struct sherd__live *live, struct callback *next) {
  for (;;) {
    if (live->told_ready) {
      live->told_ready = false;
      sherd__live_note_started(live);
    }
    next->waiter = live->is_quiet ? NULL : sherd__live_pop_finished(live);
    if (next->waiter)
      return true;
    obey(live);
    if (!sherd_engine_next(live->engine, &next->out))
      return false;
    if (act(live, &next->out) && !live->is_quiet)
      return true;
  }
}

static void call(struct sherd__live *live, struct callback *next) {
  sherd__runtime_set_in_callback(live->runtime, true);
  if (next->waiter)
    sherd__live_call_done(live, next->waiter);
  else
    live->on_event(&live->base, &next->out.as.event, live->user);
  sherd__runtime_set_in_callback(live->runtime, false);
}

void sherd__live_drain(struct sherd__live *live) {
  struct callback next;
  uv_mutex_lock(&live->mutex);
  while (go_on(live, &next)) {
    live->in_callback = true;
    uv_mutex_unlock(&live->mutex);
    call(live, &next);
    uv_mutex_lock(&live->mutex);
    live->in_callback = false;
    if (live->is_quiet)
      uv_cond_broadcast(&live->changed);
  }
  arm_timer(live);
  bool is_freeing = live->is_freeing;
  uv_mutex_unlock(&live->mutex);
  if (is_freeing)
    sherd__live_tear_down(live);
  else
    sherd__live_pause_or_go_on(live);
}

/* --- What calls on us --- */

static void on_timer(uv_timer_t *timer) {
  struct sherd__live *live = timer->data;
  sherd__loop_enter(live->loop);
  uv_mutex_lock(&live->mutex);
  uint64_t now_ms = sherd__live_now_ms(live);
  live->armed_ms = SHERD__NEVER_MS;
  sherd_engine_tick(live->engine, now_ms);
  if (now_ms >= live->start_deadline_ms)
    sherd__live_give_up_start(live);
  uv_mutex_unlock(&live->mutex);
  sherd__live_drain(live);
}

void sherd__live_on_wake(struct sherd__task *task) {
  struct sherd__live *live = from_wake(task);
  atomic_store(&live->wake_posted, false);
  sherd__live_drain(live);
}
