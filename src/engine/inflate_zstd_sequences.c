#include "engine/inflate_zstd_sequences.h"

#include <string.h>

#include "engine/inflate_zstd_bits.h"

/* How far over an end the fast copies write and read. */
#define SLACK 32

_Static_assert(SLACK <= SHERD__ZSTD_LITERALS_SLACK && SLACK <= SHERD__ZSTD_HISTORY_SLACK,
               "it is read over");

/* As many are decoded before they are put out: so what their matches copy is fetched meanwhile. */
#define BATCH 64

struct sequence {
  uint32_t literals, match, offset;
};

/* A block that is being put out. */
struct putting {
  const struct sherd__zstd_literals *literals;
  const struct sherd__zstd_history *history;
  struct sherd__inflate_sink *sink;
  size_t window;
  size_t literals_used;
  size_t out_end; /* of `sink->out`, at the most that the block may come to */
};

/* --- With care --- */

static enum sherd_status put_literals(struct putting *p, size_t len) {
  if (len > p->literals->len - p->literals_used)
    return SHERD_EZSTD;
  const uint8_t *from = p->literals->data;
  if (len)
    from += p->literals_used;
  p->literals_used += len;
  return sherd__inflate_sink_append(p->sink, (struct sherd_bytes){from, len});
}

static enum sherd_status put_match(struct putting *p, size_t offset, size_t len) {
  size_t made = p->sink->out->len - p->sink->start;
  if (!offset || offset > p->window || offset > made + p->history->len)
    return SHERD_EZSTD;
  size_t room = sherd__inflate_sink_room(p->sink);
  size_t fits = len < room ? len : room;
  if (!fits)
    return SHERD_EINFLATELIMIT;
  uint8_t *to = p->sink->out->data + p->sink->out->len;
  p->sink->out->len += fits;
  size_t old = offset > made ? sherd__zstd_history_copy(p->history, offset - made, to, fits) : 0;
  for (size_t i = old; i < fits; i++)
    to[i] = *(to + i - offset);
  return fits < len ? SHERD_EINFLATELIMIT : SHERD_OK;
}

static enum sherd_status put_sequence(struct putting *p, const struct sequence *sequence) {
  size_t len = (size_t)sequence->literals + sequence->match;
  if (len > p->out_end - p->sink->out->len)
    return SHERD_EZSTD;
  enum sherd_status status = sherd__inflate_sink_reserve(p->sink, len + SLACK);
  if (!status)
    status = put_literals(p, sequence->literals);
  return status ? status : put_match(p, sequence->offset, sequence->match);
}

/* --- Fast: while there is room to write and to read over the ends --- */

static inline void copy_16(uint8_t *to, const uint8_t *from) {
  uint8_t bytes[16];
  memcpy(bytes, from, sizeof bytes);
  memcpy(to, bytes, sizeof bytes);
}

/* Copies `len` bytes that do not overlap, and up to SLACK more, which may. Most are fewer than 32,
 * so that the first are not counted. */
static inline void copy(uint8_t *to, const uint8_t *from, size_t len) {
  copy_16(to, from);
  copy_16(to + 16, from + 16);
  for (size_t at = 32; at < len; at += 32) {
    copy_16(to + at, from + at);
    copy_16(to + at + 16, from + at + 16);
  }
}

/* A sequence that may be put fast: where its match is copied from. */
struct placed {
  const uint8_t *from;
  uint32_t literals, match;
};

/* How far one may go without care. */
struct fast {
  size_t made, made_end; /* of the call's output; as much may be there once a sequence is put */
  size_t used, used_end; /* of the literals */
  uint8_t *out;          /* from where the call's output began */
  const uint8_t *history;
  size_t history_at, history_len, history_cap;
  size_t window;
};

static struct fast begin_fast(const struct putting *p) {
  const struct sherd_buf *out = p->sink->out;
  size_t room = sherd__inflate_sink_room(p->sink), left = p->out_end - out->len;
  size_t readable = p->literals->data ? (size_t)(p->literals->readable - p->literals->data) : 0;
  struct fast f = {.made = out->len - p->sink->start,
                   .used = p->literals_used,
                   .history = p->history->data,
                   .history_at = p->history->at,
                   .history_len = p->history->len,
                   .history_cap = p->history->cap,
                   .window = p->window};
  if (room < SLACK || readable < SLACK)
    return f; /* at a made_end of 0 nothing is fast: a match is 3 bytes at the least */
  room -= SLACK;
  readable -= SLACK;
  f.out = out->data + p->sink->start;
  f.made_end = f.made + (room < left ? room : left);
  f.used_end = readable < p->literals->len ? readable : p->literals->len;
  return f;
}

