#define ZLIB_CONST /* inflate() only reads its input */
#include <zlib.h>

#include <string.h>

#include "base/mem.h"
#include "payload/etf.h"

#define HEAD_BYTES  6 /* version, tag, u32 size */
#define CHUNK_BYTES 16384

bool sherd__etf_is_compressed(struct sherd_bytes document) {
  return document.len > 1 && document.data[0] == SHERD__ETF_VERSION &&
         document.data[1] == SHERD__ETF_COMPRESSED;
}

static void *zlib_alloc(void *allocator, unsigned items, unsigned size) {
  return sherd__malloc(allocator, (size_t)items * size);
}

static void zlib_free(void *allocator, void *ptr) {
  sherd__free(allocator, ptr);
}

/* What inflate() says at its end. */
static enum sherd_status status_of(int result) {
  switch (result) {
  case Z_STREAM_END:
    return SHERD_OK;
  case Z_MEM_ERROR:
    return SHERD_ENOMEM;
  case Z_BUF_ERROR: /* no input is left, and the stream is not at its end */
    return SHERD_ETRUNCATED;
  default:
    return SHERD_EZLIB;
  }
}

/* Inflates `in` to exactly `size` bytes at the end of `out`, whose room grows as they come. *rest
 * is how much of `in` is behind the stream. */
static enum sherd_status inflate_all(z_stream *stream, struct sherd_bytes in, size_t size,
                                     struct sherd_buf *out, size_t *rest) {
  int result = Z_OK;
  while (result == Z_OK) {
    size_t room = size < CHUNK_BYTES ? size : CHUNK_BYTES;
    uint8_t one_too_many;
    enum sherd_status status = sherd__buf_reserve(out, room);
    if (status)
      return status;
    if (stream->avail_in == 0) {
      size_t piece = in.len < UINT32_MAX ? in.len : UINT32_MAX;
      stream->next_in = in.data;
      stream->avail_in = (unsigned)piece;
      in.data += piece;
      in.len -= piece;
    }
    stream->next_out = room ? out->data + out->len : &one_too_many;
    stream->avail_out = room ? (unsigned)room : 1;
    result = inflate(stream, Z_NO_FLUSH);
    if (!room && !stream->avail_out)
      return SHERD_EZLIB;
    size_t fresh = room ? room - stream->avail_out : 0;
    out->len += fresh;
    size -= fresh;
  }
  *rest = stream->avail_in + in.len;
  return result == Z_STREAM_END && size ? SHERD_EZLIB : status_of(result);
}

/* Appends the plain form. `size` is that of the term in it. */
static enum sherd_status expand(struct sherd_bytes document, size_t size, struct sherd_buf *out,
                                size_t *used) {
  z_stream stream = {.zalloc = zlib_alloc, .zfree = zlib_free};
  stream.opaque = (void *)(uintptr_t)out->allocator;
  if (inflateInit(&stream) != Z_OK)
    return SHERD_ENOMEM;
  size_t start = out->len, rest = 0;
  struct sherd_bytes in = {document.data + HEAD_BYTES, document.len - HEAD_BYTES};
  enum sherd_status status = sherd__buf_append_byte(out, SHERD__ETF_VERSION);
  if (status == SHERD_OK)
    status = inflate_all(&stream, in, size, out, &rest);
  inflateEnd(&stream);
  *used = document.len - rest;
  if (status)
    out->len = start;
  return status;
}

/* The size that is announced for the term. */
static enum sherd_status read_size(struct sherd_bytes document, size_t *out) {
  if (!sherd__etf_is_compressed(document))
    return SHERD_EINVAL;
  if (document.len < HEAD_BYTES)
    return SHERD_ETRUNCATED;
  const uint8_t *head = document.data;
  *out = (size_t)head[2] << 24 | (size_t)head[3] << 16 | (size_t)head[4] << 8 | head[5];
  return SHERD_OK;
}

enum sherd_status sherd__etf_expand(struct sherd_bytes document, size_t limit,
                                    struct sherd_buf *out, size_t *used) {
  size_t size;
  enum sherd_status status = read_size(document, &size);
  if (status)
    return status;
  if (limit == 0 || size > limit - 1)
    return SHERD_EINFLATELIMIT;
  return expand(document, size, out, used);
}

enum sherd_status sherd_value_expand(const void *data, size_t len, void *buf, size_t cap,
                                     size_t *out_len) {
  struct sherd_bytes document = {data, len};
  bool is_compressed = sherd__etf_is_compressed(document);
  size_t size, used;
  if (!data && len)
    return SHERD_EINVAL;
  enum sherd_status status = is_compressed ? read_size(document, &size) : SHERD_OK;
  if (status)
    return status;
  size_t plain_len = is_compressed ? size + 1 : len;
  if (out_len)
    *out_len = plain_len;
  if (plain_len > cap)
    return SHERD_ENOSPACE;
  if (!is_compressed) {
    if (len)
      memcpy(buf, data, len);
    return SHERD_OK;
  }
  /* The caller's memory has all the room, so that it is never asked to grow. */
  struct sherd_buf out = {.data = buf, .cap = cap, .allocator = sherd_allocator_default()};
  status = expand(document, size, &out, &used);
  return status == SHERD_OK && used != len ? SHERD_EZLIB : status;
}
