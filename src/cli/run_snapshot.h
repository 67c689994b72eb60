/* Snapshots of a running program: taken by whoever wants to show one. */
#ifndef SHERD_CLI_RUN_SNAPSHOT_H
#define SHERD_CLI_RUN_SNAPSHOT_H

#include "sink/hub.h"
#include "watch/snapshot.h"

/* What a snapshot is taken of. */
struct sherd__subject {
  struct sherd_fleet *fleet;
  struct sherd__hub *hub;
  uint64_t started_unix_ms;
};

/* Looks at everything, with a row a shard unless `without_shards`. NULL when there is no memory.
 * Thread-safe. Lifetime: until sherd__snapshot_release(). */
struct sherd__snapshot *sherd__snapshot_take(const struct sherd__subject *subject,
                                             bool without_shards);

/* NULL is allowed. */
void sherd__snapshot_release(struct sherd__snapshot *snapshot);

uint64_t sherd__unix_ms(void);

#endif