/* Begins to fetch a match's source. */
static inline void fetch(const uint8_t *from) {
#if defined(__GNUC__)
  __builtin_prefetch(from);
  __builtin_prefetch(from + SLACK - 1); /* most are no longer */
#else
  (void)from;
#endif
}

/* Finds where a sequence's match lies, and begins to fetch it. False, and nothing is done, when
 * care is needed. */
static inline __attribute__((always_inline)) bool place(struct fast *f, const struct sequence *s,
                                                        struct placed *out) {
  size_t made = f->made + s->literals, used = f->used + s->literals;
  if (made + s->match > f->made_end || used > f->used_end)
    return false;
  /* Which of the two it is cannot be foretold, so that it is worked out without a branch. */
  bool is_old = s->offset > made;
  size_t back = s->offset - made;                         /* into the history, when it is old */
  size_t goes_round = (size_t)0 - (back > f->history_at); /* all bits, or none */
  size_t index = f->history_at - back + (f->history_cap & goes_round);
  size_t whole = is_old ? back : s->offset; /* a match that is no longer is of one piece */
  size_t begin = is_old ? index : made - s->offset;
  size_t end = is_old ? f->history_cap : f->made_end;
  if (s->match > whole || s->offset > f->window || s->offset > made + f->history_len ||
      begin + s->match > end)
    return false;
  *out = (struct placed){(is_old ? f->history : f->out) + begin, s->literals, s->match};
  fetch(out->from);
  f->made = made + s->match;
  f->used = used;
  return true;
}

/* Puts a batch out, which ends where `f` has come to. */
static void put_batch(const struct placed *batch, const struct placed *end, struct fast f,
                      struct putting *p) {
  const uint8_t *literals = p->literals->data + p->literals_used;
  uint8_t *out = f.out + (p->sink->out->len - p->sink->start);
  for (; batch < end; batch++) {
    copy(out, literals, batch->literals);
    out += batch->literals;
    literals += batch->literals;
    copy(out, batch->from, batch->match);
    out += batch->match;
  }
  p->sink->out->len = p->sink->start + f.made;
  p->literals_used = f.used;
}

/* --- Decoding --- */

/* The last three offsets. */
struct last {
  uint32_t first, second, third;
};

/* One of them, or the first one less 1. It becomes the first. */
static inline uint32_t repeat_offset(struct last *last, uint32_t which) {
  uint32_t offset = which == 0   ? last->first
                    : which == 1 ? last->second
                    : which == 2 ? last->third
                                 : last->first - 1;
  last->third = which >= 2 ? last->second : last->third;
  last->second = which >= 1 ? last->first : last->second;
  last->first = offset;
  return offset;
}

struct decoding {
  struct sherd__zstd_bits bits;
  struct sherd__zstd_table literals, offsets, matches;
  const struct sherd__zstd_state *literal, *offset, *match; /* where each stands */
};

static inline __attribute__((always_inline)) void decode(struct decoding *d, struct last *last,
                                                         struct sequence *out) {
  const struct sherd__zstd_state *literal = d->literal, *offset = d->offset, *match = d->match;
  out->match = match->base;
  out->literals = literal->base;
  out->offset = offset->base + sherd__zstd_bits_take(&d->bits, offset->extra);
  if (offset->extra > 1) {
    last->third = last->second;
    last->second = last->first;
    last->first = out->offset;
  } else { /* without literals it is the next one */
    out->offset = repeat_offset(last, out->offset + !literal->base);
  }
  if (match->extra | literal->extra) {
    out->match += sherd__zstd_bits_take(&d->bits, match->extra);
    /* Of the 57 bits that a fill gives, the next states take 26 at the most. */
    if (offset->extra + match->extra + literal->extra > 57 - 26)
      sherd__zstd_bits_fill(&d->bits);
    out->literals += sherd__zstd_bits_take(&d->bits, literal->extra);
  }
}

static inline const struct sherd__zstd_state *next_state(struct sherd__zstd_bits *bits,
                                                         const struct sherd__zstd_table *table,
                                                         const struct sherd__zstd_state *now) {
  return table->states + now->next + sherd__zstd_bits_take(bits, now->bits);
}

