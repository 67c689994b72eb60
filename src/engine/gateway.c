#include "engine/gateway.h"

#include <string.h>

#include "base/logging.h"
#include "engine/link.h"
#include "engine/opcode.h"
#include "engine/sending.h"
#include "engine/session.h"
#include "engine/state.h"

/* An interval is a positive number of milliseconds; over a day it is no sane one. */
#define HEARTBEAT_INTERVAL_MAX_MS 86400000u

/* A longer name than any that Discord has is not kept for the next one. */
#define NAME_KEEP_BYTES 128

static void flush(struct sherd_engine *engine) {
  enum sherd_status status = sherd__sending_flush(engine);
  if (status)
    sherd__link_fail(engine, status, 0);
}

/* The documentation has the heartbeats begin before IDENTIFY; all libraries send IDENTIFY or RESUME
 * at once, before the first jittered beat, and Discord takes it. */
static void handle_hello(struct sherd_engine *engine, struct sherd_value data) {
  uint64_t interval_ms;
  if (sherd_value_as_u64(sherd_value_get(data, "heartbeat_interval"), &interval_ms) ||
      interval_ms == 0 || interval_ms > HEARTBEAT_INTERVAL_MAX_MS) {
    sherd__link_fail(engine, SHERD_EHELLO, 0);
    return;
  }
  sherd__heartbeat_begin(&engine->heartbeat, interval_ms, &engine->random, engine->now_ms);
  if (sherd__session_can_resume(engine)) {
    sherd__enter(engine, SHERD_ENGINE_AWAIT_RESUMED, UINT64_MAX);
    engine->handshake_due = true;
    flush(engine);
  } else {
    sherd__enter(engine, SHERD_ENGINE_AWAIT_PERMIT, UINT64_MAX);
    sherd__emit(engine, SHERD_OUTPUT_PERMIT);
  }
}

static void become_active(struct sherd_engine *engine) {
  engine->was_active = true;
  engine->failed_attempts = 0;
  engine->session.suspect = false;
  engine->session.resume_url_failures = 0;
  engine->session.unanswered_resumes = 0;
  engine->active_since_ms = engine->now_ms;
  sherd__enter(engine, SHERD_ENGINE_ACTIVE, UINT64_MAX);
}

/* What waited for the session goes out once the event is taken that says it is up. */
static void queue_waiting(struct sherd_engine *engine) {
  if (engine->presence_pending) {
    sherd__command_queue_remove_op(&engine->queue, SHERD_OP_PRESENCE_UPDATE, engine->allocator);
    /* It was accepted when it was given: a queue that is full since before must not hold it up. */
    if (sherd__sending_queue_presence(engine, &engine->presence, UINT32_MAX) == SHERD_OK)
      engine->presence_pending = false;
  }
  engine->commands_fresh = true;
}

/* The wire's name of the event, which the list may not have. */
static enum sherd_status read_name(struct sherd_engine *engine, struct sherd_value name,
                                   struct sherd_event *event) {
  struct sherd_bytes text;
  if (engine->name.cap > NAME_KEEP_BYTES) /* of an event that has gone */
    sherd__buf_deinit(&engine->name);
  enum sherd_status status = sherd_value_as_str(name, &text);
  if (status == SHERD_OK) {
    event->type = sherd_event_type_find((const char *)text.data, text.len);
    if (event->type != SHERD_EVENT_UNKNOWN)
      return SHERD_OK;
  } else if (status != SHERD_EESCAPED) {
    return SHERD_EENVELOPE;
  }
  size_t len = 0;
  sherd_value_as_str_copy(name, NULL, 0, &len);
  engine->name.len = 0;
  status = sherd__buf_reserve(&engine->name, len + 1);
  if (status)
    return status;
  status = sherd_value_as_str_copy(name, (char *)engine->name.data, engine->name.cap, NULL);
  if (status)
    return SHERD_EENVELOPE;
  event->name = (const char *)engine->name.data;
  event->type = sherd_event_type_find(event->name, len);
  return SHERD_OK;
}

static void deliver(struct sherd_engine *engine, const struct sherd_event *event) {
  engine->stats.dispatches++;
  sherd__emit_event(engine, event);
}

static void handle_ready(struct sherd_engine *engine, const struct sherd_event *event) {
  enum sherd_status status = sherd__session_begin(engine, event->data, event->has_seq, event->seq);
  if (status) {
    sherd__link_fail(engine, status, 0);
    return;
  }
  become_active(engine);
  sherd__session_tell(engine);
  deliver(engine, event);
  queue_waiting(engine);
}

/* RESUMED ends the replay whatever number it bears: some servers send null, or one that came. */
static void handle_resumed(struct sherd_engine *engine, const struct sherd_event *event) {
  engine->stats.resumes++;
  if (event->has_seq && event->seq > engine->session.saved.seq)
    sherd__session_take_seq(engine, event->seq);
  become_active(engine);
  sherd__session_tell(engine);
  deliver(engine, event);
  queue_waiting(engine);
}

