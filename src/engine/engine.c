/* The public calls: each strings the stages together. */
#include <sherd/engine.h>

#include "engine/gateway.h"
#include "engine/inbound.h"
#include "engine/link.h"
#include "engine/sending.h"
#include "engine/session.h"
#include "engine/state.h"

/* --- What happens --- */

/* Every call that can cause outputs begins so. A clock that goes back stands still instead. */
static enum sherd_status begin(struct sherd_engine *engine, uint64_t now_ms) {
  if (!sherd__outputs_has_room(&engine->outputs))
    return SHERD_ESTATE;
  if (now_ms > engine->now_ms)
    engine->now_ms = now_ms;
  return SHERD_OK;
}

enum sherd_status sherd_engine_start(struct sherd_engine *engine, uint64_t now_ms) {
  enum sherd_status status = begin(engine, now_ms);
  if (status)
    return status;
  if (sherd_engine_is_alive(engine))
    return SHERD_EALREADY;
  if (engine->ending)
    return SHERD_ESTATE;
  engine->backoff = (struct sherd__backoff){0};
  engine->failed_attempts = 0;
  engine->was_active = false;
  sherd__link_connect(engine);
  return SHERD_OK;
}

enum sherd_status sherd_engine_close(struct sherd_engine *engine, bool resumable, uint64_t now_ms) {
  enum sherd_status status = begin(engine, now_ms);
  if (!status && sherd_engine_is_alive(engine) && engine->state != SHERD_ENGINE_CLOSING)
    sherd__link_close(engine, resumable);
  return status;
}

enum sherd_status sherd_engine_opened(struct sherd_engine *engine, uint64_t now_ms) {
  enum sherd_status status = begin(engine, now_ms);
  if (!status && engine->state != SHERD_ENGINE_CONNECTING)
    status = SHERD_ESTATE;
  if (!status)
    sherd__link_opened(engine);
  return status;
}

enum sherd_status sherd_engine_feed(struct sherd_engine *engine, struct sherd_bytes in,
                                    uint64_t now_ms) {
  enum sherd_status status = begin(engine, now_ms);
  if (status)
    return status;
  if (engine->state < SHERD_ENGINE_AWAIT_UPGRADE || engine->state > SHERD_ENGINE_CLOSING ||
      engine->inbound.has_input)
    return SHERD_ESTATE;
  if (in.len == 0)
    return SHERD_OK;
  engine->stats.bytes_in += in.len;
  if (engine->frames)
    sherd__frames_input(engine->frames, in);
  else
    engine->inbound.in = in;
  engine->inbound.has_input = true;
  return SHERD_OK;
}

enum sherd_status sherd_engine_lost(struct sherd_engine *engine, enum sherd_status why,
                                    const struct sherd_error_info *details, uint64_t now_ms) {
  enum sherd_status status = begin(engine, now_ms);
  if (status)
    return status;
  if (!sherd__link_has_transport(engine))
    return SHERD_ESTATE;
  if (engine->state == SHERD_ENGINE_CLOSING)
    sherd__link_closed(engine, false);
  else
    sherd__link_lost(engine, why ? why : SHERD_ELOST, details);
  return SHERD_OK;
}

static void flush(struct sherd_engine *engine) {
  engine->commands_fresh = false;
  enum sherd_status status = sherd__sending_flush(engine);
  if (status)
    sherd__link_fail(engine, status, 0);
}

enum sherd_status sherd_engine_granted(struct sherd_engine *engine, uint64_t now_ms) {
  enum sherd_status status = begin(engine, now_ms);
  if (status)
    return status;
  if (engine->state != SHERD_ENGINE_AWAIT_PERMIT)
    return SHERD_ESTATE;
  sherd__enter(engine, SHERD_ENGINE_AWAIT_READY, UINT64_MAX);
  engine->handshake_due = true;
  flush(engine);
  return SHERD_OK;
}

/* Whether it is the server's to end this state, and its answer may lie unread. */
static bool is_excused(const struct sherd_engine *engine) {
  return engine->heartbeat.held && engine->state >= SHERD_ENGINE_AWAIT_UPGRADE &&
         engine->state <= SHERD_ENGINE_AWAIT_RESUMED;
}

static uint64_t state_deadline(const struct sherd_engine *engine) {
  return is_excused(engine) ? UINT64_MAX : engine->state_deadline_ms;
}

/* This state has lasted as long as it may. */
static void time_out(struct sherd_engine *engine) {
  switch (engine->state) {
  case SHERD_ENGINE_AWAIT_RETRY:
    sherd__link_connect(engine);
    break;
  case SHERD_ENGINE_AWAIT_UPGRADE:
    sherd__link_fail(engine, SHERD_EUPGRADETIMEOUT, 0);
    break;
  case SHERD_ENGINE_AWAIT_HELLO:
    sherd__link_fail(engine, SHERD_EHELLOTIMEOUT, 0);
    break;
  case SHERD_ENGINE_AWAIT_READY:
  case SHERD_ENGINE_AWAIT_RESUMED:
    sherd__link_fail(engine, SHERD_EREADYTIMEOUT, 0);
    break;
  case SHERD_ENGINE_CLOSING:
    sherd__link_closed(engine, true);
    break;
  case SHERD_ENGINE_IDLE:
  case SHERD_ENGINE_CONNECTING:
  case SHERD_ENGINE_AWAIT_PERMIT:
  case SHERD_ENGINE_ACTIVE:
  case SHERD_ENGINE_FATAL:
    break;
  }
}

