/* The buffer that messages are inflated to, one for all engines of a thread.
 *
 * A message that is not whole when its bytes run out is parked: moved to memory of its engine's own
 * until the rest comes. So the scratch is free between any two calls, and an idle shard holds
 * nothing. */
#ifndef SHERD_ENGINE_SCRATCH_H
#define SHERD_ENGINE_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/engine.h>

#include "base/buf.h"
#include "payload/extent.h"

/* What has grown over this gives the memory back when its message is done. */
#define SHERD__SCRATCH_KEEP_BYTES (1024 * 1024)

/* After so many turns of others an engine's inflater is taken to have left the processor's cache.
 * As measured, it has about then: 15 windows of zlib's fill half a megabyte. */
#define SHERD__SCRATCH_WARM_TURNS 16

struct sherd_scratch {
  const struct sherd_allocator *allocator;
  struct sherd_buf buf;
  /* Of the document that was scanned last: they are good as long as its event is. */
  struct sherd__extents extents;
  struct sherd_engine *user; /* whose message is in it; NULL: nobody's */
  uint64_t turns;            /* how often it was taken */
  /* While a message that was parked is worked on, `buf` is its engine's memory, and the scratch's
   * own is kept here. Handing memory over and back costs nothing, so that a message that comes in
   * many pieces is not copied for each of them. */
  struct sherd_buf aside;
  bool is_lent;
};

/* Empties the scratch for the next message, and shrinks what has grown too large. */
void sherd__scratch_clear(struct sherd_scratch *scratch);

/* Moves what is in the scratch from `from` on to `parked`, which is empty, and empties the scratch.
 * Errors: SHERD_ENOMEM, and nothing has changed. */
enum sherd_status sherd__scratch_park(struct sherd_scratch *scratch, size_t from,
                                      struct sherd_buf *parked);

/* Moves what was parked back to the scratch, in place of what is there, and frees `parked`.
 * Errors: SHERD_ENOMEM, and `parked` is as it was. */
enum sherd_status sherd__scratch_unpark(struct sherd_scratch *scratch, struct sherd_buf *parked);

#endif
