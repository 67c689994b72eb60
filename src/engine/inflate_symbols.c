#include "engine/inflate_symbols.h"

#include <string.h>

#define DROP(entry)  SHERD__INFLATE_ENTRY_DROP(entry)
#define CODE(entry)  SHERD__INFLATE_ENTRY_CODE(entry)
#define VALUE(entry) SHERD__INFLATE_ENTRY_VALUE(entry)

#define LENGTH_MAX        258
#define DISTANCE_BITS_MAX 28 /* a code of 15, and 13 extra */
#define SYMBOL_BITS_MAX   48 /* a length of 15 and 5, and a distance */

/* How far over a match's end the fast copies write, and over its source's they read. */
#define SLACK 32
/* What one round of the fast loop may put out. */
#define ROUND_BYTES (3 + LENGTH_MAX + SLACK)

static uint64_t low_bits(uint64_t bits, unsigned count) {
  return bits & (((uint64_t)1 << count) - 1);
}

/* The entry for the bits that come next. */
static uint32_t look_up(const uint32_t *table, unsigned index_bits, uint64_t held) {
  uint32_t entry = table[low_bits(held, index_bits)];
  if (entry & SHERD__INFLATE_SUBTABLE)
    entry = table[VALUE(entry) + low_bits(held >> index_bits, DROP(entry))];
  return entry;
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

static __attribute__((noinline)) enum step step(const struct sherd__inflate_codes *codes,
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

/* --- Fast: with a symbol's bits held, and room for a round --- */

/* Copies `len` bytes and up to SLACK more. */
static inline void copy_wide(uint8_t *to, const uint8_t *from, size_t len) {
  memcpy(to, from, 16);
  memcpy(to + 16, from + 16, 16);
  for (size_t at = 32; at < len; at += 32) {
    memcpy(to + at, from + at, 16);
    memcpy(to + at + 16, from + at + 16, 16);
  }
}

/* Copies a match. Nearly all are of one piece: they neither go round the history's edge, nor from
 * there into what is new, nor into themselves. Where one lies cannot be foretold, so that it is
 * worked out without a branch. */
static inline void copy_match(uint8_t *to, const uint8_t *const places[2], size_t made,
                              const struct sherd__inflate_history *history, size_t distance,
                              size_t len) {
  bool is_old = distance > made;
  size_t old = (size_t)0 - is_old; /* all bits, or none */
  size_t old_index = sherd__inflate_history_index(history, distance - made) & old;
  size_t new_index = (made - distance) & ~old;
  size_t whole = distance - (made & old);
  if (len <= whole && old_index <= SHERD__INFLATE_HISTORY_BYTES - LENGTH_MAX - SLACK)
    copy_wide(to, places[is_old] + (old_index | new_index), len);
  else
    sherd__inflate_copy(to, made, history, distance, len);
}

/* Decodes while there is enough of both. Returns STEP_DONE when there is not. */
static __attribute__((noinline)) enum step run(const struct sherd__inflate_codes *codes,
                     const struct sherd__inflate_history *history, struct sherd__inflate_bits *bits,
                     struct sherd__inflate_sink *sink) {
  const uint32_t *litlens = codes->litlens, *distances = codes->distances;
  const uint64_t litlen_mask = ((uint64_t)1 << codes->litlen_bits) - 1;
  const uint64_t distance_mask = ((uint64_t)1 << codes->distance_bits) - 1;
  struct sherd__inflate_bits b = *bits;
  const uint8_t *start = sink->out->data + sink->start;
  const uint8_t *const places[2] = {start, history->data};
  uint8_t *out = sink->out->data + sink->out->len;
  const uint8_t *out_last = out + sherd__inflate_sink_room(sink) - ROUND_BYTES;
  enum step result = STEP_DONE;

  uint32_t entry;
  goto next;
  for (;;) {
    if (entry & SHERD__INFLATE_LITERAL) {
      *out++ = (uint8_t)(entry >> 16);
      sherd__inflate_bits_drop(&b, DROP(entry));
      entry = litlens[b.held & litlen_mask];
      if (entry & SHERD__INFLATE_LITERAL) {
        *out++ = (uint8_t)(entry >> 16);
        sherd__inflate_bits_drop(&b, DROP(entry));
        entry = litlens[b.held & litlen_mask];
        if (entry & SHERD__INFLATE_LITERAL) {
          *out++ = (uint8_t)(entry >> 16);
          sherd__inflate_bits_drop(&b, DROP(entry));
          goto next;
        }
      }
    }
    if (entry & SHERD__INFLATE_EXCEPTION) {
      if (entry & SHERD__INFLATE_SUBTABLE)
        entry = litlens[VALUE(entry) + low_bits(b.held >> codes->litlen_bits, DROP(entry))];
      if (entry & SHERD__INFLATE_LITERAL) {
        *out++ = (uint8_t)(entry >> 16);
        sherd__inflate_bits_drop(&b, DROP(entry));
        goto next;
      }
      if (entry & SHERD__INFLATE_EXCEPTION) {
        result = entry & SHERD__INFLATE_END ? STEP_END : STEP_FAILED;
        sherd__inflate_bits_drop(&b, DROP(entry));
        break;
      }
    }
    struct sherd__inflate_bits before = b;
    unsigned length = value_of(entry, b.held);
    sherd__inflate_bits_drop(&b, DROP(entry));
    if (b.count < DISTANCE_BITS_MAX) {
      sherd__inflate_bits_fill(&b);
      if (b.count < DISTANCE_BITS_MAX) {
        b = before;
        break;
      }
    }
    entry = distances[b.held & distance_mask];
    if (entry & SHERD__INFLATE_EXCEPTION) {
      if (entry & SHERD__INFLATE_SUBTABLE)
        entry = distances[VALUE(entry) + low_bits(b.held >> codes->distance_bits, DROP(entry))];
      if (entry & SHERD__INFLATE_EXCEPTION) {
        result = STEP_FAILED;
        break;
      }
    }
    size_t distance = value_of(entry, b.held);
    sherd__inflate_bits_drop(&b, DROP(entry));
    size_t made = (size_t)(out - start);
    if (distance > made + history->len) {
      result = STEP_FAILED;
      break;
    }
    sherd__inflate_bits_fill(&b);
    entry = litlens[b.held & litlen_mask];
    copy_match(out, places, made, history, distance, length);
    out += length;
    if (out > out_last || b.count < SYMBOL_BITS_MAX)
      break;
    continue;
  next:
    if (out > out_last)
      break;
    sherd__inflate_bits_fill(&b);
    if (b.count < SYMBOL_BITS_MAX)
      break;
    entry = litlens[b.held & litlen_mask];
  }
  sink->out->len = (size_t)(out - sink->out->data);
  *bits = b;
  return result;
}

enum sherd_status sherd__inflate_symbols(const struct sherd__inflate_codes *codes,
                                         const struct sherd__inflate_history *history,
                                         struct sherd__inflate_bits *bits,
                                         struct sherd__inflate_sink *sink, bool *done) {
  *done = false;
  for (;;) {
    enum sherd_status status = sherd__inflate_sink_reserve(sink, ROUND_BYTES);
    if (status)
      return status;
    enum step now = STEP_DONE;
    if (sherd__inflate_sink_room(sink) >= ROUND_BYTES)
      now = run(codes, history, bits, sink);
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
