/* Our own decoder of zstd's streams against libzstd: the same fate and the same bytes, after every
 * piece.
 *
 * `test_inflate_zstd N [SEED]` runs N random streams instead of the usual few thousand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <zstd.h>

#include "../support/failing_alloc.h"
#include "../support/random_deflate.h"
#include "../support/zstd_twins.h"
#include "engine/inflate_zstd_codes.h"

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
  if (roll(4) == 0) {
    append(out, number, (size_t)snprintf(number, sizeof number, "%u%u", roll(99999), roll(99999)));
  } else {
    const char *word = words[roll(8)];
    append(out, word, strlen(word));
  }
}

/* Bytes of which few are frequent, so that their codes are of all lengths. */
static uint8_t skewed_byte(uint32_t alphabet) {
  uint32_t value = roll(alphabet);
  for (uint32_t i = roll(5); i; i--)
    value = roll(value + 1);
  return (uint8_t)value;
}

/* Text like JSON, noise of several kinds, or runs. */
static void append_text(struct sherd_buf *out, size_t len) {
  size_t end = out->len + len;
  uint32_t kind = roll(10), alphabet = 1 + roll(256);
  while (out->len < end)
    if (kind == 0) {
      assert_int_equal(sherd__buf_append_byte(out, (uint8_t)roll(256)), SHERD_OK);
    } else if (kind == 1) {
      uint8_t run[300];
      memset(run, (int)roll(3), sizeof run);
      append(out, run, 1 + roll(300));
    } else if (kind < 4) {
      assert_int_equal(sherd__buf_append_byte(out, skewed_byte(alphabet)), SHERD_OK);
    } else if (kind == 4 && out->len && roll(2)) { /* what was there, from anywhere */
      uint8_t again[400];
      size_t at = roll((uint32_t)out->len), most = out->len - at;
      size_t again_len = 1 + roll((uint32_t)(most < sizeof again ? most : sizeof again));
      memcpy(again, out->data + at, again_len);
      append(out, again, again_len);
    } else {
      append_word(out);
    }
  out->len = end;
}

/* --- Streams --- */

struct peer {
  int level, window_log, strategy, min_match, has_checksum;
};

static struct peer random_peer(void) {
  /* Mostly small windows: a test of a large one takes most of its time to get its memory. */
  return (struct peer){1 + (int)roll(12) - (roll(8) == 0 ? 8 : 0),
                       10 + (int)roll(roll(50) ? 6 : 12), (int)roll(10), 3 + (int)roll(5),
                       roll(4) == 0};
}

static ZSTD_CCtx *context; /* one for all: to get its memory takes longer than most tests */

static void begin_peer(struct peer peer) {
  ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, peer.level);
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, peer.window_log);
  ZSTD_CCtx_setParameter(context, ZSTD_c_strategy, peer.strategy);
  ZSTD_CCtx_setParameter(context, ZSTD_c_minMatch, peer.min_match);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, peer.has_checksum);
}

static void compress_more(struct sherd_bytes text, ZSTD_EndDirective end, struct sherd_buf *wire) {
  ZSTD_inBuffer in = {text.data, text.len, 0};
  size_t left;
  do {
    uint8_t chunk[4096];
    ZSTD_outBuffer out = {chunk, sizeof chunk, 0};
    left = ZSTD_compressStream2(context, &out, &in, end);
    assert_false(ZSTD_isError(left));
    append(wire, chunk, out.pos);
  } while (in.pos < in.size || (left && end != ZSTD_e_continue));
}

/* A text of a few pieces, most of them flushed, the last one with `last`. */
static void make_stream(struct peer peer, size_t len_max, ZSTD_EndDirective last,
                        struct sherd_buf *wire) {
  struct sherd_buf text;
  begin_peer(peer);
  sherd__buf_init(&text, sherd_allocator_default());
  for (uint32_t pieces = 1 + roll(6); pieces; pieces--) {
    text.len = 0;
    append_text(&text, roll((uint32_t)len_max));
    compress_more(sherd__buf_bytes(&text),
                  pieces == 1 ? last
                  : roll(4)   ? ZSTD_e_flush
                              : ZSTD_e_continue,
                  wire);
  }
  sherd__buf_deinit(&text);
}

