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

/* Where the list for each length begins. */
#define BEGINS4(n)                                                                                 \
  (n) * SHERD__INFLATE_LIST, ((n) + 1) * SHERD__INFLATE_LIST, ((n) + 2) * SHERD__INFLATE_LIST,     \
      ((n) + 3) * SHERD__INFLATE_LIST
static const uint16_t begins[16] = {BEGINS4(0), BEGINS4(4), BEGINS4(8), BEGINS4(12)};

/* A code: its symbols sorted by length, and what to make of them. */
struct code {
  const uint32_t *entries; /* by symbol */
  const uint16_t *symbols;
  const uint16_t *from, *to; /* by length: which of these */
  unsigned first;            /* symbol, which counts as 0 */
  unsigned bits_max;         /* of the index */
  uint32_t *table;
};

#define REVERSED4(n)  (n), (n) + 128, (n) + 64, (n) + 192
#define REVERSED16(n) REVERSED4(n), REVERSED4((n) + 32), REVERSED4((n) + 16), REVERSED4((n) + 48)
#define REVERSED64(n) REVERSED16(n), REVERSED16((n) + 8), REVERSED16((n) + 4), REVERSED16((n) + 12)
static const uint8_t reversed_bytes[256] = {REVERSED64(0), REVERSED64(2), REVERSED64(1),
                                            REVERSED64(3)};

/* Codes are counted as 16 bits that begin with the code. But Huffman codes begin with their highest
 * bit, and are packed from the lowest bit on. */
static unsigned reverse(unsigned code) {
  return reversed_bytes[code >> 8 & 255] | (unsigned)reversed_bytes[code & 255] << 8;
}

static unsigned count_of(const struct code *code, unsigned bits) {
  return (unsigned)(code->to[bits] - code->from[bits]);
}

static uint32_t entry_of(const struct code *code, unsigned bits, unsigned i) {
  unsigned symbol = code->symbols[i] - code->first;
  return code->entries[symbol] + SHERD__INFLATE_CODE_BITS(bits);
}

/* Makes a table twice as long: another bit does not matter to the codes that are in it. */
static void double_up(uint32_t *table, unsigned len) {
  if (len < 4)
    memcpy(table + len, table, len * sizeof *table);
  else
    for (unsigned i = 0; i < len; i += 4)
      memcpy(table + len + i, table + i, 4 * sizeof *table);
}

