/* The end of a zstd stream's output, which its matches may reach back to: as much as the frame's
 * window. It has its memory from the frame's beginning on, so that no message has to ask for some;
 * what has not been written yet costs address space alone on most machines. */
#ifndef SHERD_ENGINE_INFLATE_ZSTD_HISTORY_H
#define SHERD_ENGINE_INFLATE_ZSTD_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include <sherd/alloc.h>
#include <sherd/status.h>

/* How far over the end of what is asked for one may read. */
#define SHERD__ZSTD_HISTORY_SLACK 32

struct sherd__zstd_history {
  const struct sherd_allocator *allocator;
  uint8_t *data;
  size_t cap; /* once it is full, it goes round */
  size_t at;  /* where the next byte goes */
  size_t len; /* how much there is */
};

/* Makes it empty, without memory. */
void sherd__zstd_history_init(struct sherd__zstd_history *history,
                              const struct sherd_allocator *allocator);
void sherd__zstd_history_deinit(struct sherd__zstd_history *history);

/* Takes memory for a window; once. Errors: SHERD_ENOMEM. */
enum sherd_status sherd__zstd_history_open(struct sherd__zstd_history *history,
                                           size_t window_bytes);

/* Takes in what was put out. */
void sherd__zstd_history_append(struct sherd__zstd_history *history, const uint8_t *data,
                                size_t len);

/* The byte `back` bytes before the end, as an index; `back` is at least 1 and at most `len`. Both
 * cases are as likely, so that there is no branch. */
static inline size_t sherd__zstd_history_index(const struct sherd__zstd_history *history,
                                               size_t back) {
  size_t goes_round = (size_t)0 - (back > history->at); /* all bits, or none */
  return history->at - back + (history->cap & goes_round);
}

/* Copies from `back` bytes before its end as much as there is, and no more than `len`. Returns how
 * much that was. */
size_t sherd__zstd_history_copy(const struct sherd__zstd_history *history, size_t back, uint8_t *to,
                                size_t len);

#endif
