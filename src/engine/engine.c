#include <sherd/engine.h>

#include <string.h>

#include "base/logging.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "engine/command.h"
#include "engine/error.h"
#include "engine/gateway.h"
#include "engine/inbound.h"
#include "engine/link.h"
#include "engine/opcode.h"
#include "engine/payloads.h"
#include "engine/sending.h"
#include "engine/session.h"
#include "engine/state.h"

const char *sherd_engine_state_name(enum sherd_engine_state state) {
  static const char *const names[] = {"IDLE",        "AWAIT_RETRY",  "CONNECTING",  "AWAIT_UPGRADE",
                                      "AWAIT_HELLO", "AWAIT_PERMIT", "AWAIT_READY", "AWAIT_RESUMED",
                                      "ACTIVE",      "CLOSING",      "FATAL"};
  if ((unsigned)state > (unsigned)SHERD_ENGINE_FATAL)
    return "UNKNOWN";
  return names[state];
}

void sherd__enter(struct sherd_engine *engine, enum sherd_engine_state state,
                  uint64_t deadline_ms) {
  sherd__log(&engine->log, SHERD_LOG_DEBUG, engine->settings.shard_id, "state", "from=%s to=%s",
             sherd_engine_state_name(engine->state), sherd_engine_state_name(state));
  engine->state = state;
  engine->state_deadline_ms = deadline_ms;
  engine->held_since_ms = engine->now_ms;
}

/* --- Making and freeing --- */

static enum sherd_status take_host(struct sherd_engine *engine,
                                   const struct sherd_engine_host *host) {
  engine->log = host->log;
  sherd__random_init(&engine->random, host->random, host->random_ctx);
  engine->scratch = host->scratch;
  if (engine->scratch)
    return SHERD_OK;
  engine->own_scratch = true;
  return sherd_scratch_new(engine->allocator, &engine->scratch);
}

static enum sherd_status take_presence(struct sherd_engine *engine,
                                       const struct sherd_presence *first) {
  enum sherd_data_format format = engine->settings.format;
  struct sherd__presence merged;
  const char *wrong;
  enum sherd_status status = sherd__presence_init(&engine->presence, format, engine->allocator);
  if (status || !first)
    return status;
  status = sherd__presence_merge(&engine->presence, first, format, &merged, &wrong);
  if (status)
    return status;
  sherd__presence_deinit(&engine->presence);
  engine->presence = merged;
  return SHERD_OK;
}

static enum sherd_status check_identify(const struct sherd_engine *engine,
                                        const struct sherd__presence *presence) {
  struct sherd_buf payload;
  sherd__buf_init(&payload, engine->allocator);
  enum sherd_status status = sherd__payload_identify(&engine->settings, presence, &payload);
  if (payload.data)
    sherd__wipe(payload.data, payload.cap);
  sherd__buf_deinit(&payload);
  return status;
}

static enum sherd_status take_session(struct sherd_engine *engine,
                                      const struct sherd_session *session) {
  if (!session || !sherd_session_is_set(session))
    return SHERD_OK;
  /* A session belongs to its shard: Discord routes by id and count. */
  if (session->shard_id != engine->settings.shard_id ||
      session->shard_count != engine->settings.shard_count ||
      !memchr(session->id, '\0', sizeof session->id) ||
      !memchr(session->resume_url, '\0', sizeof session->resume_url) ||
      !sherd__utf8_is_valid((const uint8_t *)session->id, strlen(session->id), NULL))
    return SHERD_EINVAL;
  sherd__session_adopt(engine, session);
  return SHERD_OK;
}

static enum sherd_status init(struct sherd_engine *engine,
                              const struct sherd_gateway_config *config,
                              const struct sherd_engine_host *host) {
  const struct sherd_allocator *allocator = engine->allocator;
  sherd__buf_init(&engine->out, allocator);
  sherd__buf_init(&engine->name, allocator);
  sherd__buf_init(&engine->inbound.parked, allocator);
  sherd__buf_init(&engine->inbound.expanded, allocator);
  sherd__buf_init(&engine->presence.activities, allocator);
  sherd__upgrade_init(&engine->upgrade, allocator);
  sherd__heartbeat_reset(&engine->heartbeat);
  engine->state_deadline_ms = UINT64_MAX;
  enum sherd_status status = sherd__settings_init(&engine->settings, config, allocator);
  if (!status)
    status = take_host(engine, host);
  if (!status)
    status = take_presence(engine, config->presence);
  if (!status)
    status = check_identify(engine, &engine->presence);
  if (!status)
    status = take_session(engine, config->session);
  return status;
}

enum sherd_status sherd_engine_new(const struct sherd_gateway_config *config,
                                   const struct sherd_engine_host *host,
                                   struct sherd_engine **out) {
  static const struct sherd_engine_host defaults;
  if (!out)
    return SHERD_EINVAL;
  *out = NULL;
  if (!config)
    return SHERD_EINVAL;
  if (!host)
    host = &defaults;
  const struct sherd_allocator *allocator = sherd__allocator_or_default(host->allocator);
  struct sherd_engine *engine = sherd__calloc(allocator, sizeof *engine);
  if (!engine)
    return SHERD_ENOMEM;
  engine->allocator = allocator;
  enum sherd_status status = init(engine, config, host);
  if (status) {
    sherd_engine_free(engine);
    return status;
  }
  *out = engine;
  return SHERD_OK;
}

