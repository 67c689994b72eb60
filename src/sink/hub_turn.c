/* What the hub does each time that its loop runs: see relay.h for the order. */
#include <inttypes.h>

#include <sherd/config.h>

#include "sink/hub_parts.h"

#define HOLD_LOG_MAX_MS 600000
#define ACCEPT_AGAIN_MS 1000

/* At the first hold, and then the more sparsely the longer it goes on. */
static void log_hold(struct sherd__hub *hub, uint64_t now_ms) {
  bool is_holding = sherd__relay_is_holding(&hub->relay);
  struct sherd__consumer *slowest = sherd__relay_slowest(&hub->relay);
  if (is_holding && !hub->is_held) {
    hub->is_held = true;
    hub->held_since_ms = now_ms;
  }
  if (is_holding && now_ms >= hub->hold_log_at_ms) {
    const char *name = slowest && slowest->name[0] ? slowest->name : "-";
    sherd__log(&hub->config.log, SHERD_LOG_WARN, SHERD_NEVER, "hub.held",
               "consumer=%s id=%" PRIu64 " state=%s held_ms=%" PRIu64, name,
               slowest ? slowest->id : 0, slowest && !slowest->id ? "absent" : "slow",
               now_ms - hub->held_since_ms);
    hub->is_hold_told = true;
    hub->hold_log_at_ms = now_ms + hub->hold_log_step_ms;
    if (hub->hold_log_step_ms < HOLD_LOG_MAX_MS)
      hub->hold_log_step_ms *= 2;
  }
  if (is_holding || !hub->is_held)
    return;
  if (hub->is_hold_told)
    sherd__log(&hub->config.log, SHERD_LOG_INFO, SHERD_NEVER, "hub.released", "held_ms=%" PRIu64,
               now_ms - hub->held_since_ms);
  hub->is_held = hub->is_hold_told = false;
}

/* Who reads has its chance before its queue is looked at. */
static void pump_all(struct sherd__hub *hub) {
  for (struct sherd__peer *peer = hub->peers; peer; peer = peer->next)
    sherd__peer_pump(peer);
  sherd__relay_keep_bounds(&hub->relay);
  for (struct sherd__peer *peer = hub->peers; peer; peer = peer->next)
    if (peer->consumer && peer->consumer->is_over)
      sherd__peer_close(peer, "its queue was full");
}

static void free_closing(struct sherd__hub *hub) {
  struct sherd__peer *next;
  for (struct sherd__peer *peer = hub->peers; peer; peer = next) {
    next = peer->next;
    if (peer->is_closing)
      sherd__peer_free(peer);
  }
}

/* Whether all that can be taken is. What absent ones have not taken stays untaken. */
static bool is_drained(const struct sherd__hub *hub) {
  for (const struct sherd__peer *peer = hub->peers; peer; peer = peer->next)
    if (sherd__out_waiting(&peer->out) ||
        (peer->consumer && peer->consumer->cursor.taken.n < hub->relay.end.n))
      return false;
  return true;
}

void sherd__hub_abandon(struct sherd__hub *hub) {
  if (!hub || hub->is_finished)
    return;
  hub->is_finished = true;
  sherd__hub_unlisten(hub);
  while (hub->peers)
    sherd__peer_free(hub->peers);
  uv_close((uv_handle_t *)&hub->timer, NULL);
  uv_close((uv_handle_t *)&hub->async, NULL);
}

static void finish(struct sherd__hub *hub) {
  sherd__hub_abandon(hub);
  sherd__relay_settle(&hub->relay);
  hub->done(hub->done_ctx, hub->relay.end.n - hub->relay.floor.n);
}

static bool has_more(const struct sherd__hub *hub) {
  for (const struct sherd__peer *peer = hub->peers; peer; peer = peer->next)
    if (peer->consumer && !peer->wants_room && peer->consumer->cursor.given.n < hub->relay.end.n)
      return true;
  return false;
}

static void on_timer(uv_timer_t *timer) {
  struct sherd__hub *hub = timer->data;
  sherd__hub_accept_again(hub);
  sherd__hub_turn(hub);
}

static void set_timer(struct sherd__hub *hub, uint64_t now_ms) {
  uint64_t due_ms = UINT64_MAX;
  for (const struct sherd__peer *peer = hub->peers; peer; peer = peer->next)
    if (peer->is_std && sherd__out_is_busy(&peer->out) && !peer->wants_room)
      due_ms = now_ms + SHERD__HUB_LOOK_MS;
  if (hub->is_held && hub->hold_log_at_ms < due_ms)
    due_ms = hub->hold_log_at_ms;
  if (hub->is_finishing && hub->finish_at_ms < due_ms)
    due_ms = hub->finish_at_ms;
  if (hub->listen_fd >= 0 && !hub->is_accepting && now_ms + ACCEPT_AGAIN_MS < due_ms)
    due_ms = now_ms + ACCEPT_AGAIN_MS;
  if (due_ms == UINT64_MAX)
    uv_timer_stop(&hub->timer);
  else
    uv_timer_start(&hub->timer, on_timer, due_ms > now_ms ? due_ms - now_ms : 0, 0);
}

static void rest(struct sherd__hub *hub, uint64_t now_ms) {
  for (struct sherd__peer *peer = hub->peers; peer; peer = peer->next)
    sherd__peer_watch(peer);
  set_timer(hub, now_ms);
  if (has_more(hub) || !sherd__relay_sleep(&hub->relay))
    uv_async_send(&hub->async);
}

void sherd__hub_turn(struct sherd__hub *hub) {
  if (hub->is_turning || hub->is_finished)
    return;
  uint64_t now_ms = uv_now(hub->config.loop);
  hub->is_turning = true;
  sherd__relay_look(&hub->relay);
  pump_all(hub);
  free_closing(hub);
  sherd__relay_settle(&hub->relay);
  if (sherd__relay_has_failed(&hub->relay))
    sherd__hub_end(
        hub, "there was no memory for an event; the gateway sends it again to the next process",
        SHERD_ENOMEM);
  log_hold(hub, now_ms);
  hub->is_turning = false;
  if (hub->is_finishing && (is_drained(hub) || now_ms >= hub->finish_at_ms))
    finish(hub);
  else
    rest(hub, now_ms);
}

void sherd__hub_end(struct sherd__hub *hub, const char *why, enum sherd_status status) {
  if (hub->has_ended)
    return;
  hub->has_ended = true;
  if (hub->config.ended)
    hub->config.ended(hub->config.ctx, why, status);
}
