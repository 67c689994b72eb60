/* Inflation. Streams are made here by zlib and libzstd themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ZLIB_CONST
#include <zlib.h>
#include <zstd.h>

#include "../support/failing_alloc.h"
#include "base/mem.h"
#include "engine/inflate.h"

#define ZLIB    SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM
#define ZSTD    SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM
#define PAYLOAD SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM
#define NONE    SHERD_COMPRESSION_NONE

#define NO_LIMIT ((size_t)1 << 30)

#define HELLO "{\"t\":null,\"s\":null,\"op\":10,\"d\":{\"heartbeat_interval\":41250}}"
#define ACK   "{\"t\":null,\"s\":null,\"op\":11,\"d\":null}"

/* --- Bytes --- */

static void append(struct sherd_buf *buf, const void *data, size_t len) {
  assert_int_equal(sherd__buf_append(buf, data, len), SHERD_OK);
}

static void append_hex(struct sherd_buf *buf, const char *hex) {
  for (; *hex; hex += 2) {
    unsigned byte;
    assert_int_equal(sscanf(hex, "%2x", &byte), 1);
    assert_int_equal(sherd__buf_append_byte(buf, (uint8_t)byte), SHERD_OK);
  }
}

static void assert_bytes(const struct sherd_buf *got, const void *expected, size_t len) {
  assert_int_equal(got->len, len);
  if (len)
    assert_memory_equal(got->data, expected, len);
}

static uint32_t dice = 2463534242u;

static uint32_t roll(uint32_t bound) {
  dice ^= dice << 13;
  dice ^= dice >> 17;
  dice ^= dice << 5;
  return dice % bound;
}

/* Something between JSON and noise, with the flush marker inside now and then. */
static void append_random_message(struct sherd_buf *out, size_t about) {
  static const char *const words[] = {"\"guild_id\":\"81384788765712384\",", "{\"t\":null,",
                                      "\xF0\x9F\x8F\xBA", "content", "aaaaaaaaaaaaaaaaaaaaaaaa"};
  size_t start = out->len;
  while (out->len - start < about)
    switch (roll(4)) {
    case 0:
      append(out, "\x00\x00\xff\xff", 4);
      break;
    case 1:
      for (uint32_t i = roll(40); i > 0; i--)
        assert_int_equal(sherd__buf_append_byte(out, (uint8_t)roll(256)), SHERD_OK);
      break;
    default: {
      const char *word = words[roll(5)];
      append(out, word, strlen(word));
    }
    }
}

/* --- Peers --- */

static void deflate_begin(z_stream *stream, int level, int strategy) {
  memset(stream, 0, sizeof *stream);
  assert_int_equal(deflateInit2(stream, level, Z_DEFLATED, 15, 8, strategy), Z_OK);
}

static void deflate_more(z_stream *stream, const void *data, size_t len, int flush,
                         struct sherd_buf *wire) {
  uint8_t chunk[4096];
  stream->next_in = data;
  stream->avail_in = (uInt)len;
  do {
    stream->next_out = chunk;
    stream->avail_out = sizeof chunk;
    int result = deflate(stream, flush);
    assert_true(result == Z_OK || result == Z_BUF_ERROR || result == Z_STREAM_END);
    append(wire, chunk, sizeof chunk - stream->avail_out);
  } while (stream->avail_out == 0);
}

static void zstd_more(ZSTD_CCtx *context, const void *data, size_t len, ZSTD_EndDirective end,
                      struct sherd_buf *wire) {
  uint8_t chunk[4096];
  ZSTD_inBuffer in = {data, len, 0};
  size_t left;
  do {
    ZSTD_outBuffer out = {chunk, sizeof chunk, 0};
    left = ZSTD_compressStream2(context, &out, &in, end);
    assert_false(ZSTD_isError(left));
    append(wire, chunk, out.pos);
  } while (left || in.pos < in.size);
}

