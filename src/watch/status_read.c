#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "watch/fields.h"
#include "watch/render.h"

static enum sherd_status status_of(struct sherd_value value) {
#define IS(name, number, text, advice)                                                             \
  if (sherd_value_equals(value, "SHERD_" #name))                                                   \
    return SHERD_##name;
  SHERD_STATUS_MAP(IS)
#undef IS
  return SHERD_OK;
}

static enum sherd_fleet_phase phase_of(struct sherd_value value) {
  for (int i = SHERD_FLEET_IDLE; i <= SHERD_FLEET_FAILED; i++)
    if (sherd_value_equals(value, sherd_fleet_phase_name((enum sherd_fleet_phase)i)))
      return (enum sherd_fleet_phase)i;
  return SHERD_FLEET_IDLE;
}

static enum sherd__consumer_policy policy_of(struct sherd_value value) {
  for (int i = SHERD__POLICY_BLOCK; i < SHERD__POLICY_DISCONNECT; i++)
    if (sherd_value_equals(value, sherd__policy_name((enum sherd__consumer_policy)i)))
      return (enum sherd__consumer_policy)i;
  return SHERD__POLICY_DISCONNECT;
}

static void read_text(struct sherd_value value, char *out, size_t size) {
  size_t len;
  if (sherd_value_as_str_copy(value, out, size, &len))
    *out = '\0';
}

/* What is absent, or of another type (a later version's), is zero: a reader shows what it knows. */
static void read_value(struct sherd_value value, const struct sherd__field *field, void *of) {
  char *at = (char *)of + field->offset;
  uint64_t number = 0;
  (void)sherd_value_as_u64(value, &number);
  switch (field->kind) {
  case SHERD__FIELD_BOOL:
    (void)sherd_value_as_bool(value, (bool *)at);
    break;
  case SHERD__FIELD_U16:
    *(uint16_t *)at = (uint16_t)number;
    break;
  case SHERD__FIELD_U32:
    *(uint32_t *)at = (uint32_t)number;
    break;
  case SHERD__FIELD_U64:
  case SHERD__FIELD_MS:
    *(uint64_t *)at = number;
    break;
  case SHERD__FIELD_SIZE:
    *(size_t *)at = (size_t)number;
    break;
  case SHERD__FIELD_F64:
    if (sherd_value_as_f64(value, (double *)at))
      *(double *)at = NAN;
    break;
  case SHERD__FIELD_TEXT:
    read_text(value, at, field->size);
    break;
  case SHERD__FIELD_PHASE:
    *(enum sherd_fleet_phase *)at = phase_of(value);
    break;
  case SHERD__FIELD_POLICY:
    *(enum sherd__consumer_policy *)at = policy_of(value);
    break;
  case SHERD__FIELD_STATUS:
    *(enum sherd_status *)at = status_of(value);
    break;
  }
}

static void read_object(struct sherd_value object, const struct sherd__fields *fields, void *of) {
  for (size_t i = 0; i < fields->count; i++)
    read_value(sherd_value_get(object, fields->fields[i].name), &fields->fields[i], of);
}

/* Zeroed rows for a list; NULL and 0 for an empty one. */
static enum sherd_status make_rows(struct sherd_value list, size_t row_size,
                                   const struct sherd_allocator *allocator, void **rows,
                                   size_t *count) {
  *rows = NULL;
  *count = 0;
  size_t wanted = 0;
  if (sherd_value_count(list, &wanted))
    return SHERD_EJSON;
  if (!wanted)
    return SHERD_OK;
  *rows = sherd__calloc(allocator, wanted * row_size);
  if (!*rows)
    return SHERD_ENOMEM;
  *count = wanted;
  return SHERD_OK;
}

static enum sherd_status read_consumers(struct sherd_value list, struct sherd__snapshot *out,
                                        const struct sherd_allocator *allocator) {
  void *rows;
  enum sherd_status status =
      make_rows(list, sizeof *out->consumers, allocator, &rows, &out->consumer_count);
  out->consumers = rows;
  struct sherd_value_iter iter = sherd_value_iterate(list);
  struct sherd_value row;
  for (size_t i = 0; i < out->consumer_count && sherd_value_next(&iter, NULL, &row); i++)
    read_object(row, &sherd__fields_consumer, &out->consumers[i]);
  return status;
}

static enum sherd_status read_shards(struct sherd_value list, struct sherd__snapshot *out,
                                     const struct sherd_allocator *allocator) {
  void *rows;
  enum sherd_status status =
      make_rows(list, sizeof *out->shards, allocator, &rows, &out->shard_count);
  out->shards = rows;
  struct sherd_value_iter iter = sherd_value_iterate(list);
  struct sherd_value row;
  for (size_t i = 0; i < out->shard_count && sherd_value_next(&iter, NULL, &row); i++) {
    read_object(row, &sherd__fields_shard, &out->shards[i]);
    read_object(sherd_value_get(row, "stats"), &sherd__fields_gateway, &out->shards[i].stats);
  }
  return status;
}

enum sherd_status sherd__read_status_json(struct sherd_bytes json,
                                          const struct sherd_allocator *allocator,
                                          struct sherd__snapshot *out) {
  memset(out, 0, sizeof *out);
  struct sherd_value root;
  if (sherd_value_validate(SHERD_FORMAT_JSON, json.data, json.len, NULL) ||
      sherd_value_open(SHERD_FORMAT_JSON, json.data, json.len, &root) ||
      sherd_value_type(root) != SHERD_VALUE_OBJECT)
    return SHERD_EJSON;
  read_object(root, &sherd__fields_process, out);
  read_object(sherd_value_get(root, "fleet"), &sherd__fields_fleet, &out->fleet);
  read_object(sherd_value_get(root, "gateway"), &sherd__fields_gateway, &out->fleet.sum);
  read_object(sherd_value_get(root, "sink"), &sherd__fields_hub, &out->hub);
  enum sherd_status status = read_consumers(sherd_value_get(root, "consumers"), out, allocator);
  if (status == SHERD_OK)
    status = read_shards(sherd_value_get(root, "shards"), out, allocator);
  if (status)
    sherd__snapshot_free_rows(out, allocator);
  return status;
}

void sherd__snapshot_free_rows(struct sherd__snapshot *snapshot,
                               const struct sherd_allocator *allocator) {
  sherd__free(allocator, snapshot->consumers);
  sherd__free(allocator, snapshot->shards);
  snapshot->consumers = NULL;
  snapshot->shards = NULL;
  snapshot->consumer_count = snapshot->shard_count = 0;
}