void sherd_engine_free(struct sherd_engine *engine) {
  if (!engine)
    return;
  if (engine->scratch)
    sherd__inbound_reset(engine);
  sherd__buf_deinit(&engine->inbound.expanded);
  sherd__upgrade_deinit(&engine->upgrade);
  sherd__frames_free(engine->frames);
  sherd__inflater_free(engine->inflater);
  sherd__command_queue_deinit(&engine->queue, engine->allocator);
  sherd__presence_deinit(&engine->presence);
  if (engine->out.data)
    sherd__wipe(engine->out.data, engine->out.cap);
  sherd__buf_deinit(&engine->out);
  sherd__buf_deinit(&engine->name);
  sherd__settings_deinit(&engine->settings, engine->allocator);
  if (engine->own_scratch)
    sherd_scratch_free(engine->scratch);
  sherd__free(engine->allocator, engine);
}

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
  uint32_t timeout_ms = engine->settings.ready_timeout_ms;
  sherd__enter(engine, SHERD_ENGINE_AWAIT_READY,
               timeout_ms == SHERD_NEVER ? UINT64_MAX : engine->now_ms + timeout_ms);
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

/* --- Commands --- */

static enum sherd_status refuse(struct sherd_engine *engine, struct sherd_error_info *info,
                                enum sherd_status status) {
  info->status = status;
  /* The status's own words are about what a server says. */
  if (status == SHERD_EUTF8 && !info->text[0])
    strncpy(info->text, "the command's texts must be UTF-8", sizeof info->text - 1);
  if (!info->text[0])
    sherd__error_describe(info, NULL, &engine->settings.token);
  engine->last_error = *info;
  return status;
}

/* The presence is taken when op 3 and IDENTIFY can carry it, and op 3 can go out or wait. */
static enum sherd_status take_new_presence(struct sherd_engine *engine,
                                           const struct sherd_presence *update,
                                           struct sherd_error_info *info) {
  struct sherd__presence merged;
  const char *wrong = NULL;
  enum sherd_status status =
      sherd__presence_merge(&engine->presence, update, engine->settings.format, &merged, &wrong);
  if (status) {
    if (wrong)
      strncpy(info->text, wrong, sizeof info->text - 1);
    return status;
  }
  status = check_identify(engine, &merged);
  if (!status && engine->state == SHERD_ENGINE_ACTIVE)
    status = sherd__sending_queue_presence(engine, &merged, engine->settings.max_queued_commands);
  if (status) {
    sherd__presence_deinit(&merged);
    return status;
  }
  engine->presence_pending = engine->state != SHERD_ENGINE_ACTIVE;
  sherd__presence_deinit(&engine->presence);
  engine->presence = merged;
  return SHERD_OK;
}

static enum sherd_status check_member_limit(const struct sherd_engine *engine,
                                            const struct sherd_command *command,
                                            struct sherd_error_info *info) {
  if (!sherd__command_is_full_list(command))
    return SHERD_OK;
  uint64_t when_ms =
      sherd__member_limits_when(&engine->member_limits, command->guild_id, engine->now_ms);
  info->retry_after_ms = when_ms - engine->now_ms;
  return info->retry_after_ms ? SHERD_ERATELIMITED : SHERD_OK;
}

static enum sherd_status take_command(struct sherd_engine *engine,
                                      const struct sherd_command *command,
                                      struct sherd_error_info *info) {
  if (engine->state != SHERD_ENGINE_ACTIVE)
    return SHERD_ENOTCONNECTED;
  enum sherd_status status = sherd__command_check(command, engine->settings.intents, info);
  if (!status)
    status = check_member_limit(engine, command, info);
  if (status)
    return status;
  struct sherd_buf payload;
  sherd__buf_init(&payload, engine->allocator);
  status = sherd__command_encode(command, engine->settings.format, &payload);
  if (!status)
    status = sherd__command_queue_add(&engine->queue, engine->settings.max_queued_commands,
                                      sherd__command_op(command->type),
                                      sherd__command_is_full_list(command) ? command->guild_id : 0,
                                      sherd__buf_bytes(&payload), engine->allocator);
  sherd__buf_deinit(&payload);
  return status;
}

enum sherd_status sherd_engine_send(struct sherd_engine *engine,
                                    const struct sherd_command *command, uint64_t now_ms) {
  struct sherd_error_info info = {0};
  if (!command)
    return SHERD_EINVAL;
  if (now_ms > engine->now_ms)
    engine->now_ms = now_ms;
  enum sherd_status status = command->type == SHERD_COMMAND_PRESENCE
                                 ? take_new_presence(engine, &command->as.presence, &info)
                                 : take_command(engine, command, &info);
  if (status)
    return refuse(engine, &info, status);
  /* It goes out with the next drain: an event that the host holds right now stays as it is. */
  engine->commands_fresh = true;
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
