/* The buffer that messages are inflated to, one for all engines of a thread.
 *
 * A message that is not whole when its bytes run out is parked: moved to memory of its engine's own
 * until the rest comes. So the scratch is free between any two calls, and an idle shard holds
 * nothing. */
#ifndef SHERD_ENGINE_SCRATCH_H
#define SHERD_ENGINE_SCRATCH_H

#include <sherd/engine.h>

#include "base/buf.h"

/* A scratch that has grown over this gives the memory back when its message is done. */
#define SHERD__SCRATCH_KEEP_BYTES (1024 * 1024)

struct sherd_scratch {
  const struct sherd_allocator *allocator;
  struct sherd_buf buf;
  struct sherd_engine *user; /* whose message is in it; NULL: nobody's */
};

/* Empties the scratch for the next message, and shrinks it if it has grown too large. */
void sherd__scratch_clear(struct sherd_scratch *scratch);

/* Moves what is in the scratch from `from` on to `parked`, and empties the scratch.
 * Errors: SHERD_ENOMEM. */
enum sherd_status sherd__scratch_park(struct sherd_scratch *scratch, size_t from,
                                      struct sherd_buf *parked);

/* Moves what was parked back to the empty scratch, and frees `parked`. Errors: SHERD_ENOMEM. */
enum sherd_status sherd__scratch_unpark(struct sherd_scratch *scratch, struct sherd_buf *parked);

#endif
