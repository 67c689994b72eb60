#include <string.h>

#include <sherd/event_types.h>

#include "engine/event_slots.h"

#define NAME(name) #name,
static const char *const names[SHERD_EVENT_TYPE_COUNT] = {
    "UNKNOWN", "UNKNOWN_OPCODE", SHERD_LIFECYCLE_MAP(NAME) SHERD_DISPATCH_MAP(NAME)};
#undef NAME

#define LENGTH(name) (unsigned char)(sizeof #name - 1),
static const unsigned char dispatch_lengths[] = {SHERD_DISPATCH_MAP(LENGTH)};
#undef LENGTH

#define DISPATCH_COUNT (sizeof dispatch_lengths)
#define FIRST_DISPATCH ((size_t)SHERD_EVENT_TYPE_COUNT - DISPATCH_COUNT)
#define NAME_BYTES_MIN 5 /* READY; of less there is nothing to mix */

const char *sherd_event_type_name(enum sherd_event_type type) {
  if ((unsigned)type >= (unsigned)SHERD_EVENT_TYPE_COUNT)
    return names[SHERD_EVENT_UNKNOWN];
  return names[type];
}

static uint32_t letters(const char *at) {
  const unsigned char *four = (const unsigned char *)at;
  return (uint32_t)four[0] | (uint32_t)four[1] << 8 | (uint32_t)four[2] << 16 |
         (uint32_t)four[3] << 24;
}

/* scripts/gen-event-slots does the same, to give each name a slot of its own. */
static uint32_t mix(const char *name, size_t len) {
  return letters(name) * 3 + letters(name + len / 3) * 5 + letters(name + len - 4) * 7 +
         (uint32_t)len;
}

enum sherd_event_type sherd_event_type_find(const char *name, size_t len) {
  if (len < NAME_BYTES_MIN)
    return SHERD_EVENT_UNKNOWN;
  size_t place = event_slots[mix(name, len) * EVENT_SLOT_FACTOR >> (32 - EVENT_SLOT_BITS)];
  if (place == 0 || dispatch_lengths[place - 1] != len ||
      memcmp(names[FIRST_DISPATCH + place - 1], name, len) != 0)
    return SHERD_EVENT_UNKNOWN;
  return (enum sherd_event_type)(FIRST_DISPATCH + place - 1);
}
