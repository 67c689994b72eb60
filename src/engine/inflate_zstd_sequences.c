#include "engine/inflate_zstd_sequences.h"

#include <string.h>

#include "engine/inflate_zstd_bits.h"

/* How far over an end the fast copies write and read. */
#define SLACK 32

_Static_assert(SLACK <= SHERD__ZSTD_LITERALS_SLACK && SLACK <= SHERD__ZSTD_HISTORY_SLACK,
               "it is read over");

struct sequence {
  size_t literals, match, offset;
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
  uint8_t *to = p->sink->out->data + p->sink->out->len;
  p->sink->out->len += fits;
  size_t old = offset > made ? sherd__zstd_history_copy(p->history, offset - made, to, fits) : 0;
  for (size_t i = old; i < fits; i++)
    to[i] = *(to + i - offset);
  return fits < len ? SHERD_EINFLATELIMIT : SHERD_OK;
}

static enum sherd_status put_sequence(struct putting *p, const struct sequence *sequence) {
  size_t len = sequence->literals + sequence->match;
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

/* Copies `len` bytes that do not overlap, and up to SLACK more, which may. */
static inline void copy(uint8_t *to, const uint8_t *from, size_t len) {
  copy_16(to, from);
  if (len <= 16)
    return;
  copy_16(to + 16, from + 16);
  for (size_t at = 32; at < len; at += 32) {
    copy_16(to + at, from + at);
    copy_16(to + at + 16, from + at + 16);
  }
}

struct fast {
  uint8_t *out;          /* from where the call's output began */
  size_t made, made_end; /* as much may be there once a sequence is put */
  const uint8_t *literals;
  size_t used, used_end;
  size_t reach;             /* of the history */
  const uint8_t *places[2]; /* the output, and the history */
};

static struct fast begin_fast(const struct putting *p) {
  const struct sherd_buf *out = p->sink->out;
  size_t room = sherd__inflate_sink_room(p->sink), left = p->out_end - out->len;
  size_t readable = p->literals->data ? (size_t)(p->literals->readable - p->literals->data) : 0;
  size_t literals_end = readable < SLACK ? 0 : readable - SLACK;
  uint8_t *start = out->data ? out->data + p->sink->start : NULL; /* there may be no room at all */
  struct fast fast = {.out = start,
                      .made = out->len - p->sink->start,
                      .literals = p->literals->data,
                      .used = p->literals_used,
                      .used_end = literals_end < p->literals->len ? literals_end : p->literals->len,
                      .reach = p->history->len,
                      .places = {start, p->history->data}};
  bool has_room = room >= SLACK && readable >= SLACK;
  room = room < SLACK ? 0 : room - SLACK;
  /* At a made_end of 0 nothing is fast: a match is 3 bytes at the least. */
  fast.made_end = has_room ? fast.made + (room < left ? room : left) : 0;
  return fast;
}

/* False, and nothing is done, when care is needed. */
static inline bool put_fast(struct fast *f, const struct putting *p, const struct sequence *s) {
  size_t made = f->made + s->literals;
  if (made + s->match > f->made_end || f->used + s->literals > f->used_end)
    return false;
  /* Where a match lies cannot be foretold, so that it is worked out without a branch. */
  bool is_old = s->offset > made;
  size_t old = (size_t)0 - is_old; /* all bits, or none */
  size_t old_index = sherd__zstd_history_index(p->history, s->offset - made) & old;
  size_t new_index = (made - s->offset) & ~old;
  size_t whole = s->offset - (made & old); /* a match that is no longer is of one piece */
  if (s->match > whole || s->offset > p->window || s->offset > made + f->reach ||
      old_index + s->match > p->history->cap)
    return false;
  copy(f->out + f->made, f->literals + f->used, s->literals);
  copy(f->out + made, f->places[is_old] + (old_index | new_index), s->match);
  f->made = made + s->match;
  f->used += s->literals;
  return true;
}

/* --- Decoding --- */

/* One of the last three offsets, or the last one less 1; without literals it is the next of them.
 * It becomes the first. */
static inline size_t repeat_offset(size_t *last, size_t which) {
  size_t offset = which == 3 ? last[0] - 1 : last[which];
  if (which >= 2)
    last[2] = last[1];
  if (which >= 1)
    last[1] = last[0];
  last[0] = offset;
  return offset;
}

struct decoding {
  struct sherd__zstd_bits bits;
  const struct sherd__zstd_state *tables[SHERD__ZSTD_PARTS];
  const struct sherd__zstd_state *states[SHERD__ZSTD_PARTS];
  size_t last[3];
};

static inline __attribute__((always_inline)) void decode(struct decoding *d, struct sequence *out) {
  const struct sherd__zstd_state *literals = d->states[SHERD__ZSTD_LITERAL_LENGTHS];
  const struct sherd__zstd_state *offset = d->states[SHERD__ZSTD_OFFSETS];
  const struct sherd__zstd_state *match = d->states[SHERD__ZSTD_MATCH_LENGTHS];
  size_t far = offset->base + sherd__zstd_bits_take(&d->bits, offset->extra);
  if (offset->extra > 1) {
    d->last[2] = d->last[1];
    d->last[1] = d->last[0];
    d->last[0] = out->offset = far;
  } else {
    out->offset = repeat_offset(d->last, far + !literals->base);
  }
  out->match = match->base + sherd__zstd_bits_take(&d->bits, match->extra);
  /* Of the 57 bits that a fill gives, the next states take 26 at the most. */
  if (offset->extra + match->extra + literals->extra > 57 - 26)
    sherd__zstd_bits_fill(&d->bits);
  out->literals = literals->base + sherd__zstd_bits_take(&d->bits, literals->extra);
}

static inline __attribute__((always_inline)) void go_on(struct decoding *d) {
  static const uint8_t order[] = {SHERD__ZSTD_LITERAL_LENGTHS, SHERD__ZSTD_MATCH_LENGTHS,
                                  SHERD__ZSTD_OFFSETS};
  for (unsigned i = 0; i < SHERD__ZSTD_PARTS; i++) {
    const struct sherd__zstd_state *state = d->states[order[i]];
    d->states[order[i]] =
        d->tables[order[i]] + state->next + sherd__zstd_bits_take(&d->bits, state->bits);
  }
  sherd__zstd_bits_fill(&d->bits);
}

static enum sherd_status begin(struct decoding *d, struct sherd_bytes block,
                               const struct sherd__zstd_table *tables) {
  if (!sherd__zstd_bits_init(&d->bits, block))
    return SHERD_EZSTD;
  for (unsigned part = 0; part < SHERD__ZSTD_PARTS; part++) {
    d->tables[part] = tables[part].states;
    d->states[part] = tables[part].states + sherd__zstd_bits_take(&d->bits, tables[part].log);
  }
  sherd__zstd_bits_fill(&d->bits);
  return SHERD_OK;
}

static void end_fast(const struct fast *fast, struct putting *p) {
  p->sink->out->len = p->sink->start + fast->made;
  p->literals_used = fast->used;
}

static enum sherd_status put_all(struct decoding *decoding, unsigned count, struct putting *p) {
  struct decoding d = *decoding; /* here, so that it may stay in registers */
  struct fast fast = begin_fast(p);
  enum sherd_status status = SHERD_OK;
  for (;;) {
    struct sequence sequence;
    decode(&d, &sequence);
    if (sherd__zstd_bits_are_over(&d.bits)) {
      status = SHERD_EZSTD;
      break;
    }
    if (!put_fast(&fast, p, &sequence)) {
      end_fast(&fast, p);
      status = put_sequence(p, &sequence);
      fast = begin_fast(p);
      if (status)
        break;
    }
    if (--count == 0)
      break;
    go_on(&d);
  }
  end_fast(&fast, p);
  *decoding = d;
  if (status)
    return status;
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
  memcpy(decoding.last, sequences->last_offsets, sizeof decoding.last);
  status = put_all(&decoding, count, &p);
  if (status)
    return status;
  memcpy(sequences->last_offsets, decoding.last, sizeof decoding.last);
  size_t rest = literals->len - p.literals_used;
  return rest > p.out_end - sink->out->len ? SHERD_EZSTD : put_literals(&p, rest);
}