/* One message as a peer of that compression would begin a connection with it. */
static void compress_first(enum sherd_compression compression, const void *data, size_t len,
                           struct sherd_buf *wire) {
  z_stream stream;
  ZSTD_CCtx *context;
  switch (compression) {
  case NONE:
    append(wire, data, len);
    return;
  case ZSTD:
    assert_non_null(context = ZSTD_createCCtx());
    zstd_more(context, data, len, ZSTD_e_flush, wire);
    ZSTD_freeCCtx(context);
    return;
  case PAYLOAD:
  case ZLIB:
    deflate_begin(&stream, 6, Z_DEFAULT_STRATEGY);
    deflate_more(&stream, data, len, compression == ZLIB ? Z_SYNC_FLUSH : Z_FINISH, wire);
    deflateEnd(&stream);
  }
}

/* --- The subject --- */

static const enum sherd_compression all[] = {NONE, PAYLOAD, ZLIB, ZSTD};
#define ALL_COUNT (sizeof all / sizeof *all)

/* Whose code is tested for zlib's streams: all tests are run with each. */
static enum sherd_inflater code;

static struct sherd__inflater *new_inflater(enum sherd_compression compression) {
  struct sherd__inflater *inflater;
  assert_int_equal(sherd__inflater_new_by(sherd_allocator_default(), compression, code, &inflater),
                   SHERD_OK);
  return inflater;
}

/* Feeds from memory of the exact size, which is gone afterwards. */
static enum sherd_status feed(struct sherd__inflater *inflater, const uint8_t *piece, size_t len,
                              bool is_first, bool is_last, size_t limit, struct sherd_buf *out) {
  uint8_t *copy = malloc(len ? len : 1);
  assert_non_null(copy);
  if (len)
    memcpy(copy, piece, len);
  enum sherd_status status = sherd__inflater_feed(inflater, (struct sherd_bytes){copy, len},
                                                  is_first, is_last, limit, out);
  free(copy);
  return status;
}

/* A whole message on a new connection. */
static enum sherd_status inflate_first(enum sherd_compression compression,
                                       const struct sherd_buf *wire, size_t limit,
                                       struct sherd_buf *out) {
  struct sherd__inflater *inflater = new_inflater(compression);
  enum sherd_status status = feed(inflater, wire->data, wire->len, true, true, limit, out);
  sherd__inflater_free(inflater);
  return status;
}

/* How much the peer's own library makes of the first `len` bytes. */
static size_t reference_len(const uint8_t *data, size_t len, size_t cap) {
  z_stream stream = {0};
  uint8_t *out = malloc(cap + 1);
  assert_int_equal(inflateInit(&stream), Z_OK);
  stream.next_in = data;
  stream.avail_in = (uInt)len;
  stream.next_out = out;
  stream.avail_out = (uInt)cap + 1;
  inflate(&stream, Z_SYNC_FLUSH);
  size_t got = cap + 1 - stream.avail_out;
  inflateEnd(&stream);
  free(out);
  return got;
}

struct fixture {
  struct sherd_buf plain, wire, out;
};

static int setup(void **state) {
  struct fixture *fixture = malloc(sizeof *fixture);
  sherd__buf_init(&fixture->plain, sherd_allocator_default());
  sherd__buf_init(&fixture->wire, sherd_allocator_default());
  sherd__buf_init(&fixture->out, sherd_allocator_default());
  *state = fixture;
  return fixture ? 0 : -1;
}

static int teardown(void **state) {
  struct fixture *fixture = *state;
  sherd__buf_deinit(&fixture->plain);
  sherd__buf_deinit(&fixture->wire);
  sherd__buf_deinit(&fixture->out);
  free(fixture);
  return 0;
}

/* --- Known answers --- */

static void check_vector(enum sherd_compression compression, const char *hex, const char *expected,
                         const char *hex2, const char *expected2, struct fixture *f) {
  struct sherd__inflater *inflater = new_inflater(compression);
  f->wire.len = f->out.len = 0;
  append_hex(&f->wire, hex);
  assert_int_equal(feed(inflater, f->wire.data, f->wire.len, true, true, 99, &f->out), SHERD_OK);
  assert_bytes(&f->out, expected, strlen(expected));
  f->wire.len = f->out.len = 0;
  append_hex(&f->wire, hex2);
  assert_int_equal(feed(inflater, f->wire.data, f->wire.len, true, true, 99, &f->out), SHERD_OK);
  assert_bytes(&f->out, expected2, strlen(expected2));
  sherd__inflater_free(inflater);
}

