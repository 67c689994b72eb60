/* Our decoder of zstd's streams beside libzstd: after every piece of a stream both must have said
 * the same and put the same out. Only of a damaged stream may ours refuse what libzstd takes: an
 * offset of 0 or beyond the window, codes of 12 bits, bits that are read over their end or left,
 * reserved bits, blocks of nothing or of more than there may be. And it takes what libzstd refused
 * before 1.5.6: no sequences, told in two bytes. */
#ifndef SHERD_TESTS_ZSTD_TWINS_H
#define SHERD_TESTS_ZSTD_TWINS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zstd.h>

#include "base/buf.h"
#include "engine/inflate_codec.h"

struct zstd_twins {
  struct sherd__inflater *ours, *libs;
  struct sherd_buf ours_out, libs_out;
  bool is_damaged; /* or may be */
  uint8_t last;    /* byte that was fed */
  bool has_long_none;
};

#define ZSTD_TWINS_LONG_NONE_VERSION 10506

static inline void zstd_twins_must(bool holds, const char *what) {
  if (holds)
    return;
  fprintf(stderr, "our zstd and libzstd: %s\n", what);
  abort();
}

static inline void zstd_twins_init(struct zstd_twins *twins, bool is_damaged) {
  const struct sherd_allocator *allocator = sherd_allocator_default();
  *twins = (struct zstd_twins){.is_damaged = is_damaged};
  sherd__buf_init(&twins->ours_out, allocator);
  sherd__buf_init(&twins->libs_out, allocator);
  zstd_twins_must(!sherd__inflater_new_zstd_native(allocator, &twins->ours) &&
                      !sherd__inflater_new_zstd(allocator, &twins->libs),
                  "out of memory");
}

static inline void zstd_twins_deinit(struct zstd_twins *twins) {
  sherd__inflater_free(twins->ours);
  sherd__inflater_free(twins->libs);
  sherd__buf_deinit(&twins->ours_out);
  sherd__buf_deinit(&twins->libs_out);
}

/* Forgets what was put out; the streams go on. */
static inline void zstd_twins_clear(struct zstd_twins *twins) {
  twins->ours_out.len = twins->libs_out.len = 0;
}

/* Whether "no sequences" may have been told in two bytes by now, 80 and 00. */
static inline void zstd_twins_note(struct zstd_twins *twins, struct sherd_bytes piece) {
  for (size_t i = 0; i < piece.len; i++) {
    twins->has_long_none |= twins->last == 0x80 && piece.data[i] == 0;
    twins->last = piece.data[i];
  }
}

/* Feeds both from memory of the exact size, which is gone afterwards, and compares. */
static inline enum sherd_status zstd_twins_feed(struct zstd_twins *twins, struct sherd_bytes piece,
                                                size_t limit) {
  uint8_t *copy = malloc(piece.len ? piece.len : 1);
  zstd_twins_must(copy, "out of memory");
  if (piece.len)
    memcpy(copy, piece.data, piece.len);
  piece.data = copy;
  zstd_twins_note(twins, piece);
  struct sherd_buf *ours = &twins->ours_out, *libs = &twins->libs_out;
  enum sherd_status status = sherd__inflater_feed(twins->ours, piece, false, false, limit, ours);
  enum sherd_status expected = sherd__inflater_feed(twins->libs, piece, false, false, limit, libs);
  free(copy);
  zstd_twins_must(ours->len <= limit && ours->cap <= limit, "over the limit");
  zstd_twins_must(status == SHERD_OK || status == SHERD_EZSTD || status == SHERD_EINFLATELIMIT,
                  "a status of another kind");
  if (twins->is_damaged && (status || (expected && twins->has_long_none &&
                                       ZSTD_versionNumber() < ZSTD_TWINS_LONG_NONE_VERSION)))
    return status ? status : expected;
  zstd_twins_must(status == expected, "one refuses what the other takes");
  zstd_twins_must(status == SHERD_EZSTD || ours->len == libs->len, "one puts more out");
  zstd_twins_must(!ours->len || status == SHERD_EZSTD ||
                      memcmp(ours->data, libs->data, ours->len) == 0,
                  "different bytes");
  return status;
}

#endif
