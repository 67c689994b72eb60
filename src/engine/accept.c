/* Commands of the user: accepted or refused on the spot. */
#include <sherd/engine.h>

#include <string.h>

#include "engine/command.h"
#include "engine/error.h"
#include "engine/payloads.h"
#include "engine/sending.h"
#include "engine/state.h"

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
  status = sherd__payload_check_identify(&engine->settings, &merged, engine->allocator);
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
