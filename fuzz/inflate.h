/* The properties of an inflater:
 *   - how a stream is cut changes neither its fate nor its output;
 *   - the limit holds, in what is put out and in what is held for it;
 *   - what a peer compressed comes out as it was. */
#ifndef SHERD_FUZZ_INFLATE_H
#define SHERD_FUZZ_INFLATE_H

#include "engine/inflate.h"
#include "fuzz.h"

/* Feeds a stream, cut as told, as one message. */
static inline enum sherd_status fuzz_inflate(enum sherd_compression compression,
                                             struct sherd_bytes stream, uint8_t how, size_t limit,
                                             struct sherd_buf *out) {
  struct sherd__inflater *inflater;
  FUZZ_CHECK(sherd__inflater_new(sherd_allocator_default(), compression, &inflater) == SHERD_OK);
  struct fuzz_cuts cuts = fuzz_cuts_from(how);
  enum sherd_status status = SHERD_OK;
  sherd__buf_init(out, sherd_allocator_default());
  bool is_first = true;
  do {
    struct sherd_bytes piece = {NULL, 0};
    if (stream.len)
      piece = fuzz_piece(&cuts, &stream);
    size_t before = out->len;
    status = sherd__inflater_feed(inflater, piece, is_first, stream.len == 0, limit, out);
    FUZZ_CHECK(out->len >= before && out->len <= limit && out->cap <= limit);
    FUZZ_CHECK(status != SHERD_EINFLATELIMIT || out->len == limit);
    fuzz_piece_free(piece);
    is_first = false;
  } while (stream.len && !status);
  sherd__inflater_free(inflater);
  return status;
}

/* Inflates the same stream whole and cut, and compares; true when it was good, and *out is then
 * what came out. */
static inline bool fuzz_inflate_cut(enum sherd_compression compression, struct sherd_bytes stream,
                                    uint8_t how, size_t limit, enum sherd_status damage,
                                    struct sherd_buf *out) {
  struct sherd_buf cut;
  enum sherd_status status = fuzz_inflate(compression, stream, 0, limit, out);
  enum sherd_status cut_status = fuzz_inflate(compression, stream, how, limit, &cut);
  FUZZ_CHECK(status == SHERD_OK || status == damage || status == SHERD_EINFLATELIMIT);
  /* zstd decodes a frame that it sees whole in one go, and may then meet damage before the limit */
  FUZZ_CHECK(status == cut_status || (damage == SHERD_EZSTD && status && cut_status));
  if (!status)
    FUZZ_CHECK(fuzz_equal(sherd__buf_bytes(out), sherd__buf_bytes(&cut)));
  sherd__buf_deinit(&cut);
  return !status;
}

/* Inflates what a peer made of `plain`, with a limit that just fits and one that does not. */
static inline void fuzz_inflate_good(enum sherd_compression compression, struct sherd_bytes wire,
                                     struct sherd_bytes plain, uint8_t how,
                                     enum sherd_status damage) {
  struct sherd_buf out;
  FUZZ_CHECK(fuzz_inflate_cut(compression, wire, how, plain.len, damage, &out));
  FUZZ_CHECK(fuzz_equal(sherd__buf_bytes(&out), plain));
  sherd__buf_deinit(&out);
  if (plain.len == 0)
    return;
  FUZZ_CHECK(!fuzz_inflate_cut(compression, wire, how, plain.len - 1, damage, &out));
  FUZZ_CHECK(fuzz_equal(sherd__buf_bytes(&out), (struct sherd_bytes){plain.data, plain.len - 1}));
  sherd__buf_deinit(&out);
}

#endif
