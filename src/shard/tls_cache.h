/* One TLS context for all shards that trust the same authorities: reading the system's takes tens
 * of milliseconds and megabytes, which a thousand shards shall not pay a thousand times. */
#ifndef SHERD_SHARD_TLS_CACHE_H
#define SHERD_SHARD_TLS_CACHE_H

#include <sherd/alloc.h>
#include <sherd/status.h>

#include "net/tls.h"

struct sherd__tls_entry;

/* Zeroed but for the allocator, it is empty. Not thread-safe by itself. */
struct sherd__tls_cache {
  const struct sherd_allocator *allocator;
  struct sherd__tls_entry *first;
};

/* Gives the context for `ca_file` (NULL: the system's authorities), made if nobody uses one yet.
 * Each success must be met by one sherd__tls_cache_put(). Errors: those of sherd__tls_new(). */
enum sherd_status sherd__tls_cache_get(struct sherd__tls_cache *cache, const char *ca_file,
                                       struct sherd__tls **out);

/* Gives a context back; the last one frees it, so that a file that has changed since is read anew.
 * NULL is allowed. */
void sherd__tls_cache_put(struct sherd__tls_cache *cache, struct sherd__tls *tls);

#endif
