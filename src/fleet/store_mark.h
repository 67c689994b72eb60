/* One consumer's mark in one shard: two cells, written in turn, so that one that is torn leaves the
 * other. A cell is a sequence number, the tag of the session that it belongs to, and a checksum
 * under a key of its place: it counts nowhere else. */
#ifndef SHERD_FLEET_STORE_MARK_H
#define SHERD_FLEET_STORE_MARK_H

#include <stdbool.h>

#include "fleet/store_check.h"

/* A cache line: marks of different shards, thus threads, do not get in each other's way. */
struct sherd__mark {
  struct sherd__mark_cell {
    _Atomic uint64_t seq, tag, check;
    uint64_t reserved;
  } cells[2];
};

/* Gives the highest number that was marked for the session; false, and 0, when there is none. */
bool sherd__mark_read(const struct sherd__mark *mark, uint64_t key, uint64_t tag, uint64_t *seq);

/* Marks; changes nothing when the session's mark is as high already. */
void sherd__mark_write(struct sherd__mark *mark, uint64_t key, uint64_t tag, uint64_t seq);

#endif
