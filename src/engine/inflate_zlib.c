/* zlib: the transport's one endless stream, and the payload's stream for each message. */
#include <limits.h>

#define ZLIB_CONST /* input is not written to */
#include <zlib.h>

#include "base/mem.h"
#include "engine/inflate_codec.h"

struct zlib_inflater {
  struct sherd__inflater base;
  z_stream stream;
  bool ended; /* per message: its stream is whole */
};

static void *zlib_alloc(void *opaque, uInt items, uInt size) {
  return size && items > SIZE_MAX / size ? NULL : sherd__malloc(opaque, (size_t)items * size);
}

static void zlib_dealloc(void *opaque, void *ptr) {
  sherd__free(opaque, ptr);
}

static uInt clamp(size_t len) {
  return len < UINT_MAX ? (uInt)len : UINT_MAX;
}

/* Runs inflate() once. *filled is whether the output was, so that there may be more to come. */
static enum sherd_status inflate_once(struct zlib_inflater *zlib, struct sherd_bytes *in,
                                      size_t limit, struct sherd_buf *out, bool *filled) {
  z_stream *stream = &zlib->stream;
  struct sherd__inflate_window window;
  enum sherd_status status = sherd__inflate_window_open(&window, limit, out);
  if (status)
    return status;
  uInt in_len = clamp(in->len), out_len = clamp(window.len);
  stream->next_in = in->data;
  stream->avail_in = in_len;
  stream->next_out = window.data;
  stream->avail_out = out_len;
  int result = inflate(stream, Z_SYNC_FLUSH);
  *filled = stream->avail_out == 0;
  in->data += in_len - stream->avail_in;
  in->len -= in_len - stream->avail_in;
  status = sherd__inflate_window_close(&window, out_len - stream->avail_out, out);
  if (status)
    return status;
  switch (result) {
  case Z_OK:
  case Z_BUF_ERROR: /* there was nothing to do */
    return SHERD_OK;
  case Z_STREAM_END:
    zlib->ended = true;
    return SHERD_OK;
  case Z_MEM_ERROR:
    return SHERD_ENOMEM;
  default: /* Z_DATA_ERROR, and Z_NEED_DICT for a preset dictionary, which nobody has */
    return SHERD_EZLIB;
  }
}

/* Inflates until the input is used up and the output was not filled. */
static enum sherd_status inflate_all(struct zlib_inflater *zlib, struct sherd_bytes *in,
                                     size_t limit, struct sherd_buf *out) {
  bool filled = false;
  while ((in->len || filled) && !zlib->ended) {
    enum sherd_status status = inflate_once(zlib, in, limit, out, &filled);
    if (status)
      return status;
  }
  return SHERD_OK;
}

static enum sherd_status feed_stream(struct sherd__inflater *inflater, struct sherd_bytes in,
                                     bool is_first, bool is_last, size_t limit,
                                     struct sherd_buf *out) {
  struct zlib_inflater *zlib = (struct zlib_inflater *)inflater;
  (void)is_first;
  (void)is_last;
  enum sherd_status status = inflate_all(zlib, &in, limit, out);
  if (status)
    return status;
  return zlib->ended ? SHERD_EZLIB : SHERD_OK;
}

static enum sherd_status feed_message(struct sherd__inflater *inflater, struct sherd_bytes in,
                                      bool is_first, bool is_last, size_t limit,
                                      struct sherd_buf *out) {
  struct zlib_inflater *zlib = (struct zlib_inflater *)inflater;
  if (is_first) {
    inflateReset(&zlib->stream);
    zlib->ended = false;
  }
  enum sherd_status status = inflate_all(zlib, &in, limit, out);
  if (status)
    return status;
  bool has_more = in.len > 0, is_cut = is_last && !zlib->ended;
  return has_more || is_cut ? SHERD_EZLIB : SHERD_OK;
}

static void zlib_free(struct sherd__inflater *inflater) {
  struct zlib_inflater *zlib = (struct zlib_inflater *)inflater;
  inflateEnd(&zlib->stream);
  sherd__free(inflater->allocator, zlib);
}

enum sherd_status sherd__inflater_new_zlib(const struct sherd_allocator *allocator,
                                           bool per_message, struct sherd__inflater **out) {
  static const struct sherd__inflate_codec stream_codec = {feed_stream, zlib_free};
  static const struct sherd__inflate_codec message_codec = {feed_message, zlib_free};
  struct zlib_inflater *zlib = sherd__calloc(allocator, sizeof *zlib);
  if (!zlib)
    return SHERD_ENOMEM;
  zlib->base.codec = per_message ? &message_codec : &stream_codec;
  zlib->base.allocator = allocator;
  zlib->stream.zalloc = zlib_alloc;
  zlib->stream.zfree = zlib_dealloc;
  zlib->stream.opaque = (void *)(uintptr_t)allocator; /* zlib has no const here */
  if (inflateInit(&zlib->stream) != Z_OK) {
    sherd__free(allocator, zlib);
    return SHERD_ENOMEM;
  }
  *out = &zlib->base;
  return SHERD_OK;
}