static void known_streams_inflate(void **state) {
  check_vector(
      ZLIB,
      "789caa562a51b2ca2bcdc9d1512a8631f20b94ac0c0d74945294acaa953252138b4a9252134be233f34a"
      "528bca127394ac4c0c8d4c0d6a6b01000000ffff",
      HELLO, "aac6a5d710ac1724500b000000ffff", ACK, *state);
  check_vector(
      ZSTD,
      "28b52ffd0058e001007b2274223a6e756c6c2c2273223a6e756c6c2c226f70223a31302c2264223a7b22"
      "6865617274626561745f696e74657276616c223a34313235307d7d",
      HELLO, "74000030316e756c6c7d02004090bf2820", ACK, *state);
  const char *ack = "789cab562a51b2ca2bcdc9d1512a8631f20b94ac0c0d7594522002b500ce640b32";
  check_vector(PAYLOAD, ack, ACK, ack, ACK, *state);
  check_vector(NONE, "7b7d", "{}", "", "", *state);
}

/* --- Every split --- */

static void check_cuts(enum sherd_compression compression, struct fixture *f) {
  for (size_t cut = 0; cut <= f->wire.len; cut++) {
    struct sherd__inflater *inflater = new_inflater(compression);
    f->out.len = 0;
    assert_int_equal(feed(inflater, f->wire.data, cut, true, false, NO_LIMIT, &f->out), SHERD_OK);
    assert_int_equal(
        feed(inflater, f->wire.data + cut, f->wire.len - cut, false, true, NO_LIMIT, &f->out),
        SHERD_OK);
    assert_bytes(&f->out, f->plain.data, f->plain.len);
    sherd__inflater_free(inflater);
  }
}

static void check_bytewise(enum sherd_compression compression, struct fixture *f) {
  struct sherd__inflater *inflater = new_inflater(compression);
  f->out.len = 0;
  for (size_t i = 0; i < f->wire.len; i++) {
    assert_int_equal(
        feed(inflater, f->wire.data + i, 1, i == 0, i + 1 == f->wire.len, NO_LIMIT, &f->out),
        SHERD_OK);
    if (compression == ZLIB) /* nothing is held back */
      assert_int_equal(f->out.len, reference_len(f->wire.data, i + 1, f->plain.len));
  }
  assert_bytes(&f->out, f->plain.data, f->plain.len);
  sherd__inflater_free(inflater);
}

static void every_split_gives_the_same(void **state) {
  struct fixture *f = *state;
  append_random_message(&f->plain, 1500);
  for (size_t i = 0; i < ALL_COUNT; i++) {
    f->wire.len = 0;
    compress_first(all[i], f->plain.data, f->plain.len, &f->wire);
    check_cuts(all[i], f);
    check_bytewise(all[i], f);
  }
}

/* --- Whatever a peer may send --- */

static void check_zlib_peer(int level, int strategy, int flush, struct fixture *f) {
  z_stream peer;
  deflate_begin(&peer, level, strategy);
  struct sherd__inflater *inflater = new_inflater(ZLIB);
  for (int message = 0; message < 12; message++) {
    f->plain.len = f->wire.len = f->out.len = 0;
    append_random_message(&f->plain, 1 + roll(message == 7 ? 100000 : 3000));
    size_t half = roll((uint32_t)f->plain.len); /* a message may be flushed in between */
    deflate_more(&peer, f->plain.data, half, message % 3 ? Z_NO_FLUSH : flush, &f->wire);
    deflate_more(&peer, f->plain.data + half, f->plain.len - half, flush, &f->wire);
    size_t cut = roll((uint32_t)f->wire.len);
    assert_int_equal(feed(inflater, f->wire.data, cut, true, false, NO_LIMIT, &f->out), SHERD_OK);
    assert_int_equal(
        feed(inflater, f->wire.data + cut, f->wire.len - cut, false, true, NO_LIMIT, &f->out),
        SHERD_OK);
    assert_bytes(&f->out, f->plain.data, f->plain.len);
  }
  sherd__inflater_free(inflater);
  deflateEnd(&peer);
}

