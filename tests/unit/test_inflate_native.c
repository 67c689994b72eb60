/* Our own inflater against zlib's: the same fate and the same bytes, after every piece.
 *
 * `test_inflate_native N` runs N random streams instead of the usual few thousand. */
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

#include "../support/failing_alloc.h"
#include "../support/inflate_twins.h"
#include "../support/random_deflate.h"

#define NO_LIMIT ((size_t)1 << 30)

static struct random_dice dice = {.seed = 2463534242u};
static uint32_t random_cases = 1500;

static uint32_t roll(uint32_t bound) {
  return random_roll(&dice, bound);
}

static void append(struct sherd_buf *buf, const void *data, size_t len) {
  assert_int_equal(sherd__buf_append(buf, data, len), SHERD_OK);
}

/* --- Texts --- */

static void append_word(struct sherd_buf *out) {
  static const char *const words[] = {"{\"t\":\"MESSAGE_CREATE\",\"s\":",
                                      ",\"op\":0,\"d\":{\"author\":{\"username\":\"",
                                      "\",\"avatar\":null,\"discriminator\":\"0\"",
                                      "\"guild_id\":\"81384788765712384\"",
                                      "\xF0\x9F\x8F\xBA",
                                      "true,false,null",
                                      "}",
                                      "content"};
  char number[24];
  switch (roll(4)) {
  case 0:
    append(out, number, (size_t)snprintf(number, sizeof number, "%u%u", roll(99999), roll(99999)));
    break;
  default: {
    const char *word = words[roll(8)];
    append(out, word, strlen(word));
  }
  }
}

/* Text like JSON, noise, or runs. */
static void append_text(struct sherd_buf *out, size_t len) {
  size_t end = out->len + len;
  uint32_t kind = roll(8);
  while (out->len < end)
    if (kind == 0) {
      assert_int_equal(sherd__buf_append_byte(out, (uint8_t)roll(256)), SHERD_OK);
    } else if (kind == 1) {
      uint8_t run[300];
      memset(run, (int)roll(3), sizeof run);
      append(out, run, 1 + roll(300));
    } else {
      append_word(out);
    }
  out->len = end;
}

static void deflate_more(z_stream *stream, struct sherd_bytes text, int flush,
                         struct sherd_buf *wire) {
  uint8_t chunk[4096];
  stream->next_in = text.data;
  stream->avail_in = (uInt)text.len;
  do {
    stream->next_out = chunk;
    stream->avail_out = sizeof chunk;
    int result = deflate(stream, flush);
    assert_true(result == Z_OK || result == Z_BUF_ERROR || result == Z_STREAM_END);
    append(wire, chunk, sizeof chunk - stream->avail_out);
  } while (stream->avail_out == 0);
}

struct peer {
  int level, strategy, window_bits, memory;
};

static struct peer random_peer(void) {
  static const int strategies[] = {
      Z_DEFAULT_STRATEGY, Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED};
  return (struct peer){(int)roll(10), strategies[roll(6)], 9 + (int)roll(7), 1 + (int)roll(9)};
}

static void begin_peer(z_stream *stream, struct peer peer) {
  memset(stream, 0, sizeof *stream);
  assert_int_equal(
      deflateInit2(stream, peer.level, Z_DEFLATED, peer.window_bits, peer.memory, peer.strategy),
      Z_OK);
}

/* A text of a few pieces, each flushed in some way, the last one with `last`. */
static void make_stream(struct peer peer, size_t len_max, int last, struct sherd_buf *wire) {
  static const int flushes[] = {Z_NO_FLUSH,   Z_PARTIAL_FLUSH, Z_SYNC_FLUSH,
                                Z_SYNC_FLUSH, Z_FULL_FLUSH,    Z_BLOCK};
  struct sherd_buf text;
  z_stream stream;
  sherd__buf_init(&text, sherd_allocator_default());
  begin_peer(&stream, peer);
  for (uint32_t pieces = 1 + roll(5); pieces; pieces--) {
    text.len = 0;
    append_text(&text, roll((uint32_t)len_max));
    deflate_more(&stream, sherd__buf_bytes(&text), pieces == 1 ? last : flushes[roll(6)], wire);
  }
  deflateEnd(&stream);
  sherd__buf_deinit(&text);
}

