/* Deflate's bits, the lowest of each byte first.
 *
 * A piece of input ends where it likes. What of its bits is too few for the next thing to decode
 * stays held, and the next piece goes on from there. Nothing to decode has over 48 bits.
 * Source: RFC 1951 section 3.1.1. */
#ifndef SHERD_ENGINE_INFLATE_BITS_H
#define SHERD_ENGINE_INFLATE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sherd__inflate_bits {
  uint64_t held;       /* the next bits, the first one lowest; above `count` there may be more of
                          the input's, but nothing else */
  unsigned count;      /* at most 63 */
  const uint8_t *next; /* the input that is not held yet */
  const uint8_t *end;
};

/* The 8 bytes at `data`, the first one lowest. Compilers make one load of it. */
static inline uint64_t sherd__inflate_load(const uint8_t *data) {
  return (uint64_t)data[0] | (uint64_t)data[1] << 8 | (uint64_t)data[2] << 16 |
         (uint64_t)data[3] << 24 | (uint64_t)data[4] << 32 | (uint64_t)data[5] << 40 |
         (uint64_t)data[6] << 48 | (uint64_t)data[7] << 56;
}

/* Holds at least 56 bits, or all that there are. */
static inline void sherd__inflate_bits_fill(struct sherd__inflate_bits *bits) {
  if (bits->end - bits->next >= 8) {
    bits->held |= sherd__inflate_load(bits->next) << bits->count;
    bits->next += (63 - bits->count) / 8;
    bits->count |= 56;
    return;
  }
  while (bits->count < 56 && bits->next < bits->end) {
    bits->held |= (uint64_t)*bits->next++ << bits->count;
    bits->count += 8;
  }
}

/* Whether there are `want` bits, at most 48; they are then held. */
static inline bool sherd__inflate_bits_have(struct sherd__inflate_bits *bits, unsigned want) {
  if (bits->count < want)
    sherd__inflate_bits_fill(bits);
  return bits->count >= want;
}

static inline void sherd__inflate_bits_drop(struct sherd__inflate_bits *bits, unsigned count) {
  bits->held >>= count;
  bits->count -= count;
}

/* Takes `count` bits that are held, at most 32. */
static inline uint32_t sherd__inflate_bits_take(struct sherd__inflate_bits *bits, unsigned count) {
  uint32_t taken = (uint32_t)(bits->held & (((uint64_t)1 << count) - 1));
  sherd__inflate_bits_drop(bits, count);
  return taken;
}

#endif