static void every_kind_of_deflate_inflates(void **state) {
  static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE};
  for (int level = 0; level <= 9; level++)
    for (int full = 0; full < 2; full++)
      check_zlib_peer(level, strategies[(level + full) % 4], full ? Z_FULL_FLUSH : Z_SYNC_FLUSH,
                      *state);
}

static void every_level_of_zstd_inflates(void **state) {
  struct fixture *f = *state;
  static const int levels[] = {-5, 1, 3, 9, 19};
  for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
    ZSTD_CCtx *peer = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(peer, ZSTD_c_compressionLevel, levels[i]);
    struct sherd__inflater *inflater = new_inflater(ZSTD);
    for (int message = 0; message < 12; message++) {
      f->plain.len = f->wire.len = f->out.len = 0;
      append_random_message(&f->plain, 1 + roll(message == 7 ? 300000 : 3000));
      size_t half = roll((uint32_t)f->plain.len);
      zstd_more(peer, f->plain.data, half, message % 3 ? ZSTD_e_continue : ZSTD_e_flush, &f->wire);
      zstd_more(peer, f->plain.data + half, f->plain.len - half, ZSTD_e_flush, &f->wire);
      assert_int_equal(feed(inflater, f->wire.data, f->wire.len, true, true, NO_LIMIT, &f->out),
                       SHERD_OK);
      assert_bytes(&f->out, f->plain.data, f->plain.len);
    }
    sherd__inflater_free(inflater);
    ZSTD_freeCCtx(peer);
  }
}

static void output_appends_to_what_is_there(void **state) {
  struct fixture *f = *state;
  for (size_t i = 0; i < ALL_COUNT; i++) {
    f->wire.len = f->out.len = 0;
    append(&f->out, "kept ", 5);
    compress_first(all[i], ACK, strlen(ACK), &f->wire);
    assert_int_equal(inflate_first(all[i], &f->wire, 5 + strlen(ACK), &f->out), SHERD_OK);
    assert_bytes(&f->out, "kept " ACK, 5 + strlen(ACK));
  }
}

/* --- The limit --- */

/* Output that ends exactly where the buffer does is the case that is easily got wrong. */
static void output_of_any_size_comes_at_once(void **state) {
  struct fixture *f = *state;
  static const size_t sizes[] = {0,     1,     2,     16383, 16384, 16385,
                                 32767, 32768, 32769, 65536, 65537, 131072};
  for (size_t i = 0; i < ALL_COUNT; i++)
    for (size_t j = 0; j < sizeof sizes / sizeof *sizes; j++) {
      f->plain.len = f->wire.len = 0;
      append_random_message(&f->plain, sizes[j]);
      f->plain.len = sizes[j];
      compress_first(all[i], f->plain.data, f->plain.len, &f->wire);
      for (size_t less = 0; less < 2 && less <= sizes[j]; less++) {
        size_t limit = sizes[j] - less;
        sherd__buf_deinit(&f->out);
        assert_int_equal(inflate_first(all[i], &f->wire, limit, &f->out),
                         less ? SHERD_EINFLATELIMIT : SHERD_OK);
        assert_bytes(&f->out, f->plain.data, limit);
        assert_true(f->out.cap <= limit);
      }
    }
}

static void a_larger_buffer_does_not_raise_the_limit(void **state) {
  struct fixture *f = *state;
  for (size_t i = 0; i < ALL_COUNT; i++) {
    f->wire.len = f->out.len = 0;
    assert_int_equal(sherd__buf_reserve(&f->out, 4096), SHERD_OK);
    compress_first(all[i], ACK, strlen(ACK), &f->wire);
    assert_int_equal(inflate_first(all[i], &f->wire, strlen(ACK) - 1, &f->out),
                     SHERD_EINFLATELIMIT);
    assert_bytes(&f->out, ACK, strlen(ACK) - 1);
    /* and one that is over it already takes nothing */
    assert_int_equal(inflate_first(all[i], &f->wire, 7, &f->out), SHERD_EINFLATELIMIT);
    assert_bytes(&f->out, ACK, strlen(ACK) - 1);
  }
}

