/* How far sessions have come, or were taken: a mark for each shard of each set of shards. */
#ifndef SHERD_SINK_MARKS_H
#define SHERD_SINK_MARKS_H

#include <stdint.h>

#include <sherd/alloc.h>
#include <sherd/status.h>

/* Zeroed: nothing. */
struct sherd__mark {
  uint64_t tag; /* of the session: sherd_session_tag() */
  uint64_t seq;
};

struct sherd__marks {
  const struct sherd_allocator *allocator;
  struct sherd__mark_set {
    struct sherd__mark *rows; /* by shard; NULL: nothing is known of this set */
    uint32_t count;
  } * sets;
  uint32_t set_count;
};

void sherd__marks_deinit(struct sherd__marks *marks);

/* Has rows for a set of `count` shards; those that are new are zeroed. Errors: SHERD_ENOMEM. */
enum sherd_status sherd__marks_make(struct sherd__marks *marks, uint32_t set, uint32_t count);

/* The mark of a shard; NULL where there is no row. */
static inline struct sherd__mark *sherd__marks_at(const struct sherd__marks *marks, uint32_t set,
                                                  uint32_t shard_id) {
  if (set >= marks->set_count || shard_id >= marks->sets[set].count)
    return NULL;
  return &marks->sets[set].rows[shard_id];
}

#endif