/* --- Cuts --- */

static struct sherd_bytes part(const struct sherd_buf *wire, size_t from, size_t to) {
  return (struct sherd_bytes){wire->data + from, to - from};
}

static void check_two_pieces(const struct sherd_buf *wire, bool per_message) {
  for (size_t cut = 0; cut <= wire->len; cut++) {
    struct inflate_twins twins;
    inflate_twins_init(&twins, per_message);
    if (!inflate_twins_feed(&twins, part(wire, 0, cut), true, false, NO_LIMIT))
      inflate_twins_feed(&twins, part(wire, cut, wire->len), false, true, NO_LIMIT);
    inflate_twins_deinit(&twins);
  }
}

/* In pieces of up to `step` bytes; the output is dropped now and then, as between messages. */
static enum sherd_status check_pieces(const struct sherd_buf *wire, bool per_message, size_t step,
                                      size_t limit) {
  struct inflate_twins twins;
  inflate_twins_init(&twins, per_message);
  enum sherd_status status = SHERD_OK;
  size_t at = 0;
  do {
    size_t len = 1 + roll((uint32_t)step);
    if (len > wire->len - at)
      len = wire->len - at;
    if (roll(4) == 0)
      inflate_twins_clear(&twins);
    status =
        inflate_twins_feed(&twins, part(wire, at, at + len), at == 0, at + len == wire->len, limit);
    at += len;
  } while (at < wire->len && !status);
  inflate_twins_deinit(&twins);
  return status;
}

static void every_cut_gives_the_same(void **state) {
  (void)state;
  struct sherd_buf wire;
  sherd__buf_init(&wire, sherd_allocator_default());
  for (int level = 0; level <= 9; level += 3)
    for (int strategy = Z_DEFAULT_STRATEGY; strategy <= Z_FIXED; strategy++) {
      bool ends = roll(2);
      wire.len = 0;
      make_stream((struct peer){level, strategy, 15, 8}, 600, ends ? Z_FINISH : Z_SYNC_FLUSH,
                  &wire);
      check_two_pieces(&wire, ends);
      check_pieces(&wire, ends, 1, NO_LIMIT);
    }
  sherd__buf_deinit(&wire);
}

/* Cut anywhere in the header of a block with all kinds of codes. */
static void every_cut_of_any_code_gives_the_same(void **state) {
  (void)state;
  struct sherd_buf wire;
  sherd__buf_init(&wire, sherd_allocator_default());
  for (int i = 0; i < 20; i++) {
    wire.len = 0;
    random_deflate(&dice, &wire);
    if (wire.len > 3000)
      wire.len = 3000;
    check_two_pieces(&wire, false);
    check_pieces(&wire, false, 1, NO_LIMIT);
  }
  sherd__buf_deinit(&wire);
}

/* --- Whatever a compressor writes --- */

static void what_zlib_writes_is_read(void **state) {
  (void)state;
  struct sherd_buf wire;
  sherd__buf_init(&wire, sherd_allocator_default());
  for (uint32_t i = 0; i < random_cases; i++) {
    bool ends = roll(3) == 0;
    wire.len = 0;
    make_stream(random_peer(), roll(30) ? 2000 : 100000, ends ? Z_FINISH : Z_SYNC_FLUSH, &wire);
    size_t step = roll(3) == 0 ? 20 : roll(2) ? 1000 : wire.len;
    assert_int_equal(check_pieces(&wire, ends, step, NO_LIMIT), SHERD_OK);
    if (roll(4) == 0) /* the end is refused where there must be none */
      check_pieces(&wire, !ends, step, NO_LIMIT);
    check_pieces(&wire, ends, step, roll(4000));
  }
  sherd__buf_deinit(&wire);
}

