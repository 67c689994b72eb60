/* Deflate streams that no compressor would write: any code that is allowed, codes to the full 15
 * bits, every way to tell their lengths, and now and then something that is not allowed.
 *
 * What is made follows from where the dice come from: a seed, or a fuzzer's input. */
#ifndef SHERD_TESTS_RANDOM_DEFLATE_H
#define SHERD_TESTS_RANDOM_DEFLATE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

struct random_dice {
  uint32_t seed;             /* of xorshift; not 0 */
  struct sherd_bytes *input; /* instead: each throw takes 2 bytes; all are 0 when it has ended */
};

static inline uint32_t random_roll(struct random_dice *dice, uint32_t bound) {
  if (dice->input) {
    uint32_t number = 0;
    for (int i = 0; i < 2 && dice->input->len; i++, dice->input->len--)
      number = number << 8 | *dice->input->data++;
    return number % bound;
  }
  dice->seed ^= dice->seed << 13;
  dice->seed ^= dice->seed >> 17;
  dice->seed ^= dice->seed << 5;
  return (uint32_t)((uint64_t)dice->seed * bound >> 32);
}

/* One in `bound`, but never once the input has ended. */
static inline bool random_happens(struct random_dice *dice, uint32_t bound) {
  return random_roll(dice, bound) == bound - 1;
}

struct random_writer {
  struct random_dice *dice;
  struct sherd_buf *out;
  uint32_t held;
  unsigned held_count;
  size_t made; /* bytes that the stream stands for so far */
};

static inline void random_put(struct random_writer *writer, uint32_t bits, unsigned count) {
  for (; count; count--, bits >>= 1) {
    writer->held |= (bits & 1) << writer->held_count;
    if (++writer->held_count < 8)
      continue;
    if (sherd__buf_append_byte(writer->out, (uint8_t)writer->held))
      abort();
    writer->held = writer->held_count = 0;
  }
}

static inline void random_put_to_byte(struct random_writer *writer) {
  if (writer->held_count)
    random_put(writer, 0, 8 - writer->held_count);
}

/* --- Codes --- */

#define RANDOM_SYMBOLS_MAX 288

struct random_code {
  unsigned count; /* symbols that have one */
  uint16_t symbols[RANDOM_SYMBOLS_MAX];
  uint8_t lengths[RANDOM_SYMBOLS_MAX];
  uint16_t codes[RANDOM_SYMBOLS_MAX];
};

static inline void random_code_finish(struct random_code *code) {
  unsigned next = 0;
  for (unsigned bits = 1; bits <= 15; bits++, next <<= 1)
    for (unsigned symbol = 0; symbol < RANDOM_SYMBOLS_MAX; symbol++)
      if (code->lengths[symbol] == bits)
        code->codes[symbol] = (uint16_t)next++;
}

/* A complete code for `count` of the symbols from 0 to `bound` - 1, and for `needed`, if that is
 * one of them: a tree grows, leaf by leaf. With one symbol it is a code of 1 bit. */
static inline void random_code_make(struct random_dice *dice, struct random_code *code,
                                    unsigned bound, unsigned count, unsigned needed,
                                    unsigned bits_max) {
  uint8_t leaves[RANDOM_SYMBOLS_MAX] = {0};
  memset(code, 0, sizeof *code);
  bool is_deep = random_happens(dice, 2);
  for (unsigned have = 1; have < count; have++) {
    unsigned at =
        is_deep ? have - 1 - random_roll(dice, have < 3 ? have : 3) : random_roll(dice, have);
    for (unsigned tries = 0; leaves[at] == bits_max && tries < have; tries++)
      at = (at + 1) % have;
    if (leaves[at] == bits_max) {
      count = have;
      break;
    }
    leaves[have] = ++leaves[at];
  }
  if (count == 1)
    leaves[0] = 1;
  for (unsigned i = 0; i < count; i++) {
    unsigned symbol = i == 0 && needed < bound ? needed : random_roll(dice, bound);
    while (code->lengths[symbol])
      symbol = (symbol + 1) % bound;
    code->lengths[symbol] = leaves[i];
    code->symbols[code->count++] = (uint16_t)symbol;
  }
  random_code_finish(code);
}

static inline void random_put_code(struct random_writer *writer, const struct random_code *code,
                                   unsigned symbol) {
  for (unsigned bit = code->lengths[symbol]; bit-- > 0;)
    random_put(writer, code->codes[symbol] >> bit & 1, 1);
}

/* --- Symbols --- */

