/* A zlib peer for the targets. */
#ifndef SHERD_FUZZ_DEFLATE_H
#define SHERD_FUZZ_DEFLATE_H

#define ZLIB_CONST
#include <zlib.h>

#include "fuzz.h"

/* Compresses `plain` in pieces; each is flushed as the input says, the last one with `last`. */
static inline void fuzz_deflate(struct sherd_bytes plain, struct sherd_bytes *choices, int last,
                                struct sherd_buf *wire) {
  static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE};
  static const int flushes[] = {Z_NO_FLUSH, Z_PARTIAL_FLUSH, Z_SYNC_FLUSH, Z_FULL_FLUSH};
  uint8_t kind = fuzz_byte(choices);
  z_stream stream = {0};
  FUZZ_CHECK(deflateInit2(&stream, kind % 10, Z_DEFLATED, 15, 8, strategies[kind / 10 % 4]) ==
             Z_OK);
  do {
    struct sherd_bytes piece = fuzz_take(&plain, 1 + (size_t)fuzz_byte(choices) * 8);
    uint8_t chunk[1024];
    stream.next_in = piece.data;
    stream.avail_in = (uInt)piece.len;
    do {
      stream.next_out = chunk;
      stream.avail_out = sizeof chunk;
      deflate(&stream, plain.len ? flushes[fuzz_byte(choices) % 4] : last);
      fuzz_append(wire, chunk, sizeof chunk - stream.avail_out);
    } while (stream.avail_out == 0 || stream.avail_in);
  } while (plain.len);
  deflateEnd(&stream);
}

#endif
