#include "engine/inflate_codes.h"

#include <assert.h>
#include <string.h>

#define CODE_BITS_MAX 15
#define NO_CODE       SHERD__INFLATE_EXCEPTION

/* The precode's symbols stand for runs of code lengths: bits 16 to 23 are how many at the least,
 * bits 24 to 27 are the length, unless it is the one before. Source: RFC 1951 section 3.2.7. */
#define RUN(length, count, extra) ((uint32_t)(length) << 24 | (count) << 16 | (extra))
#define PREVIOUS                  (UINT32_C(1) << 31)

static const uint32_t precodes[SHERD__INFLATE_PRECODES] = {
    RUN(0, 1, 0),
    RUN(1, 1, 0),
    RUN(2, 1, 0),
    RUN(3, 1, 0),
    RUN(4, 1, 0),
    RUN(5, 1, 0),
    RUN(6, 1, 0),
    RUN(7, 1, 0),
    RUN(8, 1, 0),
    RUN(9, 1, 0),
    RUN(10, 1, 0),
    RUN(11, 1, 0),
    RUN(12, 1, 0),
    RUN(13, 1, 0),
    RUN(14, 1, 0),
    RUN(15, 1, 0),
    PREVIOUS | RUN(0, 3, 2),
    RUN(0, 3, 3),
    RUN(0, 11, 7),
};

/* The order in which a header tells their lengths. */
static const uint8_t precode_order[SHERD__INFLATE_PRECODES] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                               11, 4,  12, 3, 13, 2, 14, 1, 15};

/* --- From lengths to tables --- */

/* A code: its symbols sorted by length, and what to make of them. */
struct code {
  const uint32_t *entries;                         /* by symbol */
  uint16_t (*symbols)[SHERD__INFLATE_SYMBOLS + 8]; /* by length */
  const uint16_t *from, *to;                       /* by length: which of these */
  unsigned first;                                  /* symbol, which counts as 0 */
  unsigned bits_max;                               /* of the index */
  uint32_t *table;
};

/* Huffman codes begin with their highest bit, and are packed from the lowest bit on. */
static unsigned reverse(unsigned code, unsigned bits) {
  code = (code & 0x5555) << 1 | (code >> 1 & 0x5555);
  code = (code & 0x3333) << 2 | (code >> 2 & 0x3333);
  code = (code & 0x0f0f) << 4 | (code >> 4 & 0x0f0f);
  code = (code & 0x00ff) << 8 | (code >> 8 & 0x00ff);
  return code >> (16 - bits);
}

static unsigned count_of(const struct code *code, unsigned bits) {
  return (unsigned)(code->to[bits] - code->from[bits]);
}

static uint32_t entry_of(const struct code *code, unsigned bits, unsigned i) {
  unsigned symbol = code->symbols[bits][i] - code->first;
  return code->entries[symbol] + SHERD__INFLATE_CODE_BITS(bits);
}

/* Fills the table's first level, doubling it for each length: all indexes that end in a code lead
 * to it. Returns the next code. */
static unsigned fill_first(const struct code *code, unsigned index_bits, uint32_t *seen) {
  unsigned next = 0;
  for (unsigned bits = 1; bits <= index_bits; bits++) {
    if (next)
      memcpy(code->table + (1u << (bits - 1)), code->table, sizeof(uint32_t) << (bits - 1));
    next <<= 1;
    for (unsigned i = code->from[bits]; i < code->to[bits]; i++) {
      uint32_t entry = entry_of(code, bits, i);
      *seen |= entry;
      code->table[reverse(next++, bits)] = entry;
    }
  }
  return next;
}

/* By how many bits to index the table of second level that begins with the i-th code of `bits`: it
 * holds all codes that begin as this one does. */
static unsigned second_bits(const struct code *code, unsigned index_bits, unsigned bits,
                            unsigned i) {
  int left = (1 << (bits - index_bits)) - (code->to[bits] - (int)i);
  while (left > 0)
    left = 2 * left - (int)count_of(code, ++bits);
  return bits - index_bits;
}

static void fill_second(const struct code *code, unsigned index_bits, unsigned next,
                        uint32_t *seen) {
  unsigned begin = 0, end = 1u << index_bits; /* of the table that is being filled */
  unsigned prefix = end;                      /* none yet */
  for (unsigned bits = index_bits + 1; bits <= CODE_BITS_MAX; bits++) {
    next <<= 1;
    for (unsigned i = code->from[bits]; i < code->to[bits]; i++) {
      unsigned reversed = reverse(next++, bits);
      if ((reversed & ((1u << index_bits) - 1)) != prefix) {
        prefix = reversed & ((1u << index_bits) - 1);
        unsigned width = second_bits(code, index_bits, bits, i);
        begin = end;
        end += 1u << width;
        code->table[prefix] =
            SHERD__INFLATE_EXCEPTION | SHERD__INFLATE_SUBTABLE | begin << 16 | width;
      }
      uint32_t entry = entry_of(code, bits, i);
      *seen |= entry;
      for (unsigned at = begin + (reversed >> index_bits); at < end;
           at += 1u << (bits - index_bits))
        code->table[at] = entry;
    }
  }
}

