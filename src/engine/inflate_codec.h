/* What a decompressor has to bring; inflate.c picks one, and nobody else sees this. */
#ifndef SHERD_ENGINE_INFLATE_CODEC_H
#define SHERD_ENGINE_INFLATE_CODEC_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/inflate.h"

struct sherd__inflate_codec {
  enum sherd_status (*feed)(struct sherd__inflater *inflater, struct sherd_bytes in, bool is_first,
                            bool is_last, size_t limit, struct sherd_buf *out);
  void (*free)(struct sherd__inflater *inflater);
};

/* The first member of each codec's own struct. */
struct sherd__inflater {
  const struct sherd__inflate_codec *codec;
  const struct sherd_allocator *allocator;
  bool is_cold; /* as sherd__inflater_set_cold() said; to be made use of or not */
};

/* zlib whose stream is never to end, or (`per_message`) a stream for each message.
 * Errors: SHERD_ENOMEM. */
enum sherd_status sherd__inflater_new_zlib(const struct sherd_allocator *allocator,
                                           bool per_message, struct sherd__inflater **out);

/* The same by code of our own. Errors: SHERD_ENOMEM. */
enum sherd_status sherd__inflater_new_native(const struct sherd_allocator *allocator,
                                             bool per_message, struct sherd__inflater **out);

/* zstd whose frame is never to end. Errors: SHERD_ENOMEM. */
enum sherd_status sherd__inflater_new_zstd(const struct sherd_allocator *allocator,
                                           struct sherd__inflater **out);

/* The same by code of our own. Errors: SHERD_ENOMEM. */
enum sherd_status sherd__inflater_new_zstd_native(const struct sherd_allocator *allocator,
                                                  struct sherd__inflater **out);

/* Makes room for more output by doubling, to `limit` in all at the most; the buffer is smaller.
 * Errors: SHERD_ENOMEM, and nothing has changed. */
enum sherd_status sherd__inflate_grow(struct sherd_buf *out, size_t limit);

/* Where the next output goes. At the limit it is one byte beside the buffer: only by asking for it
 * does one learn whether there is more than the limit. */
struct sherd__inflate_window {
  uint8_t *data;
  size_t len;
  uint8_t spare;
};

/* Makes room for more output, at least a byte of it, by doubling, never over `limit` in all.
 * Errors: SHERD_ENOMEM, and nothing has changed. */
enum sherd_status sherd__inflate_window_open(struct sherd__inflate_window *window, size_t limit,
                                             struct sherd_buf *out);

/* Takes `len` bytes that were written to the window into `out`.
 * Errors: SHERD_EINFLATELIMIT. */
enum sherd_status sherd__inflate_window_close(struct sherd__inflate_window *window, size_t len,
                                              struct sherd_buf *out);

#endif
