/* zlib's streams, inflated by code of our own that is made for many small messages: what a shard
 * keeps is the last 32 KiB and little else, and a message's output goes where it is wanted without
 * going through them. Source: RFC 1950, RFC 1951. */
#include <string.h>

#include <zlib.h> /* for adler32() */

#include "base/mem.h"
#include "engine/inflate_codec.h"
#include "engine/inflate_codes.h"
#include "engine/inflate_history.h"
#include "engine/inflate_symbols.h"

enum stage {
  STAGE_HEADER,     /* of the stream: 2 bytes */
  STAGE_DICTIONARY, /* which one, 4 bytes: nobody has it */
  STAGE_BLOCK,      /* its type, 3 bits */
  STAGE_LENGTH,     /* of a stored block, 4 bytes */
  STAGE_STORED,     /* its bytes */
  STAGE_CODES,      /* of a block that has its own */
  STAGE_SYMBOLS,    /* of that block */
  STAGE_FIXED,      /* symbols in fixed codes */
  STAGE_TRAILER,    /* the checksum, 4 bytes */
  STAGE_ENDED,
  STAGE_BROKEN
};

struct native_inflater {
  struct sherd__inflater base;
  uint64_t held; /* bits of the input that are not used yet */
  uint8_t held_count;
  uint8_t stage;
  bool is_last;        /* no block follows this one */
  bool has_sum;        /* of what is put out, since the stream may end well */
  uint32_t stored_len; /* what is to come of a stored block */
  uint32_t sum;
  struct sherd__inflate_header header;
  struct sherd__inflate_history history;
};

/* One call's. */
struct feeding {
  struct native_inflater *native;
  struct sherd__inflate_bits bits;
  struct sherd__inflate_sink sink;
  size_t summed; /* up to where of the output */
  bool starved;  /* more input is needed */
  bool has_codes;
  struct sherd__inflate_work work;
};

static bool has_bits(struct feeding *f, unsigned count) {
  f->starved = !sherd__inflate_bits_have(&f->bits, count);
  return !f->starved;
}

/* Bytes begin at a byte's edge. */
static void drop_to_byte(struct feeding *f) {
  sherd__inflate_bits_drop(&f->bits, f->bits.count % 8);
}

static void sum_up(struct feeding *f) {
  struct native_inflater *native = f->native;
  const struct sherd_buf *out = f->sink.out;
  if (native->has_sum && out->len > f->summed)
    native->sum = (uint32_t)adler32_z(native->sum, out->data + f->summed, out->len - f->summed);
  f->summed = out->len;
}

static enum sherd_status read_header(struct feeding *f) {
  if (!has_bits(f, 16))
    return SHERD_OK;
  uint32_t method = sherd__inflate_bits_take(&f->bits, 8);
  uint32_t flags = sherd__inflate_bits_take(&f->bits, 8);
  if ((method << 8 | flags) % 31 || (method & 15) != 8 || method >> 4 > 7)
    return SHERD_EZLIB;
  f->native->stage = flags & 0x20 ? STAGE_DICTIONARY : STAGE_BLOCK;
  return SHERD_OK;
}

static enum sherd_status read_dictionary(struct feeding *f) {
  return has_bits(f, 32) ? SHERD_EZLIB : SHERD_OK;
}

static enum sherd_status read_block(struct feeding *f) {
  static const uint8_t stages[] = {STAGE_LENGTH, STAGE_FIXED, STAGE_CODES};
  struct native_inflater *native = f->native;
  if (!has_bits(f, 3))
    return SHERD_OK;
  native->is_last = sherd__inflate_bits_take(&f->bits, 1);
  uint32_t type = sherd__inflate_bits_take(&f->bits, 2);
  if (type == 3)
    return SHERD_EZLIB;
  native->stage = stages[type];
  native->header.litlen_count = 0;
  if (type == 0)
    drop_to_byte(f);
  return SHERD_OK;
}

static void end_block(struct feeding *f) {
  f->has_codes = false;
  f->native->stage = f->native->is_last ? STAGE_TRAILER : STAGE_BLOCK;
  if (f->native->is_last)
    drop_to_byte(f);
}

static enum sherd_status read_length(struct feeding *f) {
  if (!has_bits(f, 32))
    return SHERD_OK;
  uint32_t len = sherd__inflate_bits_take(&f->bits, 16);
  uint32_t complement = sherd__inflate_bits_take(&f->bits, 16);
  if (len != (complement ^ 0xffff))
    return SHERD_EZLIB;
  f->native->stored_len = len;
  f->native->stage = STAGE_STORED;
  return SHERD_OK;
}

/* What is held comes first; it is whole bytes. */
static enum sherd_status read_stored(struct feeding *f) {
  struct native_inflater *native = f->native;
  enum sherd_status status = SHERD_OK;
  while (native->stored_len && f->bits.count && !status) {
    uint8_t byte = (uint8_t)sherd__inflate_bits_take(&f->bits, 8);
    status = sherd__inflate_sink_append(&f->sink, (struct sherd_bytes){&byte, 1});
    native->stored_len--;
  }
  if (status)
    return status;
  if (!f->bits.count)
    f->bits.held = 0; /* what is above may be of bytes that are taken now */
  size_t left = (size_t)(f->bits.end - f->bits.next);
  size_t len = native->stored_len < left ? native->stored_len : left;
  status = sherd__inflate_sink_append(&f->sink, (struct sherd_bytes){f->bits.next, len});
  f->bits.next += len;
  native->stored_len -= (uint32_t)len;
  f->starved = native->stored_len > 0;
  if (!f->starved)
    end_block(f);
  return status;
}

