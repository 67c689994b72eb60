/* The last dispatches of a session, for a RESUME to replay: bounded in number and in bytes.
 *
 * It grows as it fills, so that an idle session holds a few entries only. */
#ifndef SHERD_SIM_RING_H
#define SHERD_SIM_RING_H

#include <stddef.h>
#include <stdint.h>

#include <sherd/alloc.h>
#include <sherd/status.h>

#include "sim/dispatch.h"

struct sherd__ring {
  const struct sherd_allocator *allocator;
  struct sherd__dispatch **items; /* item of `seq` is at seq & (cap - 1) */
  uint32_t cap;                   /* a power of two, or 0 */
  uint32_t max_items;             /* a power of two */
  size_t max_bytes;
  size_t bytes;        /* of all that are in it */
  uint64_t oldest_seq; /* of what is in it; newest_seq + 1 when it is empty */
  uint64_t newest_seq; /* the first dispatch of a session has 1 */
};

/* `max_items` is rounded up to a power of two. */
void sherd__ring_init(struct sherd__ring *ring, const struct sherd_allocator *allocator,
                      uint32_t max_items, size_t max_bytes);
void sherd__ring_deinit(struct sherd__ring *ring);

/* Adds the next dispatch, keeping a reference, and drops what is over the bounds from the old end;
 * the newest is always kept. Errors: SHERD_ENOMEM, and nothing has changed. */
enum sherd_status sherd__ring_add(struct sherd__ring *ring, struct sherd__dispatch *dispatch);

/* The dispatch of `seq`, which must be from oldest_seq to newest_seq. */
struct sherd__dispatch *sherd__ring_at(const struct sherd__ring *ring, uint64_t seq);

#endif