static inline __attribute__((always_inline)) void go_on(struct decoding *d) {
  d->literal = next_state(&d->bits, &d->literals, d->literal);
  d->match = next_state(&d->bits, &d->matches, d->match);
  d->offset = next_state(&d->bits, &d->offsets, d->offset);
  sherd__zstd_bits_fill(&d->bits);
}

static enum sherd_status begin(struct decoding *d, struct sherd_bytes block,
                               const struct sherd__zstd_table *tables) {
  if (!sherd__zstd_bits_init(&d->bits, block))
    return SHERD_EZSTD;
  d->literals = tables[SHERD__ZSTD_LITERAL_LENGTHS];
  d->offsets = tables[SHERD__ZSTD_OFFSETS];
  d->matches = tables[SHERD__ZSTD_MATCH_LENGTHS];
  d->literal = d->literals.states + sherd__zstd_bits_take(&d->bits, d->literals.log);
  d->offset = d->offsets.states + sherd__zstd_bits_take(&d->bits, d->offsets.log);
  d->match = d->matches.states + sherd__zstd_bits_take(&d->bits, d->matches.log);
  sherd__zstd_bits_fill(&d->bits);
  return SHERD_OK;
}

static enum sherd_status put_all(const struct decoding *begun, struct last *kept, unsigned count,
                                 struct putting *p) {
  struct decoding d = *begun; /* here, so that it may stay in registers */
  struct last last = *kept;
  struct fast f = begin_fast(p);
  struct placed batch[BATCH], *next = batch;
  for (;;) {
    struct sequence sequence;
    decode(&d, &last, &sequence);
    if (!place(&f, &sequence, next)) {
      if (next > batch)
        put_batch(batch, next, f, p);
      next = batch;
      enum sherd_status status = put_sequence(p, &sequence);
      if (status)
        return status;
      f = begin_fast(p);
    } else if (++next == batch + BATCH) {
      put_batch(batch, next, f, p);
      next = batch;
    }
    if (--count == 0)
      break;
    go_on(&d);
  }
  if (next > batch)
    put_batch(batch, next, f, p);
  *kept = last;
  sherd__zstd_bits_fill(&d.bits);
  return sherd__zstd_bits_are_out(&d.bits) ? SHERD_OK : SHERD_EZSTD;
}

/* --- A block --- */

/* How many sequences there are: 1 to 3 bytes. */
static enum sherd_status read_count(struct sherd_bytes *block, unsigned *count) {
  if (!block->len)
    return SHERD_EZSTD;
  const uint8_t *data = block->data;
  size_t size = data[0] < 128 ? 1 : data[0] < 255 ? 2 : 3;
  if (block->len < size)
    return SHERD_EZSTD;
  *count = size == 1   ? data[0]
           : size == 2 ? (data[0] - 128u) << 8 | data[1]
                       : (data[1] | (unsigned)data[2] << 8) + 0x7f00;
  block->data += size;
  block->len -= size;
  return SHERD_OK;
}

void sherd__zstd_sequences_init(struct sherd__zstd_sequences *sequences) {
  *sequences = (struct sherd__zstd_sequences){.last_offsets = {1, 4, 8}};
}

enum sherd_status sherd__zstd_sequences_put(struct sherd__zstd_sequences *sequences,
                                            struct sherd_bytes block,
                                            const struct sherd__zstd_literals *literals,
                                            const struct sherd__zstd_history *history,
                                            const struct sherd__zstd_bounds *bounds,
                                            struct sherd__zstd_codes_work *work,
                                            struct sherd__inflate_sink *sink) {
  unsigned count;
  struct putting p = {literals, history, sink, bounds->window, 0, sink->out->len + bounds->max};
  enum sherd_status status = read_count(&block, &count);
  if (status)
    return status;
  if (count == 0)
    return block.len ? SHERD_EZSTD : put_literals(&p, literals->len);
  status = sherd__zstd_codes_read(&block, sequences->codes, work);
  if (status)
    return status;
  struct decoding decoding;
  status = begin(&decoding, block, work->tables);
  if (status)
    return status;
  uint32_t *offsets = sequences->last_offsets;
  struct last last = {offsets[0], offsets[1], offsets[2]};
  status = put_all(&decoding, &last, count, &p);
  if (status)
    return status;
  offsets[0] = last.first;
  offsets[1] = last.second;
  offsets[2] = last.third;
  size_t rest = literals->len - p.literals_used;
  return rest > p.out_end - sink->out->len ? SHERD_EZSTD : put_literals(&p, rest);
}
