/* The gateway's compressions, server to client: what src/engine/inflate.h undoes.
 * Source: Discord's documentation, Gateway, encoding and compression. */
#ifndef SHERD_SIM_DEFLATE_H
#define SHERD_SIM_DEFLATE_H

#include <sherd/alloc.h>
#include <sherd/bytes.h>
#include <sherd/config.h>
#include <sherd/status.h>

#include "base/buf.h"

/* One connection's compressor. */
struct sherd__deflater;

/* `compression` is any but NONE. Errors: SHERD_ENOMEM. */
enum sherd_status sherd__deflater_new(const struct sherd_allocator *allocator,
                                      enum sherd_compression compression,
                                      struct sherd__deflater **out);
void sherd__deflater_free(struct sherd__deflater *deflater);

/* Compresses one message and appends to `out`.
 *   PAYLOAD_ZLIB_STREAM    a whole zlib stream
 *   TRANSPORT_ZLIB_STREAM  up to a sync flush, so that it ends with 00 00 ff ff
 *   TRANSPORT_ZSTD_STREAM  up to a flush, in a frame that never ends
 * Errors: SHERD_ENOMEM, and the state is lost. */
enum sherd_status sherd__deflater_feed(struct sherd__deflater *deflater, struct sherd_bytes in,
                                       struct sherd_buf *out);

#endif
