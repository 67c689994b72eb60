#include "engine/inflate_symbols.h"

#include "engine/inflate_batch.h"

#define DROP(entry)  SHERD__INFLATE_ENTRY_DROP(entry)
#define CODE(entry)  SHERD__INFLATE_ENTRY_CODE(entry)
#define VALUE(entry) SHERD__INFLATE_ENTRY_VALUE(entry)

#define DISTANCE_BITS_MAX 28 /* a code of 15, and 13 extra */
#define MATCH_BITS_MAX    48 /* a length of 15 and 5, and a distance */
#define ROUND_LITERALS    3  /* of the fast loop, at the most */

static uint64_t low_bits(uint64_t bits, unsigned count) {
  return bits & (((uint64_t)1 << count) - 1);
}

/* The entry of second level that one of the first leads to. */
static uint32_t look_on(const uint32_t *table, uint32_t entry, unsigned index_bits, uint64_t held) {
  return table[VALUE(entry) + low_bits(held >> index_bits, DROP(entry))];
}

/* The entry for the bits that come next. */
static uint32_t look_up(const uint32_t *table, unsigned index_bits, uint64_t held) {
  uint32_t entry = table[low_bits(held, index_bits)];
  return entry & SHERD__INFLATE_SUBTABLE ? look_on(table, entry, index_bits, held) : entry;
}

/* What an entry for a length or a distance comes to, with its extra bits. */
static unsigned value_of(uint32_t entry, uint64_t held) {
  return VALUE(entry) + (unsigned)(low_bits(held, DROP(entry)) >> CODE(entry));
}

/* --- With care: near the end of the input and of the room --- */

enum step {
  STEP_DONE, /* a symbol */
  STEP_END,  /* the end of the block */
  STEP_STARVED,
  STEP_FAILED
};

static enum step fail(enum sherd_status status, enum sherd_status *out) {
  *out = status;
  return status ? STEP_FAILED : STEP_DONE;
}

static enum step step_match(const struct sherd__inflate_codes *codes,
                            const struct sherd__inflate_history *history, uint32_t entry,
                            struct sherd__inflate_bits *bits, struct sherd__inflate_sink *sink,
                            enum sherd_status *status) {
  struct sherd__inflate_bits ahead = *bits;
  if (DROP(entry) > ahead.count)
    return STEP_STARVED;
  unsigned length = value_of(entry, ahead.held);
  sherd__inflate_bits_drop(&ahead, DROP(entry));
  entry = look_up(codes->distances, codes->distance_bits, ahead.held);
  if (CODE(entry) > ahead.count)
    return STEP_STARVED;
  if (entry & SHERD__INFLATE_EXCEPTION)
    return fail(SHERD_EZLIB, status);
  if (DROP(entry) > ahead.count)
    return STEP_STARVED;
  unsigned distance = value_of(entry, ahead.held);
  sherd__inflate_bits_drop(&ahead, DROP(entry));
  *bits = ahead;
  return fail(sherd__inflate_sink_repeat(sink, history, distance, length), status);
}

static enum step step(const struct sherd__inflate_codes *codes,
                      const struct sherd__inflate_history *history,
                      struct sherd__inflate_bits *bits, struct sherd__inflate_sink *sink,
                      enum sherd_status *status) {
  sherd__inflate_bits_fill(bits);
  uint32_t entry = look_up(codes->litlens, codes->litlen_bits, bits->held);
  if (CODE(entry) > bits->count)
    return STEP_STARVED;
  if (entry & SHERD__INFLATE_LITERAL) {
    uint8_t literal = (uint8_t)VALUE(entry);
    sherd__inflate_bits_drop(bits, DROP(entry));
    return fail(sherd__inflate_sink_append(sink, (struct sherd_bytes){&literal, 1}), status);
  }
  if (entry & SHERD__INFLATE_END) {
    sherd__inflate_bits_drop(bits, DROP(entry));
    return STEP_END;
  }
  if (entry & SHERD__INFLATE_EXCEPTION)
    return fail(SHERD_EZLIB, status);
  return step_match(codes, history, entry, bits, sink, status);
}

/* --- Fast: while the bits of any match are held, and there is room for it --- */

static inline uint32_t next_entry(struct sherd__inflate_bits *bits, const uint32_t *litlens,
                                  uint64_t mask) {
  sherd__inflate_bits_fill(bits);
  return litlens[bits->held & mask];
}

static inline void take_literal(struct sherd__inflate_bits *bits, uint32_t entry,
                                uint8_t **literal) {
  *(*literal)++ = (uint8_t)(entry >> 16);
  sherd__inflate_bits_drop(bits, DROP(entry));
}

/* Takes up to two literals, of which the first's entry is given, and returns the next entry. */
static inline uint32_t take_two(struct sherd__inflate_bits *bits, uint32_t entry,
                                const uint32_t *litlens, uint64_t mask, uint8_t **literal) {
  if (!(entry & SHERD__INFLATE_LITERAL))
    return entry;
  take_literal(bits, entry, literal);
  entry = litlens[bits->held & mask];
  if (!(entry & SHERD__INFLATE_LITERAL))
    return entry;
  take_literal(bits, entry, literal);
  return litlens[bits->held & mask];
}

/* Takes a length, whose entry is given, and the distance that follows it. Nothing has changed when
 * the bits do not suffice. */