/* The window goes round many times, and its edge comes to lie in any match. */
static void long_streams_are_read(void **state) {
  (void)state;
  struct sherd_buf text, wire;
  sherd__buf_init(&text, sherd_allocator_default());
  sherd__buf_init(&wire, sherd_allocator_default());
  for (int level = 1; level <= 9; level += 4) {
    z_stream stream;
    struct inflate_twins twins;
    begin_peer(&stream, (struct peer){level, Z_DEFAULT_STRATEGY, 15, 8});
    inflate_twins_init(&twins, false);
    for (int message = 0; message < 600; message++) {
      text.len = wire.len = 0;
      inflate_twins_clear(&twins);
      append_text(&text, 1 + roll(message % 100 ? 3000 : 90000));
      deflate_more(&stream, sherd__buf_bytes(&text), Z_SYNC_FLUSH, &wire);
      assert_int_equal(inflate_twins_feed(&twins, sherd__buf_bytes(&wire), true, true, NO_LIMIT),
                       SHERD_OK);
      assert_int_equal(twins.ours_out.len, text.len);
    }
    inflate_twins_deinit(&twins);
    deflateEnd(&stream);
  }
  sherd__buf_deinit(&text);
  sherd__buf_deinit(&wire);
}

/* --- What no compressor writes --- */

static void any_code_is_read_or_refused(void **state) {
  (void)state;
  struct sherd_buf wire;
  uint32_t good = 0;
  sherd__buf_init(&wire, sherd_allocator_default());
  for (uint32_t i = 0; i < random_cases; i++) {
    wire.len = 0;
    random_deflate(&dice, &wire);
    size_t step = roll(3) == 0 ? 20 : wire.len;
    size_t limit = roll(20) ? NO_LIMIT : roll(3000);
    good += check_pieces(&wire, roll(4) == 0, step, limit) == SHERD_OK;
  }
  assert_true(good > random_cases / 10); /* it is not all rubbish */
  sherd__buf_deinit(&wire);
}

static void damage_is_met_alike(void **state) {
  (void)state;
  struct sherd_buf wire;
  sherd__buf_init(&wire, sherd_allocator_default());
  for (uint32_t i = 0; i < random_cases; i++) {
    bool ends = roll(2);
    wire.len = 0;
    if (roll(2))
      make_stream(random_peer(), 1000, ends ? Z_FINISH : Z_SYNC_FLUSH, &wire);
    else
      random_deflate(&dice, &wire);
    for (uint32_t flips = 1 + roll(3); flips; flips--)
      wire.data[roll((uint32_t)wire.len)] ^= (uint8_t)(1 << roll(8));
    check_pieces(&wire, ends, roll(3) ? wire.len : 30, NO_LIMIT);
  }
  sherd__buf_deinit(&wire);
}

static void every_flipped_bit_is_met_alike(void **state) {
  (void)state;
  struct sherd_buf wire;
  sherd__buf_init(&wire, sherd_allocator_default());
  for (int per_message = 0; per_message < 2; per_message++) {
    wire.len = 0;
    make_stream((struct peer){6, Z_DEFAULT_STRATEGY, 15, 8}, 300,
                per_message ? Z_FINISH : Z_SYNC_FLUSH, &wire);
    for (size_t bit = 0; bit < 8 * wire.len; bit++) {
      wire.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
      check_pieces(&wire, per_message, wire.len, 4000);
      wire.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
  }
  sherd__buf_deinit(&wire);
}

static void put_bits(struct random_writer *writer, const char *bits) {
  for (; *bits; bits++)
    if (*bits != ' ')
      random_put(writer, *bits == '1', 1);
}

/* The last thing in the input, so that it is met with care. */
static void what_is_no_code_is_refused(void **state) {
  (void)state;
  static const char *const blocks[] = {
      "010 0000001 11110", /* a match with distance symbol 30 */
      "010 0000001 11111", /* and 31 */
      "010 11000110",      /* litlen symbol 286 */
      "010 11000111",      /* and 287 */
      "011",               /* a type of block that there is not */
  };
  struct sherd_buf wire;
  sherd__buf_init(&wire, sherd_allocator_default());
  for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
    struct random_writer writer = {.dice = &dice, .out = &wire};
    wire.len = 0;
    append(&wire, "\x78\x9c", 2);
    put_bits(&writer, blocks[i]);
    random_put_to_byte(&writer);
    check_two_pieces(&wire, false);
    assert_int_equal(check_pieces(&wire, false, 1, NO_LIMIT), SHERD_EZLIB);
  }
  wire.len = 0;
  append(&wire, "\x78\xbb\0\0\0\1", 6); /* a preset dictionary, which nobody has */
  check_two_pieces(&wire, false);
  assert_int_equal(check_pieces(&wire, false, 1, NO_LIMIT), SHERD_EZLIB);
  sherd__buf_deinit(&wire);
}

