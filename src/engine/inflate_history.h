/* The last 32 KiB of a stream's output, which its matches may reach back to. */
#ifndef SHERD_ENGINE_INFLATE_HISTORY_H
#define SHERD_ENGINE_INFLATE_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#define SHERD__INFLATE_HISTORY_BYTES 32768u

struct sherd__inflate_history {
  uint32_t at;  /* where the next byte goes */
  uint32_t len; /* how much there is */
  uint8_t data[SHERD__INFLATE_HISTORY_BYTES];
};

/* Empties it. */
void sherd__inflate_history_init(struct sherd__inflate_history *history);

/* Takes in what was put out. */
void sherd__inflate_history_append(struct sherd__inflate_history *history, const uint8_t *data,
                                   size_t len);

/* The byte `back` bytes before the end, as an index; `back` is at least 1 and at most `len`. */
static inline size_t sherd__inflate_history_index(const struct sherd__inflate_history *history,
                                                  size_t back) {
  return (history->at - back) % SHERD__INFLATE_HISTORY_BYTES;
}

#endif
