#include "engine/sending.h"

#include "base/logging.h"
#include "base/mem.h"
#include "engine/opcode.h"
#include "engine/payloads.h"
#include "engine/state.h"

/* Client messages are text in JSON and binary in ETF. (hikari sends its JSON in binary frames, and
 * Discord takes that too.) */
static enum sherd__frames_opcode message_opcode(const struct sherd_engine *engine) {
  return engine->settings.format == SHERD_FORMAT_JSON ? SHERD__FRAMES_TEXT : SHERD__FRAMES_BINARY;
}

/* Every gateway payload that is sent goes through here, and so past the limiter. */
static enum sherd_status send_payload(struct sherd_engine *engine, struct sherd_bytes payload) {
  size_t from = engine->out.len;
  enum sherd_status status =
      sherd__frames_write(engine->frames, message_opcode(engine), payload, &engine->out);
  if (status)
    return status;
  sherd__limiter_record(&engine->limiter, engine->now_ms);
  sherd__emit_write(engine, from);
  return SHERD_OK;
}

static bool may_send(const struct sherd_engine *engine, uint32_t places) {
  return sherd__limiter_when(&engine->limiter, places, engine->now_ms) <= engine->now_ms;
}

/* Places that each kind leaves to the kinds more urgent than it. */
static uint32_t places_of_regular_beats(void) {
  return SHERD__LIMITER_HANDSHAKE_PLACES;
}

static uint32_t places_of_commands(const struct sherd_engine *engine) {
  return SHERD__LIMITER_HANDSHAKE_PLACES +
         sherd__limiter_beat_places(engine->heartbeat.interval_ms);
}

/* One that the server asks for has a place that commands cannot take, but however many it asks for,
 * the regular ones keep theirs. */
static uint32_t places_of_requested_beats(const struct sherd_engine *engine) {
  return places_of_commands(engine) - 1;
}

static enum sherd_status send_handshake(struct sherd_engine *engine) {
  struct sherd_buf payload;
  sherd__buf_init(&payload, engine->allocator);
  bool resume = engine->state == SHERD_ENGINE_AWAIT_RESUMED;
  enum sherd_status status =
      resume ? sherd__payload_resume(&engine->settings, &engine->session.saved, &payload)
             : sherd__payload_identify(&engine->settings, &engine->presence, &payload);
  if (!status)
    status = send_payload(engine, sherd__buf_bytes(&payload));
  if (payload.data)
    sherd__wipe(payload.data, payload.cap);
  sherd__buf_deinit(&payload);
  if (status)
    return status;
  engine->handshake_due = false;
  sherd__await(engine, engine->settings.ready_timeout_ms);
  sherd__log(&engine->log, SHERD_LOG_INFO, engine->settings.shard_id,
             resume ? "session.resume" : "session.identify", "seq=%llu",
             (unsigned long long)engine->session.saved.seq);
  if (resume) {
    engine->stats.resumes_sent++;
    return SHERD_OK;
  }
  engine->stats.identifies++;
  /* IDENTIFY carries the presence: nothing is left to be said about it. */
  engine->presence_pending = false;
  sherd__command_queue_remove_op(&engine->queue, SHERD_OP_PRESENCE_UPDATE, engine->allocator);
  return SHERD_OK;
}

static enum sherd_status send_heartbeat(struct sherd_engine *engine, bool regular) {
  struct sherd_buf payload;
  sherd__buf_init(&payload, engine->allocator);
  enum sherd_status status = sherd__payload_heartbeat(
      engine->settings.format, engine->session.has_seq, engine->session.saved.seq, &payload);
  if (!status)
    status = send_payload(engine, sherd__buf_bytes(&payload));
  sherd__buf_deinit(&payload);
  if (status)
    return status;
  engine->stats.heartbeats++;
  sherd__heartbeat_sent(&engine->heartbeat, regular, engine->now_ms);
  sherd__log(&engine->log, SHERD_LOG_DEBUG, engine->settings.shard_id, "heartbeat.sent",
             "regular=%d seq=%llu", regular, (unsigned long long)engine->session.saved.seq);
  return SHERD_OK;
}

static bool is_postponed(const struct sherd_engine *engine,
                         const struct sherd__queued_command *command) {
  return command->full_list_of &&
         sherd__member_limits_when(&engine->member_limits, command->full_list_of, engine->now_ms) >
             engine->now_ms;
}

static struct sherd__queued_command *next_command(const struct sherd_engine *engine) {
  struct sherd__queued_command *command = engine->queue.first;
  while (command && is_postponed(engine, command))
    command = command->next;
  return command;
}

