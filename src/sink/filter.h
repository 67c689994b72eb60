/* What a consumer wants to see: events by their type, and by their guild. Zeroed: everything. */
#ifndef SHERD_SINK_FILTER_H
#define SHERD_SINK_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/alloc.h>
#include <sherd/status.h>
#include <sherd/value.h>

#include "sink/stream.h"

struct sherd__filter {
  const struct sherd_allocator *allocator;
  bool has_types, has_guilds;
  uint64_t types[((unsigned)SHERD_EVENT_TYPE_COUNT + 63) / 64]; /* a bit each */
  char **names; /* of types that are not in the list of sherd/event_types.h */
  size_t name_count;
  sherd_snowflake *guilds; /* in rising order */
  size_t guild_count;
};

/* Reads a list of names of events, lifecycle events too. Errors: SHERD_EINVAL when it is no list of
 * names; SHERD_ENOMEM. */
enum sherd_status sherd__filter_set_types(struct sherd__filter *filter, struct sherd_value list);

/* Reads a list of ids. Errors: SHERD_EINVAL when it is no list of ids; SHERD_ENOMEM. */
enum sherd_status sherd__filter_set_guilds(struct sherd__filter *filter, struct sherd_value list);

void sherd__filter_deinit(struct sherd__filter *filter);

/* Whether an event is wanted. With guilds given, events of these guilds are, and the shards' own
 * events, which belong to all; events of no guild are not. */
bool sherd__filter_wants(const struct sherd__filter *filter, const struct sherd__record *record);

#endif
