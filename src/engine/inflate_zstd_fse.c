#include "engine/inflate_zstd_fse.h"

#include <string.h>

#include "engine/inflate_bits.h"
#include "engine/inflate_zstd_bits.h"

#define LOG_MIN 5

/* --- From bits to counts --- */

/* Reads a count: a number from 0 to `left`, less one; the low ones are a bit shorter, as far as
 * there are too few numbers. False when there are not enough bits. */
static inline bool read_count(struct sherd__inflate_bits *bits, unsigned left, int *out) {
  unsigned size = sherd__zstd_high_bit(left) + 1;
  uint32_t half = 1u << (size - 1), short_ones = 2 * half - 1 - left;
  uint32_t number = (uint32_t)bits->held & (half - 1);
  if (number < short_ones) {
    size--;
  } else {
    number = (uint32_t)bits->held & (2 * half - 1);
    if (number >= half)
      number -= short_ones;
  }
  if (size > bits->count)
    return false;
  sherd__inflate_bits_drop(bits, size);
  *out = (int)number - 1;
  return true;
}

/* After a count of 0, 2 bits tell how many more there are, at most `max`, and 3 that as much is
 * told again. False when it cannot be. */
static bool read_zeros(struct sherd__inflate_bits *bits, unsigned max, unsigned *out) {
  uint32_t zeros = 3;
  *out = 0;
  while (zeros == 3) {
    if (!sherd__inflate_bits_have(bits, 2))
      return false;
    zeros = sherd__inflate_bits_take(bits, 2);
    *out += zeros;
    if (*out > max)
      return false;
  }
  return true;
}

/* Reads counts until all states have a symbol. False when it cannot be. */
static bool read_counts(struct sherd__inflate_bits *bits, unsigned symbols_max,
                        struct sherd__zstd_counts *out) {
  struct sherd__inflate_bits b = *bits; /* here, so that it stays in registers */
  unsigned symbols = 0, left = (1u << out->log) + 1;
  while (left > 1) {
    int count = 0;
    if (b.count < SHERD__ZSTD_LOG_MAX + 1)
      sherd__inflate_bits_fill(&b);
    if (symbols == symbols_max || !read_count(&b, left, &count))
      return false;
    left -= count < 0 ? 1 : (unsigned)count;
    out->of[symbols++] = (int16_t)count;
    out->has_low |= count < 0;
    if (count)
      continue;
    unsigned zeros;
    if (!read_zeros(&b, symbols_max - symbols, &zeros))
      return false;
    while (zeros--)
      out->of[symbols++] = 0;
  }
  out->symbols = (uint8_t)symbols;
  *bits = b;
  return true;
}

enum sherd_status sherd__zstd_counts_read(struct sherd_bytes *in, unsigned symbols_max,
                                          unsigned log_max, struct sherd__zstd_counts *out) {
  struct sherd__inflate_bits bits = {0, 0, in->data, in->len ? in->data + in->len : in->data};
  if (!sherd__inflate_bits_have(&bits, 4))
    return SHERD_EZSTD;
  out->log = (uint8_t)(LOG_MIN + sherd__inflate_bits_take(&bits, 4));
  out->has_low = false;
  if (out->log > log_max || !read_counts(&bits, symbols_max, out))
    return SHERD_EZSTD;
  size_t used = (size_t)(bits.next - in->data) - bits.count / 8; /* up to a byte's edge */
  in->data += used;
  in->len -= used;
  return SHERD_OK;
}

/* --- From counts to states --- */

/* The states' symbols: that of state i is of[i * stride], going round. */
struct strewn {
  unsigned stride;
  uint8_t of[(1 << SHERD__ZSTD_LOG_MAX) + 8]; /* the last 8 are there to be overwritten */
};

/* The symbols in order, each as often as it has states. It writes 8 at a time. */
static void line_up(const struct sherd__zstd_counts *counts, uint8_t *of) {
  for (unsigned symbol = 0; symbol < counts->symbols; symbol++) {
    uint64_t eight = symbol * UINT64_C(0x0101010101010101);
    for (int i = 0; i < counts->of[symbol]; i += 8)
      memcpy(of + i, &eight, sizeof eight);
    of += counts->of[symbol];
  }
}

/* The symbols, in a step that meets all states but the last ones, which are those of count -1. */
static void strew_by_one(const struct sherd__zstd_counts *counts, unsigned step, uint8_t *of) {
  unsigned size = 1u << counts->log, last = size - 1, at = 0;
  for (unsigned symbol = 0; symbol < counts->symbols; symbol++)
    if (counts->of[symbol] < 0)
      of[last--] = (uint8_t)symbol;
  for (unsigned symbol = 0; symbol < counts->symbols; symbol++)
    for (int i = 0; i < counts->of[symbol]; i++) {
      of[at] = (uint8_t)symbol;
      do
        at = (at + step) & (size - 1);
      while (at > last);
    }
}

/* Without counts of -1, which are seldom told, the symbols need not be strewn: to step over the
 * states is to go through the symbols in the step's inverse. */
static void strew(const struct sherd__zstd_counts *counts, struct strewn *out) {
  static const uint16_t inverses[] = {7, 3, 91, 11, 363}; /* modulo 2^5 and so on */
  unsigned size = 1u << counts->log, step = (size >> 1) + (size >> 3) + 3;
  out->stride = counts->has_low ? 1 : inverses[counts->log - LOG_MIN];
  if (counts->has_low)
    strew_by_one(counts, step, out->of);
  else
    line_up(counts, out->of);
}

/* What the next state of a symbol will be. Its states are numbered from their count on, and one
 * whose number has a bit more reads a bit less. */
struct turn {
  uint16_t number;
  uint8_t bits;   /* of the first */
  uint8_t longer; /* shifted by so much, it tells whether a number has a bit more */
};

static void begin_turns(const struct sherd__zstd_counts *counts, struct turn *turns) {
  for (unsigned symbol = 0; symbol < counts->symbols; symbol++) {
    unsigned count = counts->of[symbol] < 0 ? 1 : (unsigned)counts->of[symbol];
    unsigned high = sherd__zstd_high_bit(count | 1); /* of 0 there will be no turn */
    turns[symbol] =
        (struct turn){(uint16_t)count, (uint8_t)(counts->log - high), (uint8_t)(high + 1)};
  }
}

void sherd__zstd_states_make(const struct sherd__zstd_counts *counts,
                             const struct sherd__zstd_state *values,
                             struct sherd__zstd_state *states) {
  struct strewn strewn;
  struct turn turns[SHERD__ZSTD_SYMBOLS_MAX];
  strew(counts, &strewn);
  begin_turns(counts, turns);
  const unsigned size = 1u << counts->log, stride = strewn.stride;
  for (unsigned i = 0, j = 0; i < size; i++, j = (j + stride) & (size - 1)) {
    unsigned symbol = strewn.of[j];
    struct turn *turn = &turns[symbol];
    unsigned number = turn->number++;
    unsigned bits = turn->bits - (number >> turn->longer);
    struct sherd__zstd_state state = values[symbol];
    state.bits = (uint8_t)bits;
    state.next = (uint16_t)((number << bits) - size);
    states[i] = state;
  }
}
