/* zstd's bits that are read backwards: from a piece's last byte to its first, the highest of each
 * first. The highest bit that is set in the last byte is no part of them; it tells where they
 * begin.
 *
 * Eight bytes are held at a time. What has been read may be more than there was: that is asked for
 * when it is over, or so often that nobody reads on for long.
 * Source: RFC 8878 section 4.1, FSE, and section 4.2.2, Huffman-coded streams. */
#ifndef SHERD_ENGINE_INFLATE_ZSTD_BITS_H
#define SHERD_ENGINE_INFLATE_ZSTD_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/bytes.h>

#include "engine/inflate_bits.h"

struct sherd__zstd_bits {
  uint64_t held; /* the 8 bytes from `below` on; of a shorter piece all, as the lowest */
  unsigned used; /* of these bits, from the top */
  size_t below;  /* bytes that come after them, so that they lie before them */
  const uint8_t *data;
};

/* The place of the highest bit that is set in `value`, which is not 0. */
static inline unsigned sherd__zstd_high_bit(uint32_t value) {
#if defined(__GNUC__)
  return 31u - (unsigned)__builtin_clz(value);
#else
  unsigned place = 0;
  while (value >>= 1)
    place++;
  return place;
#endif
}

/* False when a piece is empty, or its last byte does not tell where it begins. */
static inline bool sherd__zstd_bits_init(struct sherd__zstd_bits *bits, struct sherd_bytes piece) {
  if (!piece.len || !piece.data[piece.len - 1])
    return false;
  bits->data = piece.data;
  bits->used = 8 - sherd__zstd_high_bit(piece.data[piece.len - 1]);
  if (piece.len >= 8) {
    bits->below = piece.len - 8;
    bits->held = sherd__inflate_load(piece.data + bits->below);
    return true;
  }
  bits->below = 0;
  bits->held = 0;
  for (size_t i = 0; i < piece.len; i++)
    bits->held |= (uint64_t)piece.data[i] << 8 * i;
  bits->used += 8 * (8 - (unsigned)piece.len);
  return true;
}

/* Holds at least 57 bits that are not used, or all that there are. */
static inline void sherd__zstd_bits_fill(struct sherd__zstd_bits *bits) {
  size_t step = bits->used / 8;
  if (step > bits->below)
    step = bits->below;
  bits->used -= 8 * (unsigned)step;
  bits->below -= step;
  if (step)
    bits->held = sherd__inflate_load(bits->data + bits->below);
}

/* The next bits, from the top. */
static inline uint64_t sherd__zstd_bits_top(const struct sherd__zstd_bits *bits) {
  return bits->held << (bits->used & 63);
}

/* The next `count` bits, at most 31. */
static inline uint32_t sherd__zstd_bits_take(struct sherd__zstd_bits *bits, unsigned count) {
  uint32_t taken = (uint32_t)(sherd__zstd_bits_top(bits) >> 1 >> (63 - count));
  bits->used += count;
  return taken;
}

/* Whether more was read than there was; only right after a fill. */
static inline bool sherd__zstd_bits_are_over(const struct sherd__zstd_bits *bits) {
  return bits->used > 64;
}

/* Whether all was read, and no more. */
static inline bool sherd__zstd_bits_are_out(const struct sherd__zstd_bits *bits) {
  return bits->used == 64 && !bits->below;
}

#endif