/* A code without symbols, or with one, is good as long as nothing else is met. */
static unsigned fill_poor(const struct code *code, uint32_t no_code) {
  code->table[0] = code->table[1] = no_code + SHERD__INFLATE_CODE_BITS(1);
  if (count_of(code, 1))
    code->table[0] = entry_of(code, 1, code->from[1]);
  return 1;
}

/* Makes a table; returns the bits of its index, or 0 for lengths that make no code. What zlib lets
 * pass is let pass: no symbols at all, or, but for the precode, one symbol of 1 bit. */
static unsigned fill(const struct code *code, uint32_t no_code, uint32_t *seen) {
  unsigned used = 0, bits_max = 0;
  for (unsigned bits = 1; bits <= CODE_BITS_MAX; bits++) {
    unsigned count = count_of(code, bits);
    used += count << (CODE_BITS_MAX - bits);
    if (count)
      bits_max = bits;
  }
  bool is_precode = code->entries == precodes;
  if (used == 0 || (used == 1u << (CODE_BITS_MAX - 1) && bits_max == 1 && !is_precode)) {
    *seen |= used ? entry_of(code, 1, code->from[1]) : 0;
    return fill_poor(code, no_code);
  }
  if (used != 1u << CODE_BITS_MAX)
    return 0;
  unsigned index_bits = bits_max < code->bits_max ? bits_max : code->bits_max;
  unsigned next = fill_first(code, index_bits, seen);
  if (bits_max > index_bits)
    fill_second(code, index_bits, next, seen);
  return index_bits;
}

static const uint16_t none[16];

static bool make_codes(const struct sherd__inflate_header *header,
                       struct sherd__inflate_work *work) {
  const struct code litlen = {
      sherd__inflate_litlens,     work->symbols, none, work->litlen_counts, 0,
      SHERD__INFLATE_LITLEN_BITS, work->litlens};
  const struct code distance = {sherd__inflate_distances, work->symbols,
                                work->litlen_counts,      work->counts,
                                header->litlen_count,     SHERD__INFLATE_DISTANCE_BITS,
                                work->distances};
  uint32_t seen = 0, ignored = 0;
  work->codes =
      (struct sherd__inflate_codes){work->litlens, work->distances, fill(&litlen, NO_CODE, &seen),
                                    fill(&distance, NO_CODE, &ignored)};
  return work->codes.litlen_bits && work->codes.distance_bits && seen & SHERD__INFLATE_END;
}

/* --- From bits to lengths --- */

static enum sherd_status read_counts(struct sherd__inflate_header *header,
                                     struct sherd__inflate_bits *bits, bool *done) {
  *done = sherd__inflate_bits_have(bits, 14);
  if (!*done)
    return SHERD_OK;
  header->litlen_count = (uint16_t)(257 + sherd__inflate_bits_take(bits, 5));
  header->distance_count = (uint16_t)(1 + sherd__inflate_bits_take(bits, 5));
  header->precode_count = (uint8_t)(4 + sherd__inflate_bits_take(bits, 4));
  header->precode_have = 0;
  header->precode = 0;
  header->have = 0;
  bool fit = header->litlen_count <= SHERD__INFLATE_LITLENS &&
             header->distance_count <= SHERD__INFLATE_DISTANCES;
  return fit ? SHERD_OK : SHERD_EZLIB;
}

static void read_precode(struct sherd__inflate_header *header, struct sherd__inflate_bits *bits,
                         bool *done) {
  while (header->precode_have < header->precode_count && sherd__inflate_bits_have(bits, 3)) {
    unsigned symbol = precode_order[header->precode_have++];
    header->precode |= (uint64_t)sherd__inflate_bits_take(bits, 3) << 3 * symbol;
  }
  *done = header->precode_have == header->precode_count;
}

/* Makes the precode's table; returns the bits of its index, or 0. The work's lists are free yet. */
static unsigned make_precode(const struct sherd__inflate_header *header,
                             struct sherd__inflate_work *work, uint32_t *table) {
  uint16_t counts[16] = {0};
  for (unsigned symbol = 0; symbol < SHERD__INFLATE_PRECODES; symbol++) {
    unsigned bits = header->precode >> 3 * symbol & 7;
    work->symbols[bits][counts[bits]++] = (uint16_t)symbol;
  }
  const struct code precode = {
      precodes, work->symbols, none, counts, 0, SHERD__INFLATE_PRECODE_BITS, table};
  uint32_t ignored = 0;
  return fill(&precode, RUN(0, 1, 0), &ignored);
}

/* Adds a run of symbols to the list of their length. It writes 8 at a time, since the runs that
 * count are of 6 at most; where the list of those without a code ends does not matter. */
static void add_run(struct sherd__inflate_work *work, unsigned length, unsigned symbol,
                    unsigned run) {
  uint16_t *list = work->symbols[length] + work->counts[length];
  for (unsigned i = 0; i < 8; i++)
    list[i] = (uint16_t)(symbol + i);
  work->counts[length] = (uint16_t)(work->counts[length] + run);
}