static enum sherd_status read_codes(struct feeding *f) {
  bool done;
  enum sherd_status status =
      sherd__inflate_codes_read(&f->native->header, &f->bits, &f->work, &done);
  f->starved = !done;
  f->has_codes = done;
  if (done)
    f->native->stage = STAGE_SYMBOLS;
  return status;
}

static enum sherd_status read_symbols(struct feeding *f, const struct sherd__inflate_codes *codes) {
  bool done;
  enum sherd_status status = sherd__inflate_symbols(
      codes, &f->native->history, f->native->base.is_cold, &f->bits, &f->sink, &done);
  f->starved = !done;
  if (done)
    end_block(f);
  return status;
}

static enum sherd_status read_own_symbols(struct feeding *f) {
  struct native_inflater *native = f->native;
  bool was_kept = !f->has_codes;
  if (was_kept)
    sherd__inflate_codes_remake(&native->header, &f->work);
  f->has_codes = true;
  enum sherd_status status = read_symbols(f, &f->work.codes);
  if (f->starved && !was_kept)
    sherd__inflate_codes_keep(&native->header, &f->work);
  return status;
}

static enum sherd_status read_trailer(struct feeding *f) {
  struct native_inflater *native = f->native;
  if (!has_bits(f, 32))
    return SHERD_OK;
  uint32_t sum = 0;
  for (int i = 0; i < 4; i++)
    sum = sum << 8 | sherd__inflate_bits_take(&f->bits, 8);
  sum_up(f);
  if (native->has_sum && sum != native->sum)
    return SHERD_EZLIB;
  native->stage = STAGE_ENDED;
  return SHERD_OK;
}

static enum sherd_status read_stage(struct feeding *f) {
  switch ((enum stage)f->native->stage) {
  case STAGE_HEADER:
    return read_header(f);
  case STAGE_DICTIONARY:
    return read_dictionary(f);
  case STAGE_BLOCK:
    return read_block(f);
  case STAGE_LENGTH:
    return read_length(f);
  case STAGE_STORED:
    return read_stored(f);
  case STAGE_CODES:
    return read_codes(f);
  case STAGE_SYMBOLS:
    return read_own_symbols(f);
  case STAGE_FIXED:
    return read_symbols(f, &sherd__inflate_fixed_codes);
  case STAGE_TRAILER:
    return read_trailer(f);
  case STAGE_ENDED:
    break;
  case STAGE_BROKEN:
    return SHERD_EZLIB;
  }
  f->starved = true;
  return SHERD_OK;
}

/* Inflates all of the input. *has_more is whether some of it is left, behind
 * the stream's end or because it is part of something. */
static enum sherd_status inflate_all(struct native_inflater *native, struct sherd_bytes in,
                                     size_t limit, struct sherd_buf *out, bool *has_more) {
  struct feeding f; /* not cleared: that would cost more than most messages */
  f.native = native;
  f.bits = (struct sherd__inflate_bits){native->held, native->held_count, in.data,
                                        in.len ? in.data + in.len : in.data};
  f.sink = (struct sherd__inflate_sink){out, out->len, limit};
  f.summed = out->len;
  f.starved = false;
  f.has_codes = false;
  enum sherd_status status = SHERD_OK;
  while (!f.starved && !status)
    status = read_stage(&f);
  if (status) {
    native->stage = STAGE_BROKEN;
    return status;
  }
  sum_up(&f);
  *has_more = f.bits.count || f.bits.next < f.bits.end;
  native->held = f.bits.held;
  native->held_count = (uint8_t)f.bits.count;
  if (native->stage != STAGE_ENDED && out->len > f.sink.start)
    sherd__inflate_history_append(&native->history, out->data + f.sink.start,
                                  out->len - f.sink.start);
  return SHERD_OK;
}

static void reset(struct native_inflater *native) {
  native->held = 0;
  native->held_count = 0;
  native->stage = STAGE_HEADER;
  native->sum = 1;
  sherd__inflate_history_init(&native->history);
}

static enum sherd_status feed_stream(struct sherd__inflater *inflater, struct sherd_bytes in,
                                     bool is_first, bool is_last, size_t limit,
                                     struct sherd_buf *out) {
  struct native_inflater *native = (struct native_inflater *)inflater;
  (void)is_first;
  (void)is_last;
  bool has_more;
  enum sherd_status status = inflate_all(native, in, limit, out, &has_more);
  if (status)
    return status;
  return native->stage == STAGE_ENDED ? SHERD_EZLIB : SHERD_OK;
}

static enum sherd_status feed_message(struct sherd__inflater *inflater, struct sherd_bytes in,
                                      bool is_first, bool is_last, size_t limit,
                                      struct sherd_buf *out) {
  struct native_inflater *native = (struct native_inflater *)inflater;
  if (is_first)
    reset(native);
  bool has_more;
  enum sherd_status status = inflate_all(native, in, limit, out, &has_more);
  if (status)
    return status;
  bool is_whole = native->stage == STAGE_ENDED;
  return (is_whole && has_more) || (is_last && !is_whole) ? SHERD_EZLIB : SHERD_OK;
}

static void native_free(struct sherd__inflater *inflater) {
  sherd__free(inflater->allocator, inflater);
}

enum sherd_status sherd__inflater_new_native(const struct sherd_allocator *allocator,
                                             bool per_message, struct sherd__inflater **out) {
  static const struct sherd__inflate_codec stream_codec = {feed_stream, native_free};
  static const struct sherd__inflate_codec message_codec = {feed_message, native_free};
  struct native_inflater *native = sherd__malloc(allocator, sizeof *native);
  if (!native)
    return SHERD_ENOMEM;
  native->base =
      (struct sherd__inflater){per_message ? &message_codec : &stream_codec, allocator, false};
  native->has_sum = per_message;
  reset(native);
  *out = &native->base;
  return SHERD_OK;
}
