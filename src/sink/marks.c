#include "sink/marks.h"

#include <string.h>

#include "base/mem.h"

void sherd__marks_deinit(struct sherd__marks *marks) {
  for (uint32_t i = 0; i < marks->set_count; i++)
    sherd__free(marks->allocator, marks->sets[i].rows);
  sherd__free(marks->allocator, marks->sets);
  *marks = (struct sherd__marks){.allocator = marks->allocator};
}

static enum sherd_status grow(struct sherd__marks *marks, uint32_t set_count) {
  size_t old_bytes = marks->set_count * sizeof *marks->sets;
  size_t bytes = set_count * sizeof *marks->sets;
  struct sherd__mark_set *sets = sherd__realloc(marks->allocator, marks->sets, old_bytes, bytes);
  if (!sets)
    return SHERD_ENOMEM;
  memset(sets + marks->set_count, 0, bytes - old_bytes);
  marks->sets = sets;
  marks->set_count = set_count;
  return SHERD_OK;
}

enum sherd_status sherd__marks_make(struct sherd__marks *marks, uint32_t set, uint32_t count) {
  if (set >= marks->set_count && grow(marks, set + 1))
    return SHERD_ENOMEM;
  struct sherd__mark_set *rows = &marks->sets[set];
  if (count <= rows->count)
    return SHERD_OK;
  struct sherd__mark *more = sherd__realloc(
      marks->allocator, rows->rows, rows->count * sizeof *rows->rows, count * sizeof *rows->rows);
  if (!more)
    return SHERD_ENOMEM;
  memset(more + rows->count, 0, (count - rows->count) * sizeof *more);
  rows->rows = more;
  rows->count = count;
  return SHERD_OK;
}
