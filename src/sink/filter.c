#include "sink/filter.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* The shards' own events come before Discord's in the list. */
static bool is_lifecycle(unsigned type) {
  return type != SHERD_EVENT_UNKNOWN && type < SHERD_EVENT_READY;
}

static enum sherd_event_type find_type(const char *name) {
  for (unsigned type = SHERD_EVENT_UNKNOWN_OPCODE; type < SHERD_EVENT_READY; type++)
    if (strcmp(sherd_event_type_name((enum sherd_event_type)type), name) == 0)
      return (enum sherd_event_type)type;
  return sherd_event_type_find(name, strlen(name));
}

static enum sherd_status add_type(struct sherd__filter *filter, struct sherd_value name) {
  char text[128];
  if (sherd_value_as_str_copy(name, text, sizeof text, NULL))
    return SHERD_EINVAL;
  enum sherd_event_type type = find_type(text);
  if (type != SHERD_EVENT_UNKNOWN) {
    filter->types[(unsigned)type / 64] |= UINT64_C(1) << (unsigned)type % 64;
    return SHERD_OK;
  }
  filter->names[filter->name_count] = sherd__strdup(filter->allocator, text);
  return filter->names[filter->name_count++] ? SHERD_OK : SHERD_ENOMEM;
}

enum sherd_status sherd__filter_set_types(struct sherd__filter *filter, struct sherd_value list) {
  size_t count;
  if (sherd_value_type(list) != SHERD_VALUE_LIST || sherd_value_count(list, &count))
    return SHERD_EINVAL;
  filter->has_types = true;
  filter->names = sherd__calloc(filter->allocator, (count + 1) * sizeof *filter->names);
  if (!filter->names)
    return SHERD_ENOMEM;
  struct sherd_value_iter iter = sherd_value_iterate(list);
  struct sherd_value name;
  while (sherd_value_next(&iter, NULL, &name)) {
    enum sherd_status status = add_type(filter, name);
    if (status)
      return status;
  }
  return SHERD_OK;
}

static int compare_ids(const void *a, const void *b) {
  sherd_snowflake left = *(const sherd_snowflake *)a, right = *(const sherd_snowflake *)b;
  return left < right ? -1 : left > right;
}

enum sherd_status sherd__filter_set_guilds(struct sherd__filter *filter, struct sherd_value list) {
  size_t count;
  if (sherd_value_type(list) != SHERD_VALUE_LIST || sherd_value_count(list, &count))
    return SHERD_EINVAL;
  filter->has_guilds = true;
  filter->guilds = sherd__calloc(filter->allocator, (count + 1) * sizeof *filter->guilds);
  if (!filter->guilds)
    return SHERD_ENOMEM;
  struct sherd_value_iter iter = sherd_value_iterate(list);
  struct sherd_value id;
  while (sherd_value_next(&iter, NULL, &id))
    if (sherd_value_as_snowflake(id, &filter->guilds[filter->guild_count++]))
      return SHERD_EINVAL;
  qsort(filter->guilds, count, sizeof *filter->guilds, compare_ids);
  return SHERD_OK;
}

void sherd__filter_deinit(struct sherd__filter *filter) {
  for (size_t i = 0; i < filter->name_count; i++)
    sherd__free(filter->allocator, filter->names[i]);
  sherd__free(filter->allocator, filter->names);
  sherd__free(filter->allocator, filter->guilds);
  *filter = (struct sherd__filter){0};
}

static struct sherd_value open_line(const struct sherd__record *record) {
  struct sherd_value line = {0};
  (void)sherd_value_open(SHERD_FORMAT_JSON, record + 1, record->line_len, &line);
  return line;
}

static bool wants_type(const struct sherd__filter *filter, const struct sherd__record *record) {
  if (record->type != SHERD_EVENT_UNKNOWN)
    return filter->types[record->type / 64] >> record->type % 64 & 1;
  struct sherd_value name = sherd_value_get(open_line(record), "t");
  for (size_t i = 0; i < filter->name_count; i++)
    if (sherd_value_equals(name, filter->names[i]))
      return true;
  return false;
}

/* Guilds themselves have their id as "id"; everything else names its guild. */
static bool wants_guild(const struct sherd__filter *filter, const struct sherd__record *record) {
  if (is_lifecycle(record->type))
    return true;
  bool is_guild = record->type == SHERD_EVENT_GUILD_CREATE ||
                  record->type == SHERD_EVENT_GUILD_UPDATE ||
                  record->type == SHERD_EVENT_GUILD_DELETE;
  struct sherd_value data = sherd_value_get(open_line(record), "d");
  sherd_snowflake id;
  if (sherd_value_as_snowflake(sherd_value_get(data, is_guild ? "id" : "guild_id"), &id))
    return false;
  return bsearch(&id, filter->guilds, filter->guild_count, sizeof id, compare_ids);
}

bool sherd__filter_wants(const struct sherd__filter *filter, const struct sherd__record *record) {
  return (!filter->has_types || wants_type(filter, record)) &&
         (!filter->has_guilds || wants_guild(filter, record));
}
