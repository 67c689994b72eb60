/* Our inflater beside zlib's, which is right by definition: after every piece of a stream both must
 * have said the same and put the same out. */
#ifndef SHERD_TESTS_INFLATE_TWINS_H
#define SHERD_TESTS_INFLATE_TWINS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "engine/inflate_codec.h"

struct inflate_twins {
  struct sherd__inflater *ours, *zlib;
  struct sherd_buf ours_out, zlib_out;
};

static inline void inflate_twins_must(bool holds, const char *what) {
  if (holds)
    return;
  fprintf(stderr, "our inflater and zlib's: %s\n", what);
  abort();
}

static inline void inflate_twins_init(struct inflate_twins *twins, bool per_message) {
  const struct sherd_allocator *allocator = sherd_allocator_default();
  sherd__buf_init(&twins->ours_out, allocator);
  sherd__buf_init(&twins->zlib_out, allocator);
  inflate_twins_must(!sherd__inflater_new_native(allocator, per_message, &twins->ours) &&
                         !sherd__inflater_new_zlib(allocator, per_message, &twins->zlib),
                     "out of memory");
}

static inline void inflate_twins_deinit(struct inflate_twins *twins) {
  sherd__inflater_free(twins->ours);
  sherd__inflater_free(twins->zlib);
  sherd__buf_deinit(&twins->ours_out);
  sherd__buf_deinit(&twins->zlib_out);
}

/* Forgets what was put out; the streams go on. */
static inline void inflate_twins_clear(struct inflate_twins *twins) {
  twins->ours_out.len = twins->zlib_out.len = 0;
}

/* Feeds both from memory of the exact size, which is gone afterwards, and compares. */
static inline enum sherd_status inflate_twins_feed(struct inflate_twins *twins,
                                                   struct sherd_bytes piece, bool is_first,
                                                   bool is_last, size_t limit) {
  uint8_t *copy = malloc(piece.len ? piece.len : 1);
  inflate_twins_must(copy, "out of memory");
  if (piece.len)
    memcpy(copy, piece.data, piece.len);
  piece.data = copy;
  struct sherd_buf *ours = &twins->ours_out, *zlib = &twins->zlib_out;
  enum sherd_status status =
      sherd__inflater_feed(twins->ours, piece, is_first, is_last, limit, ours);
  enum sherd_status expected =
      sherd__inflater_feed(twins->zlib, piece, is_first, is_last, limit, zlib);
  free(copy);
  inflate_twins_must(status == expected, "one refuses what the other takes");
  inflate_twins_must(ours->len == zlib->len, "one puts more out");
  inflate_twins_must(!ours->len || memcmp(ours->data, zlib->data, ours->len) == 0,
                     "different bytes");
  inflate_twins_must(ours->len <= limit && ours->cap <= limit, "over the limit");
  return status;
}

#endif
