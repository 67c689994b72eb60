#include "base/mem.h"
#include "shard/live.h"

/* --- The connection --- */

void sherd__live_forget_late(struct sherd__live *live) {
  sherd__free(live->allocator, live->late_host);
  live->late_host = NULL;
}

static enum sherd_status postpone_connection(struct sherd__live *live, const char *host,
                                             uint16_t port, bool tls) {
  live->late_host = sherd__strdup(live->allocator, host);
  live->late_port = port;
  live->late_tls = tls;
  return live->late_host ? SHERD_OK : SHERD_ENOMEM;
}

/* While nothing may be read a new connection would only bring more. */
void sherd__live_dial(struct sherd__live *live, const char *host, uint16_t port, bool tls) {
  enum sherd_status status = live->is_paused ? postpone_connection(live, host, port, tls)
                                             : sherd__live_open_connection(live, host, port, tls);
  if (status != SHERD_OK)
    sherd_engine_lost(live->engine, status, NULL, sherd__live_now_ms(live));
}

void sherd__live_pause_or_go_on(struct sherd__live *live) {
  if (!live->connection || live->has_stopped_reading == live->is_paused)
    return;
  live->has_stopped_reading = live->is_paused;
  sherd__connection_pause(live->connection, live->is_paused);
}

/* --- What is wanted --- */

static void resume_reading(struct sherd__live *live) {
  live->is_paused = false;
  char *host = live->late_host;
  live->late_host = NULL;
  if (host)
    sherd__live_dial(live, host, live->late_port, live->late_tls);
  sherd__free(live->allocator, host);
}

/* Who pulls holds the shard by pulling nothing (sherd__live_enqueue() pauses); who has a callback
 * says so, and in CLOSING the peer's answer is read all the same. */
static bool is_to_pause(const struct sherd__live *live) {
  if (!live->on_event)
    return live->is_paused && !sherd__event_queue_is_low(&live->queue);
  return live->hold_wanted && live->is_running &&
         sherd_engine_state(live->engine) != SHERD_ENGINE_CLOSING;
}

/* Like a close, this is refused while the engine has much to say; then it is said after that. */
static void tell_held(struct sherd__live *live) {
  if (sherd_engine_hold(live->engine, live->is_paused, sherd__live_now_ms(live)) == SHERD_OK)
    live->is_held = live->is_paused;
}

void sherd__live_follow_hold(struct sherd__live *live) {
  bool pause = is_to_pause(live);
  if (live->is_paused && !pause)
    resume_reading(live);
  live->is_paused = pause;
  if (live->is_held != live->is_paused)
    tell_held(live);
}

void sherd__live_end_hold(struct sherd__live *live) {
  live->hold_wanted = false;
  sherd__live_forget_late(live);
  if (live->is_paused)
    resume_reading(live);
}

/* On the loop's thread the socket is stopped here and now: it may be another shard's callback that
 * asks, and this one's turn to read may come before its turn to obey. */
void sherd__live_hold(struct sherd_shard *shard, bool held) {
  struct sherd__live *live = sherd__live_of(shard);
  if (!live->on_event)
    return;
  bool is_own_thread = sherd__live_is_own_thread(live);
  uv_mutex_lock(&live->mutex);
  bool changes = live->hold_wanted != held;
  live->hold_wanted = held;
  bool is_there = live->is_alive || live->is_running;
  uv_mutex_unlock(&live->mutex);
  if (!changes || !is_there)
    return; /* a start will look */
  if (held && is_own_thread && live->connection && !live->has_stopped_reading) {
    live->has_stopped_reading = true;
    sherd__connection_pause(live->connection, true);
  }
  sherd__live_wake(live);
}