static inline void random_put_distance(struct random_writer *writer,
                                       const struct random_code *code) {
  static const uint16_t bases[30] = {1,    2,    3,    4,    5,    7,    9,    13,    17,    25,
                                     33,   49,   65,   97,   129,  193,  257,  385,   513,   769,
                                     1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
  unsigned symbol = code->symbols[random_roll(writer->dice, code->count)];
  /* Most of what goes too far back is turned to something nearer, if there is such. */
  for (unsigned i = 0; i < code->count && symbol < 30 && bases[symbol] > writer->made &&
                       !random_happens(writer->dice, 50);
       i++)
    symbol = code->symbols[i];
  random_put_code(writer, code, symbol);
  if (symbol < 4 || symbol >= 30)
    return;
  unsigned extra = symbol / 2 - 1;
  uint32_t value = random_roll(writer->dice, 1u << extra);
  if (bases[symbol] + value > writer->made && !random_happens(writer->dice, 50))
    value = 0;
  random_put(writer, value, extra);
}

static inline void random_put_symbols(struct random_writer *writer,
                                      const struct random_code *litlen,
                                      const struct random_code *distance, unsigned count) {
  while (count--) {
    unsigned symbol = litlen->symbols[random_roll(writer->dice, litlen->count)];
    if (symbol > 256 && (!distance->count || !writer->made) && !random_happens(writer->dice, 20))
      continue;
    if (symbol == 256)
      continue;
    random_put_code(writer, litlen, symbol);
    if (symbol < 256) {
      writer->made++;
      continue;
    }
    unsigned n = symbol - 257;
    unsigned extra = n < 8 || n >= 28 ? 0 : n / 4 - 1;
    random_put(writer, random_roll(writer->dice, 256), extra);
    writer->made += 3 + n; /* at the least */
    if (distance->count)
      random_put_distance(writer, distance);
  }
  if (litlen->lengths[256])
    random_put_code(writer, litlen, 256);
}

/* --- Blocks --- */

static inline void random_put_stored(struct random_writer *writer) {
  uint32_t len = random_roll(writer->dice, random_happens(writer->dice, 20) ? 65536 : 40);
  random_put_to_byte(writer);
  random_put(writer, len, 16);
  random_put(writer, random_happens(writer->dice, 50) ? len : ~len & 0xffff, 16);
  for (uint32_t i = 0; i < len; i++)
    random_put(writer, i < 40 ? random_roll(writer->dice, 256) : i & 255, 8);
  writer->made += len;
}

static inline void random_put_fixed(struct random_writer *writer) {
  struct random_code litlen = {.count = 0}, distance = {.count = 0};
  for (unsigned symbol = 0; symbol < 288; symbol++) {
    litlen.lengths[symbol] = symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8;
    if (symbol < 286 || random_happens(writer->dice, 100))
      litlen.symbols[litlen.count++] = (uint16_t)symbol;
  }
  for (unsigned symbol = 0; symbol < 32; symbol++) {
    distance.lengths[symbol] = 5;
    if (symbol < 30 || random_happens(writer->dice, 100))
      distance.symbols[distance.count++] = (uint16_t)symbol;
  }
  random_code_finish(&litlen);
  random_code_finish(&distance);
  random_put_symbols(writer, &litlen, &distance, random_roll(writer->dice, 60));
}

/* The runs that lengths are told in: symbols of the precode with their extra bits. */
struct random_runs {
  unsigned count;
  uint8_t symbols[RANDOM_SYMBOLS_MAX + 32];
  uint8_t extras[RANDOM_SYMBOLS_MAX + 32];
};

static inline void random_run(struct random_runs *runs, unsigned symbol, unsigned extra) {
  runs->symbols[runs->count] = (uint8_t)symbol;
  runs->extras[runs->count++] = (uint8_t)extra;
}

static inline void random_runs_make(struct random_dice *dice, const uint8_t *lengths,
                                    unsigned count, struct random_runs *runs) {
  runs->count = 0;
  for (unsigned i = 0; i < count;) {
    unsigned same = 1;
    while (i + same < count && lengths[i + same] == lengths[i] && same < 138)
      same++;
    bool repeats = i && lengths[i] == lengths[i - 1] && same >= 3;
    if (random_happens(dice, 8) || same < 3 || (lengths[i] && !repeats)) {
      random_run(runs, lengths[i++], 0);
    } else if (repeats && (lengths[i] || random_happens(dice, 2))) {
      same = same < 6 ? same : 6;
      random_run(runs, 16, same - 3);
      i += same;
    } else if (same < 11) {
      random_run(runs, 17, same - 3);
      i += same;
    } else {
      random_run(runs, 18, same - 11);
      i += same;
    }
  }
  if (runs->count && random_happens(dice, 300)) /* at the start, or more than there may be */
    random_run(runs, runs->symbols[0] = (uint8_t)(16 + random_roll(dice, 3)), 3);
}

static inline void random_put_lengths(struct random_writer *writer, const struct random_runs *runs,
                                      unsigned litlens, unsigned distances) {
  static const uint8_t order[19] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                    11, 4,  12, 3, 13, 2, 14, 1, 15};
  static const uint8_t extras[3] = {2, 3, 7};
  struct random_code precode;
  unsigned used = 0;
  bool needs[19] = {false};
  for (unsigned i = 0; i < runs->count; i++) {
    used += !needs[runs->symbols[i]];
    needs[runs->symbols[i]] = true;
  }
  /* All that are needed, and some that are not. */
  unsigned count = used + random_roll(writer->dice, 20 - used);
  count = count < 2 ? 2 : count;
  random_code_make(writer->dice, &precode, count, count, 99, 7);
  uint8_t lengths[19] = {0};
  unsigned next = 0;
  for (unsigned symbol = 0; symbol < 19; symbol++)
    if (needs[symbol])
      lengths[symbol] = precode.lengths[next++];
  for (unsigned symbol = 0; symbol < 19 && next < precode.count; symbol++)
    if (!needs[symbol])
      lengths[symbol] = precode.lengths[next++];
  if (random_happens(writer->dice, 300))
    lengths[random_roll(writer->dice, 19)] = (uint8_t)random_roll(writer->dice, 8);
  if (random_happens(writer->dice, 2000))
    memset(lengths, 0, sizeof lengths);
  memcpy(precode.lengths, lengths, sizeof lengths);
  memset(precode.lengths + 19, 0, sizeof precode.lengths - 19);
  random_code_finish(&precode);
  unsigned told = 19;
  while (told > 4 && !lengths[order[told - 1]])
    told--;
  random_put(writer, litlens - 257, 5);
  random_put(writer, distances - 1, 5);
  random_put(writer, told - 4, 4);
  for (unsigned i = 0; i < told; i++)
    random_put(writer, lengths[order[i]], 3);
  for (unsigned i = 0; i < runs->count; i++) {
    random_put_code(writer, &precode, runs->symbols[i]);
    if (runs->symbols[i] >= 16)
      random_put(writer, runs->extras[i], extras[runs->symbols[i] - 16]);
  }
}

