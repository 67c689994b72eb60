#include "payload/extent.h"

#include "base/mem.h"

/* For documents that are short. */
#define ROOM_MIN 512

void sherd__extents_init(struct sherd__extents *extents, const struct sherd_allocator *allocator) {
  *extents = (struct sherd__extents){.allocator = allocator};
}

void sherd__extents_deinit(struct sherd__extents *extents) {
  if (extents->all)
    sherd__free(extents->allocator, extents->all);
  sherd__extents_init(extents, extents->allocator);
}

static bool reserve(struct sherd__extents *extents, size_t count) {
  if (count <= extents->cap)
    return true;
  sherd__extents_deinit(extents);
  extents->all = sherd__malloc(extents->allocator, count * sizeof *extents->all);
  extents->cap = extents->all ? count : 0;
  return extents->all;
}

struct sherd__extent_notes sherd__extents_begin(struct sherd__extents *extents, size_t len) {
  struct sherd__extent_notes notes = {0};
  size_t room = len / sizeof(struct sherd__extent);
  if (room < ROOM_MIN)
    room = ROOM_MIN;
  if (extents && len <= UINT32_MAX && reserve(extents, room)) {
    notes.all = extents->all;
    notes.room = (uint32_t)room;
  }
  return notes;
}
