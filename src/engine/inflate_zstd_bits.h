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
  int64_t left;  /* of these bits, the lowest; under 0 when more was read than there was */
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
  unsigned top = sherd__zstd_high_bit(piece.data[piece.len - 1]);
  bits->data = piece.data;
  if (piece.len >= 8) {
    bits->left = 56 + (int64_t)top;
    bits->below = piece.len - 8;
    bits->held = sherd__inflate_load(piece.data + bits->below);
    return true;
  }
  bits->left = 8 * (int64_t)(piece.len - 1) + (int64_t)top;
  bits->below = 0;
  bits->held = 0;
  for (size_t i = 0; i < piece.len; i++)
    bits->held |= (uint64_t)piece.data[i] << 8 * i;
  return true;
}

/* Holds at least 57 bits, or all that there are. */
static inline void sherd__zstd_bits_fill(struct sherd__zstd_bits *bits) {
  size_t step = (size_t)(64 - bits->left) / 8;
  if (bits->below < 8) {
    if (step > bits->below)
      step = bits->below;
    if (!step)
      return;
  }
  bits->left += 8 * (int64_t)step;
  bits->below -= step;
  bits->held = sherd__inflate_load(bits->data + bits->below);
}

/* Takes the next `count` bits, at most 31. */
static inline uint32_t sherd__zstd_bits_take(struct sherd__zstd_bits *bits, unsigned count) {
  static const uint32_t masks[32] = {
      0x0,      0x1,       0x3,       0x7,       0xf,       0x1f,       0x3f,       0x7f,
      0xff,     0x1ff,     0x3ff,     0x7ff,     0xfff,     0x1fff,     0x3fff,     0x7fff,
      0xffff,   0x1ffff,   0x3ffff,   0x7ffff,   0xfffff,   0x1fffff,   0x3fffff,   0x7fffff,
      0xffffff, 0x1ffffff, 0x3ffffff, 0x7ffffff, 0xfffffff, 0x1fffffff, 0x3fffffff, 0x7fffffff};
  bits->left -= count;
  return (uint32_t)(bits->held >> (bits->left & 63)) & masks[count];
}

/* Whether more was read than there was. */
static inline bool sherd__zstd_bits_are_over(const struct sherd__zstd_bits *bits) {
  return bits->left < 0;
}

/* Whether all was read, and no more. */
static inline bool sherd__zstd_bits_are_out(const struct sherd__zstd_bits *bits) {
  return bits->left == 0 && !bits->below;
}

#endif
