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

/* Stops the threads and frees the runtime, which must have no shards left. With the caller's loop,
 * call it on the loop's thread or when the loop does not run; what is left on the loop is closed
 * by running it once more (this call does so when the loop does not run). NULL is allowed.
 * Errors: SHERD_ESTATE while shards are left, SHERD_EDEADLK on one of its own threads. */
enum sherd_status sherd_runtime_free(struct sherd_runtime *runtime);

#ifdef __cplusplus
}
#endif
#endif
