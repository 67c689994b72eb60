/* Commands: to the shard that has the guild, or to all. */
#include <string.h>

#include "base/mem.h"
#include "fleet/fleet.h"

/* Source: Discord's documentation, Gateway, sharding. */
static uint32_t shard_of(const struct sherd__fleet_set *set, sherd_snowflake guild_id) {
  return (uint32_t)((guild_id >> 22) % set->shard_count);
}

/* --- To one shard --- */

static enum sherd_status give(struct sherd_shard *shard, const struct sherd_command *command) {
  switch (command->type) {
  case SHERD_COMMAND_PRESENCE:
    return sherd_shard_update_presence(shard, &command->as.presence);
  case SHERD_COMMAND_VOICE_STATE:
    return sherd_shard_update_voice_state(shard, command->guild_id, &command->as.voice_state);
  case SHERD_COMMAND_REQUEST_MEMBERS:
    return sherd_shard_request_guild_members(shard, command->guild_id, &command->as.members);
  case SHERD_COMMAND_REQUEST_SOUNDBOARD_SOUNDS:
    return sherd_shard_request_soundboard_sounds(shard, command->as.soundboard_guilds.ids,
                                                 command->as.soundboard_guilds.count);
  case SHERD_COMMAND_REQUEST_CHANNEL_INFO:
    return sherd_shard_request_channel_info(shard, command->guild_id,
                                            command->as.channel_info_fields);
  }
  return SHERD_EINVAL;
}

static enum sherd_status not_ours(const struct sherd__fleet_set *set, uint32_t shard_id,
                                  struct sherd_error_info *error) {
  return sherd__fleet_error(error, SHERD_ENOTFOUND,
                            "shard %u is not here: this fleet has %u to %u of %u; send it to the "
                            "process that has the shard",
                            (unsigned)shard_id, (unsigned)set->first_shard,
                            (unsigned)(set->first_shard + set->count - 1),
                            (unsigned)set->shard_count);
}

static bool has_shard(const struct sherd__fleet_set *set, uint32_t shard_id) {
  return shard_id >= set->first_shard && shard_id - set->first_shard < set->count;
}

static enum sherd_status send_one(struct sherd__fleet_set *set, uint32_t shard_id,
                                  const struct sherd_command *command,
                                  struct sherd_error_info *error) {
  if (!has_shard(set, shard_id))
    return not_ours(set, shard_id, error);
  struct sherd_shard *shard = set->slots[shard_id - set->first_shard].shard;
  if (!shard)
    return sherd__fleet_error(error, SHERD_ENOTCONNECTED,
                              "shard %u has not begun yet: wait for its READY", (unsigned)shard_id);
  enum sherd_status status = give(shard, command);
  if (status == SHERD_OK || !error)
    return status;
  sherd_last_error(shard, error);
  if (error->status != status || !error->text[0])
    sherd__fleet_error(error, status, "shard %u: %s", (unsigned)shard_id, sherd_strerror(status));
  return status;
}

/* --- To several --- */

/* The probe tells whether it is one that shards will take, those too that are still to be made. */
static enum sherd_status remember_presence(struct sherd_fleet *fleet,
                                           const struct sherd_command *command,
                                           struct sherd_error_info *error) {
  struct sherd__fleet_config *config = &fleet->config;
  enum sherd_status status = sherd_engine_send(fleet->probe, command, 0);
  if (status != SHERD_OK) {
    if (error)
      sherd_engine_last_error(fleet->probe, error);
    return status;
  }
  status = sherd__fleet_presence_merge(fleet->allocator, &config->presence, &command->as.presence);
  if (status != SHERD_OK)
    return sherd__fleet_error(error, status, "%s", sherd_strerror(status));
  config->given.shard.gateway.presence = &config->presence;
  return SHERD_OK;
}

static enum sherd_status send_all(struct sherd__fleet_set *set, const struct sherd_command *command,
                                  struct sherd_error_info *error) {
  enum sherd_status first = SHERD_OK;
  for (uint32_t i = 0; set && i < set->count; i++) {
    if (!set->slots[i].shard)
      continue;
    bool is_first = first == SHERD_OK;
    enum sherd_status status =
        send_one(set, set->first_shard + i, command, is_first ? error : NULL);
    if (is_first)
      first = status;
  }
  return first;
}

