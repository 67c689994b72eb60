/* Where inflated bytes go: to the end of a buffer, which grows, but never over a limit.
 *
 * What lies in the buffer before `start` is somebody else's; a match that reaches over it goes on
 * in the stream's history. */
#ifndef SHERD_ENGINE_INFLATE_SINK_H
#define SHERD_ENGINE_INFLATE_SINK_H

#include <stddef.h>
#include <stdint.h>

#include <sherd/bytes.h>
#include <sherd/status.h>

#include "base/buf.h"
#include "engine/inflate_history.h"

struct sherd__inflate_sink {
  struct sherd_buf *out;
  size_t start; /* where in `out` this piece's output begins */
  size_t limit; /* of `out`, in all */
};

/* How many bytes fit without growing. */
size_t sherd__inflate_sink_room(const struct sherd__inflate_sink *sink);

/* Makes room for `want` bytes, or for as many as the limit lets in.
 * Errors: SHERD_ENOMEM, and nothing has changed. */
enum sherd_status sherd__inflate_sink_reserve(struct sherd__inflate_sink *sink, size_t want);

/* Puts bytes out. Errors: SHERD_EINFLATELIMIT, once what fits is out; SHERD_ENOMEM. */
enum sherd_status sherd__inflate_sink_append(struct sherd__inflate_sink *sink,
                                             struct sherd_bytes data);

/* Puts `len` bytes out that are the same as those `distance` bytes ago. Errors: SHERD_EZLIB for a
 * distance of more than there has been; SHERD_EINFLATELIMIT, once what fits is out; SHERD_ENOMEM.
 */
enum sherd_status sherd__inflate_sink_repeat(struct sherd__inflate_sink *sink,
                                             const struct sherd__inflate_history *history,
                                             size_t distance, size_t len);

/* Copies a match to `to`, where there is room for it, and to no byte beyond. `made` is how many
 * bytes before `to` are the stream's own; at least `distance` bytes must have been. */
void sherd__inflate_copy(uint8_t *to, size_t made, const struct sherd__inflate_history *history,
                         size_t distance, size_t len);

#endif