/* Fills the table's first level, doubling it for each length. Returns the next code. */
static unsigned fill_first(const struct code *code, unsigned index_bits, uint32_t *seen) {
  unsigned next = 0;
  uint32_t any = 0;
  for (unsigned bits = 1; bits <= index_bits; bits++) {
    if (next)
      double_up(code->table, 1u << (bits - 1));
    for (unsigned i = code->from[bits]; i < code->to[bits]; i++) {
      uint32_t entry = entry_of(code, bits, i);
      any |= entry;
      code->table[reverse(next)] = entry;
      next += 1u << (16 - bits);
    }
  }
  *seen |= any;
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
    for (unsigned i = code->from[bits]; i < code->to[bits]; i++) {
      unsigned reversed = reverse(next);
      next += 1u << (16 - bits);
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

static bool make_codes(const struct sherd__inflate_header *header,
                       struct sherd__inflate_work *work) {
  const struct code litlen = {
      sherd__inflate_litlens,     work->symbols, begins, work->litlen_ends, 0,
      SHERD__INFLATE_LITLEN_BITS, work->litlens};
  const struct code distance = {sherd__inflate_distances, work->symbols,
                                work->litlen_ends,        work->ends,
                                header->litlen_count,     SHERD__INFLATE_DISTANCE_BITS,
                                work->distances};
  uint32_t seen = 0, ignored = 0;
  work->codes =
      (struct sherd__inflate_codes){work->litlens, work->distances, fill(&litlen, NO_CODE, &seen),
                                    fill(&distance, NO_CODE, &ignored)};
  return work->codes.litlen_bits && work->codes.distance_bits && seen & SHERD__INFLATE_END;
}

/* --- From bits to lengths --- */

#define ASCENDING8(n) (n), (n) + 1, (n) + 2, (n) + 3, (n) + 4, (n) + 5, (n) + 6, (n) + 7
#define ASCENDING64(n)                                                                             \
  ASCENDING8(n), ASCENDING8((n) + 8), ASCENDING8((n) + 16), ASCENDING8((n) + 24),                  \
      ASCENDING8((n) + 32), ASCENDING8((n) + 40), ASCENDING8((n) + 48), ASCENDING8((n) + 56)

/* Symbols, to be copied in runs. */
static const uint16_t ascending[SHERD__INFLATE_SYMBOLS + 8] = {
    ASCENDING64(0),
    ASCENDING64(64),
    ASCENDING64(128),
    ASCENDING64(192),
    ASCENDING64(256),
    (320),
    321,
    322,
    323,
};

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
  uint16_t ends[16];
  memcpy(ends, begins, sizeof ends);
  for (unsigned symbol = 0; symbol < SHERD__INFLATE_PRECODES; symbol++) {
    unsigned bits = header->precode >> 3 * symbol & 7;
    work->symbols[ends[bits]++] = (uint16_t)symbol;
  }
  const struct code precode = {
      precodes, work->symbols, begins, ends, 0, SHERD__INFLATE_PRECODE_BITS, table};
  uint32_t ignored = 0;
  return fill(&precode, RUN(0, 1, 0), &ignored);
}

/* Adds a run of symbols to the list of their length. It writes 8 at a time, since the runs that
 * count are of 6 at most; where the list of those without a code ends does not matter. */
static void add_run(struct sherd__inflate_work *work, unsigned length, unsigned symbol,
                    unsigned run) {
  memcpy(work->symbols + work->ends[length], ascending + symbol, 8 * sizeof *ascending);
  work->ends[length] = (uint16_t)(work->ends[length] + run);
}

#define NO_LENGTH 16 /* before the first one */

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
  struct sherd__inflate_bits b = *bits; /* here, so that it stays in registers */
  struct sherd__inflate_work *work = lengths->work;
  const uint32_t *precode = lengths->precode;
  const unsigned precode_mask = lengths->precode_mask, total = lengths->total;
  unsigned have = lengths->have, previous = lengths->previous;
  enum sherd_status status = SHERD_OK;
  for (unsigned i = 0; have < until; i++) {
    if (i % 4 == 0) /* 4 fit into what a fill gives; near the end of the input it does not matter */
      sherd__inflate_bits_fill(&b);
    uint32_t entry = precode[b.held & precode_mask];
    unsigned drop = SHERD__INFLATE_ENTRY_DROP(entry);
    if (drop > b.count)
      break;
    uint64_t extra = (b.held & (((uint64_t)1 << drop) - 1)) >> SHERD__INFLATE_ENTRY_CODE(entry);
    unsigned run = (entry >> 16 & 0xff) + (unsigned)extra;
    /* Worked out without a branch, since there is no foretelling. */
    unsigned length = (entry >> 24 & 15) | (previous & (0u - (entry >> 31)));
    if (run > total - have || length == NO_LENGTH) {
      status = SHERD_EZLIB;
      break;
    }
    add_run(work, length, have, run);
    previous = length;
    have += run;
    sherd__inflate_bits_drop(&b, drop);
  }
  lengths->have = have;
  lengths->previous = previous;
  *bits = b;
  return status;
}

static unsigned kept_length(const struct sherd__inflate_header *header, unsigned symbol) {
  return header->lengths[symbol / 2] >> 4 * (symbol % 2) & 15;
}

/* The lists of the lengths that were kept. */
static void add_kept(const struct sherd__inflate_header *header, struct sherd__inflate_work *work) {
  memcpy(work->ends, begins, sizeof work->ends);
  for (unsigned symbol = 0;; symbol++) {
    if (symbol == header->litlen_count)
      memcpy(work->litlen_ends, work->ends, sizeof work->ends);
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
                            .previous =
                                header->have ? kept_length(header, header->have - 1u) : NO_LENGTH};
  enum sherd_status status = SHERD_OK;
  if (lengths.have < header->litlen_count) {
    status = read_until(&lengths, bits, header->litlen_count);
    if (lengths.have >= header->litlen_count) {
      memcpy(work->litlen_ends, work->ends, sizeof work->ends);
      unsigned *over = &lengths.previous; /* the length of a run that goes on in the distances */
      work->litlen_ends[*over] =
          (uint16_t)(work->litlen_ends[*over] - (lengths.have - header->litlen_count));
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
    for (unsigned i = begins[bits]; i < work->ends[bits]; i++) {
      unsigned symbol = work->symbols[i];
      header->lengths[symbol / 2] |= (uint8_t)(bits << 4 * (symbol % 2));
    }
}