/* A gigabyte of zeros in about a megabyte: a fully flushed block may be repeated at will. */
static void make_zlib_bomb(struct sherd_buf *wire) {
  static const uint8_t zeros[1 << 20];
  struct sherd_buf block;
  z_stream peer;
  sherd__buf_init(&block, sherd_allocator_default());
  deflate_begin(&peer, 9, Z_DEFAULT_STRATEGY);
  deflate_more(&peer, NULL, 0, Z_FULL_FLUSH, wire);
  deflate_more(&peer, zeros, sizeof zeros, Z_FULL_FLUSH, &block);
  deflateEnd(&peer);
  for (int i = 0; i < 1024; i++)
    append(wire, block.data, block.len);
  sherd__buf_deinit(&block);
}

/* The same in 32 kB: blocks of 128 KiB that repeat one byte. Source: RFC 8878 section 3.1.1.2. */
static void make_zstd_bomb(struct sherd_buf *wire) {
  append_hex(wire, "28b52ffd0068"); /* a window of 8 MiB */
  for (int i = 0; i < 8192; i++)
    append_hex(wire, "02001000");
}

static void check_bomb(enum sherd_compression compression, const struct sherd_buf *wire,
                       size_t window) {
  enum {
    LIMIT = 1000001
  };
  struct sherd__test_alloc alloc;
  sherd__test_alloc_init(&alloc, 0);
  struct sherd_buf out;
  sherd__buf_init(&out, &alloc.allocator);
  struct sherd__inflater *inflater;
  assert_int_equal(sherd__inflater_new_by(&alloc.allocator, compression, code, &inflater),
                   SHERD_OK);
  assert_int_equal(feed(inflater, wire->data, wire->len, true, true, LIMIT, &out),
                   SHERD_EINFLATELIMIT);
  assert_int_equal(out.len, LIMIT);
  assert_int_equal(out.cap, LIMIT);
  assert_true(alloc.peak_bytes < 2 * LIMIT + window); /* both blocks live while one is moved */
  sherd__inflater_free(inflater);
  sherd__buf_deinit(&out);
  assert_int_equal(alloc.live, 0);
}

static void a_bomb_ends_at_the_limit(void **state) {
  struct fixture *f = *state;
  make_zlib_bomb(&f->wire);
  check_bomb(ZLIB, &f->wire, 64 * 1024);
  check_bomb(PAYLOAD, &f->wire, 64 * 1024);
  f->wire.len = 0;
  make_zstd_bomb(&f->wire);
  check_bomb(ZSTD, &f->wire, 9 * 1024 * 1024);
}

/* --- Damage --- */

static void check_damage(enum sherd_compression compression, const char *hex,
                         enum sherd_status expected, struct fixture *f) {
  for (int bytewise = 0; bytewise < 2; bytewise++) {
    struct sherd__inflater *inflater = new_inflater(compression);
    f->wire.len = f->out.len = 0;
    append_hex(&f->wire, hex);
    size_t step = bytewise ? 1 : f->wire.len ? f->wire.len : 1;
    enum sherd_status status = SHERD_OK;
    for (size_t at = 0; (at < f->wire.len || at == 0) && !status; at += step)
      status = feed(inflater, f->wire.data + at, f->wire.len ? step : 0, at == 0,
                    at + step >= f->wire.len, NO_LIMIT, &f->out);
    if (status != expected)
      print_error("%s\n", hex);
    assert_int_equal(status, expected);
    sherd__inflater_free(inflater);
  }
}

static void a_damaged_zlib_stream_is_told(void **state) {
  check_damage(ZLIB, "789c", SHERD_OK, *state);
  check_damage(ZLIB, "7b22", SHERD_EZLIB, *state);                 /* plain JSON */
  check_damage(ZLIB, "1f8b0800", SHERD_EZLIB, *state);             /* gzip */
  check_damage(ZLIB, "78bb00000001", SHERD_EZLIB, *state);         /* a preset dictionary */
  check_damage(ZLIB, "789c07", SHERD_EZLIB, *state);               /* a reserved block type */
  check_damage(ZLIB, "789c4a04ff", SHERD_EZLIB, *state);           /* a distance too far */
  check_damage(ZLIB, "789c030000000001", SHERD_EZLIB, *state);     /* it ends */
  check_damage(ZLIB, "789c030000000001aac6", SHERD_EZLIB, *state); /* and goes on */
  check_damage(ZLIB, "789c0001000000", SHERD_EZLIB, *state);       /* a stored length */
}

