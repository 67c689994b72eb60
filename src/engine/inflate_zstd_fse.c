#include "engine/inflate_zstd_fse.h"

#include <string.h>

#include "engine/inflate_bits.h"
#include "engine/inflate_zstd_bits.h"

#define LOG_MIN 5

/* --- From bits to counts --- */

struct counting {
  struct sherd__inflate_bits bits;
  unsigned symbols_max;
  unsigned left; /* states, and one */
  struct sherd__zstd_counts *counts;
};

/* A count is a number from 0 to `left`, less one; the low ones are a bit shorter, as far as there
 * are too few numbers. False when there are not enough bits. */
static bool read_count(struct counting *c) {
  unsigned size = sherd__zstd_high_bit(c->left) + 1;
  uint32_t half = 1u << (size - 1), short_ones = 2 * half - 1 - c->left;
  sherd__inflate_bits_fill(&c->bits);
  uint32_t number = (uint32_t)c->bits.held & (half - 1);
  if (number < short_ones) {
    size--;
  } else {
    number = (uint32_t)c->bits.held & (2 * half - 1);
    if (number >= half)
      number -= short_ones;
  }
  if (size > c->bits.count)
    return false;
  sherd__inflate_bits_drop(&c->bits, size);
  c->left -= number ? number - 1 : 1;
  c->counts->of[c->counts->symbols++] = (int16_t)((int)number - 1);
  return true;
}

/* After a count of 0, 2 bits tell how many more there are, and 3 that as much is told again. */
static bool read_zeros(struct counting *c) {
  uint32_t zeros = 3;
  while (zeros == 3) {
    if (!sherd__inflate_bits_have(&c->bits, 2))
      return false;
    zeros = sherd__inflate_bits_take(&c->bits, 2);
    if (zeros > c->symbols_max - c->counts->symbols)
      return false;
    for (uint32_t i = 0; i < zeros; i++)
      c->counts->of[c->counts->symbols++] = 0;
  }
  return true;
}

enum sherd_status sherd__zstd_counts_read(struct sherd_bytes *in, unsigned symbols_max,
                                          unsigned log_max, struct sherd__zstd_counts *out) {
  struct counting c = {.bits = {0, 0, in->data, in->len ? in->data + in->len : in->data},
                       .symbols_max = symbols_max,
                       .counts = out};
  if (!sherd__inflate_bits_have(&c.bits, 4))
    return SHERD_EZSTD;
  out->log = (uint8_t)(LOG_MIN + sherd__inflate_bits_take(&c.bits, 4));
  out->symbols = 0;
  if (out->log > log_max)
    return SHERD_EZSTD;
  c.left = (1u << out->log) + 1;
  while (c.left > 1) {
    if (out->symbols == symbols_max || !read_count(&c))
      return SHERD_EZSTD;
    if (out->of[out->symbols - 1] == 0 && !read_zeros(&c))
      return SHERD_EZSTD;
  }
  size_t used = (size_t)(c.bits.next - in->data) - c.bits.count / 8; /* up to a byte's edge */
  in->data += used;
  in->len -= used;
  return SHERD_OK;
}

/* --- From counts to states --- */

/* Which symbol each state has: they are strewn over the table in a step that meets all. Those of
 * count -1 stand at its end. */
static void strew(const struct sherd__zstd_counts *counts, struct sherd__zstd_state *states,
                  uint16_t *next) {
  unsigned size = 1u << counts->log, last = size - 1;
  for (unsigned symbol = 0; symbol < counts->symbols; symbol++) {
    int count = counts->of[symbol];
    next[symbol] = (uint16_t)(count < 0 ? 1 : count);
    if (count < 0)
      states[last--].base = symbol;
  }
  unsigned step = (size >> 1) + (size >> 3) + 3, at = 0;
  for (unsigned symbol = 0; symbol < counts->symbols; symbol++)
    for (int i = 0; i < counts->of[symbol]; i++) {
      states[at].base = symbol;
      do
        at = (at + step) & (size - 1);
      while (at > last);
    }
}

void sherd__zstd_states_make(const struct sherd__zstd_counts *counts,
                             const struct sherd__zstd_value *values,
                             struct sherd__zstd_state *states) {
  uint16_t next[SHERD__ZSTD_SYMBOLS_MAX];
  unsigned size = 1u << counts->log;
  strew(counts, states, next);
  for (unsigned i = 0; i < size; i++) {
    struct sherd__zstd_state *state = states + i;
    unsigned symbol = state->base;
    unsigned at = next[symbol]++;
    unsigned bits = counts->log - sherd__zstd_high_bit(at);
    *state = (struct sherd__zstd_state){values[symbol].base, (uint8_t)values[symbol].extra,
                                        (uint8_t)bits, (uint16_t)((at << bits) - size)};
  }
}
