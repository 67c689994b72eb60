/* Matches with what was put out before, and batches of them with the literals in between.
 *
 * When many shards take turns, their histories are seldom in the cache. So symbols are decoded to a
 * batch first and put out from there: the matches' sources are fetched while decoding goes on, many
 * at once, and decoding, which is one long chain, does not wait for them. */
#ifndef SHERD_ENGINE_INFLATE_BATCH_H
#define SHERD_ENGINE_INFLATE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "engine/inflate_history.h"
#include "engine/inflate_sink.h"

#define SHERD__INFLATE_LENGTH_MAX 258

#define SHERD__INFLATE_BATCH_MATCHES  128
#define SHERD__INFLATE_BATCH_LITERALS 512

/* How far over a match's end the copies write, and over its source's they read. */
#define SHERD__INFLATE_SLACK 32

/* The output's room without which there is no batch: literals, and one match. */
#define SHERD__INFLATE_BATCH_ROOM                                                                  \
  (SHERD__INFLATE_BATCH_LITERALS + SHERD__INFLATE_LENGTH_MAX + SHERD__INFLATE_SLACK)

struct sherd__inflate_match {
  const uint8_t *from; /* NULL when it is not of one piece */
  uint16_t literals;   /* how many of the batch's come before it */
  uint16_t length;
  uint16_t distance;
};

/* Where a batch goes to, and what its matches may reach. */
struct sherd__inflate_reach {
  const uint8_t *places[2]; /* this call's output, and the history */
  size_t history_at, history_len;
  size_t made;      /* of this call's output, before the batch */
  size_t made_last; /* with more there is no room for another match */
};

struct sherd__inflate_batch {
  struct sherd__inflate_reach reach;
  unsigned match_count;
  unsigned literal_count;
  struct sherd__inflate_match matches[SHERD__INFLATE_BATCH_MATCHES];
  uint8_t literals[SHERD__INFLATE_BATCH_LITERALS + 16]; /* the last 16 may be read, not used */
};

/* Begins an empty batch; false when the output lacks the room for it. */
bool sherd__inflate_batch_begin(struct sherd__inflate_batch *batch,
                                const struct sherd__inflate_history *history,
                                const struct sherd__inflate_sink *sink);

/* Puts a batch out. */
void sherd__inflate_batch_put(const struct sherd__inflate_batch *batch,
                              const struct sherd__inflate_history *history,
                              struct sherd__inflate_sink *sink);

/* A match that begins when `made` bytes are out, of which and of the history `distance` are not too
 * many. Nearly all are of one piece: they neither go round the history's edge, nor from there into
 * what is new, nor into themselves. Where one lies cannot be foretold, so that it is worked out
 * without a branch. */
static inline struct sherd__inflate_match
sherd__inflate_match_at(const struct sherd__inflate_reach *reach, size_t made, size_t length,
                        size_t distance) {
  bool is_old = distance > made;
  size_t old = (size_t)0 - is_old; /* all bits, or none */
  size_t old_index = (reach->history_at + made - distance) % SHERD__INFLATE_HISTORY_BYTES & old;
  size_t new_index = (made - distance) & ~old;
  size_t whole = distance - (made & old);
  bool is_whole =
      length <= whole &&
      old_index <= SHERD__INFLATE_HISTORY_BYTES - SHERD__INFLATE_LENGTH_MAX - SHERD__INFLATE_SLACK;
  const uint8_t *from = reach->places[is_old] + (old_index | new_index);
  return (struct sherd__inflate_match){is_whole ? from : NULL, 0, (uint16_t)length,
                                       (uint16_t)distance};
}

/* Begins to fetch a match's source. */
static inline void sherd__inflate_match_fetch(const struct sherd__inflate_match *match) {
#if defined(__GNUC__)
  if (match->from) {
    __builtin_prefetch(match->from);
    __builtin_prefetch(match->from + SHERD__INFLATE_SLACK - 1); /* most are no longer */
  }
#else
  (void)match;
#endif
}

/* The bytes that count do not overlap, but some that do not count may. */
static inline void sherd__inflate_copy_16(uint8_t *to, const uint8_t *from) {
  uint8_t bytes[16];
  memcpy(bytes, from, sizeof bytes);
  memcpy(to, bytes, sizeof bytes);
}

/* Puts a match out, and up to SLACK bytes more; `made` is how many were out before it. Most are
 * shorter than SLACK, so that the first bytes are not counted. */
static inline void sherd__inflate_match_put(uint8_t *to, size_t made,
                                            const struct sherd__inflate_history *history,
                                            const struct sherd__inflate_match *match) {
  const uint8_t *from = match->from;
  if (!from) {
    sherd__inflate_copy(to, made, history, match->distance, match->length);
    return;
  }
  sherd__inflate_copy_16(to, from);
  sherd__inflate_copy_16(to + 16, from + 16);
  for (size_t at = 32; at < match->length; at += 32) {
    sherd__inflate_copy_16(to + at, from + at);
    sherd__inflate_copy_16(to + at + 16, from + at + 16);
  }
}

#endif