static void what_was_refused_stays_refused(void **state) {
  (void)state;
  struct inflate_twins twins;
  struct sherd_bytes bad = {(const uint8_t *)"\x78\x9c\x07", 3};
  struct sherd_bytes good = {(const uint8_t *)"\x00\x00\x00\xff\xff", 5};
  inflate_twins_init(&twins, false);
  for (int i = 0; i < 3; i++)
    assert_int_equal(inflate_twins_feed(&twins, i ? good : bad, i == 0, i == 2, NO_LIMIT),
                     SHERD_EZLIB);
  inflate_twins_deinit(&twins);
}

/* --- The limit, and memory --- */

static void the_limit_holds_at_every_byte(void **state) {
  (void)state;
  struct sherd_buf wire;
  sherd__buf_init(&wire, sherd_allocator_default());
  for (int i = 0; i < 6; i++) {
    wire.len = 0;
    make_stream(random_peer(), 400, Z_SYNC_FLUSH, &wire);
    for (size_t limit = 0; limit < 1200; limit++) {
      struct inflate_twins twins;
      inflate_twins_init(&twins, false);
      inflate_twins_feed(&twins, sherd__buf_bytes(&wire), true, true, limit);
      inflate_twins_deinit(&twins);
    }
  }
  sherd__buf_deinit(&wire);
}

static void a_shard_keeps_33_kilobytes(void **state) {
  (void)state;
  struct sherd__test_alloc alloc;
  struct sherd__inflater *inflater;
  struct sherd_buf wire, out;
  sherd__test_alloc_init(&alloc, 0);
  sherd__buf_init(&wire, sherd_allocator_default());
  sherd__buf_init(&out, sherd_allocator_default());
  assert_int_equal(sherd__inflater_new_native(&alloc.allocator, false, &inflater), SHERD_OK);
  make_stream((struct peer){6, Z_DEFAULT_STRATEGY, 15, 8}, 90000, Z_SYNC_FLUSH, &wire);
  for (size_t at = 0; at < wire.len; at++) /* cut in the middle of everything */
    assert_int_equal(
        sherd__inflater_feed(inflater, part(&wire, at, at + 1), at == 0, false, NO_LIMIT, &out),
        SHERD_OK);
  assert_int_equal(alloc.requests, 1);
  assert_in_range(alloc.peak_bytes, 32768, 33000);
  sherd__inflater_free(inflater);
  assert_int_equal(alloc.live, 0);
  sherd__test_alloc_init(&alloc, 1);
  assert_int_equal(sherd__inflater_new_native(&alloc.allocator, false, &inflater), SHERD_ENOMEM);
  sherd__buf_deinit(&wire);
  sherd__buf_deinit(&out);
}

int main(int argc, char **argv) {
  if (argc > 1)
    random_cases = (uint32_t)strtoul(argv[1], NULL, 10);
  if (argc > 2)
    dice.seed = (uint32_t)strtoul(argv[2], NULL, 10) * 2654435761u | 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_cut_gives_the_same),
      cmocka_unit_test(every_cut_of_any_code_gives_the_same),
      cmocka_unit_test(what_zlib_writes_is_read),
      cmocka_unit_test(long_streams_are_read),
      cmocka_unit_test(any_code_is_read_or_refused),
      cmocka_unit_test(damage_is_met_alike),
      cmocka_unit_test(every_flipped_bit_is_met_alike),
      cmocka_unit_test(what_is_no_code_is_refused),
      cmocka_unit_test(what_was_refused_stays_refused),
      cmocka_unit_test(the_limit_holds_at_every_byte),
      cmocka_unit_test(a_shard_keeps_33_kilobytes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