enum sherd_status sherd_engine_tick(struct sherd_engine *engine, uint64_t now_ms) {
  enum sherd_status status = begin(engine, now_ms);
  if (status)
    return status;
  if (engine->now_ms >= state_deadline(engine)) {
    time_out(engine);
  } else if (sherd__heartbeat_is_zombie(&engine->heartbeat, engine->now_ms)) {
    engine->stats.zombies++;
    sherd__link_fail(engine, SHERD_EZOMBIE, 0);
  } else if (engine->frames) {
    flush(engine);
  }
  return SHERD_OK;
}

enum sherd_status sherd_engine_hold(struct sherd_engine *engine, bool held, uint64_t now_ms) {
  enum sherd_status status = begin(engine, now_ms);
  if (status || held == engine->heartbeat.held)
    return status;
  if (held)
    engine->held_since_ms = engine->now_ms;
  else if (is_excused(engine) && engine->state_deadline_ms != UINT64_MAX)
    engine->state_deadline_ms += engine->now_ms - engine->held_since_ms;
  sherd__heartbeat_hold(&engine->heartbeat, held, engine->now_ms);
  return SHERD_OK;
}

/* --- What to do --- */

static void take_upgrade(struct sherd_engine *engine) {
  struct sherd__inbound *inbound = &engine->inbound;
  size_t used = 0;
  bool done = false;
  enum sherd_status status = sherd__upgrade_feed(&engine->upgrade, inbound->in, &used, &done);
  if (!status && done)
    status = sherd__frames_new(engine->allocator, SHERD__FRAMES_CLIENT, &engine->random,
                               engine->settings.max_message_bytes, &engine->frames);
  if (status) {
    sherd__link_fail(engine, status, 0);
    return;
  }
  struct sherd_bytes rest = {inbound->in.data + used, inbound->in.len - used};
  inbound->in = (struct sherd_bytes){NULL, 0};
  inbound->has_input = done && rest.len;
  if (!done)
    return;
  sherd__frames_input(engine->frames, rest);
  sherd__enter(engine, SHERD_ENGINE_AWAIT_HELLO,
               engine->now_ms + engine->settings.hello_timeout_ms);
}

/* In CLOSING nothing counts any more but the peer's close frame. */
static void take_step(struct sherd_engine *engine, const struct sherd__inbound_step *step) {
  bool closing = engine->state == SHERD_ENGINE_CLOSING;
  enum sherd_status status;
  switch (step->kind) {
  case SHERD__INBOUND_MESSAGE:
    if (!closing)
      sherd__gateway_take(engine, &step->message);
    break;
  case SHERD__INBOUND_PING:
    status = closing ? SHERD_OK : sherd__sending_pong(engine, step->control);
    if (status)
      sherd__link_fail(engine, status, 0);
    break;
  case SHERD__INBOUND_CLOSE:
    if (closing)
      sherd__link_closed(engine, true);
    else
      sherd__link_server_closed(engine, step->close_code, step->control);
    break;
  case SHERD__INBOUND_NOTHING:
    engine->inbound.has_input = false;
    break;
  case SHERD__INBOUND_PROGRESS:
    break;
  }
}

static void take_input(struct sherd_engine *engine) {
  if (!engine->frames) {
    take_upgrade(engine);
    return;
  }
  struct sherd__inbound_step step;
  enum sherd_status status = sherd__inbound_next(engine, &step);
  if (status == SHERD_OK)
    take_step(engine, &step);
  else if (engine->state == SHERD_ENGINE_CLOSING)
    sherd__link_closed(engine, true);
  else
    sherd__link_fail(engine, status, step.fault_offset);
}

bool sherd_engine_next(struct sherd_engine *engine, struct sherd_output *out) {
  while (!sherd__outputs_take(engine, out)) {
    if (engine->inbound.has_input)
      take_input(engine);
    else if (engine->frames && engine->commands_fresh)
      flush(engine);
    else if (!sherd__link_finish(engine))
      return false;
  }
  return true;
}

static uint64_t min_u64(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

uint64_t sherd_engine_deadline(const struct sherd_engine *engine) {
  return min_u64(state_deadline(engine), sherd__sending_deadline(engine));
}

/* --- Readings --- */

enum sherd_engine_state sherd_engine_state(const struct sherd_engine *engine) {
  return engine->state;
}

bool sherd_engine_is_alive(const struct sherd_engine *engine) {
  return engine->state != SHERD_ENGINE_IDLE && engine->state != SHERD_ENGINE_FATAL;
}

bool sherd_engine_is_connected(const struct sherd_engine *engine) {
  return engine->state == SHERD_ENGINE_ACTIVE;
}

double sherd_engine_heartbeat_latency(const struct sherd_engine *engine) {
  return engine->heartbeat.latency_s;
}

enum sherd_status sherd_engine_user_id(const struct sherd_engine *engine, sherd_snowflake *out) {
  if (!engine->session.has_user_id)
    return SHERD_ENOTCONNECTED;
  *out = engine->session.user_id;
  return SHERD_OK;
}

enum sherd_status sherd_engine_session(const struct sherd_engine *engine,
                                       struct sherd_session *out) {
  if (!sherd__session_can_resume(engine)) {
    *out = (struct sherd_session){0};
    return SHERD_ENOTFOUND;
  }
  *out = engine->session.saved;
  return SHERD_OK;
}

void sherd_engine_last_error(const struct sherd_engine *engine, struct sherd_error_info *out) {
  *out = engine->last_error;
}

const struct sherd_engine_stats *sherd_engine_stats(const struct sherd_engine *engine) {
  return &engine->stats;
}