static void a_payload_is_one_whole_stream(void **state) {
  check_damage(PAYLOAD, "789c030000000001", SHERD_OK, *state);
  check_damage(PAYLOAD, "", SHERD_EZLIB, *state);
  check_damage(PAYLOAD, "789c0300000000", SHERD_EZLIB, *state);     /* cut */
  check_damage(PAYLOAD, "789c03000000000100", SHERD_EZLIB, *state); /* something after it */
  check_damage(PAYLOAD, "789c030000000001789c030000000001", SHERD_EZLIB, *state);
  check_damage(PAYLOAD, "789c030000000002", SHERD_EZLIB, *state); /* its checksum */
  check_damage(PAYLOAD, "789c000000ffff", SHERD_EZLIB, *state);   /* flushed, not ended */
  check_damage(PAYLOAD, "78bb00000001", SHERD_EZLIB, *state);     /* a preset dictionary */
}

static void a_damaged_zstd_stream_is_told(void **state) {
  check_damage(ZSTD, "28b52ffd0058", SHERD_OK, *state);
  check_damage(ZSTD, "28b52ffd0068020008", SHERD_OK, *state);            /* a window of 8 MiB */
  check_damage(ZSTD, "28b52ffd0069020008", SHERD_EZSTD, *state);         /* 9 MiB */
  check_damage(ZSTD, "28b52ffd0070", SHERD_EZSTD, *state);               /* 16 MiB */
  check_damage(ZSTD, "28b52ffde0ffffffffffffff00", SHERD_EZSTD, *state); /* one segment of 2^56 */
  check_damage(ZSTD, "7b22", SHERD_EZSTD, *state);                       /* plain JSON */
  check_damage(ZSTD, "27b52ffd", SHERD_EZSTD, *state);                   /* zstd 0.7 */
  check_damage(ZSTD, "502a4d1801", SHERD_EZSTD, *state);                 /* a skippable frame */
  check_damage(ZSTD, "28b52ffd0058010000", SHERD_EZSTD, *state);         /* an empty last block */
  check_damage(ZSTD,
               "28b52ffd0058010000"
               "28b52ffd",
               SHERD_EZSTD, *state);
  check_damage(ZSTD, "28b52ffd0058060000", SHERD_EZSTD, *state); /* a reserved block type */
  check_damage(ZSTD, "28b52ffd0158ff", SHERD_EZSTD, *state);     /* a dictionary */
}

