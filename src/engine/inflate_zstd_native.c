/* zstd's one endless frame, decompressed by code of our own that is made for many small messages:
 * what a shard keeps is the window, as far as it is filled, and how the codes were told last.
 * Source: RFC 8878 section 3.1.1. */
#include <string.h>

#include "base/mem.h"
#include "engine/inflate_codec.h"
#include "engine/inflate_zstd_sequences.h"

/* What every decoder must support; there is no need for more. Source: RFC 8878 section 3.1.1.1.2.
 */
#define WINDOW_MAX ((size_t)8 << 20)
#define WINDOW_MIN ((size_t)1024)
#define BLOCK_MAX  ((size_t)128 << 10)
#define HEAD_BYTES 3 /* of a block */

enum stage {
  STAGE_MAGIC,
  STAGE_DESCRIPTOR, /* of the frame: 1 byte */
  STAGE_FRAME,      /* the rest of its header */
  STAGE_HEAD,       /* of a block */
  STAGE_RAW,        /* a block's bytes */
  STAGE_RUN,        /* a byte that is all of a block */
  STAGE_CODED,      /* a block of literals and sequences */
  STAGE_CHECKSUM,   /* of the frame, which must not end */
  STAGE_BROKEN
};

struct zstd_inflater {
  struct sherd__inflater base;
  uint8_t stage;
  uint8_t magic_len; /* bytes of it that have come */
  uint8_t descriptor;
  bool is_last;     /* no block follows this one */
  size_t block_len; /* of the block's bytes; of a run, how long it is */
  size_t block_max; /* that, and what the block comes to */
  uint64_t left;    /* what the frame may still come to; without end when its header told nothing */
  struct sherd__zstd_bounds bounds;
  struct sherd_buf pending; /* what has come of something that is not whole */
  struct sherd__zstd_huffman huffman;
  struct sherd__zstd_sequences sequences;
  struct sherd__zstd_history history;
};

/* One call's. */
struct feeding {
  struct zstd_inflater *zstd;
  struct sherd_bytes in;
  struct sherd__inflate_sink sink;
  bool starved; /* more input is needed */
};

/* What is worked with while a block is decoded; nothing in it outlives a call. */
struct work {
  struct sherd__zstd_literals_work literals;
  struct sherd__zstd_codes_work codes;
};

/* --- Input --- */

/* Takes `len` bytes in one piece, or keeps what there is until the rest comes, and is starved.
 * Errors: SHERD_ENOMEM.
 * Lifetime of *out: until the next time, and that of the input. `*readable` is where it ends. */
static enum sherd_status take(struct feeding *f, size_t len, struct sherd_bytes *out,
                              const uint8_t **readable) {
  struct sherd_buf *pending = &f->zstd->pending;
  size_t missing = pending->len < len ? len - pending->len : 0;
  size_t now = missing < f->in.len ? missing : f->in.len;
  f->starved = now < missing;
  if (pending->len || f->starved) {
    enum sherd_status status = sherd__buf_append(pending, f->in.data, now);
    if (status)
      return status;
    *out = sherd__buf_bytes(pending);
    *readable = f->starved ? NULL : out->data + out->len;
  } else {
    *out = (struct sherd_bytes){f->in.data, len};
    *readable = f->in.data + f->in.len;
  }
  f->in.data += now;
  f->in.len -= now;
  return SHERD_OK;
}

/* Gives back what was taken. */
static void done(struct feeding *f) {
  if (f->zstd->pending.data)
    sherd__buf_deinit(&f->zstd->pending);
}

static uint64_t number(struct sherd_bytes bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.len; i++)
    value |= (uint64_t)bytes.data[i] << 8 * i;
  return value;
}

/* --- The frame --- */

static enum sherd_status read_magic(struct feeding *f) {
  static const uint8_t magic[4] = {0x28, 0xB5, 0x2F, 0xFD};
  struct zstd_inflater *zstd = f->zstd;
  for (; f->in.len && zstd->magic_len < sizeof magic; f->in.data++, f->in.len--)
    if (*f->in.data != magic[zstd->magic_len++])
      return SHERD_EZSTD;
  f->starved = zstd->magic_len < sizeof magic;
  if (!f->starved)
    zstd->stage = STAGE_DESCRIPTOR;
  return SHERD_OK;
}

