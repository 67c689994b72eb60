/* The loop threads that live shards run on, or the caller's own libuv loop. */
#ifndef SHERD_RUNTIME_H
#define SHERD_RUNTIME_H

#include <stdint.h>

#include <sherd/alloc.h>
#include <sherd/log.h>
#include <sherd/status.h>

struct uv_loop_s; /* libuv's uv_loop_t */

#ifdef __cplusplus
extern "C" {
#endif

struct sherd_runtime;

/* Zeroed, everything has its default. */
struct sherd_runtime_config {
  uint32_t threads; /* loop threads; 0: 1. Must be 0 with `loop` */
  /* The caller's loop instead of threads of ours. The caller runs it, and keeps it until
   * sherd_runtime_free(). The thread that makes the runtime counts as the loop's thread until the
   * loop has run once in another. SIGPIPE is the caller's to ignore there, as libuv has it; threads
   * of ours block it. */
  struct uv_loop_s *loop;
  uint32_t max_concurrency;                /* IDENTIFYs per 5 s, from GET /gateway/bot; 0: 1 */
  const struct sherd_allocator *allocator; /* NULL: the default; must be thread-safe */
  struct sherd_log log;                    /* for all its shards; called on their loop threads */
};

/* Makes a runtime and starts its threads. `config` may be NULL.
 * Errors: SHERD_EINVAL for threads together with a loop, or more than 1024 threads; SHERD_ENOMEM;
 * SHERD_ESYSTEM when a thread or loop cannot be made. *out is NULL on any of them. Thread-safe. */
enum sherd_status sherd_runtime_new(const struct sherd_runtime_config *config,
                                    struct sherd_runtime **out);

/* How many IDENTIFYs may be sent, and when: as GET /gateway/bot says it. */
struct sherd_identify_limits {
  uint32_t max_concurrency; /* buckets: IDENTIFYs per 5 s; 0: 1 */
  uint32_t remaining;       /* of the day's session starts; SHERD_NEVER: no such limit is known */
  uint32_t total;           /* what `remaining` becomes after ... */
  uint64_t reset_after_ms;  /* ... this long from now */
};

/* Takes new limits for the shards of this runtime: those that wait for their turn keep their places
 * and get new times. When the day's starts are used up, everybody waits for the reset. Errors:
 * SHERD_ENOMEM, and nothing has changed. Thread-safe. */
enum sherd_status sherd_runtime_set_identify_limits(struct sherd_runtime *runtime,
                                                    const struct sherd_identify_limits *limits);

/* What is left of the day's starts, counting what the shards of this runtime have used since; and
 * in `reset_after_ms` how long until the reset. Thread-safe. */
void sherd_runtime_identify_limits(struct sherd_runtime *runtime,
                                   struct sherd_identify_limits *out);

/* Stops the threads and frees the runtime, which must have no shards left. With the caller's loop,
 * call it on the loop's thread or when the loop does not run; what is left on the loop is closed
 * by running it once more (this call does so when the loop does not run). NULL is allowed.
 * Errors: SHERD_ESTATE while shards are left, SHERD_EDEADLK on one of its own threads. */
enum sherd_status sherd_runtime_free(struct sherd_runtime *runtime);

#ifdef __cplusplus
}
#endif
#endif