/* Whatever the bits, the answer is one of a few, and the limit holds. */
static void flipped_bits_do_no_harm(void **state) {
  struct fixture *f = *state;
  static const enum sherd_status damage[] = {SHERD_OK, SHERD_EZLIB, SHERD_EZLIB, SHERD_EZSTD};
  append_random_message(&f->plain, 400);
  for (size_t i = 0; i < ALL_COUNT; i++) {
    f->wire.len = 0;
    compress_first(all[i], f->plain.data, f->plain.len, &f->wire);
    for (size_t bit = 0; bit < 8 * f->wire.len; bit++) {
      f->out.len = 0;
      f->wire.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
      enum sherd_status status = inflate_first(all[i], &f->wire, f->plain.len, &f->out);
      assert_true(status == SHERD_OK || status == damage[i] || status == SHERD_EINFLATELIMIT);
      assert_true(f->out.len <= f->plain.len);
      if (all[i] == PAYLOAD && status == SHERD_OK) /* it has a checksum */
        assert_bytes(&f->out, f->plain.data, f->plain.len);
      f->wire.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
  }
}

static void noise_does_no_harm(void **state) {
  struct fixture *f = *state;
  for (int round = 0; round < 2000; round++) {
    f->wire.len = f->out.len = 0;
    if (round % 2)
      append_hex(&f->wire, round % 4 == 1 ? "789c" : "28b52ffd0058");
    for (uint32_t i = roll(200); i > 0; i--)
      assert_int_equal(sherd__buf_append_byte(&f->wire, (uint8_t)roll(256)), SHERD_OK);
    enum sherd_compression compression = round % 4 == 3 ? ZSTD : round % 8 ? ZLIB : PAYLOAD;
    inflate_first(compression, &f->wire, 10000, &f->out);
    assert_true(f->out.len <= 10000);
  }
}

/* --- Memory --- */

static enum sherd_status inflate_with(const struct sherd_allocator *allocator,
                                      enum sherd_compression compression,
                                      const struct sherd_buf *wire, struct sherd_buf *out) {
  struct sherd__inflater *inflater;
  enum sherd_status status = sherd__inflater_new_by(allocator, compression, code, &inflater);
  if (status) {
    assert_null(inflater);
    return status;
  }
  status = feed(inflater, wire->data, wire->len / 2, true, false, NO_LIMIT, out);
  if (!status)
    status = feed(inflater, wire->data + wire->len / 2, wire->len - wire->len / 2, false, true,
                  NO_LIMIT, out);
  sherd__inflater_free(inflater);
  return status;
}

static void failing_memory_is_told_and_nothing_leaks(void **state) {
  struct fixture *f = *state;
  append_random_message(&f->plain, 100000);
  for (size_t i = 0; i < ALL_COUNT; i++) {
    f->wire.len = 0;
    compress_first(all[i], f->plain.data, f->plain.len, &f->wire);
    size_t fail_at = 1;
    for (bool failed = true; failed; fail_at++) {
      struct sherd__test_alloc alloc;
      struct sherd_buf out;
      sherd__test_alloc_init(&alloc, fail_at);
      sherd__buf_init(&out, &alloc.allocator);
      enum sherd_status status = inflate_with(&alloc.allocator, all[i], &f->wire, &out);
      failed = sherd__test_alloc_has_failed(&alloc);
      assert_int_equal(status, failed ? SHERD_ENOMEM : SHERD_OK);
      if (!failed)
        assert_bytes(&out, f->plain.data, f->plain.len);
      sherd__buf_deinit(&out);
      assert_int_equal(alloc.live, 0);
    }
    assert_true(fail_at > 4); /* the codec's own allocations go through ours too */
  }
  sherd__inflater_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(known_streams_inflate, setup, teardown),
      cmocka_unit_test_setup_teardown(every_split_gives_the_same, setup, teardown),
      cmocka_unit_test_setup_teardown(every_kind_of_deflate_inflates, setup, teardown),
      cmocka_unit_test_setup_teardown(every_level_of_zstd_inflates, setup, teardown),
      cmocka_unit_test_setup_teardown(output_appends_to_what_is_there, setup, teardown),
      cmocka_unit_test_setup_teardown(output_of_any_size_comes_at_once, setup, teardown),
      cmocka_unit_test_setup_teardown(a_larger_buffer_does_not_raise_the_limit, setup, teardown),
      cmocka_unit_test_setup_teardown(a_bomb_ends_at_the_limit, setup, teardown),
      cmocka_unit_test_setup_teardown(a_damaged_zlib_stream_is_told, setup, teardown),
      cmocka_unit_test_setup_teardown(a_payload_is_one_whole_stream, setup, teardown),
      cmocka_unit_test_setup_teardown(a_damaged_zstd_stream_is_told, setup, teardown),
      cmocka_unit_test_setup_teardown(flipped_bits_do_no_harm, setup, teardown),
      cmocka_unit_test_setup_teardown(noise_does_no_harm, setup, teardown),
      cmocka_unit_test_setup_teardown(failing_memory_is_told_and_nothing_leaks, setup, teardown),
  };
  int failed = 0;
  for (code = SHERD_INFLATER_NATIVE; code <= SHERD_INFLATER_ZLIB; code++)
    failed += cmocka_run_group_tests_name(code == SHERD_INFLATER_ZLIB ? "zlib" : "native", tests,
                                          NULL, NULL);
  return failed;
}
