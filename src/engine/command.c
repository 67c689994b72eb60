#include "engine/command.h"

#include <stdio.h>
#include <string.h>

#include <sherd/intents.h>

#include "engine/opcode.h"
#include "engine/payloads.h"

/* Discord's documentation, Gateway Events, Request Guild Members. */
#define MEMBERS_LIMIT_MAX 100
#define MEMBERS_IDS_MAX   100
#define NONCE_BYTES_MAX   32

uint32_t sherd__command_op(enum sherd_command_type type) {
  switch (type) {
  case SHERD_COMMAND_PRESENCE:
    return SHERD_OP_PRESENCE_UPDATE;
  case SHERD_COMMAND_VOICE_STATE:
    return SHERD_OP_VOICE_STATE_UPDATE;
  case SHERD_COMMAND_REQUEST_MEMBERS:
    return SHERD_OP_REQUEST_GUILD_MEMBERS;
  case SHERD_COMMAND_REQUEST_SOUNDBOARD_SOUNDS:
    return SHERD_OP_REQUEST_SOUNDBOARD_SOUNDS;
  case SHERD_COMMAND_REQUEST_CHANNEL_INFO:
    return SHERD_OP_REQUEST_CHANNEL_INFO;
  }
  return 0;
}

static bool is_empty(const char *text) {
  return !text || !*text;
}

bool sherd__command_is_full_list(const struct sherd_command *command) {
  return command->type == SHERD_COMMAND_REQUEST_MEMBERS && !command->as.members.user_ids &&
         is_empty(command->as.members.query) && command->as.members.limit == 0;
}

static enum sherd_status refuse(struct sherd_error_info *info, const char *text) {
  info->status = SHERD_EINVAL;
  snprintf(info->text, sizeof info->text, "%s", text);
  return SHERD_EINVAL;
}

static enum sherd_status refuse_intent(struct sherd_error_info *info, uint64_t intent,
                                       const char *what) {
  info->status = SHERD_EMISSINGINTENT;
  info->missing_intents = intent;
  snprintf(info->text, sizeof info->text,
           "%s needs the intent %s: add it to the shard's configuration", what,
           sherd_intent_name(intent));
  return SHERD_EMISSINGINTENT;
}

/* In hikari's order. Its docstring swaps the two intents; its code, its tests and Discord's
 * documentation have them as here. It also asks for GUILD_MEMBERS when user ids are given, which
 * Discord does not. */
static enum sherd_status check_members(const struct sherd_command *command, uint64_t intents,
                                       struct sherd_error_info *info) {
  const struct sherd_members_request *request = &command->as.members;
  if (sherd__command_is_full_list(command) && !(intents & SHERD_INTENT_GUILD_MEMBERS))
    return refuse_intent(info, SHERD_INTENT_GUILD_MEMBERS, "asking for all members of a guild");
  if (request->presences && !(intents & SHERD_INTENT_GUILD_PRESENCES))
    return refuse_intent(info, SHERD_INTENT_GUILD_PRESENCES, "asking for members' presences");
  if (request->user_ids && (!is_empty(request->query) || request->limit != 0))
    return refuse(info, "members: give either user ids, or a query and a limit");
  if (!request->user_ids && request->user_id_count)
    return refuse(info, "members: user_id_count without user_ids");
  if (request->limit < 0 || request->limit > MEMBERS_LIMIT_MAX)
    return refuse(info, "members: limit must be from 0 to 100");
  if (request->user_id_count > MEMBERS_IDS_MAX)
    return refuse(info, "members: at most 100 user ids can be asked for at once");
  if (request->nonce && strlen(request->nonce) > NONCE_BYTES_MAX)
    return refuse(info, "members: the nonce must have at most 32 bytes");
  return SHERD_OK;
}

enum sherd_status sherd__command_check(const struct sherd_command *command, uint64_t intents,
                                       struct sherd_error_info *info) {
  switch (command->type) {
  case SHERD_COMMAND_REQUEST_MEMBERS:
    if (command->guild_id == 0)
      return refuse(info, "members: guild_id must not be 0");
    return check_members(command, intents, info);
  case SHERD_COMMAND_VOICE_STATE:
    if (command->guild_id == 0)
      return refuse(info, "voice state: guild_id must not be 0");
    return SHERD_OK;
  case SHERD_COMMAND_REQUEST_SOUNDBOARD_SOUNDS:
    if (!command->as.soundboard_guilds.ids || command->as.soundboard_guilds.count == 0)
      return refuse(info, "soundboard sounds: give at least one guild id");
    return SHERD_OK;
  case SHERD_COMMAND_REQUEST_CHANNEL_INFO:
    if (command->guild_id == 0)
      return refuse(info, "channel info: guild_id must not be 0");
    if (command->as.channel_info_fields &
        ~(SHERD_CHANNEL_INFO_STATUS | SHERD_CHANNEL_INFO_VOICE_START_TIME))
      return refuse(info, "channel info: fields must be a sum of SHERD_CHANNEL_INFO_...");
    return SHERD_OK;
  case SHERD_COMMAND_PRESENCE:
    break;
  }
  return refuse(info, "the command's type must be one of SHERD_COMMAND_...");
}