/* --- Cuts --- */

static struct sherd_bytes part(const struct sherd_buf *wire, size_t from, size_t to) {
  return (struct sherd_bytes){wire->data + from, to - from};
}

static void check_two_pieces(const struct sherd_buf *wire) {
  for (size_t cut = 0; cut <= wire->len; cut++) {
    struct zstd_twins twins;
    zstd_twins_init(&twins, false);
    if (!zstd_twins_feed(&twins, part(wire, 0, cut), NO_LIMIT))
      zstd_twins_feed(&twins, part(wire, cut, wire->len), NO_LIMIT);
    zstd_twins_deinit(&twins);
  }
}

/* In pieces of up to `step` bytes; the output is dropped now and then, as between messages. */
static enum sherd_status check_pieces(const struct sherd_buf *wire, bool is_damaged, size_t step,
                                      size_t limit) {
  struct zstd_twins twins;
  enum sherd_status status = SHERD_OK;
  zstd_twins_init(&twins, is_damaged);
  for (size_t at = 0, len; at < wire->len && !status; at += len) {
    len = 1 + roll((uint32_t)step);
    if (len > wire->len - at)
      len = wire->len - at;
    if (roll(4) == 0)
      zstd_twins_clear(&twins);
    status = zstd_twins_feed(&twins, part(wire, at, at + len), limit);
  }
  zstd_twins_deinit(&twins);
  return status;
}

static void every_cut_gives_the_same(void **state) {
  (void)state;
  struct sherd_buf wire;
  sherd__buf_init(&wire, sherd_allocator_default());
  for (int i = 0; i < 40; i++) {
    wire.len = 0;
    make_stream(random_peer(), 600, i % 2 ? ZSTD_e_end : ZSTD_e_flush, &wire);
    check_two_pieces(&wire);
    check_pieces(&wire, false, 1, NO_LIMIT);
  }
  sherd__buf_deinit(&wire);
}

/* --- Whatever a compressor writes --- */

static void what_libzstd_writes_is_read(void **state) {
  (void)state;
  struct sherd_buf wire;
  sherd__buf_init(&wire, sherd_allocator_default());
  for (uint32_t i = 0; i < random_cases; i++) {
    bool ends = roll(8) == 0;
    wire.len = 0;
    make_stream(random_peer(), roll(30) ? 3000 : 300000, ends ? ZSTD_e_end : ZSTD_e_flush, &wire);
    size_t step = roll(3) == 0 ? 20 : roll(2) ? 1000 : wire.len;
    if (wire.len) /* nothing at all may have been written */
      assert_int_equal(check_pieces(&wire, false, step, NO_LIMIT), ends ? SHERD_EZSTD : SHERD_OK);
    if (!ends)
      check_pieces(&wire, false, step, roll(4000));
  }
  sherd__buf_deinit(&wire);
}

/* The window goes round many times, and its edge comes to lie in any match. */
static void long_streams_are_read(void **state) {
  (void)state;
  struct sherd_buf text, wire;
  sherd__buf_init(&text, sherd_allocator_default());
  sherd__buf_init(&wire, sherd_allocator_default());
  for (int i = 0; i < 12; i++) {
    struct zstd_twins twins;
    struct peer peer = {1 + i % 6, 10 + i, 0, 3 + i % 4, 0};
    begin_peer(peer);
    zstd_twins_init(&twins, false);
    for (int message = 0; message < 400; message++) {
      text.len = wire.len = 0;
      zstd_twins_clear(&twins);
      append_text(&text, 1 + roll(message % 100 ? 3000 : 400000));
      compress_more(sherd__buf_bytes(&text), ZSTD_e_flush, &wire);
      assert_int_equal(zstd_twins_feed(&twins, sherd__buf_bytes(&wire), NO_LIMIT), SHERD_OK);
      assert_int_equal(twins.ours_out.len, text.len);
    }
    zstd_twins_deinit(&twins);
  }
  sherd__buf_deinit(&text);
  sherd__buf_deinit(&wire);
}