static enum sherd_status read_descriptor(struct feeding *f) {
  f->starved = !f->in.len;
  if (f->starved)
    return SHERD_OK;
  f->zstd->descriptor = *f->in.data++;
  f->in.len--;
  f->zstd->stage = STAGE_FRAME;
  return SHERD_OK;
}

/* The descriptor says what of these there is: the window's size, which dictionary, and the size of
 * the whole, which is the window's too when that is not told. */
static enum sherd_status read_frame(struct feeding *f) {
  struct zstd_inflater *zstd = f->zstd;
  bool is_single = zstd->descriptor & 0x20, is_reserved = zstd->descriptor & 0x08;
  size_t window_len = !is_single;
  size_t dictionary_len = (size_t)(1 << (zstd->descriptor & 3)) / 2;
  size_t total_len = zstd->descriptor >> 6 ? (size_t)1 << (zstd->descriptor >> 6) : is_single;
  struct sherd_bytes header;
  const uint8_t *ignored;
  enum sherd_status status = take(f, window_len + dictionary_len + total_len, &header, &ignored);
  if (status || f->starved)
    return status;
  struct sherd_bytes dictionary = {header.data + window_len, dictionary_len};
  struct sherd_bytes total = {dictionary.data + dictionary_len, total_len};
  zstd->left = number(total) + (total_len == 2 ? 256 : 0);
  uint64_t window = zstd->left;
  if (!total_len)
    zstd->left = UINT64_MAX;
  if (!is_single) {
    window = (uint64_t)WINDOW_MIN << (header.data[0] >> 3);
    window += window / 8 * (header.data[0] & 7);
  }
  if (is_reserved || number(dictionary) || window > WINDOW_MAX)
    return SHERD_EZSTD;
  done(f);
  zstd->bounds.window = window > WINDOW_MIN ? (size_t)window : WINDOW_MIN;
  zstd->block_max = window < BLOCK_MAX ? (size_t)window : BLOCK_MAX;
  zstd->stage = STAGE_HEAD;
  return sherd__zstd_history_open(&zstd->history, zstd->bounds.window);
}

/* --- A block --- */

static enum sherd_status read_head(struct feeding *f) {
  static const uint8_t stages[] = {STAGE_RAW, STAGE_RUN, STAGE_CODED, STAGE_BROKEN};
  struct zstd_inflater *zstd = f->zstd;
  struct sherd_bytes head;
  const uint8_t *ignored;
  enum sherd_status status = take(f, HEAD_BYTES, &head, &ignored);
  if (status || f->starved)
    return status;
  uint32_t value = (uint32_t)number(head);
  done(f);
  zstd->is_last = value & 1;
  zstd->stage = stages[value >> 1 & 3];
  zstd->block_len = value >> 3;
  zstd->bounds.max = zstd->left < zstd->block_max ? (size_t)zstd->left : zstd->block_max;
  size_t max = zstd->stage == STAGE_CODED ? zstd->block_max : zstd->bounds.max;
  return zstd->stage == STAGE_BROKEN || zstd->block_len > max ? SHERD_EZSTD : SHERD_OK;
}

/* A block came to so much. The last one is the end of the stream, which has none: if not at once,
 * since a checksum is to come, then after it. */
static enum sherd_status end_block(struct feeding *f, size_t made) {
  struct zstd_inflater *zstd = f->zstd;
  bool has_checksum = zstd->descriptor & 0x04, has_total = zstd->descriptor & 0xE0;
  zstd->left -= made;
  done(f);
  zstd->stage = zstd->is_last ? STAGE_CHECKSUM : STAGE_HEAD;
  bool is_short = has_total && zstd->left;
  return zstd->is_last && (!has_checksum || is_short) ? SHERD_EZSTD : SHERD_OK;
}

static enum sherd_status read_raw(struct feeding *f) {
  struct zstd_inflater *zstd = f->zstd;
  size_t len = f->in.len < zstd->block_len ? f->in.len : zstd->block_len;
  enum sherd_status status =
      sherd__inflate_sink_append(&f->sink, (struct sherd_bytes){f->in.data, len});
  f->in.data += len;
  f->in.len -= len;
  zstd->block_len -= len;
  zstd->left -= len;
  f->starved = zstd->block_len > 0;
  return status || f->starved ? status : end_block(f, 0);
}