/* A replay that makes progress is an answer, however long it is. */
static void note_replay(struct sherd_engine *engine) {
  engine->is_replaying = true;
  engine->session.unanswered_resumes = 0;
  sherd__await(engine, engine->settings.ready_timeout_ms);
}

static void handle_other_dispatch(struct sherd_engine *engine, const struct sherd_event *event) {
  if (engine->state == SHERD_ENGINE_AWAIT_RESUMED)
    note_replay(engine);
  /* An event without a number says nothing about the others; hikari would forget its place. */
  if (event->has_seq && !sherd__session_take_seq(engine, event->seq))
    return;
  if (event->type == SHERD_EVENT_RATE_LIMITED)
    sherd__member_limits_note(&engine->member_limits, event->data, engine->now_ms);
  deliver(engine, event);
}

static void handle_dispatch(struct sherd_engine *engine, const struct sherd__envelope *message) {
  struct sherd_event event = {
      .has_seq = message->has_seq, .seq = message->seq, .data = message->data};
  enum sherd_status status = read_name(engine, message->name, &event);
  if (status) {
    sherd__link_fail(engine, status, 0);
    return;
  }
  if (engine->handshake_due) /* it answers what we have not asked yet */
    sherd__link_fail(engine, SHERD_EUNEXPECTEDOP, 0);
  else if (event.type == SHERD_EVENT_READY && engine->state != SHERD_ENGINE_AWAIT_PERMIT)
    handle_ready(engine, &event);
  else if (engine->state == SHERD_ENGINE_AWAIT_RESUMED && event.type == SHERD_EVENT_RESUMED)
    handle_resumed(engine, &event);
  else if (engine->state == SHERD_ENGINE_AWAIT_RESUMED || engine->state == SHERD_ENGINE_ACTIVE)
    handle_other_dispatch(engine, &event);
  else
    sherd__link_fail(engine, SHERD_EUNEXPECTEDOP, 0);
}

static void handle_invalid_session(struct sherd_engine *engine, struct sherd_value data) {
  /* Anything but true is taken as the worse of the two. */
  bool resumable = false;
  sherd_value_as_bool(data, &resumable);
  sherd__link_invalid_session(engine, resumable);
}

static void handle_ack(struct sherd_engine *engine) {
  engine->stats.acks++;
  sherd__heartbeat_acked(&engine->heartbeat, engine->now_ms);
  if (engine->heartbeat.acked > engine->presence_beat)
    engine->presence_unconfirmed = false;
}

static void handle_unknown(struct sherd_engine *engine, const struct sherd__envelope *message) {
  sherd__emit_event(engine, &(struct sherd_event){.type = SHERD_EVENT_UNKNOWN_OPCODE,
                                                  .op = message->op,
                                                  .has_seq = message->has_seq,
                                                  .seq = message->seq,
                                                  .data = message->data});
}

/* Before HELLO only RECONNECT may come in its place. */
static void take_first(struct sherd_engine *engine, const struct sherd__envelope *message) {
  if (message->op == SHERD_OP_HELLO)
    handle_hello(engine, message->data);
  else if (message->op == SHERD_OP_RECONNECT)
    sherd__link_fail(engine, SHERD_ERECONNECT, 0);
  else
    sherd__link_fail(engine, SHERD_EUNEXPECTEDOP, 0);
}

static void log_message(const struct sherd_engine *engine, const struct sherd__envelope *message) {
  sherd__log(&engine->log, SHERD_LOG_DEBUG, engine->settings.shard_id, "message",
             "op=%u s=%lld state=%s", (unsigned)message->op,
             message->has_seq ? (long long)message->seq : -1LL,
             sherd_engine_state_name(engine->state));
}

void sherd__gateway_take(struct sherd_engine *engine, const struct sherd__envelope *message) {
  engine->stats.messages++;
  if (sherd__log_wants(&engine->log, SHERD_LOG_DEBUG))
    log_message(engine, message);
  if (engine->state == SHERD_ENGINE_AWAIT_HELLO) {
    take_first(engine, message);
    return;
  }
  switch (message->op) {
  case SHERD_OP_DISPATCH:
    handle_dispatch(engine, message);
    break;
  case SHERD_OP_HEARTBEAT:
    engine->heartbeat.requested = true;
    flush(engine);
    break;
  case SHERD_OP_RECONNECT:
    sherd__link_fail(engine, SHERD_ERECONNECT, 0);
    break;
  case SHERD_OP_INVALID_SESSION:
    handle_invalid_session(engine, message->data);
    break;
  case SHERD_OP_HELLO: /* once a connection */
    sherd__link_fail(engine, SHERD_EUNEXPECTEDOP, 0);
    break;
  case SHERD_OP_HEARTBEAT_ACK:
    handle_ack(engine);
    break;
  default:
    handle_unknown(engine, message);
    break;
  }
}