static void write_ids(struct sherd__writer *writer, const sherd_snowflake *ids, size_t count) {
  sherd__writer_list(writer, (uint32_t)count);
  for (size_t i = 0; i < count; i++)
    sherd__writer_snowflake(writer, ids[i]);
}

static void write_guild_id(struct sherd__writer *writer, sherd_snowflake id) {
  sherd__writer_key(writer, "guild_id");
  sherd__writer_snowflake(writer, id);
}

/* The documentation lists the two booleans as required; hikari leaves them out. */
static void write_voice_state(struct sherd__writer *writer, const struct sherd_command *command) {
  const struct sherd_voice_state *state = &command->as.voice_state;
  sherd__writer_map(writer, 4);
  write_guild_id(writer, command->guild_id);
  sherd__writer_key(writer, "channel_id");
  if (state->channel_id)
    sherd__writer_snowflake(writer, state->channel_id);
  else
    sherd__writer_null(writer);
  sherd__writer_key(writer, "self_mute");
  sherd__writer_bool(writer, state->self_mute);
  sherd__writer_key(writer, "self_deaf");
  sherd__writer_bool(writer, state->self_deaf);
}

/* Either user_ids, or query and limit: hikari sends both, which the documentation does not have. */
static void write_members(struct sherd__writer *writer, const struct sherd_command *command) {
  const struct sherd_members_request *request = &command->as.members;
  uint32_t pairs = 2u + (request->user_ids ? 1u : 2u) + (request->nonce ? 1u : 0u);
  sherd__writer_map(writer, pairs);
  write_guild_id(writer, command->guild_id);
  if (request->user_ids) {
    sherd__writer_key(writer, "user_ids");
    write_ids(writer, request->user_ids, request->user_id_count);
  } else {
    sherd__writer_key(writer, "query");
    sherd__writer_str(writer, request->query ? request->query : "");
    sherd__writer_key(writer, "limit");
    sherd__writer_u64(writer, (uint64_t)request->limit);
  }
  sherd__writer_key(writer, "presences");
  sherd__writer_bool(writer, request->presences);
  if (request->nonce) {
    sherd__writer_key(writer, "nonce");
    sherd__writer_str(writer, request->nonce);
  }
}

static void write_soundboard(struct sherd__writer *writer, const struct sherd_command *command) {
  sherd__writer_map(writer, 1);
  sherd__writer_key(writer, "guild_ids");
  write_ids(writer, command->as.soundboard_guilds.ids, command->as.soundboard_guilds.count);
}

static void write_channel_info(struct sherd__writer *writer, const struct sherd_command *command) {
  unsigned fields = command->as.channel_info_fields;
  bool status = fields & SHERD_CHANNEL_INFO_STATUS;
  bool start_time = fields & SHERD_CHANNEL_INFO_VOICE_START_TIME;
  sherd__writer_map(writer, 2);
  write_guild_id(writer, command->guild_id);
  sherd__writer_key(writer, "fields");
  sherd__writer_list(writer, (uint32_t)status + (uint32_t)start_time);
  if (status)
    sherd__writer_str(writer, "status");
  if (start_time)
    sherd__writer_str(writer, "voice_start_time");
}

enum sherd_status sherd__command_encode(const struct sherd_command *command,
                                        enum sherd_data_format format, struct sherd_buf *out) {
  struct sherd__writer writer;
  size_t start = out->len;
  if (command->type == SHERD_COMMAND_REQUEST_SOUNDBOARD_SOUNDS &&
      command->as.soundboard_guilds.count > SHERD_COMMAND_BYTES_MAX)
    return SHERD_ETOOLONG;
  sherd__payload_begin(&writer, format, sherd__command_op(command->type), out);
  if (command->type == SHERD_COMMAND_VOICE_STATE)
    write_voice_state(&writer, command);
  else if (command->type == SHERD_COMMAND_REQUEST_MEMBERS)
    write_members(&writer, command);
  else if (command->type == SHERD_COMMAND_REQUEST_SOUNDBOARD_SOUNDS)
    write_soundboard(&writer, command);
  else
    write_channel_info(&writer, command);
  return sherd__payload_finish(&writer, start, out);
}