static inline unsigned random_count(struct random_dice *dice, unsigned bound) {
  return 1 + random_roll(dice, random_happens(dice, 3) ? bound : bound < 12 ? bound : 12);
}

static inline void random_put_dynamic(struct random_writer *writer) {
  struct random_dice *dice = writer->dice;
  struct random_code litlen, distance;
  struct random_runs runs;
  unsigned litlens = 257 + random_roll(dice, random_happens(dice, 200) ? 32 : 30);
  unsigned distances = 1 + random_roll(dice, random_happens(dice, 200) ? 32 : 30);
  random_code_make(dice, &litlen, litlens < 288 ? litlens : 287, random_count(dice, litlens - 1),
                   random_happens(dice, 200) ? 999 : 256, 15);
  random_code_make(dice, &distance, distances, random_count(dice, distances), 999, 15);
  if (random_happens(dice, 10))
    memset(&distance, 0, sizeof distance);
  if (random_happens(dice, 100)) /* mostly not a code any more */
    litlen.lengths[random_roll(dice, litlens)] = (uint8_t)random_roll(dice, 16);
  if (random_happens(dice, 100))
    distance.lengths[random_roll(dice, distances)] = (uint8_t)random_roll(dice, 16);
  uint8_t lengths[RANDOM_SYMBOLS_MAX + 32];
  memcpy(lengths, litlen.lengths, litlens);
  memcpy(lengths + litlens, distance.lengths, distances);
  random_runs_make(dice, lengths, litlens + distances, &runs);
  random_put_lengths(writer, &runs, litlens, distances);
  random_put_symbols(writer, &litlen, &distance, random_roll(dice, 200));
}

/* A block of any type, mostly a good one. */
static inline void random_put_block(struct random_writer *writer, bool is_last) {
  unsigned type = random_roll(writer->dice, random_happens(writer->dice, 200) ? 4 : 3);
  random_put(writer, is_last, 1);
  random_put(writer, type, 2);
  if (type == 0)
    random_put_stored(writer);
  else if (type == 1)
    random_put_fixed(writer);
  else if (type == 2)
    random_put_dynamic(writer);
}

/* A zlib stream of a few blocks, which ends or does not. Its checksum is wrong. */
static inline void random_deflate(struct random_dice *dice, struct sherd_buf *out) {
  struct random_writer writer = {.dice = dice, .out = out};
  random_put(&writer, random_happens(dice, 200) ? random_roll(dice, 65536) : 0x9c78, 16);
  for (unsigned blocks = 1 + random_roll(dice, 6); blocks; blocks--)
    random_put_block(&writer, random_happens(dice, 50));
  random_put_to_byte(&writer);
  if (random_happens(dice, 10))
    random_put(&writer, random_roll(dice, 65536), 16);
}

#endif
