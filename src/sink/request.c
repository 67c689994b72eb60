#include "sink/request.h"

#include <stdio.h>
#include <string.h>

#include <sherd/config.h>

#include "sink/request_read.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define BIT(field)   (1u << (field))

static const char *const field_names[SHERD__FIELD_COUNT] = {
    "id",       "op",         "shard",     "status",    "activity", "idle_since_ms", "afk",
    "guild_id", "channel_id", "self_mute", "self_deaf", "query",    "limit",         "presences",
    "user_ids", "nonce",      "fields",    "guild_ids", "shards"};

static const struct shape {
  const char *name;
  uint32_t fields; /* besides id and op */
  uint32_t required;
  enum sherd_command_type command;
} shapes[] = {
    [SHERD__REQUEST_UPDATE_PRESENCE] = {"update_presence",
                                        BIT(SHERD__FIELD_SHARD) | BIT(SHERD__FIELD_STATUS) |
                                            BIT(SHERD__FIELD_ACTIVITY) |
                                            BIT(SHERD__FIELD_IDLE_SINCE) | BIT(SHERD__FIELD_AFK),
                                        0, SHERD_COMMAND_PRESENCE},
    [SHERD__REQUEST_UPDATE_VOICE_STATE] =
        {"update_voice_state",
         BIT(SHERD__FIELD_GUILD_ID) | BIT(SHERD__FIELD_CHANNEL_ID) | BIT(SHERD__FIELD_SELF_MUTE) |
             BIT(SHERD__FIELD_SELF_DEAF),
         BIT(SHERD__FIELD_GUILD_ID) | BIT(SHERD__FIELD_CHANNEL_ID), SHERD_COMMAND_VOICE_STATE},
    [SHERD__REQUEST_GUILD_MEMBERS] = {"request_guild_members",
                                      BIT(SHERD__FIELD_GUILD_ID) | BIT(SHERD__FIELD_QUERY) |
                                          BIT(SHERD__FIELD_LIMIT) | BIT(SHERD__FIELD_PRESENCES) |
                                          BIT(SHERD__FIELD_USER_IDS) | BIT(SHERD__FIELD_NONCE),
                                      BIT(SHERD__FIELD_GUILD_ID), SHERD_COMMAND_REQUEST_MEMBERS},
    [SHERD__REQUEST_CHANNEL_INFO] = {"request_channel_info",
                                     BIT(SHERD__FIELD_GUILD_ID) | BIT(SHERD__FIELD_FIELDS),
                                     BIT(SHERD__FIELD_GUILD_ID) | BIT(SHERD__FIELD_FIELDS),
                                     SHERD_COMMAND_REQUEST_CHANNEL_INFO},
    [SHERD__REQUEST_SOUNDBOARD_SOUNDS] = {"request_soundboard_sounds", BIT(SHERD__FIELD_GUILD_IDS),
                                          BIT(SHERD__FIELD_GUILD_IDS),
                                          SHERD_COMMAND_REQUEST_SOUNDBOARD_SOUNDS},
    [SHERD__REQUEST_STATUS] = {"status", 0, 0, SHERD_COMMAND_PRESENCE},
    [SHERD__REQUEST_RESHARD] = {"reshard", BIT(SHERD__FIELD_SHARDS), BIT(SHERD__FIELD_SHARDS),
                                SHERD_COMMAND_PRESENCE},
};

/* --- The line --- */

/* What can be echoed is, so that who asks in whatever a wrong way still knows which one it was. */
enum sherd_status sherd__request_echo(const struct sherd__request_reader *reader,
                                      struct sherd_value line, char out[SHERD__REQUEST_ECHO_SIZE]) {
  struct sherd_value id = sherd_value_get(line, "id");
  (void)snprintf(out, SHERD__REQUEST_ECHO_SIZE, "null");
  if (!sherd_value_exists(id) || !sherd_value_to_json(id, out, SHERD__REQUEST_ECHO_SIZE, NULL))
    return SHERD_OK;
  (void)snprintf(out, SHERD__REQUEST_ECHO_SIZE, "null");
  return sherd__request_fail(reader, SHERD_ETOOLONG,
                             "'id' is longer than the %d bytes that are sent back",
                             SHERD__REQUEST_ECHO_SIZE - 1);
}