static inline enum step take_match(const struct sherd__inflate_codes *codes, uint32_t entry,
                                   struct sherd__inflate_bits *bits, size_t *length,
                                   size_t *distance) {
  struct sherd__inflate_bits b = *bits;
  *length = value_of(entry, b.held);
  sherd__inflate_bits_drop(&b, DROP(entry));
  if (b.count < DISTANCE_BITS_MAX) {
    sherd__inflate_bits_fill(&b);
    if (b.count < DISTANCE_BITS_MAX)
      return STEP_STARVED;
  }
  entry = look_up(codes->distances, codes->distance_bits, b.held);
  if (entry & SHERD__INFLATE_EXCEPTION)
    return STEP_FAILED;
  *distance = value_of(entry, b.held);
  sherd__inflate_bits_drop(&b, DROP(entry));
  *bits = b;
  return STEP_DONE;
}

/* Decodes until the batch is full, or the output, or the bits are few. `out` is where the output
 * goes, to which all goes at once; or NULL, and it goes to the batch. Both ways are made of this
 * one function, by inlining it. */
static inline __attribute__((always_inline)) enum step
decode(const struct sherd__inflate_codes *codes, const struct sherd__inflate_history *history,
       struct sherd__inflate_bits *bits, struct sherd__inflate_batch *batch, uint8_t **out) {
  const uint32_t *litlens = codes->litlens;
  const uint64_t litlen_mask = ((uint64_t)1 << codes->litlen_bits) - 1;
  const struct sherd__inflate_reach reach = batch->reach; /* these are copied, so that they */
  struct sherd__inflate_bits b = *bits;                   /* are not read again and again */
  struct sherd__inflate_match *match = batch->matches;
  uint8_t *const begin = out ? *out : batch->literals, *literal = begin;
  const uint8_t *last =
      begin + (out ? reach.made_last - reach.made : SHERD__INFLATE_BATCH_LITERALS - ROUND_LITERALS);
  size_t before = reach.made; /* what is out, but for what comes from `begin` on */
  enum step result = STEP_DONE;
  uint32_t entry = next_entry(&b, litlens, litlen_mask);
  while (b.count >= MATCH_BITS_MAX && literal <= last && before <= reach.made_last &&
         match < batch->matches + SHERD__INFLATE_BATCH_MATCHES) {
    entry = take_two(&b, entry, litlens, litlen_mask, &literal);
    if (entry & SHERD__INFLATE_EXCEPTION && entry & SHERD__INFLATE_SUBTABLE)
      entry = look_on(litlens, entry, codes->litlen_bits, b.held);
    if (entry & SHERD__INFLATE_LITERAL) {
      take_literal(&b, entry, &literal);
      entry = next_entry(&b, litlens, litlen_mask);
      continue;
    }
    if (entry & SHERD__INFLATE_EXCEPTION) {
      result = entry & SHERD__INFLATE_END ? STEP_END : STEP_FAILED;
      sherd__inflate_bits_drop(&b, DROP(entry));
      break;
    }
    size_t length, distance, made = before + (size_t)(literal - begin);
    result = take_match(codes, entry, &b, &length, &distance);
    if (!result && distance > made + reach.history_len)
      result = STEP_FAILED;
    if (result)
      break;
    entry = next_entry(&b, litlens, litlen_mask); /* now, so that it need not wait for the copy */
    struct sherd__inflate_match found = sherd__inflate_match_at(&reach, made, length, distance);
    if (out) {
      sherd__inflate_match_put(literal, made, history, &found);
      literal += length;
    } else {
      sherd__inflate_match_fetch(&found);
      found.literals = (uint16_t)(literal - begin);
      *match++ = found;
      before += length;
    }
  }
  if (out) {
    *out = literal;
  } else {
    batch->match_count = (unsigned)(match - batch->matches);
    batch->literal_count = (unsigned)(literal - begin);
  }
  *bits = b;
  return result == STEP_STARVED ? STEP_DONE : result;
}

/* With the history in the cache: what is decoded is put out at once. */
static enum step run_direct(const struct sherd__inflate_codes *codes,
                            const struct sherd__inflate_history *history,
                            struct sherd__inflate_bits *bits, struct sherd__inflate_batch *batch,
                            struct sherd__inflate_sink *sink) {
  uint8_t *out = sink->out->data + sink->out->len;
  enum step result = decode(codes, history, bits, batch, &out);
  sink->out->len = (size_t)(out - sink->out->data);
  return result;
}

/* Without it: in a batch. */
static enum step run_batch(const struct sherd__inflate_codes *codes,
                           const struct sherd__inflate_history *history,
                           struct sherd__inflate_bits *bits, struct sherd__inflate_batch *batch,
                           struct sherd__inflate_sink *sink) {
  enum step result = decode(codes, history, bits, batch, NULL);
  sherd__inflate_batch_put(batch, history, sink);
  return result;
}

enum sherd_status sherd__inflate_symbols(const struct sherd__inflate_codes *codes,
                                         const struct sherd__inflate_history *history, bool is_cold,
                                         struct sherd__inflate_bits *bits,
                                         struct sherd__inflate_sink *sink, bool *done) {
  struct sherd__inflate_batch batch; /* not cleared: that would cost more than most messages */
  *done = false;
  for (;;) {
    enum sherd_status status = sherd__inflate_sink_reserve(sink, SHERD__INFLATE_BATCH_ROOM);
    if (status)
      return status;
    enum step now = STEP_DONE;
    if (sherd__inflate_batch_begin(&batch, history, sink))
      now = is_cold ? run_batch(codes, history, bits, &batch, sink)
                    : run_direct(codes, history, bits, &batch, sink);
    if (now == STEP_FAILED)
      return SHERD_EZLIB;
    if (now == STEP_DONE)
      now = step(codes, history, bits, sink, &status);
    if (now == STEP_FAILED)
      return status;
    *done = now == STEP_END;
    if (now != STEP_DONE)
      return SHERD_OK;
  }
}
