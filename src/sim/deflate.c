#include "sim/deflate.h"

#include <stdbool.h>
#include <stdint.h>

#include <zlib.h>
#include <zstd.h>

#include "base/mem.h"

#define STEP_BYTES 4096

#define ZLIB_LEVEL 6
#define ZSTD_LEVEL 3
/* 256 KiB, as Discord's first messages ask for. */
#define ZSTD_WINDOW_LOG 18

struct sherd__deflater {
  const struct sherd_allocator *allocator;
  enum sherd_compression compression;
  z_stream zlib;
  ZSTD_CCtx *zstd;
};

enum sherd_status sherd__deflater_new(const struct sherd_allocator *allocator,
                                      enum sherd_compression compression,
                                      struct sherd__deflater **out) {
  struct sherd__deflater *deflater = sherd__calloc(allocator, sizeof *deflater);
  *out = NULL;
  if (!deflater)
    return SHERD_ENOMEM;
  deflater->allocator = allocator;
  deflater->compression = compression;
  bool made;
  if (compression == SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM) {
    deflater->zstd = ZSTD_createCCtx();
    made = deflater->zstd &&
           !ZSTD_isError(
               ZSTD_CCtx_setParameter(deflater->zstd, ZSTD_c_compressionLevel, ZSTD_LEVEL)) &&
           !ZSTD_isError(ZSTD_CCtx_setParameter(deflater->zstd, ZSTD_c_windowLog, ZSTD_WINDOW_LOG));
  } else {
    made = deflateInit(&deflater->zlib, ZLIB_LEVEL) == Z_OK;
  }
  if (!made) {
    sherd__deflater_free(deflater);
    return SHERD_ENOMEM;
  }
  *out = deflater;
  return SHERD_OK;
}

void sherd__deflater_free(struct sherd__deflater *deflater) {
  if (!deflater)
    return;
  if (deflater->compression == SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM)
    ZSTD_freeCCtx(deflater->zstd);
  else
    deflateEnd(&deflater->zlib);
  sherd__free(deflater->allocator, deflater);
}

/* Until zlib leaves room in the output, which is when it has no more to give. */
static enum sherd_status feed_zlib(struct sherd__deflater *deflater, struct sherd_bytes in,
                                   int flush, struct sherd_buf *out) {
  z_stream *zlib = &deflater->zlib;
  zlib->next_in = (z_const Bytef *)in.data;
  zlib->avail_in = (uInt)in.len;
  do {
    if (sherd__buf_reserve(out, STEP_BYTES))
      return SHERD_ENOMEM;
    size_t room = out->cap - out->len;
    zlib->next_out = out->data + out->len;
    zlib->avail_out = (uInt)room;
    (void)deflate(zlib, flush);
    out->len += room - zlib->avail_out;
  } while (zlib->avail_out == 0);
  return SHERD_OK;
}

static enum sherd_status feed_zstd(struct sherd__deflater *deflater, struct sherd_bytes bytes,
                                   struct sherd_buf *out) {
  ZSTD_inBuffer in = {bytes.data, bytes.len, 0};
  size_t left;
  do {
    if (sherd__buf_reserve(out, STEP_BYTES))
      return SHERD_ENOMEM;
    ZSTD_outBuffer room = {out->data + out->len, out->cap - out->len, 0};
    left = ZSTD_compressStream2(deflater->zstd, &room, &in, ZSTD_e_flush);
    if (ZSTD_isError(left))
      return SHERD_ENOMEM; /* the one thing that can go wrong here */
    out->len += room.pos;
  } while (left);
  return SHERD_OK;
}

enum sherd_status sherd__deflater_feed(struct sherd__deflater *deflater, struct sherd_bytes in,
                                       struct sherd_buf *out) {
  switch (deflater->compression) {
  case SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM:
    return feed_zstd(deflater, in, out);
  case SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM:
    return feed_zlib(deflater, in, Z_SYNC_FLUSH, out);
  case SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM:
    (void)deflateReset(&deflater->zlib);
    return feed_zlib(deflater, in, Z_FINISH, out);
  case SHERD_COMPRESSION_NONE:
    break;
  }
  return SHERD_EINVAL;
}