/* To both sets of a re-sharding: they are one bot. */
static enum sherd_status send_presence(struct sherd_fleet *fleet,
                                       const struct sherd_command *command,
                                       struct sherd_error_info *error) {
  enum sherd_status status = remember_presence(fleet, command, error);
  if (status != SHERD_OK)
    return status;
  status = send_all(fleet->present, command, error);
  enum sherd_status other = send_all(fleet->next, command, status == SHERD_OK ? error : NULL);
  return status == SHERD_OK ? other : status;
}

/* Takes from `ids` those of the shard of the first one to the front, and gives their number. */
static size_t gather(const struct sherd__fleet_set *set, sherd_snowflake *ids, size_t count) {
  uint32_t shard_id = shard_of(set, ids[0]);
  size_t same = 1;
  for (size_t i = 1; i < count; i++) {
    if (shard_of(set, ids[i]) != shard_id)
      continue;
    sherd_snowflake id = ids[i];
    ids[i] = ids[same];
    ids[same++] = id;
  }
  return same;
}

static enum sherd_status send_parts(struct sherd__fleet_set *set, sherd_snowflake *ids,
                                    size_t count, struct sherd_error_info *error) {
  enum sherd_status first = SHERD_OK;
  while (count) {
    size_t same = gather(set, ids, count);
    struct sherd_command part = {.type = SHERD_COMMAND_REQUEST_SOUNDBOARD_SOUNDS,
                                 .as.soundboard_guilds = {ids, same}};
    bool is_first = first == SHERD_OK;
    enum sherd_status status = send_one(set, shard_of(set, ids[0]), &part, is_first ? error : NULL);
    if (is_first)
      first = status;
    ids += same;
    count -= same;
  }
  return first;
}

/* Nothing is asked when a part of it could not be. */
static enum sherd_status send_sounds(struct sherd__fleet_set *set,
                                     const struct sherd_command *command,
                                     struct sherd_error_info *error) {
  const struct sherd_allocator *allocator = set->fleet->allocator;
  const sherd_snowflake *given = command->as.soundboard_guilds.ids;
  size_t count = command->as.soundboard_guilds.count;
  if (!given || !count)
    return sherd__fleet_error(error, SHERD_EINVAL, "no guild is given: name at least one");
  for (size_t i = 0; i < count; i++)
    if (!has_shard(set, shard_of(set, given[i])))
      return not_ours(set, shard_of(set, given[i]), error);
  sherd_snowflake *ids = sherd__malloc(allocator, count * sizeof *ids);
  if (!ids)
    return sherd__fleet_error(error, SHERD_ENOMEM, "%s", sherd_strerror(SHERD_ENOMEM));
  memcpy(ids, given, count * sizeof *ids);
  enum sherd_status status = send_parts(set, ids, count, error);
  sherd__free(allocator, ids);
  return status;
}

/* --- The call --- */

static enum sherd_status dispatch(struct sherd_fleet *fleet, uint32_t shard_id,
                                  const struct sherd_command *command,
                                  struct sherd_error_info *error) {
  struct sherd__fleet_set *set = fleet->present;
  if (shard_id == SHERD_NEVER && command->type == SHERD_COMMAND_PRESENCE)
    return send_presence(fleet, command, error);
  if (!set)
    return sherd__fleet_error(error, SHERD_ENOTCONNECTED,
                              "the fleet has no shards yet: wait for READY");
  if (shard_id != SHERD_NEVER)
    return send_one(set, shard_id, command, error);
  if (command->type == SHERD_COMMAND_REQUEST_SOUNDBOARD_SOUNDS)
    return send_sounds(set, command, error);
  return send_one(set, shard_of(set, command->guild_id), command, error);
}

enum sherd_status sherd_fleet_send(struct sherd_fleet *fleet, uint32_t shard_id,
                                   const struct sherd_command *command,
                                   struct sherd_error_info *error) {
  if (!fleet || !command)
    return SHERD_EINVAL;
  uv_mutex_lock(&fleet->mutex);
  enum sherd_status status = dispatch(fleet, shard_id, command, error);
  uv_mutex_unlock(&fleet->mutex);
  return status;
}
