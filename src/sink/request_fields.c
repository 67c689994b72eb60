/* The fields of commands. */
#include <sherd/config.h>

#include "sink/request_read.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* In the order of their enums. */
static const char *const statuses[] = {"online", "idle", "dnd", "invisible", "offline"};
static const char *const activity_types[] = {"playing",  "streaming", "listening",
                                             "watching", "custom",    "competing"};
static const char *const activity_fields[] = {"name", "state", "url", "type"};
static const char *const channel_fields[] = {"status", "voice_start_time"}; /* bits 0 and 1 */

static bool is_null(struct sherd_value value) {
  return sherd_value_type(value) == SHERD_VALUE_NULL;
}

/* --- Activities, and the fields of channels --- */

static enum sherd_status read_activity_type(const struct sherd__request_reader *reader,
                                            struct sherd_value value,
                                            enum sherd_activity_type *out) {
  uint64_t number;
  size_t index;
  if (!sherd_value_as_u64(value, &number) && number < COUNT(activity_types)) {
    *out = (enum sherd_activity_type)number;
    return SHERD_OK;
  }
  if (!sherd__request_find_name(value, activity_types, COUNT(activity_types), &index))
    return sherd__request_fail_name(reader, "type of activity", value, activity_types,
                                    COUNT(activity_types));
  *out = (enum sherd_activity_type)index;
  return SHERD_OK;
}

static enum sherd_status read_activity_field(const struct sherd__request_reader *reader,
                                             size_t field, struct sherd_value value,
                                             struct sherd_activity *activity) {
  switch (field) {
  case 0:
    return sherd__request_text(reader, "name", value, &activity->name);
  case 1:
    return sherd__request_text(reader, "state", value, &activity->state);
  case 2:
    return sherd__request_text(reader, "url", value, &activity->url);
  default:
    return read_activity_type(reader, value, &activity->type);
  }
}

static enum sherd_status read_activity(const struct sherd__request_reader *reader,
                                       struct sherd_value value, struct sherd_activity *out) {
  struct sherd_value_iter fields = sherd_value_iterate(value);
  struct sherd_value key, item;
  unsigned seen = 0;
  if (sherd_value_type(value) != SHERD_VALUE_OBJECT)
    return sherd__request_fail_type(reader, "activity", "an object or null");
  while (sherd_value_next(&fields, &key, &item)) {
    size_t field;
    if (!sherd__request_find_name(key, activity_fields, COUNT(activity_fields), &field))
      return sherd__request_fail_name(reader, "field of an activity", key, activity_fields,
                                      COUNT(activity_fields));
    if (seen & (1u << field))
      return sherd__request_fail(reader, SHERD_EINVAL, "'%s' stands twice", activity_fields[field]);
    seen |= (1u << field);
    enum sherd_status status = read_activity_field(reader, field, item, out);
    if (status)
      return status;
  }
  return out->name ? SHERD_OK
                   : sherd__request_fail(reader, SHERD_EINVAL, "'activity' wants a 'name'");
}

static enum sherd_status read_channel_fields(const struct sherd__request_reader *reader,
                                             struct sherd_value value, unsigned *out) {
  struct sherd_value_iter items = sherd_value_iterate(value);
  struct sherd_value item;
  if (sherd_value_type(value) != SHERD_VALUE_LIST)
    return sherd__request_fail_type(reader, "fields",
                                    "a list of \"status\" and \"voice_start_time\"");
  while (sherd_value_next(&items, NULL, &item)) {
    size_t field;
    if (!sherd__request_find_name(item, channel_fields, COUNT(channel_fields), &field))
      return sherd__request_fail_name(reader, "field of a channel", item, channel_fields,
                                      COUNT(channel_fields));
    *out |= (1u << field);
  }
  return SHERD_OK;
}

/* --- Fields --- */