/* --- What no compressor writes --- */

static void damage_is_met(void **state) {
  (void)state;
  struct sherd_buf wire;
  uint32_t good = 0, bad = 0;
  sherd__buf_init(&wire, sherd_allocator_default());
  for (uint32_t i = 0; i < random_cases; i++) {
    wire.len = 0;
    make_stream(random_peer(), 1000, roll(4) ? ZSTD_e_flush : ZSTD_e_end, &wire);
    for (uint32_t flips = 1 + roll(3); wire.len && flips; flips--)
      wire.data[roll((uint32_t)wire.len)] ^= (uint8_t)(1 << roll(8));
    if (check_pieces(&wire, true, roll(3) ? wire.len + 1 : 30, NO_LIMIT))
      bad++;
    else
      good++;
  }
  assert_true(bad > random_cases / 10 && good > random_cases / 100);
  sherd__buf_deinit(&wire);
}

static void every_flipped_bit_is_met(void **state) {
  (void)state;
  struct sherd_buf wire;
  sherd__buf_init(&wire, sherd_allocator_default());
  for (int i = 0; i < 12; i++) {
    wire.len = 0;
    make_stream(random_peer(), 400, ZSTD_e_flush, &wire);
    for (size_t bit = 0; bit < 8 * wire.len; bit++) {
      wire.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
      check_pieces(&wire, true, wire.len, 4000);
      wire.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
  }
  sherd__buf_deinit(&wire);
}

static void what_was_refused_stays_refused(void **state) {
  (void)state;
  struct sherd__inflater *inflater;
  struct sherd_buf out;
  struct sherd_bytes bad = {(const uint8_t *)"\x28\xb5\x2f\xfd\x08\x58", 6};
  struct sherd_bytes good = {(const uint8_t *)"\x08\0\0!", 4};
  sherd__buf_init(&out, sherd_allocator_default());
  assert_int_equal(sherd__inflater_new_zstd_native(sherd_allocator_default(), &inflater), SHERD_OK);
  for (int i = 0; i < 3; i++)
    assert_int_equal(sherd__inflater_feed(inflater, i ? good : bad, i == 0, i == 2, NO_LIMIT, &out),
                     SHERD_EZSTD);
  sherd__inflater_free(inflater);
  sherd__buf_deinit(&out);
}

/* Streams that no compressor writes: the bits of the sequences' modes that are reserved, and no
 * sequences, which may be told in two bytes but not with modes after them. */
static void what_the_format_says_of_sequences_holds(void **state) {
  (void)state;
  static const struct {
    const char *block;
    size_t len;
    enum sherd_status status;
  } rows[] = {
      {"\x44\0\0\x08\x61\x01\x54\x01\0\0\x01", 11, SHERD_OK},
      {"\x44\0\0\x08\x61\x01\x55\x01\0\0\x01", 11, SHERD_EZSTD},
      {"\x44\0\0\x08\x61\x01\x57\x01\0\0\x01", 11, SHERD_EZSTD},
      {"\x24\0\0\x08\x61\x80\0", 7, SHERD_OK},
      {"\x24\0\0\0\x80\0\0", 7, SHERD_EZSTD},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sherd__inflater *inflater;
    struct sherd_buf wire, out;
    sherd__buf_init(&wire, sherd_allocator_default());
    sherd__buf_init(&out, sherd_allocator_default());
    append(&wire, "\x28\xb5\x2f\xfd\0\x58", 6);
    append(&wire, rows[i].block, rows[i].len);
    assert_int_equal(sherd__inflater_new_zstd_native(sherd_allocator_default(), &inflater),
                     SHERD_OK);
    assert_int_equal(
        sherd__inflater_feed(inflater, sherd__buf_bytes(&wire), true, false, NO_LIMIT, &out),
        rows[i].status);
    sherd__inflater_free(inflater);
    sherd__buf_deinit(&wire);
    sherd__buf_deinit(&out);
  }
}

/* --- The limit, and memory --- */

/* The first thing put out would be from the window, into a buffer that has no memory yet. */
static void a_limit_of_nothing_is_met_by_an_old_match(void **state) {
  (void)state;
  struct sherd__inflater *inflater;
  struct sherd_buf text, wire, out, fresh;
  sherd__buf_init(&text, sherd_allocator_default());
  sherd__buf_init(&wire, sherd_allocator_default());
  sherd__buf_init(&out, sherd_allocator_default());
  sherd__buf_init(&fresh, sherd_allocator_default());
  append_text(&text, 2000);
  begin_peer((struct peer){3, 12, 0, 3, 0});
  compress_more(sherd__buf_bytes(&text), ZSTD_e_flush, &wire);
  assert_int_equal(sherd__inflater_new_zstd_native(sherd_allocator_default(), &inflater), SHERD_OK);
  assert_int_equal(
      sherd__inflater_feed(inflater, sherd__buf_bytes(&wire), true, false, NO_LIMIT, &out),
      SHERD_OK);
  wire.len = 0;
  append(&wire, "\x44\0\0\0\x01\0\xe5\xdf\xae\x32\x10", 11); /* a match, and nothing else */
  assert_int_equal(sherd__inflater_feed(inflater, sherd__buf_bytes(&wire), true, false, 0, &fresh),
                   SHERD_EINFLATELIMIT);
  assert_int_equal(fresh.len, 0);
  sherd__inflater_free(inflater);
  sherd__buf_deinit(&text);
  sherd__buf_deinit(&wire);
  sherd__buf_deinit(&out);
  sherd__buf_deinit(&fresh);
}

static void the_limit_holds_at_every_byte(void **state) {
  (void)state;
  struct sherd_buf wire;
  sherd__buf_init(&wire, sherd_allocator_default());
  for (int i = 0; i < 6; i++) {
    wire.len = 0;
    make_stream(random_peer(), 400, ZSTD_e_flush, &wire);
    for (size_t limit = 0; limit < 1200; limit++) {
      struct zstd_twins twins;
      zstd_twins_init(&twins, false);
      zstd_twins_feed(&twins, sherd__buf_bytes(&wire), limit);
      zstd_twins_deinit(&twins);
    }
  }
  sherd__buf_deinit(&wire);
}

/* Feeds single bytes; returns the first status that is not good. */
static enum sherd_status feed_bytes(struct sherd__inflater *inflater, const struct sherd_buf *wire,
                                    struct sherd_buf *out) {
  enum sherd_status status = SHERD_OK;
  for (size_t at = 0; at < wire->len && !status; at++)
    status = sherd__inflater_feed(inflater, part(wire, at, at + 1), false, false, NO_LIMIT, out);
  return status;
}

static void a_shard_keeps_its_window(void **state) {
  (void)state;
  struct sherd__test_alloc alloc;
  struct sherd__inflater *inflater;
  struct sherd_buf wire, out;
  sherd__buf_init(&wire, sherd_allocator_default());
  sherd__buf_init(&out, sherd_allocator_default());
  make_stream((struct peer){3, 15, 0, 5, 0}, 90000, ZSTD_e_flush, &wire);
  sherd__test_alloc_init(&alloc, 0);
  assert_int_equal(sherd__inflater_new_zstd_native(&alloc.allocator, &inflater), SHERD_OK);
  assert_in_range(alloc.live_bytes, 500, 1000);
  assert_int_equal(feed_bytes(inflater, &wire, &out), SHERD_OK);
  assert_in_range(alloc.live_bytes, 32768, 32768 + 1032);
  assert_int_equal(alloc.live, 2);
  size_t requests = alloc.requests; /* which a message that comes whole does not add to */
  assert_int_equal(sherd__inflater_feed(inflater,
                                        (struct sherd_bytes){(const uint8_t *)"\x08\0\0!", 4}, true,
                                        true, NO_LIMIT, &out),
                   SHERD_OK);
  assert_int_equal(alloc.requests, requests);
  sherd__inflater_free(inflater);
  assert_int_equal(alloc.live, 0);
  sherd__buf_deinit(&wire);
  sherd__buf_deinit(&out);
}

static void every_failing_allocation_is_told(void **state) {
  (void)state;
  struct sherd_buf wire, out;
  sherd__buf_init(&wire, sherd_allocator_default());
  sherd__buf_init(&out, sherd_allocator_default());
  make_stream((struct peer){3, 17, 0, 5, 0}, 60000, ZSTD_e_flush, &wire);
  for (size_t fail_at = 1;; fail_at++) {
    struct sherd__test_alloc alloc;
    struct sherd__inflater *inflater;
    sherd__test_alloc_init(&alloc, fail_at);
    enum sherd_status status = sherd__inflater_new_zstd_native(&alloc.allocator, &inflater);
    if (!status) {
      status = feed_bytes(inflater, &wire, &out);
      sherd__inflater_free(inflater);
    }
    out.len = 0;
    assert_int_equal(alloc.live, 0);
    if (!sherd__test_alloc_has_failed(&alloc))
      break;
    assert_int_equal(status, SHERD_ENOMEM);
  }
  sherd__buf_deinit(&wire);
  sherd__buf_deinit(&out);
}

/* --- The codes that nobody tells --- */

static void check_default(enum sherd__zstd_part part, const struct sherd__zstd_state *values,
                          const struct sherd__zstd_counts *counts) {
  struct sherd__zstd_state states[1 << SHERD__ZSTD_LOG_MAX];
  sherd__zstd_states_make(counts, values, states);
  for (unsigned i = 0; i < 1u << counts->log; i++) {
    const struct sherd__zstd_state *state = &sherd__zstd_default_states[part][i];
    assert_int_equal(state->base, states[i].base);
    assert_int_equal(state->extra, states[i].extra);
    assert_int_equal(state->bits, states[i].bits);
    assert_int_equal(state->next, states[i].next);
  }
}

/* Source: RFC 8878 section 3.1.1.3.2.2. */
static void the_default_codes_are_the_documented_ones(void **state) {
  (void)state;
  check_default(SHERD__ZSTD_LITERAL_LENGTHS, sherd__zstd_literal_lengths,
                &(struct sherd__zstd_counts){6, 36, true, {4, 3, 2, 2, 2, 2, 2,  2,  2,  2, 2, 2, 2,
                                                           1, 1, 1, 2, 2, 2, 2,  2,  2,  2, 2, 2, 3,
                                                           2, 1, 1, 1, 1, 1, -1, -1, -1, -1}});
  check_default(
      SHERD__ZSTD_OFFSETS, sherd__zstd_offsets,
      &(struct sherd__zstd_counts){5, 29, true, {1, 1, 1, 1, 1, 1, 2, 2, 2, 1,  1,  1,  1,  1, 1,
                                                 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1}});
  check_default(SHERD__ZSTD_MATCH_LENGTHS, sherd__zstd_match_lengths,
                &(struct sherd__zstd_counts){
                    6, 53, true, {1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1,  1,  1,  1,  1,  1,  1, 1,
                                  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,  1,  1,  1,  1,  1,  1, 1,
                                  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1}});
}

int main(int argc, char **argv) {
  if (argc > 1)
    random_cases = (uint32_t)strtoul(argv[1], NULL, 10);
  if (argc > 2)
    dice.seed = (uint32_t)strtoul(argv[2], NULL, 10) * 2654435761u | 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_default_codes_are_the_documented_ones),
      cmocka_unit_test(every_cut_gives_the_same),
      cmocka_unit_test(what_libzstd_writes_is_read),
      cmocka_unit_test(long_streams_are_read),
      cmocka_unit_test(damage_is_met),
      cmocka_unit_test(every_flipped_bit_is_met),
      cmocka_unit_test(what_was_refused_stays_refused),
      cmocka_unit_test(what_the_format_says_of_sequences_holds),
      cmocka_unit_test(the_limit_holds_at_every_byte),
      cmocka_unit_test(a_limit_of_nothing_is_met_by_an_old_match),
      cmocka_unit_test(a_shard_keeps_its_window),
      cmocka_unit_test(every_failing_allocation_is_told),
  };
  context = ZSTD_createCCtx();
  int failed = context ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
  ZSTD_freeCCtx(context);
  return failed;
}
