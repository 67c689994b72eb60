#include "sink/subscribe.h"

#include <stdio.h>
#include <string.h>

#include "base/consumer_name.h"
#include "sink/request_read.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define BIT(field)   (1u << (field))

enum field {
  ID,
  OP,
  NAME,
  ACK,
  POLICY,
  QUEUE_BYTES,
  TYPES,
  GUILDS,
  N,
  FIELD_COUNT
};

static const char *const field_names[FIELD_COUNT] = {
    "id", "op", "name", "ack", "policy", "queue_bytes", "types", "guilds", "n"};

/* In the order of their enums. */
static const char *const policies[] = {"block", "drop_oldest", "disconnect"};
static const char *const op_names[] = {"subscribe", "unsubscribe", "ack"};
static const unsigned op_fields[] = {
    BIT(ID) | BIT(OP) | BIT(NAME) | BIT(ACK) | BIT(POLICY) | BIT(QUEUE_BYTES) | BIT(TYPES) |
        BIT(GUILDS),
    BIT(ID) | BIT(OP) | BIT(NAME),
    BIT(ID) | BIT(OP) | BIT(N),
};

static enum sherd_status read_name(const struct sherd__request_reader *reader,
                                   struct sherd_value value, struct sherd__hub_request *out) {
  size_t len;
  enum sherd_status status = sherd_value_as_str_copy(value, out->name, sizeof out->name, &len);
  if (!status && strlen(out->name) == len && sherd__consumer_is_name(out->name))
    return SHERD_OK;
  out->name[0] = '\0';
  return sherd__request_fail(reader, SHERD_EINVAL,
                             "'name' wants 1 to %d letters, digits, '-', '_' or '.'",
                             SHERD_CONSUMER_NAME_MAX);
}

static enum sherd_status read_policy(const struct sherd__request_reader *reader,
                                     struct sherd_value value, struct sherd__hub_request *out) {
  size_t index;
  if (!sherd__request_find_name(value, policies, COUNT(policies), &index))
    return sherd__request_fail_name(reader, "policy", value, policies, COUNT(policies));
  out->policy = (enum sherd__consumer_policy)index;
  return SHERD_OK;
}

static enum sherd_status read_list(const struct sherd__request_reader *reader, enum field field,
                                   struct sherd_value value, struct sherd__filter *filter) {
  enum sherd_status status = field == TYPES ? sherd__filter_set_types(filter, value)
                                            : sherd__filter_set_guilds(filter, value);
  if (status == SHERD_EINVAL)
    return sherd__request_fail_type(reader, field_names[field],
                                    field == TYPES ? "a list of names of events"
                                                   : "a list of guilds' ids");
  return status;
}

static enum sherd_status read_field(const struct sherd__request_reader *reader, enum field field,
                                    struct sherd_value value, struct sherd__hub_request *out) {
  switch (field) {
  case NAME:
    return read_name(reader, value, out);
  case ACK:
    return sherd__request_bool(reader, "ack", value, &out->has_acks);
  case POLICY:
    return read_policy(reader, value, out);
  case QUEUE_BYTES:
    return sherd__request_u32(reader, "queue_bytes", value, UINT32_MAX, &out->queue_bytes);
  case TYPES:
  case GUILDS:
    return read_list(reader, field, value, &out->filter);
  case N:
    return sherd_value_as_u64(value, &out->n)
               ? sherd__request_fail_type(reader, "n", "the \"n\" of a line")
               : SHERD_OK;
  default: /* id and op are read already */
    return SHERD_OK;
  }
}

static enum sherd_status read_fields(const struct sherd__request_reader *reader,
                                     struct sherd_value line, struct sherd__hub_request *out) {
  struct sherd_value_iter fields = sherd_value_iterate(line);
  struct sherd_value key, value;
  const char *names[FIELD_COUNT];
  unsigned seen = 0;
  char what[64];
  for (size_t i = 0; i < FIELD_COUNT; i++)
    names[i] = op_fields[out->op] & BIT(i) ? field_names[i] : NULL;
  while (sherd_value_next(&fields, &key, &value)) {
    size_t field;
    if (!sherd__request_find_name(key, names, FIELD_COUNT, &field)) {
      (void)snprintf(what, sizeof what, "field of %s", out->op_name);
      return sherd__request_fail_name(reader, what, key, names, FIELD_COUNT);
    }
    if (seen & BIT(field))
      return sherd__request_fail(reader, SHERD_EINVAL, "'%s' stands twice", names[field]);
    seen |= BIT(field);
    enum sherd_status status = read_field(reader, (enum field)field, value, out);
    if (status)
      return status;
  }
  if (out->op == SHERD__HUB_ACK && !(seen & BIT(N)))
    return sherd__request_fail(reader, SHERD_EINVAL, "ack wants 'n'");
  return SHERD_OK;
}

/* Also what comes before it is known to be ours: the op. */
static bool is_ours(struct sherd_bytes line, struct sherd__hub_request *out,
                    struct sherd_value *object) {
  size_t op;
  if (sherd_value_validate(SHERD_FORMAT_JSON, line.data, line.len, NULL) ||
      sherd_value_open(SHERD_FORMAT_JSON, line.data, line.len, object) ||
      sherd_value_type(*object) != SHERD_VALUE_OBJECT ||
      !sherd__request_find_name(sherd_value_get(*object, "op"), op_names, COUNT(op_names), &op))
    return false;
  out->op = (enum sherd__hub_op)op;
  out->op_name = op_names[op];
  return true;
}

enum sherd_status sherd__hub_request_parse(struct sherd_bytes line,
                                           const struct sherd_allocator *allocator,
                                           struct sherd__hub_request *out,
                                           struct sherd_error_info *error) {
  struct sherd__request_reader reader = {NULL, error};
  struct sherd_value object = {0};
  *error = (struct sherd_error_info){0};
  *out = (struct sherd__hub_request){.id = "null", .filter.allocator = allocator};
  if (!is_ours(line, out, &object))
    return SHERD_ENOTFOUND;
  enum sherd_status status = sherd__request_echo(&reader, object, out->id);
  return status ? status : read_fields(&reader, object, out);
}

void sherd__hub_request_deinit(struct sherd__hub_request *request) {
  sherd__filter_deinit(&request->filter);
}