static enum sherd_status read_presence(const struct sherd__request_reader *reader,
                                       enum sherd__request_field field, struct sherd_value value,
                                       struct sherd_presence *presence) {
  size_t index;
  switch (field) {
  case SHERD__FIELD_STATUS:
    if (!sherd__request_find_name(value, statuses, COUNT(statuses), &index))
      return sherd__request_fail_name(reader, "status", value, statuses, COUNT(statuses));
    presence->status_is = SHERD_FIELD_VALUE;
    presence->status = (enum sherd_presence_status)index;
    return SHERD_OK;
  case SHERD__FIELD_ACTIVITY:
    presence->activity_is = is_null(value) ? SHERD_FIELD_NULL : SHERD_FIELD_VALUE;
    return is_null(value) ? SHERD_OK : read_activity(reader, value, &presence->activity);
  case SHERD__FIELD_IDLE_SINCE:
    presence->idle_since_is = is_null(value) ? SHERD_FIELD_NULL : SHERD_FIELD_VALUE;
    if (!is_null(value) && sherd_value_as_u64(value, &presence->idle_since_ms))
      return sherd__request_fail_type(reader, "idle_since_ms", "unix milliseconds or null");
    return SHERD_OK;
  default:
    presence->afk_is = SHERD_FIELD_VALUE;
    return sherd__request_bool(reader, "afk", value, &presence->afk);
  }
}

static enum sherd_status read_voice_state(const struct sherd__request_reader *reader,
                                          enum sherd__request_field field, struct sherd_value value,
                                          struct sherd_voice_state *voice_state) {
  switch (field) {
  case SHERD__FIELD_CHANNEL_ID: /* null leaves: 0 */
    return is_null(value)
               ? SHERD_OK
               : sherd__request_id(reader, "channel_id", value, &voice_state->channel_id);
  case SHERD__FIELD_SELF_MUTE:
    return sherd__request_bool(reader, "self_mute", value, &voice_state->self_mute);
  default:
    return sherd__request_bool(reader, "self_deaf", value, &voice_state->self_deaf);
  }
}

static enum sherd_status read_members(const struct sherd__request_reader *reader,
                                      enum sherd__request_field field, struct sherd_value value,
                                      struct sherd_members_request *members) {
  uint32_t limit = 0;
  enum sherd_status status;
  switch (field) {
  case SHERD__FIELD_QUERY:
    return sherd__request_text(reader, "query", value, &members->query);
  case SHERD__FIELD_LIMIT:
    status = sherd__request_u32(reader, "limit", value, INT32_MAX, &limit);
    members->limit = (int32_t)limit;
    return status;
  case SHERD__FIELD_PRESENCES:
    return sherd__request_bool(reader, "presences", value, &members->presences);
  case SHERD__FIELD_USER_IDS:
    members->user_ids = reader->request->ids_;
    return sherd__request_ids(reader, "user_ids", value, &members->user_id_count);
  default:
    return sherd__request_text(reader, "nonce", value, &members->nonce);
  }
}

enum sherd_status sherd__request_field(const struct sherd__request_reader *reader,
                                       enum sherd__request_field field, struct sherd_value value) {
  struct sherd__request *request = reader->request;
  struct sherd_command *command = &request->command;
  switch (field) {
  case SHERD__FIELD_SHARD:
    return is_null(value)
               ? SHERD_OK
               : sherd__request_u32(reader, "shard", value, SHERD_NEVER - 1, &request->shard_id);
  case SHERD__FIELD_SHARDS:
    return sherd__request_u32(reader, "shards", value, UINT32_MAX, &request->shard_count);
  case SHERD__FIELD_STATUS:
  case SHERD__FIELD_ACTIVITY:
  case SHERD__FIELD_IDLE_SINCE:
  case SHERD__FIELD_AFK:
    return read_presence(reader, field, value, &command->as.presence);
  case SHERD__FIELD_GUILD_ID:
    return sherd__request_id(reader, "guild_id", value, &command->guild_id);
  case SHERD__FIELD_CHANNEL_ID:
  case SHERD__FIELD_SELF_MUTE:
  case SHERD__FIELD_SELF_DEAF:
    return read_voice_state(reader, field, value, &command->as.voice_state);
  case SHERD__FIELD_FIELDS:
    return read_channel_fields(reader, value, &command->as.channel_info_fields);
  case SHERD__FIELD_GUILD_IDS:
    command->as.soundboard_guilds.ids = request->ids_;
    return sherd__request_ids(reader, "guild_ids", value, &command->as.soundboard_guilds.count);
  case SHERD__FIELD_ID:
  case SHERD__FIELD_OP: /* taken before */
    return SHERD_OK;
  default:
    return read_members(reader, field, value, &command->as.members);
  }
}