static enum sherd_status send_commands(struct sherd_engine *engine) {
  struct sherd__queued_command *command;
  while ((command = next_command(engine)) && may_send(engine, places_of_commands(engine))) {
    enum sherd_status status =
        send_payload(engine, (struct sherd_bytes){command->payload, command->len});
    if (status)
      return status;
    engine->stats.commands++;
    if (command->op == SHERD_OP_PRESENCE_UPDATE) {
      engine->presence_unconfirmed = true;
      engine->presence_beat = engine->heartbeat.sent;
    }
    sherd__command_queue_remove(&engine->queue, command, engine->allocator);
  }
  return SHERD_OK;
}

enum sherd_status sherd__sending_flush(struct sherd_engine *engine) {
  enum sherd_status status = SHERD_OK;
  struct sherd__heartbeat *heartbeat = &engine->heartbeat;
  if (engine->handshake_due && may_send(engine, 0))
    status = send_handshake(engine);
  if (!status && sherd__heartbeat_is_due(heartbeat, engine->now_ms) &&
      may_send(engine, places_of_regular_beats()))
    status = send_heartbeat(engine, true);
  if (!status && heartbeat->requested && may_send(engine, places_of_requested_beats(engine)))
    status = send_heartbeat(engine, false);
  if (!status && engine->state == SHERD_ENGINE_ACTIVE)
    status = send_commands(engine);
  return status;
}

static uint64_t command_deadline(const struct sherd_engine *engine) {
  uint64_t soonest_ms = UINT64_MAX;
  uint64_t limit_ms =
      sherd__limiter_when(&engine->limiter, places_of_commands(engine), engine->now_ms);
  for (const struct sherd__queued_command *command = engine->queue.first; command;
       command = command->next) {
    uint64_t when_ms = limit_ms;
    if (command->full_list_of) {
      uint64_t guild_ms =
          sherd__member_limits_when(&engine->member_limits, command->full_list_of, engine->now_ms);
      when_ms = guild_ms > limit_ms ? guild_ms : limit_ms;
    }
    if (when_ms < soonest_ms)
      soonest_ms = when_ms;
  }
  return soonest_ms;
}

static uint64_t min_u64(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

uint64_t sherd__sending_deadline(const struct sherd_engine *engine) {
  uint64_t deadline_ms = UINT64_MAX;
  const struct sherd__limiter *limiter = &engine->limiter;
  if (engine->handshake_due)
    deadline_ms = sherd__limiter_when(limiter, 0, engine->now_ms);
  if (!engine->heartbeat.interval_ms)
    return deadline_ms;
  uint64_t beat_ms = sherd__heartbeat_deadline(&engine->heartbeat);
  if (beat_ms <= engine->now_ms) /* it is due, so it is the limit that it waits for */
    beat_ms = sherd__limiter_when(limiter, places_of_regular_beats(), engine->now_ms);
  deadline_ms = min_u64(deadline_ms, beat_ms);
  if (engine->heartbeat.requested)
    deadline_ms =
        min_u64(deadline_ms,
                sherd__limiter_when(limiter, places_of_requested_beats(engine), engine->now_ms));
  if (engine->state == SHERD_ENGINE_ACTIVE)
    deadline_ms = min_u64(deadline_ms, command_deadline(engine));
  return deadline_ms;
}

enum sherd_status sherd__sending_pong(struct sherd_engine *engine, struct sherd_bytes payload) {
  size_t from = engine->out.len;
  enum sherd_status status =
      sherd__frames_write(engine->frames, SHERD__FRAMES_PONG, payload, &engine->out);
  if (!status)
    sherd__emit_write(engine, from);
  return status;
}

enum sherd_status sherd__sending_queue_presence(struct sherd_engine *engine,
                                                const struct sherd__presence *presence,
                                                uint32_t max_queued) {
  struct sherd__writer writer;
  struct sherd_buf payload;
  sherd__buf_init(&payload, engine->allocator);
  sherd__payload_begin(&writer, engine->settings.format, SHERD_OP_PRESENCE_UPDATE, &payload);
  sherd__presence_write(presence, &writer);
  enum sherd_status status = sherd__payload_finish(&writer, 0, &payload);
  if (!status)
    status = sherd__command_queue_add(&engine->queue, max_queued, SHERD_OP_PRESENCE_UPDATE, 0,
                                      sherd__buf_bytes(&payload), engine->allocator);
  sherd__buf_deinit(&payload);
  return status;
}
