#include "sink/stream.h"

#include <string.h>

#include "base/mem.h"

/* Records begin where a uint64_t may. */
static size_t rounded_up(size_t bytes) {
  return (bytes + 7) & ~(size_t)7;
}

static struct sherd__block *new_block(struct sherd__stream *stream, size_t cap) {
  struct sherd__block *block = sherd__malloc(stream->allocator, sizeof *block + cap);
  if (!block)
    return NULL;
  block->next = NULL;
  block->cap = cap;
  block->used = 0;
  stream->memory_bytes += sizeof *block + cap;
  return block;
}

enum sherd_status sherd__stream_init(struct sherd__stream *stream,
                                     const struct sherd_allocator *allocator) {
  *stream = (struct sherd__stream){.allocator = allocator};
  stream->first = stream->last = new_block(stream, SHERD__BLOCK_BYTES);
  return stream->first ? SHERD_OK : SHERD_ENOMEM;
}

void sherd__stream_deinit(struct sherd__stream *stream) {
  sherd__stream_free_blocks(stream->allocator, stream->first);
  *stream = (struct sherd__stream){0};
}

/* Has room for `size` bytes in the last block. What is left of the one before counts as used: it is
 * held as long as that block is. */
static bool make_room(struct sherd__stream *stream, size_t size) {
  struct sherd__block *last = stream->last;
  if (size <= last->cap - last->used)
    return true;
  struct sherd__block *block =
      new_block(stream, size > SHERD__BLOCK_BYTES ? size : SHERD__BLOCK_BYTES);
  if (!block)
    return false;
  stream->bytes += last->cap - last->used;
  last->next = block;
  stream->last = block;
  return true;
}

enum sherd_status sherd__stream_append(struct sherd__stream *stream,
                                       const struct sherd__record *record, struct sherd_bytes line,
                                       const struct sherd_session *session) {
  size_t session_bytes = session ? sizeof *session : 0;
  size_t size = rounded_up(sizeof *record + line.len + session_bytes);
  if (size > UINT32_MAX || !make_room(stream, size))
    return SHERD_ENOMEM;
  struct sherd__block *block = stream->last;
  uint8_t *at = block->data + block->used;
  struct sherd__record whole = *record;
  whole.n = ++stream->n;
  whole.at_bytes = stream->bytes;
  whole.size_bytes = (uint32_t)size;
  whole.line_len = (uint32_t)line.len;
  whole.has_session = session;
  memcpy(at, &whole, sizeof whole);
  if (line.len)
    memcpy(at + sizeof whole, line.data, line.len);
  if (session)
    memcpy(at + sizeof whole + line.len, session, sizeof *session);
  block->used += size;
  stream->bytes += size;
  return SHERD_OK;
}

struct sherd__place sherd__stream_end(const struct sherd__stream *stream) {
  return (struct sherd__place){stream->last, stream->last->used, stream->n, stream->bytes};
}

void sherd__place_settle(struct sherd__place *place, const struct sherd__place *end) {
  /* A block before that of the end is full, and its `used` does not change any more. */
  while (place->block != end->block && place->at == place->block->used) {
    place->block = place->block->next;
    place->at = 0;
  }
}

const struct sherd__record *sherd__place_next(struct sherd__place *place,
                                              const struct sherd__place *end) {
  if (place->n >= end->n)
    return NULL;
  sherd__place_settle(place, end);
  const struct sherd__record *record =
      (const struct sherd__record *)(const void *)(place->block->data + place->at);
  place->at += record->size_bytes;
  place->n = record->n;
  place->bytes = record->at_bytes + record->size_bytes;
  return record;
}

struct sherd__block *sherd__stream_trim(struct sherd__stream *stream,
                                        const struct sherd__place *floor) {
  struct sherd__block *first = stream->first, *last = NULL;
  while (stream->first != floor->block) {
    last = stream->first;
    stream->first = last->next;
    stream->memory_bytes -= sizeof *last + last->cap;
  }
  if (!last)
    return NULL;
  last->next = NULL;
  return first;
}

void sherd__stream_free_blocks(const struct sherd_allocator *allocator,
                               struct sherd__block *first) {
  while (first) {
    struct sherd__block *next = first->next;
    sherd__free(allocator, first);
    first = next;
  }
}

void sherd__record_session(const struct sherd__record *record, struct sherd_session *out) {
  memcpy(out, (const uint8_t *)(record + 1) + record->line_len, sizeof *out);
}
