#include <string.h>

#include <sherd/event_types.h>

#define NAME(name) #name,
static const char *const names[SHERD_EVENT_TYPE_COUNT] = {
    "UNKNOWN", "UNKNOWN_OPCODE", SHERD_LIFECYCLE_MAP(NAME) SHERD_DISPATCH_MAP(NAME)};
#undef NAME

/* The names' lengths side by side: a name is compared with the few that are as long as it. */
#define LENGTH(name) (unsigned char)(sizeof #name - 1),
static const unsigned char dispatch_lengths[] = {SHERD_DISPATCH_MAP(LENGTH)};
#undef LENGTH

#define DISPATCH_COUNT (sizeof dispatch_lengths)
#define FIRST_DISPATCH ((size_t)SHERD_EVENT_TYPE_COUNT - DISPATCH_COUNT)

const char *sherd_event_type_name(enum sherd_event_type type) {
  if ((unsigned)type >= (unsigned)SHERD_EVENT_TYPE_COUNT)
    return names[SHERD_EVENT_UNKNOWN];
  return names[type];
}

enum sherd_event_type sherd_event_type_find(const char *name, size_t len) {
  for (size_t i = 0; i < DISPATCH_COUNT; i++)
    if (dispatch_lengths[i] == len && memcmp(names[FIRST_DISPATCH + i], name, len) == 0)
      return (enum sherd_event_type)(FIRST_DISPATCH + i);
  return SHERD_EVENT_UNKNOWN;
}
