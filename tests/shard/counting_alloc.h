/* An allocator for tests with threads: counts requests and what is live, and refuses on demand. */
#ifndef SHERD_TESTS_COUNTING_ALLOC_H
#define SHERD_TESTS_COUNTING_ALLOC_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include <sherd/alloc.h>

struct counting_alloc {
  struct sherd_allocator allocator; /* its ctx is this struct */
  atomic_size_t requests;
  atomic_size_t live;
  atomic_size_t refuse_over_bytes; /* requests for more fail; 0: none does */
};

static inline int counting_refuses(struct counting_alloc *alloc, size_t size) {
  size_t limit = atomic_load(&alloc->refuse_over_bytes);
  atomic_fetch_add(&alloc->requests, 1);
  return limit && size > limit;
}

static inline void *counting_malloc(void *ctx, size_t size) {
  struct counting_alloc *alloc = ctx;
  void *ptr = counting_refuses(alloc, size) ? NULL : malloc(size);
  if (ptr)
    atomic_fetch_add(&alloc->live, 1);
  return ptr;
}

static inline void *counting_realloc(void *ctx, void *ptr, size_t old_size, size_t size) {
  (void)old_size;
  return counting_refuses(ctx, size) ? NULL : realloc(ptr, size);
}

static inline void counting_free(void *ctx, void *ptr) {
  struct counting_alloc *alloc = ctx;
  if (ptr)
    atomic_fetch_sub(&alloc->live, 1);
  free(ptr);
}

static inline void counting_init(struct counting_alloc *alloc) {
  alloc->allocator =
      (struct sherd_allocator){counting_malloc, counting_realloc, counting_free, alloc};
  atomic_init(&alloc->requests, 0);
  atomic_init(&alloc->live, 0);
  atomic_init(&alloc->refuse_over_bytes, 0);
}

#endif