struct lengths {
  struct sherd__inflate_work *work;
  const uint32_t *precode;
  unsigned precode_mask;
  unsigned have, total;
  unsigned previous;
};

/* Reads lengths until there are `until`, or a few more. */
static enum sherd_status read_until(struct lengths *lengths, struct sherd__inflate_bits *bits,
                                    unsigned until) {
  while (lengths->have < until) {
    if (bits->count < 14)
      sherd__inflate_bits_fill(bits);
    uint32_t entry = lengths->precode[bits->held & lengths->precode_mask];
    unsigned drop = SHERD__INFLATE_ENTRY_DROP(entry);
    if (drop > bits->count)
      return SHERD_OK;
    unsigned extra =
        (unsigned)(bits->held & ((1u << drop) - 1)) >> SHERD__INFLATE_ENTRY_CODE(entry);
    unsigned run = (entry >> 16 & 0xff) + extra;
    if (entry & PREVIOUS && !lengths->have)
      return SHERD_EZLIB;
    if (run > lengths->total - lengths->have)
      return SHERD_EZLIB;
    unsigned length = entry & PREVIOUS ? lengths->previous : entry >> 24;
    add_run(lengths->work, length, lengths->have, run);
    lengths->previous = length;
    lengths->have += run;
    sherd__inflate_bits_drop(bits, drop);
  }
  return SHERD_OK;
}

static unsigned kept_length(const struct sherd__inflate_header *header, unsigned symbol) {
  return header->lengths[symbol / 2] >> 4 * (symbol % 2) & 15;
}

/* The lists of the lengths that were kept. */
static void add_kept(const struct sherd__inflate_header *header, struct sherd__inflate_work *work) {
  memset(work->counts, 0, sizeof work->counts);
  for (unsigned symbol = 0;; symbol++) {
    if (symbol == header->litlen_count)
      memcpy(work->litlen_counts, work->counts, sizeof work->counts);
    if (symbol == header->have)
      return;
    add_run(work, kept_length(header, symbol), symbol, 1);
  }
}

static enum sherd_status read_lengths(struct sherd__inflate_header *header,
                                      struct sherd__inflate_bits *bits,
                                      struct sherd__inflate_work *work) {
  uint32_t precode[1 << SHERD__INFLATE_PRECODE_BITS];
  unsigned index_bits = make_precode(header, work, precode);
  if (!index_bits)
    return SHERD_EZLIB;
  add_kept(header, work);
  struct lengths lengths = {.work = work,
                            .precode = precode,
                            .precode_mask = (1u << index_bits) - 1,
                            .have = header->have,
                            .total = header->litlen_count + header->distance_count,
                            .previous = header->have ? kept_length(header, header->have - 1u) : 0};
  enum sherd_status status = SHERD_OK;
  if (lengths.have < header->litlen_count) {
    status = read_until(&lengths, bits, header->litlen_count);
    if (lengths.have >= header->litlen_count) {
      memcpy(work->litlen_counts, work->counts, sizeof work->counts);
      unsigned *over = &lengths.previous; /* the length of a run that goes on in the distances */
      work->litlen_counts[*over] =
          (uint16_t)(work->litlen_counts[*over] - (lengths.have - header->litlen_count));
    }
  }
  if (!status && lengths.have >= header->litlen_count)
    status = read_until(&lengths, bits, lengths.total);
  header->have = (uint16_t)lengths.have;
  return status;
}

/* --- All of it --- */

enum sherd_status sherd__inflate_codes_read(struct sherd__inflate_header *header,
                                            struct sherd__inflate_bits *bits,
                                            struct sherd__inflate_work *work, bool *done) {
  enum sherd_status status = SHERD_OK;
  *done = true;
  if (!header->litlen_count)
    status = read_counts(header, bits, done);
  if (!status && *done)
    read_precode(header, bits, done);
  if (status || !*done)
    return status;
  status = read_lengths(header, bits, work);
  if (status)
    return status;
  *done = header->have == header->litlen_count + header->distance_count;
  if (!*done) {
    sherd__inflate_codes_keep(header, work);
    return SHERD_OK;
  }
  return make_codes(header, work) ? SHERD_OK : SHERD_EZLIB;
}

void sherd__inflate_codes_remake(const struct sherd__inflate_header *header,
                                 struct sherd__inflate_work *work) {
  add_kept(header, work);
  bool made = make_codes(header, work);
  assert(made); /* as it was the first time */
  (void)made;
}

void sherd__inflate_codes_keep(struct sherd__inflate_header *header,
                               const struct sherd__inflate_work *work) {
  memset(header->lengths, 0, sizeof header->lengths);
  for (unsigned bits = 1; bits <= CODE_BITS_MAX; bits++)
    for (unsigned i = 0; i < work->counts[bits]; i++) {
      unsigned symbol = work->symbols[bits][i];
      header->lengths[symbol / 2] |= (uint8_t)(bits << 4 * (symbol % 2));
    }
}
