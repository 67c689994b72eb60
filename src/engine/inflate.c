#include "engine/inflate.h"

#include <string.h>

#include "base/mem.h"
#include "engine/inflate_codec.h"

#define FIRST_CAP ((size_t)16 * 1024)

/* --- The window --- */

enum sherd_status sherd__inflate_grow(struct sherd_buf *out, size_t limit) {
  size_t cap = out->cap < FIRST_CAP / 2 ? FIRST_CAP : out->cap > limit / 2 ? limit : out->cap * 2;
  if (cap > limit)
    cap = limit;
  uint8_t *data = sherd__realloc(out->allocator, out->data, out->cap, cap);
  if (!data)
    return SHERD_ENOMEM;
  out->data = data;
  out->cap = cap;
  return SHERD_OK;
}

enum sherd_status sherd__inflate_window_open(struct sherd__inflate_window *window, size_t limit,
                                             struct sherd_buf *out) {
  if (out->len >= limit) {
    window->data = &window->spare;
    window->len = 1;
    return SHERD_OK;
  }
  if (out->len == out->cap) {
    enum sherd_status status = sherd__inflate_grow(out, limit);
    if (status)
      return status;
  }
  window->data = out->data + out->len;
  window->len = (out->cap < limit ? out->cap : limit) - out->len;
  return SHERD_OK;
}

enum sherd_status sherd__inflate_window_close(struct sherd__inflate_window *window, size_t len,
                                              struct sherd_buf *out) {
  if (window->data == &window->spare)
    return len ? SHERD_EINFLATELIMIT : SHERD_OK;
  out->len += len;
  return SHERD_OK;
}

/* --- No compression --- */

static enum sherd_status copy(struct sherd__inflater *inflater, struct sherd_bytes in,
                              bool is_first, bool is_last, size_t limit, struct sherd_buf *out) {
  (void)inflater;
  (void)is_first;
  (void)is_last;
  while (in.len) {
    struct sherd__inflate_window window;
    enum sherd_status status = sherd__inflate_window_open(&window, limit, out);
    if (status)
      return status;
    size_t len = in.len < window.len ? in.len : window.len;
    memcpy(window.data, in.data, len);
    in.data += len;
    in.len -= len;
    status = sherd__inflate_window_close(&window, len, out);
    if (status)
      return status;
  }
  return SHERD_OK;
}

static void copy_free(struct sherd__inflater *inflater) {
  sherd__free(inflater->allocator, inflater);
}

static enum sherd_status copy_new(const struct sherd_allocator *allocator,
                                  struct sherd__inflater **out) {
  static const struct sherd__inflate_codec codec = {copy, copy_free};
  struct sherd__inflater *inflater = sherd__calloc(allocator, sizeof *inflater);
  if (!inflater)
    return SHERD_ENOMEM;
  *inflater = (struct sherd__inflater){&codec, allocator, false};
  *out = inflater;
  return SHERD_OK;
}

/* --- Any of them --- */

enum sherd_status sherd__inflater_new(const struct sherd_allocator *allocator,
                                      enum sherd_compression compression,
                                      struct sherd__inflater **out) {
  return sherd__inflater_new_by(allocator, compression, SHERD_INFLATER_NATIVE, out);
}

enum sherd_status sherd__inflater_new_by(const struct sherd_allocator *allocator,
                                         enum sherd_compression compression,
                                         enum sherd_inflater code, struct sherd__inflater **out) {
  bool per_message = compression == SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM;
  *out = NULL;
  switch (compression) {
  case SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM:
  case SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM:
    return code == SHERD_INFLATER_ZLIB ? sherd__inflater_new_zlib(allocator, per_message, out)
                                       : sherd__inflater_new_native(allocator, per_message, out);
  case SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM:
    return code == SHERD_INFLATER_ZLIB ? sherd__inflater_new_zstd(allocator, out)
                                       : sherd__inflater_new_zstd_native(allocator, out);
  case SHERD_COMPRESSION_NONE:
  default:
    return copy_new(allocator, out);
  }
}

void sherd__inflater_free(struct sherd__inflater *inflater) {
  if (inflater)
    inflater->codec->free(inflater);
}

void sherd__inflater_set_cold(struct sherd__inflater *inflater, bool is_cold) {
  inflater->is_cold = is_cold;
}

enum sherd_status sherd__inflater_feed(struct sherd__inflater *inflater, struct sherd_bytes in,
                                       bool is_first, bool is_last, size_t limit,
                                       struct sherd_buf *out) {
  return inflater->codec->feed(inflater, in, is_first, is_last, limit, out);
}
