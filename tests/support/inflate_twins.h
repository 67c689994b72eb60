/* Our inflater, in both of its ways, beside zlib's, which is right by definition: after every piece
 * of a stream all must have said the same and put the same out. */
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
  struct sherd__inflater *ours, *cold, *zlib;
  struct sherd_buf ours_out, cold_out, zlib_out;
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
  sherd__buf_init(&twins->cold_out, allocator);
  sherd__buf_init(&twins->zlib_out, allocator);
  inflate_twins_must(!sherd__inflater_new_native(allocator, per_message, &twins->ours) &&
                         !sherd__inflater_new_native(allocator, per_message, &twins->cold) &&
                         !sherd__inflater_new_zlib(allocator, per_message, &twins->zlib),
                     "out of memory");
  sherd__inflater_set_cold(twins->cold, true);
}

static inline void inflate_twins_deinit(struct inflate_twins *twins) {
  sherd__inflater_free(twins->ours);
  sherd__inflater_free(twins->cold);
  sherd__inflater_free(twins->zlib);
  sherd__buf_deinit(&twins->ours_out);
  sherd__buf_deinit(&twins->cold_out);
  sherd__buf_deinit(&twins->zlib_out);
}

/* Forgets what was put out; the streams go on. */
static inline void inflate_twins_clear(struct inflate_twins *twins) {
  twins->ours_out.len = twins->cold_out.len = twins->zlib_out.len = 0;
}

static inline void inflate_twins_compare(const struct sherd_buf *ours, const struct sherd_buf *zlib,
                                         size_t limit) {
  inflate_twins_must(ours->len == zlib->len, "one puts more out");
  inflate_twins_must(!ours->len || memcmp(ours->data, zlib->data, ours->len) == 0,
                     "different bytes");
  inflate_twins_must(ours->len <= limit && ours->cap <= limit, "over the limit");
}

/* Feeds all from memory of the exact size, which is gone afterwards, and compares. */
static inline enum sherd_status inflate_twins_feed(struct inflate_twins *twins,
                                                   struct sherd_bytes piece, bool is_first,
                                                   bool is_last, size_t limit) {
  uint8_t *copy = malloc(piece.len ? piece.len : 1);
  inflate_twins_must(copy, "out of memory");
  if (piece.len)
    memcpy(copy, piece.data, piece.len);
  piece.data = copy;
  enum sherd_status status =
      sherd__inflater_feed(twins->ours, piece, is_first, is_last, limit, &twins->ours_out);
  enum sherd_status cold =
      sherd__inflater_feed(twins->cold, piece, is_first, is_last, limit, &twins->cold_out);
  enum sherd_status expected =
      sherd__inflater_feed(twins->zlib, piece, is_first, is_last, limit, &twins->zlib_out);
  free(copy);
  inflate_twins_must(status == expected && cold == expected, "one refuses what another takes");
  inflate_twins_compare(&twins->ours_out, &twins->zlib_out, limit);
  inflate_twins_compare(&twins->cold_out, &twins->zlib_out, limit);
  return status;
}

#endif