static enum sherd_status read_op(const struct sherd__request_reader *reader,
                                 struct sherd_value line) {
  const char *names[COUNT(shapes)];
  struct sherd_value op = sherd_value_get(line, "op");
  size_t index;
  for (size_t i = 0; i < COUNT(shapes); i++)
    names[i] = shapes[i].name;
  if (!sherd_value_exists(op))
    return sherd__request_fail(reader, SHERD_EINVAL, "a request wants an 'op'");
  if (!sherd__request_find_name(op, names, COUNT(names), &index))
    return sherd__request_fail_name(reader, "op", op, names, COUNT(names));
  reader->request->op = (enum sherd__request_op)index;
  reader->request->op_name = names[index];
  reader->request->command.type = shapes[index].command;
  return SHERD_OK;
}

static enum sherd_status read_fields(const struct sherd__request_reader *reader,
                                     struct sherd_value line, const struct shape *shape) {
  struct sherd_value_iter fields = sherd_value_iterate(line);
  struct sherd_value key, value;
  const char *names[SHERD__FIELD_COUNT];
  char what[64];
  for (size_t i = 0; i < SHERD__FIELD_COUNT; i++)
    names[i] = (shape->fields | BIT(SHERD__FIELD_ID) | BIT(SHERD__FIELD_OP)) & BIT(i)
                   ? field_names[i]
                   : NULL;
  while (sherd_value_next(&fields, &key, &value)) {
    size_t field;
    if (!sherd__request_find_name(key, names, SHERD__FIELD_COUNT, &field)) {
      (void)snprintf(what, sizeof what, "field of %s", shape->name);
      return sherd__request_fail_name(reader, what, key, names, SHERD__FIELD_COUNT);
    }
    if (reader->request->seen_ & BIT(field))
      return sherd__request_fail(reader, SHERD_EINVAL, "'%s' stands twice", names[field]);
    reader->request->seen_ |= BIT(field);
    enum sherd_status status =
        sherd__request_field(reader, (enum sherd__request_field)field, value);
    if (status)
      return status;
  }
  return SHERD_OK;
}

static enum sherd_status check_required(const struct sherd__request_reader *reader,
                                        const struct shape *shape) {
  for (size_t i = 0; i < SHERD__FIELD_COUNT; i++)
    if (shape->required & ~reader->request->seen_ & BIT(i))
      return sherd__request_fail(reader, SHERD_EINVAL, "%s wants '%s'", shape->name,
                                 field_names[i]);
  if (reader->request->op == SHERD__REQUEST_UPDATE_PRESENCE &&
      !(reader->request->seen_ & shape->fields & ~BIT(SHERD__FIELD_SHARD)))
    return sherd__request_fail(
        reader, SHERD_EINVAL,
        "update_presence wants one of 'status', 'activity', 'idle_since_ms' or 'afk'");
  return SHERD_OK;
}

static enum sherd_status open_line(const struct sherd__request_reader *reader,
                                   struct sherd_bytes line, struct sherd_value *out) {
  size_t offset = 0;
  enum sherd_status status = sherd_value_validate(SHERD_FORMAT_JSON, line.data, line.len, &offset);
  if (!status)
    status = sherd_value_open(SHERD_FORMAT_JSON, line.data, line.len, out);
  if (status) {
    reader->error->offset = offset;
    return sherd__request_fail(reader, status,
                               "a request is one JSON object on one line; at byte %zu this is not",
                               offset);
  }
  return sherd_value_type(*out) == SHERD_VALUE_OBJECT
             ? SHERD_OK
             : sherd__request_fail(reader, SHERD_EINVAL,
                                   "a request is one JSON object on one line");
}

enum sherd_status sherd__request_parse(struct sherd_bytes line, struct sherd__request *out,
                                       struct sherd_error_info *error) {
  struct sherd__request_reader reader = {out, error};
  struct sherd_value object;
  memset(out, 0, offsetof(struct sherd__request, text_));
  *error = (struct sherd_error_info){0};
  out->shard_id = SHERD_NEVER;
  (void)snprintf(out->id, sizeof out->id, "null");
  enum sherd_status status = open_line(&reader, line, &object);
  if (!status)
    status = sherd__request_echo(&reader, object, out->id);
  if (!status)
    status = read_op(&reader, object);
  if (!status)
    status = read_fields(&reader, object, &shapes[out->op]);
  if (!status)
    status = check_required(&reader, &shapes[out->op]);
  return status;
}
