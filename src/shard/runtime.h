/* What a live shard needs of its runtime: a loop to run on, TLS, and the permission to IDENTIFY.
 * Everything here is thread-safe. */
#ifndef SHERD_SHARD_RUNTIME_H
#define SHERD_SHARD_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#include <sherd/runtime.h>

#include "net/loop.h"
#include "net/tls.h"
#include "shard/identify_queue.h"

/* Lifetime of what they return: that of the runtime. */
const struct sherd_allocator *sherd__runtime_allocator(const struct sherd_runtime *runtime);
const struct sherd_log *sherd__runtime_log(const struct sherd_runtime *runtime);
bool sherd__runtime_is_on_callers_loop(const struct sherd_runtime *runtime);

/* Counts a shard in, and gives the loop that it shall live on. */
struct sherd__loop *sherd__runtime_enter(struct sherd_runtime *runtime, uint32_t shard_id);

/* The shard's owner has freed it: it does not count as left any more, ... */
void sherd__runtime_leave(struct sherd_runtime *runtime);

/* ... and nothing of it is on the loop any more. The runtime may be gone when this returns. */
void sherd__runtime_left(struct sherd_runtime *runtime);

/* Frees a runtime that has one thread, on that thread, which ends. No shard may be left. */
void sherd__runtime_free_from_inside(struct sherd_runtime *runtime);

/* Whether one of the user's callbacks is on the stack of the caller's loop. To be set and asked on
 * that loop's thread; with threads of our own it means nothing and is always true: nothing else
 * runs there. */
void sherd__runtime_set_in_callback(struct sherd_runtime *runtime, bool in_callback);
bool sherd__runtime_is_in_callback(const struct sherd_runtime *runtime);

/* sherd__tls_cache_get() and _put() on the runtime's cache. */
enum sherd_status sherd__runtime_tls_get(struct sherd_runtime *runtime, const char *ca_file,
                                         struct sherd__tls **out);
void sherd__runtime_tls_put(struct sherd_runtime *runtime, struct sherd__tls *tls);

/* The calls of shard/identify_queue.h on the queue of the runtime. `moved` may be called on any
 * thread, with the runtime locked. */
void sherd__runtime_identify_ask(struct sherd_runtime *runtime,
                                 struct sherd__identify_ticket *ticket, uint32_t shard_id,
                                 uint64_t now_ms);
bool sherd__runtime_identify_poll(struct sherd_runtime *runtime,
                                  struct sherd__identify_ticket *ticket, uint64_t now_ms,
                                  uint64_t *again_ms);
void sherd__runtime_identify_cancel(struct sherd_runtime *runtime,
                                    struct sherd__identify_ticket *ticket);
enum sherd_status sherd__runtime_identify_set_limits(struct sherd_runtime *runtime,
                                                     const struct sherd_identify_limits *limits,
                                                     uint64_t now_ms);
void sherd__runtime_identify_limits(struct sherd_runtime *runtime, uint64_t now_ms,
                                    struct sherd_identify_limits *out);

#endif