static enum sherd_status read_run(struct feeding *f) {
  f->starved = !f->in.len;
  if (f->starved)
    return SHERD_OK;
  uint8_t piece[256];
  memset(piece, *f->in.data, sizeof piece);
  f->in.data++;
  f->in.len--;
  enum sherd_status status = SHERD_OK;
  for (size_t left = f->zstd->block_len, len; left && !status; left -= len) {
    len = left < sizeof piece ? left : sizeof piece;
    status = sherd__inflate_sink_append(&f->sink, (struct sherd_bytes){piece, len});
  }
  return status ? status : end_block(f, f->zstd->block_len);
}

static enum sherd_status decode(struct zstd_inflater *zstd, struct sherd_bytes block,
                                const uint8_t *readable, struct sherd__inflate_sink *sink) {
  struct work work; /* not cleared: that would cost more than most messages */
  struct sherd__zstd_literals literals;
  sherd__buf_init(&work.literals.far, zstd->base.allocator);
  enum sherd_status status = sherd__zstd_literals_read(&block, readable, zstd->bounds.max,
                                                       &zstd->huffman, &work.literals, &literals);
  if (!status)
    status = sherd__zstd_sequences_put(&zstd->sequences, block, &literals, &zstd->history,
                                       &zstd->bounds, &work.codes, sink);
  if (work.literals.far.data)
    sherd__buf_deinit(&work.literals.far);
  return status;
}

static enum sherd_status read_coded(struct feeding *f) {
  struct sherd_bytes block;
  const uint8_t *readable;
  enum sherd_status status = take(f, f->zstd->block_len, &block, &readable);
  if (status || f->starved)
    return status;
  size_t before = f->sink.out->len;
  status = decode(f->zstd, block, readable, &f->sink);
  return status ? status : end_block(f, f->sink.out->len - before);
}

/* Once it is whole, the stream has ended, whatever it says. */
static enum sherd_status read_checksum(struct feeding *f) {
  struct sherd_bytes sum;
  const uint8_t *ignored;
  enum sherd_status status = take(f, 4, &sum, &ignored);
  return status || f->starved ? status : SHERD_EZSTD;
}

/* --- The codec --- */

static enum sherd_status read_stage(struct feeding *f) {
  switch ((enum stage)f->zstd->stage) {
  case STAGE_MAGIC:
    return read_magic(f);
  case STAGE_DESCRIPTOR:
    return read_descriptor(f);
  case STAGE_FRAME:
    return read_frame(f);
  case STAGE_HEAD:
    return read_head(f);
  case STAGE_RAW:
    return read_raw(f);
  case STAGE_RUN:
    return read_run(f);
  case STAGE_CODED:
    return read_coded(f);
  case STAGE_CHECKSUM:
    return read_checksum(f);
  case STAGE_BROKEN:
    break;
  }
  return SHERD_EZSTD;
}

static enum sherd_status feed(struct sherd__inflater *inflater, struct sherd_bytes in,
                              bool is_first, bool is_last, size_t limit, struct sherd_buf *out) {
  struct zstd_inflater *zstd = (struct zstd_inflater *)inflater;
  struct feeding f = {zstd, in, {out, out->len, limit}, false};
  (void)is_first;
  (void)is_last;
  if (!in.len)
    return SHERD_OK;
  enum sherd_status status = SHERD_OK;
  while (!f.starved && !status)
    status = read_stage(&f);
  if (status)
    zstd->stage = STAGE_BROKEN;
  else if (out->len > f.sink.start)
    sherd__zstd_history_append(&zstd->history, out->data + f.sink.start, out->len - f.sink.start);
  return status;
}

static void zstd_free(struct sherd__inflater *inflater) {
  struct zstd_inflater *zstd = (struct zstd_inflater *)inflater;
  sherd__zstd_history_deinit(&zstd->history);
  sherd__buf_deinit(&zstd->pending);
  sherd__free(inflater->allocator, zstd);
}

enum sherd_status sherd__inflater_new_zstd_native(const struct sherd_allocator *allocator,
                                                  struct sherd__inflater **out) {
  static const struct sherd__inflate_codec codec = {feed, zstd_free};
  struct zstd_inflater *zstd = sherd__calloc(allocator, sizeof *zstd);
  if (!zstd)
    return SHERD_ENOMEM;
  zstd->base.codec = &codec;
  zstd->base.allocator = allocator;
  sherd__buf_init(&zstd->pending, allocator);
  sherd__zstd_history_init(&zstd->history, allocator);
  sherd__zstd_sequences_init(&zstd->sequences);
  *out = &zstd->base;
  return SHERD_OK;
}
