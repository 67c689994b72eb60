#include "engine/scratch.h"

#include "base/mem.h"

enum sherd_status sherd_scratch_new(const struct sherd_allocator *allocator,
                                    struct sherd_scratch **out) {
  *out = NULL;
  allocator = sherd__allocator_or_default(allocator);
  struct sherd_scratch *scratch = sherd__calloc(allocator, sizeof *scratch);
  if (!scratch)
    return SHERD_ENOMEM;
  scratch->allocator = allocator;
  sherd__buf_init(&scratch->buf, allocator);
  sherd__extents_init(&scratch->extents, allocator);
  *out = scratch;
  return SHERD_OK;
}

void sherd_scratch_free(struct sherd_scratch *scratch) {
  if (!scratch)
    return;
  sherd__scratch_clear(scratch);
  sherd__buf_deinit(&scratch->buf);
  sherd__extents_deinit(&scratch->extents);
  sherd__free(scratch->allocator, scratch);
}

/* Takes the scratch's own memory back; what lies in `buf` has gone elsewhere. */
static void take_back(struct sherd_scratch *scratch) {
  scratch->buf = scratch->aside;
  scratch->is_lent = false;
}

void sherd__scratch_clear(struct sherd_scratch *scratch) {
  if (scratch->is_lent) {
    sherd__buf_deinit(&scratch->buf);
    take_back(scratch);
  }
  scratch->buf.len = 0;
  if (scratch->buf.cap > SHERD__SCRATCH_KEEP_BYTES)
    sherd__buf_deinit(&scratch->buf);
  if (scratch->extents.cap > SHERD__SCRATCH_KEEP_BYTES / sizeof *scratch->extents.all)
    sherd__extents_deinit(&scratch->extents);
}

enum sherd_status sherd__scratch_park(struct sherd_scratch *scratch, size_t from,
                                      struct sherd_buf *parked) {
  struct sherd_buf *buf = &scratch->buf;
  if (scratch->is_lent && from == 0 && buf->len) {
    sherd__buf_deinit(parked);
    *parked = *buf;
    take_back(scratch);
    return SHERD_OK;
  }
  enum sherd_status status = SHERD_OK;
  if (buf->len > from)
    status = sherd__buf_append(parked, buf->data + from, buf->len - from);
  if (!status)
    sherd__scratch_clear(scratch);
  return status;
}

enum sherd_status sherd__scratch_unpark(struct sherd_scratch *scratch, struct sherd_buf *parked) {
  sherd__scratch_clear(scratch);
  if (parked->allocator != scratch->allocator) { /* whose memory may end before the scratch does */
    enum sherd_status status = sherd__buf_append(&scratch->buf, parked->data, parked->len);
    if (!status)
      sherd__buf_deinit(parked);
    return status;
  }
  scratch->aside = scratch->buf;
  scratch->buf = *parked;
  scratch->is_lent = true;
  sherd__buf_init(parked, parked->allocator);
  return SHERD_OK;
}
