/* An allocator for tests: fails the n-th request, counts what is live, and insists that old sizes
 * are told truly. One thread only. */
#ifndef SHERD_TESTS_FAILING_ALLOC_H
#define SHERD_TESTS_FAILING_ALLOC_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sherd/alloc.h>

struct sherd__test_alloc {
  struct sherd_allocator allocator; /* what to hand on; its ctx is this struct */
  size_t fail_at;                   /* this request fails, counted from 1; 0: none does */
  size_t requests;                  /* mallocs and reallocs so far, the failed one too */
  size_t live;                      /* blocks that are not freed */
  size_t live_bytes;
  size_t peak_bytes; /* the most that live_bytes has been */
};

/* Each block is preceded by its size. */
union sherd__test_block {
  size_t size;
  max_align_t align;
};

static inline int sherd__test_alloc_refuses(struct sherd__test_alloc *alloc) {
  return ++alloc->requests == alloc->fail_at;
}

static inline void *sherd__test_alloc_count(struct sherd__test_alloc *alloc,
                                            union sherd__test_block *block, size_t size) {
  block->size = size;
  alloc->live++;
  alloc->live_bytes += size;
  if (alloc->live_bytes > alloc->peak_bytes)
    alloc->peak_bytes = alloc->live_bytes;
  return block + 1;
}

static inline void *sherd__test_alloc_malloc(void *ctx, size_t size) {
  struct sherd__test_alloc *alloc = ctx;
  if (size == 0)
    abort(); /* sherd/alloc.h: never asked for */
  if (sherd__test_alloc_refuses(alloc))
    return NULL;
  union sherd__test_block *block = malloc(sizeof *block + size);
  if (!block)
    return NULL;
  memset(block + 1, 0xA5, size); /* who reads what was never written shall see it */
  return sherd__test_alloc_count(alloc, block, size);
}

static inline void sherd__test_alloc_free(void *ctx, void *ptr) {
  struct sherd__test_alloc *alloc = ctx;
  if (!ptr)
    return;
  union sherd__test_block *block = (union sherd__test_block *)ptr - 1;
  alloc->live--;
  alloc->live_bytes -= block->size;
  free(block);
}

static inline void *sherd__test_alloc_realloc(void *ctx, void *ptr, size_t old_size, size_t size) {
  struct sherd__test_alloc *alloc = ctx;
  if (!ptr || size == 0 || ((union sherd__test_block *)ptr - 1)->size != old_size)
    abort(); /* sherd/alloc.h: never asked for */
  if (sherd__test_alloc_refuses(alloc))
    return NULL;
  union sherd__test_block *block = malloc(sizeof *block + size);
  if (!block)
    return NULL;
  memcpy(block + 1, ptr, old_size < size ? old_size : size);
  sherd__test_alloc_free(alloc, ptr); /* always moves: stale pointers shall show */
  return sherd__test_alloc_count(alloc, block, size);
}

/* Begins to count from nothing. `fail_at` as above. The struct must stay where it is. */
static inline void sherd__test_alloc_init(struct sherd__test_alloc *alloc, size_t fail_at) {
  *alloc = (struct sherd__test_alloc){
      .allocator = {sherd__test_alloc_malloc, sherd__test_alloc_realloc, sherd__test_alloc_free,
                    alloc},
      .fail_at = fail_at,
  };
}

/* Whether the request that was to fail has been made: a loop over fail_at ends when it was not. */
static inline int sherd__test_alloc_has_failed(const struct sherd__test_alloc *alloc) {
  return alloc->fail_at != 0 && alloc->requests >= alloc->fail_at;
}

#endif
