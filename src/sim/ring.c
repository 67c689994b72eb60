#include "sim/ring.h"

#include <stdbool.h>

#include "base/mem.h"

#define FIRST_CAP 16

void sherd__ring_init(struct sherd__ring *ring, const struct sherd_allocator *allocator,
                      uint32_t max_items, size_t max_bytes) {
  uint32_t rounded = FIRST_CAP;
  while (rounded < max_items)
    rounded *= 2;
  *ring = (struct sherd__ring){
      .allocator = allocator,
      .max_items = rounded,
      .max_bytes = max_bytes,
      .oldest_seq = 1,
  };
}

static void drop_oldest(struct sherd__ring *ring) {
  struct sherd__dispatch *oldest = sherd__ring_at(ring, ring->oldest_seq);
  ring->bytes -= oldest->len;
  ring->oldest_seq++;
  sherd__dispatch_release(oldest);
}

void sherd__ring_deinit(struct sherd__ring *ring) {
  while (ring->oldest_seq <= ring->newest_seq)
    drop_oldest(ring);
  sherd__free(ring->allocator, ring->items);
  ring->items = NULL;
  ring->cap = 0;
}

static uint64_t count(const struct sherd__ring *ring) {
  return ring->newest_seq + 1 - ring->oldest_seq;
}

static enum sherd_status grow(struct sherd__ring *ring) {
  uint32_t cap = ring->cap ? ring->cap * 2 : FIRST_CAP;
  struct sherd__dispatch **items = sherd__calloc(ring->allocator, cap * sizeof(*items));
  if (!items)
    return SHERD_ENOMEM;
  for (uint64_t seq = ring->oldest_seq; seq <= ring->newest_seq; seq++)
    items[seq & (cap - 1)] = sherd__ring_at(ring, seq);
  sherd__free(ring->allocator, ring->items);
  ring->items = items;
  ring->cap = cap;
  return SHERD_OK;
}

enum sherd_status sherd__ring_add(struct sherd__ring *ring, struct sherd__dispatch *dispatch) {
  if (count(ring) == ring->cap) {
    if (ring->cap == ring->max_items)
      drop_oldest(ring);
    else if (grow(ring))
      return SHERD_ENOMEM;
  }
  ring->newest_seq++;
  ring->items[ring->newest_seq & (ring->cap - 1)] = sherd__dispatch_retain(dispatch);
  ring->bytes += dispatch->len;
  while (ring->bytes > ring->max_bytes && count(ring) > 1)
    drop_oldest(ring);
  return SHERD_OK;
}

struct sherd__dispatch *sherd__ring_at(const struct sherd__ring *ring, uint64_t seq) {
  return ring->items[seq & (ring->cap - 1)];
}
