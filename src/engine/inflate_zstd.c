/* zstd: the transport's one endless frame. */
#define ZSTD_STATIC_LINKING_ONLY  /* for ZSTD_createDCtx_advanced(), which shared ones export too  \
                                   */
#include <zstd.h>
#include <zstd_errors.h>

#include "base/mem.h"
#include "engine/inflate_codec.h"

#define WINDOW_LOG_MAX                                                                             \
  23 /* 8 MiB, which every decoder must support: RFC 8878 section 3.1.1.1.2                        \
      */

struct zstd_inflater {
  struct sherd__inflater base;
  ZSTD_DCtx *context;
  size_t magic_len; /* bytes of it that have come */
};

/* Whether the frame begins as it must. libzstd may also be built to read skippable frames and the
 * formats of its first years, which have no business here. */
static bool has_magic(struct zstd_inflater *zstd, struct sherd_bytes in) {
  static const uint8_t magic[4] = {0x28, 0xB5, 0x2F, 0xFD};
  for (size_t i = 0; i < in.len && zstd->magic_len < sizeof magic; i++)
    if (in.data[i] != magic[zstd->magic_len++])
      return false;
  return true;
}

static void *zstd_alloc(void *opaque, size_t size) {
  return sherd__malloc(opaque, size);
}

static void zstd_dealloc(void *opaque, void *ptr) {
  sherd__free(opaque, ptr);
}

/* Runs the decoder once. *filled is whether the output was, so that there may be more to come. */
static enum sherd_status inflate_once(struct zstd_inflater *zstd, ZSTD_inBuffer *in, size_t limit,
                                      struct sherd_buf *out, bool *filled) {
  struct sherd__inflate_window window;
  enum sherd_status status = sherd__inflate_window_open(&window, limit, out);
  if (status)
    return status;
  ZSTD_outBuffer output = {window.data, window.len, 0};
  size_t result = ZSTD_decompressStream(zstd->context, &output, in);
  *filled = output.pos == output.size;
  status = sherd__inflate_window_close(&window, output.pos, out);
  if (status)
    return status;
  if (result == 0)
    return SHERD_EZSTD; /* the frame ended */
  if (ZSTD_isError(result))
    return ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation ? SHERD_ENOMEM : SHERD_EZSTD;
  return SHERD_OK;
}

static enum sherd_status feed(struct sherd__inflater *inflater, struct sherd_bytes in,
                              bool is_first, bool is_last, size_t limit, struct sherd_buf *out) {
  struct zstd_inflater *zstd = (struct zstd_inflater *)inflater;
  (void)is_first;
  (void)is_last;
  if (!has_magic(zstd, in))
    return SHERD_EZSTD;
  ZSTD_inBuffer input = {in.data, in.len, 0};
  bool filled = false;
  while (input.pos < input.size || filled) {
    enum sherd_status status = inflate_once(zstd, &input, limit, out, &filled);
    if (status)
      return status;
  }
  return SHERD_OK;
}

static void zstd_free(struct sherd__inflater *inflater) {
  struct zstd_inflater *zstd = (struct zstd_inflater *)inflater;
  ZSTD_freeDCtx(zstd->context);
  sherd__free(inflater->allocator, zstd);
}

enum sherd_status sherd__inflater_new_zstd(const struct sherd_allocator *allocator,
                                           struct sherd__inflater **out) {
  static const struct sherd__inflate_codec codec = {feed, zstd_free};
  struct zstd_inflater *zstd = sherd__calloc(allocator, sizeof *zstd);
  if (!zstd)
    return SHERD_ENOMEM;
  zstd->base.codec = &codec;
  zstd->base.allocator = allocator;
  ZSTD_customMem memory = {zstd_alloc, zstd_dealloc,
                           (void *)(uintptr_t)allocator}; /* zstd has no const here */
  zstd->context = ZSTD_createDCtx_advanced(memory);
  if (!zstd->context) {
    sherd__free(allocator, zstd);
    return SHERD_ENOMEM;
  }
  ZSTD_DCtx_setParameter(zstd->context, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
  *out = &zstd->base;
  return SHERD_OK;
}
