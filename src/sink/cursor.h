/* One consumer's place in the stream: what it has been given and what it has taken.
 *
 *   taken <= given <= end
 *
 * What lies between `taken` and `given` is on its way. A record that is not shown (a shadow, one
 * that the filter does not want, one that was taken before) counts as taken together with the shown
 * one before it. Pure: the hub's thread alone has it. */
#ifndef SHERD_SINK_CURSOR_H
#define SHERD_SINK_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sink/filter.h"
#include "sink/marks.h"
#include "sink/stream.h"

struct sherd__cursor {
  struct sherd__place given, taken;
  uint64_t shown_n; /* the last one given that was shown; 0: none */
  uint64_t acked_n; /* the last one of these that counts as taken */
  uint64_t said_n;  /* ... that the consumer itself said it has taken */
  struct sherd__filter filter;
  struct sherd__marks marks; /* what it had taken before it began; the owner fills it in */
  uint64_t sent;             /* lines, since the start */
  uint64_t skipped;          /* lines that were not for it */
  uint64_t dropped;          /* lines that it missed */
  uint64_t missed_events;    /* of them, those that it has not been told of yet */
  uint64_t missed_bytes;
};

/* Begins at a place, which must be one that is not trimmed. */
void sherd__cursor_begin(struct sherd__cursor *cursor, const struct sherd_allocator *allocator,
                         const struct sherd__place *at);
void sherd__cursor_deinit(struct sherd__cursor *cursor);

/* The next record that the consumer is to be shown: it is then given. NULL: none before `end`. */
const struct sherd__record *sherd__cursor_give(struct sherd__cursor *cursor,
                                               const struct sherd__place *end);

/* The consumer has taken everything up to `n`. Errors: SHERD_ERANGE beyond what it was given, or
 * behind what it said before; nothing has changed. */
enum sherd_status sherd__cursor_ack(struct sherd__cursor *cursor, uint64_t n);

/* The next record that counts as taken now, shown or not; call it until it gives NULL. */
const struct sherd__record *sherd__cursor_take(struct sherd__cursor *cursor,
                                               const struct sherd__place *end);

/* What is on its way will not arrive: it is given again. */
void sherd__cursor_rewind(struct sherd__cursor *cursor);

/* Goes on until at most `keep_bytes` are held for the consumer. What it would have been shown is
 * counted as dropped, and that it was given already as taken. */
void sherd__cursor_drop(struct sherd__cursor *cursor, const struct sherd__place *end,
                        uint64_t keep_bytes);

/* What is held for the consumer. */
static inline uint64_t sherd__cursor_lag_bytes(const struct sherd__cursor *cursor,
                                               const struct sherd__place *end) {
  return end->bytes - cursor->taken.bytes;
}

#endif
