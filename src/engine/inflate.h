/* The gateway's compressions, server to client, behind one small table of functions.
 * Source: Discord's documentation, Gateway, encoding and compression. */
#ifndef SHERD_ENGINE_INFLATE_H
#define SHERD_ENGINE_INFLATE_H

#include <stdbool.h>
#include <stddef.h>

#include <sherd/alloc.h>
#include <sherd/bytes.h>
#include <sherd/config.h>
#include <sherd/status.h>

#include "base/buf.h"

/* One connection's decompressor. Its state lives as long as the connection: a new connection, also
 * for a RESUME, begins with a fresh one. */
struct sherd__inflater;

/* `allocator` also serves zlib and zstd. Errors: SHERD_ENOMEM. */
enum sherd_status sherd__inflater_new(const struct sherd_allocator *allocator,
                                      enum sherd_compression compression,
                                      struct sherd__inflater **out);

/* The same with a choice of the code for zlib's streams. */
enum sherd_status sherd__inflater_new_by(const struct sherd_allocator *allocator,
                                         enum sherd_compression compression,
                                         enum sherd_inflater code, struct sherd__inflater **out);
void sherd__inflater_free(struct sherd__inflater *inflater);

/* Says whether what the inflater keeps has left the cache, as after others were used. It changes
 * how fast it goes, nothing else. */
void sherd__inflater_set_cold(struct sherd__inflater *inflater, bool is_cold);

/* Inflates a piece of a message and appends to `out`, which may hold `limit` bytes in all.
 *   NONE                    copies
 *   PAYLOAD_ZLIB_STREAM     each message is one whole zlib stream (RFC 1950), `is_first` and
 *                           `is_last` mark its edges. (Plain text messages never come here.)
 *   TRANSPORT_ZLIB_STREAM   one endless stream; edges do not matter
 *   TRANSPORT_ZSTD_STREAM   one endless frame; edges do not matter
 * All that the input decodes to is there when the call returns.
 * Errors: SHERD_EZLIB, SHERD_EZSTD for damage, also for a stream that ends where none may, a preset
 * dictionary, bytes after the end of a payload, a payload that is not whole at `is_last`, a zstd
 * window over 8 MiB; SHERD_EINFLATELIMIT; SHERD_ENOMEM. The state is then lost. */
enum sherd_status sherd__inflater_feed(struct sherd__inflater *inflater, struct sherd_bytes in,
                                       bool is_first, bool is_last, size_t limit,
                                       struct sherd_buf *out);

#endif
