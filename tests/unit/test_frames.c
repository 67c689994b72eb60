/* WebSocket frames. A stream's expected parts are written as one text: b(..) and t(..) are
 * messages, {ping:..}, {pong:..} and {close CODE:..} stand where they came, and an error ends it.
 * However the stream is cut, the text must be the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../support/failing_alloc.h"
#include "base/mem.h"
#include "engine/frames.h"

#define CLIENT SHERD__FRAMES_CLIENT
#define SERVER SHERD__FRAMES_SERVER

struct row {
  const char *what;
  enum sherd__frames_role role;
  size_t max_message_bytes;
  const char *stream;
  size_t len;
  const char *expected;
};

#define STREAM(literal) literal, sizeof(literal) - 1

static void fixed_random(void *ctx, void *out, size_t len) {
  (void)ctx;
  memcpy(out, "\x37\xfa\x21\x3d", len);
}

static const struct sherd__random fixed = {fixed_random, NULL};

static struct sherd__frames *new_frames(enum sherd__frames_role role, size_t max_message_bytes) {
  struct sherd__frames *frames;
  assert_int_equal(
      sherd__frames_new(sherd_allocator_default(), role, &fixed, max_message_bytes, &frames),
      SHERD_OK);
  return frames;
}

/* --- The transcript --- */

static void say(struct sherd_buf *log, const char *text) {
  assert_int_equal(sherd__buf_append(log, text, strlen(text)), SHERD_OK);
}

static void say_part(struct sherd_buf *log, const struct sherd__frame_part *part) {
  char close[32];
  switch (part->kind) {
  case SHERD__FRAME_DATA:
    say(log, !part->is_first ? "" : part->is_text ? "t(" : "b(");
    break;
  case SHERD__FRAME_PING:
    say(log, "{ping:");
    break;
  case SHERD__FRAME_PONG:
    say(log, "{pong:");
    break;
  case SHERD__FRAME_CLOSE:
    snprintf(close, sizeof close, "{close %u:", part->close_code);
    say(log, close);
    break;
  case SHERD__FRAME_NONE:
    fail();
  }
  assert_int_equal(sherd__buf_append(log, part->data.data, part->data.len), SHERD_OK);
  if (part->kind != SHERD__FRAME_DATA)
    say(log, "}");
  else if (part->is_last)
    say(log, ")");
}

/* Takes all parts of one piece of input. The piece lies in memory of its exact size, which is gone
 * afterwards, so that a sanitizer sees whoever reads beside it or too late. */
static enum sherd_status feed(struct sherd__frames *frames, const char *piece, size_t len,
                              struct sherd_buf *log) {
  uint8_t *copy = malloc(len ? len : 1);
  assert_non_null(copy);
  if (len)
    memcpy(copy, piece, len);
  sherd__frames_input(frames, (struct sherd_bytes){copy, len});
  struct sherd__frame_part part;
  enum sherd_status status;
  while ((status = sherd__frames_next(frames, &part)) == SHERD_OK && part.kind != SHERD__FRAME_NONE)
    say_part(log, &part);
  assert_int_equal(part.kind, SHERD__FRAME_NONE);
  free(copy);
  return status;
}

/* Feeds the stream in pieces of `step` bytes, the first one of `first`, and compares. */
static void check_cut(const struct row *row, size_t first, size_t step) {
  struct sherd__frames *frames = new_frames(row->role, row->max_message_bytes);
  struct sherd_buf log;
  sherd__buf_init(&log, sherd_allocator_default());
  enum sherd_status status = SHERD_OK;
  for (size_t at = 0, len = first; at < row->len && !status; at += len, len = step) {
    if (len > row->len - at)
      len = row->len - at;
    status = feed(frames, row->stream + at, len, &log);
  }
  if (status) {
    say(&log, sherd_status_name(status));
    struct sherd__frame_part part; /* it stays, whatever else comes */
    assert_int_equal(sherd__frames_next(frames, &part), status);
    sherd__frames_input(frames, (struct sherd_bytes){(const uint8_t *)"\x8a", 2});
    assert_int_equal(sherd__frames_next(frames, &part), status);
    assert_int_equal(part.kind, SHERD__FRAME_NONE);
  }
  assert_int_equal(sherd__buf_append_byte(&log, 0), SHERD_OK);
  if (strcmp((const char *)log.data, row->expected) != 0)
    print_error("%s, cut at %zu and each %zu\n", row->what, first, step);
  assert_string_equal((const char *)log.data, row->expected);
  sherd__buf_deinit(&log);
  sherd__frames_free(frames);
}

static void check(const struct row *row) {
  check_cut(row, row->len, row->len);
  check_cut(row, 1, 1);
  check_cut(row, 3, 3);
  size_t stride = row->len > 1000 ? 677 : 1;
  for (size_t cut = 1; cut < row->len; cut += stride)
    check_cut(row, cut, row->len);
}

static void check_all(const struct row *rows, size_t count) {
  for (size_t i = 0; i < count; i++)
    check(&rows[i]);
}

/* --- What may come --- */

static void whole_messages_and_fragments_come_through(void **state) {
  (void)state;
  static const struct row rows[] = {
      {"nothing", CLIENT, 99, STREAM(""), ""},
      {"RFC 6455 5.7: text", CLIENT, 99, STREAM("\x81\x05Hello"), "t(Hello)"},
      {"RFC 6455 5.7: masked", SERVER, 99, STREAM("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
       "t(Hello)"},
      {"RFC 6455 5.7: fragments", CLIENT, 99, STREAM("\x01\x03Hel\x80\x02lo"), "t(Hello)"},
      {"RFC 6455 5.7: ping", CLIENT, 99, STREAM("\x89\x05Hello"), "{ping:Hello}"},
      {"RFC 6455 5.7: masked pong", SERVER, 99,
       STREAM("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), "{pong:Hello}"},
      {"empty message", CLIENT, 0, STREAM("\x82\x00"), "b()"},
      {"empty masked message", SERVER, 0, STREAM("\x82\x80wxyz"), "b()"},
      {"empty fragments", CLIENT, 1, STREAM("\x02\x00\x00\x00\x00\x01x\x00\x00\x80\x00"), "b(x)"},
      {"empty ping", CLIENT, 0, STREAM("\x89\x00\x89\x00"), "{ping:}{ping:}"},
      {"control frames between fragments", CLIENT, 99,
       STREAM("\x01\x01o\x89\x01p\x00\x01o\x8a\x00\x8a\x01q\x80\x01o\x82\x01z"),
       "t(o{ping:p}o{pong:}{pong:q}o)b(z)"},
      {"masked fragments, a mask each", SERVER, 99,
       STREAM("\x02\x82"
              "ABCD"
              "  "
              "\x80\x83"
              "abcd"
              "\x00\x00\x00"),
       "b(ababc)"},
      {"half a message, then nothing", CLIENT, 99, STREAM("\x01\x03Hel"), "t(Hel"},
  };
  check_all(rows, sizeof rows / sizeof *rows);
}

static void each_length_encoding_comes_through(void **state) {
  (void)state;
  static const size_t lens[] = {125, 126, 127, 4095, 4096, 4097, 8192, 65535, 65536, 70001};
  for (size_t i = 0; i < sizeof lens / sizeof *lens; i++)
    for (int masked = 0; masked < 2; masked++) {
      size_t len = lens[i], at = 0;
      char *stream = calloc(2, len + 32), *expected = malloc(len + 8);
      stream[at++] = (char)0x82;
      stream[at++] = (char)((len < 126 ? len : len < 65536 ? 126 : 127) | (masked ? 0x80u : 0u));
      for (int shift = len < 126 ? -8 : len < 65536 ? 8 : 56; shift >= 0; shift -= 8)
        stream[at++] = (char)(uint8_t)((uint64_t)len >> shift);
      static const char mask[4] = {1, 2, 3, 0};
      if (masked)
        for (int j = 0; j < 4; j++)
          stream[at++] = mask[j];
      memcpy(expected, "b(", 2);
      for (size_t j = 0; j < len; j++) {
        expected[2 + j] = (char)('a' + j % 23);
        stream[at++] = (char)(expected[2 + j] ^ (masked ? mask[j % 4] : 0));
      }
      memcpy(expected + 2 + len, ")", 2);
      struct row row = {"a length", masked ? SERVER : CLIENT, len, stream, at, expected};
      check(&row);
      row.max_message_bytes = len - 1;
      row.expected = "SHERD_ETOOBIG";
      check(&row);
      free(stream);
      free(expected);
    }
}

static void a_close_ends_the_reading(void **state) {
  (void)state;
  static const struct row rows[] = {
      {"without a code", CLIENT, 99, STREAM("\x88\x00"), "{close 0:}"},
      {"with a code", CLIENT, 99, STREAM("\x88\x02\x03\xe8"), "{close 1000:}"},
      {"with half a character", CLIENT, 99, STREAM("\x88\x05\x0f\xa4na\xc3"), "SHERD_EUTF8"},
      {"with a reason in UTF-8", CLIENT, 99, STREAM("\x88\x06\x0f\xa4na\xc3\xaf"),
       "{close 4004:na\xc3\xaf}"},
      {"masked", SERVER, 99, STREAM("\x88\x83\x00\x00\x00\x00\x03\xe9!"), "{close 1001:!}"},
      {"inside a message", CLIENT, 99, STREAM("\x01\x01o\x88\x02\x03\xe8"), "t(o{close 1000:}"},
      {"followed by whatever", CLIENT, 99, STREAM("\x88\x02\x03\xe8\x81\x01x\xff\xff"),
       "{close 1000:}"},
  };
  check_all(rows, sizeof rows / sizeof *rows);
}

static void every_close_code_is_judged(void **state) {
  (void)state;
  for (unsigned code = 0; code <= 65535; code++) {
    bool legal = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
                 (code >= 3000 && code <= 4999);
    struct sherd__frames *frames = new_frames(CLIENT, 0);
    const uint8_t frame[] = {0x88, 2, (uint8_t)(code >> 8), (uint8_t)code};
    sherd__frames_input(frames, (struct sherd_bytes){frame, sizeof frame});
    struct sherd__frame_part part;
    assert_int_equal(sherd__frames_next(frames, &part), legal ? SHERD_OK : SHERD_EFRAME);
    assert_int_equal(part.close_code, legal ? code : 0);
    sherd__frames_free(frames);
  }
}

/* --- What must not come --- */

static void each_offence_is_refused(void **state) {
  (void)state;
  static const struct row rows[] = {
      {"RSV1", CLIENT, 99, STREAM("\xc1\x00"), "SHERD_EFRAME"},
      {"RSV2", CLIENT, 99, STREAM("\xa1\x00"), "SHERD_EFRAME"},
      {"RSV3", CLIENT, 99, STREAM("\x91\x00"), "SHERD_EFRAME"},
      {"RSV1 on a ping", CLIENT, 99, STREAM("\xc9\x00"), "SHERD_EFRAME"},
      {"RSV2 on a continuation", CLIENT, 99, STREAM("\x01\x01x\xa0\x00"), "t(xSHERD_EFRAME"},
      {"RSV1, before any payload", CLIENT, 99, STREAM("\xc1\x05"), "SHERD_EFRAME"},
      {"masked by the server", CLIENT, 99, STREAM("\x81\x81wxyz!"), "SHERD_EFRAME"},
      {"masked ping by the server", CLIENT, 99, STREAM("\x89\x80wxyz"), "SHERD_EFRAME"},
      {"unmasked by the client", SERVER, 99, STREAM("\x81\x05Hello"), "SHERD_EFRAME"},
      {"unmasked and empty by the client", SERVER, 99, STREAM("\x81\x00"), "SHERD_EFRAME"},
      {"fragmented ping", CLIENT, 99, STREAM("\x09\x00"), "SHERD_EFRAME"},
      {"fragmented pong", CLIENT, 99, STREAM("\x0a\x01x"), "SHERD_EFRAME"},
      {"fragmented close", CLIENT, 99, STREAM("\x08\x02\x03\xe8"), "SHERD_EFRAME"},
      {"ping of 126 bytes", CLIENT, 999, STREAM("\x89\x7e\x00\x7e"), "SHERD_EFRAME"},
      {"pong with a 64-bit length", CLIENT, 999, STREAM("\x8a\x7f"), "SHERD_EFRAME"},
      {"close of 126 bytes", CLIENT, 999, STREAM("\x88\x7e\x00\x7e"), "SHERD_EFRAME"},
      {"continuation of nothing", CLIENT, 99, STREAM("\x80\x01x"), "SHERD_EFRAME"},
      {"open continuation of nothing", CLIENT, 99, STREAM("\x00\x00"), "SHERD_EFRAME"},
      {"continuation of what has ended", CLIENT, 99, STREAM("\x81\x01x\x80\x01y"),
       "t(x)SHERD_EFRAME"},
      {"text inside a message", CLIENT, 99, STREAM("\x01\x01x\x81\x01y"), "t(xSHERD_EFRAME"},
      {"binary inside a message", CLIENT, 99, STREAM("\x02\x00\x02\x01y"), "b(SHERD_EFRAME"},
      {"16-bit length for 125", CLIENT, 999, STREAM("\x82\x7e\x00\x7d"), "SHERD_EFRAME"},
      {"64-bit length for 65535", CLIENT, 99999, STREAM("\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff"),
       "SHERD_EFRAME"},
      {"length of 2^63", CLIENT, SIZE_MAX, STREAM("\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"),
       "SHERD_EFRAME"},
      {"close with one byte", CLIENT, 99, STREAM("\x88\x01\x03"), "SHERD_EFRAME"},
      {"close with a bad code and a reason", CLIENT, 99, STREAM("\x88\x03\x03\xed!"),
       "SHERD_EFRAME"},
      {"close with an overlong reason", CLIENT, 99, STREAM("\x88\x04\x03\xe8\xc0\xaf"),
       "SHERD_EUTF8"},
      {"an offence after good parts", CLIENT, 99, STREAM("\x81\x01x\x89\x01y\xff\xff"),
       "t(x){ping:y}SHERD_EFRAME"},
  };
  check_all(rows, sizeof rows / sizeof *rows);
}

static void reserved_opcodes_are_refused(void **state) {
  (void)state;
  static const uint8_t opcodes[] = {0x3, 0x4, 0x5, 0x6, 0x7, 0xB, 0xC, 0xD, 0xE, 0xF};
  for (size_t i = 0; i < sizeof opcodes; i++)
    for (int masked = 0; masked < 2; masked++) {
      const char stream[] = {
          (char)(0x80 | opcodes[i]), (char)(masked ? 0x81 : 0x01), 1, 2, 3, 4, 5};
      struct row row = {"a reserved opcode", masked ? SERVER : CLIENT, 99, stream, sizeof stream,
                        "SHERD_EFRAME"};
      check(&row);
    }
}

static void a_message_limit_counts_over_fragments(void **state) {
  (void)state;
  static const struct row rows[] = {
      {"just fits", CLIENT, 4, STREAM("\x02\x02ox\x89\x03zzz\x80\x02ox"), "b(ox{ping:zzz}ox)"},
      {"one over", CLIENT, 3, STREAM("\x02\x02ox\x80\x02ox"), "b(oxSHERD_ETOOBIG"},
      {"one over, in one frame", CLIENT, 3, STREAM("\x82\x04xxxx"), "SHERD_ETOOBIG"},
      {"each message anew", CLIENT, 3, STREAM("\x82\x03xxx\x82\x03xxx"), "b(xxx)b(xxx)"},
      {"2^62 announced, and nothing more", CLIENT, 67108864,
       STREAM("\x82\x7f\x40\x00\x00\x00\x00\x00\x00\x00"), "SHERD_ETOOBIG"},
      {"2^62 announced by a client", SERVER, 67108864,
       STREAM("\x82\xff\x40\x00\x00\x00\x00\x00\x00\x00wxyz"), "SHERD_ETOOBIG"},
      {"a sum that would overflow", CLIENT, SIZE_MAX,
       STREAM("\x02\x01x\x00\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"), "b(x"},
  };
  check_all(rows, sizeof rows / sizeof *rows);
}

static void a_huge_frame_costs_no_memory(void **state) {
  (void)state;
  struct sherd__test_alloc alloc;
  sherd__test_alloc_init(&alloc, 0);
  struct sherd__frames *frames;
  assert_int_equal(sherd__frames_new(&alloc.allocator, CLIENT, &fixed, (size_t)1 << 62, &frames),
                   SHERD_OK);
  size_t requests = alloc.requests;
  static const uint8_t head[10 + 100] = {0x82, 0x7f, 0x40};
  sherd__frames_input(frames, (struct sherd_bytes){head, sizeof head});
  struct sherd__frame_part part;
  assert_int_equal(sherd__frames_next(frames, &part), SHERD_OK);
  assert_int_equal(part.data.len, 100);
  assert_int_equal(alloc.requests, requests);
  sherd__frames_free(frames);
  assert_int_equal(alloc.live, 0);
}

/* --- Writing --- */

static void frames_are_written_as_the_rfc_shows(void **state) {
  (void)state;
  struct sherd_buf out;
  sherd__buf_init(&out, sherd_allocator_default());
  struct sherd__frames *client = new_frames(CLIENT, 0), *server = new_frames(SERVER, 0);
  struct sherd_bytes hello = {(const uint8_t *)"Hello", 5};
  assert_int_equal(sherd__frames_write(client, SHERD__FRAMES_TEXT, hello, &out), SHERD_OK);
  assert_int_equal(out.len, 11);
  assert_memory_equal(out.data, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11);
  assert_int_equal(sherd__frames_write(server, SHERD__FRAMES_PING, hello, &out), SHERD_OK);
  assert_int_equal(out.len, 18);
  assert_memory_equal(out.data + 11, "\x89\x05Hello", 7);
  sherd__frames_free(client);
  sherd__frames_free(server);
  sherd__buf_deinit(&out);
}

static void what_one_role_writes_the_other_reads(void **state) {
  (void)state;
  static const size_t lens[] = {0, 1, 125, 126, 4096, 65535, 65536, 200000};
  for (size_t i = 0; i < sizeof lens / sizeof *lens; i++)
    for (int swap = 0; swap < 2; swap++) {
      struct sherd__random random;
      sherd__random_init(&random, NULL, NULL);
      struct sherd__frames *writer = new_frames(swap ? SERVER : CLIENT, 0);
      struct sherd__frames *reader = new_frames(swap ? CLIENT : SERVER, lens[i]);
      uint8_t *payload = malloc(lens[i] + 1);
      sherd__random_fill(&random, payload, lens[i]);
      struct sherd_buf wire, read;
      sherd__buf_init(&wire, sherd_allocator_default());
      sherd__buf_init(&read, sherd_allocator_default());
      struct sherd_bytes bytes = {payload, lens[i]};
      assert_int_equal(sherd__frames_write(writer, SHERD__FRAMES_BINARY, bytes, &wire), SHERD_OK);
      sherd__frames_input(reader, sherd__buf_bytes(&wire));
      struct sherd__frame_part part;
      do {
        assert_int_equal(sherd__frames_next(reader, &part), SHERD_OK);
        assert_int_equal(part.kind, SHERD__FRAME_DATA);
        assert_int_equal(part.is_first, read.len == 0);
        assert_int_equal(sherd__buf_append(&read, part.data.data, part.data.len), SHERD_OK);
      } while (!part.is_last);
      assert_int_equal(read.len, lens[i]);
      if (lens[i])
        assert_memory_equal(read.data, payload, lens[i]);
      sherd__buf_deinit(&wire);
      sherd__buf_deinit(&read);
      free(payload);
      sherd__frames_free(writer);
      sherd__frames_free(reader);
    }
}

static void long_control_frames_are_not_written(void **state) {
  (void)state;
  struct sherd__frames *frames = new_frames(CLIENT, 0);
  struct sherd_buf out;
  sherd__buf_init(&out, sherd_allocator_default());
  static const uint8_t payload[126];
  static const enum sherd__frames_opcode controls[] = {SHERD__FRAMES_CLOSE, SHERD__FRAMES_PING,
                                                       SHERD__FRAMES_PONG};
  for (size_t i = 0; i < 3; i++) {
    struct sherd_bytes fits = {payload, 125}, long_one = {payload, 126};
    out.len = 0;
    assert_int_equal(sherd__frames_write(frames, controls[i], long_one, &out), SHERD_EINVAL);
    assert_int_equal(out.len, 0);
    assert_int_equal(sherd__frames_write(frames, controls[i], fits, &out), SHERD_OK);
    assert_int_equal(out.len, 131);
  }
  sherd__buf_deinit(&out);
  sherd__frames_free(frames);
}

static void a_close_reason_is_cut_on_a_characters_edge(void **state) {
  (void)state;
  struct sherd__frames *frames = new_frames(SERVER, 0);
  struct sherd_buf out;
  sherd__buf_init(&out, sherd_allocator_default());
  assert_int_equal(sherd__frames_write_close(frames, 1009, "too big", &out), SHERD_OK);
  assert_int_equal(out.len, 11);
  assert_memory_equal(out.data, "\x88\x09\x03\xf1too big", 11);

  out.len = 0;
  assert_int_equal(sherd__frames_write_close(frames, 4000, NULL, &out), SHERD_OK);
  assert_int_equal(out.len, 4);
  assert_memory_equal(out.data, "\x88\x02\x0f\xa0", 4);

  out.len = 0; /* no code, no reason */
  assert_int_equal(sherd__frames_write_close(frames, 0, "unsaid", &out), SHERD_OK);
  assert_int_equal(out.len, 2);
  assert_memory_equal(out.data, "\x88\x00", 2);

  for (size_t before = 118; before <= 124; before++) { /* then an amphora of four bytes */
    char reason[200];
    memset(reason, 'x', before);
    memcpy(reason + before, "\xF0\x9F\x8F\xBA", 5);
    size_t kept = before + 4 <= 123 ? before + 4 : before < 123 ? before : 123;
    out.len = 0;
    assert_int_equal(sherd__frames_write_close(frames, 1000, reason, &out), SHERD_OK);
    assert_int_equal(out.data[1], 2 + kept);
    assert_int_equal(out.len, 4 + kept);
    assert_memory_equal(out.data + 4, reason, kept);
  }
  sherd__buf_deinit(&out);
  sherd__frames_free(frames);
}

static void each_offence_has_its_close_code(void **state) {
  (void)state;
  static const struct {
    enum sherd_status status;
    uint16_t code;
  } rows[] = {
      {SHERD_EFRAME, 1002},  {SHERD_EFRAMETYPE, 1003},
      {SHERD_EUTF8, 1007},   {SHERD_EZLIB, 1007},
      {SHERD_EZSTD, 1007},   {SHERD_EJSON, 1007},
      {SHERD_EETF, 1007},    {SHERD_ETAG, 1007},
      {SHERD_EDEPTH, 1007},  {SHERD_ETRUNCATED, 1007},
      {SHERD_ETOOBIG, 1009}, {SHERD_EINFLATELIMIT, 1009},
      {SHERD_ENOMEM, 1011},  {SHERD_OK, 0},
      {SHERD_EZOMBIE, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(sherd__frames_close_code(rows[i].status), rows[i].code);
}

static void failing_memory_leaves_the_output_as_it_was(void **state) {
  (void)state;
  struct sherd__test_alloc alloc;
  sherd__test_alloc_init(&alloc, 1);
  struct sherd__frames *frames = (struct sherd__frames *)1;
  assert_int_equal(sherd__frames_new(&alloc.allocator, CLIENT, &fixed, 9, &frames), SHERD_ENOMEM);
  assert_null(frames);

  frames = new_frames(CLIENT, 9);
  struct sherd_buf out;
  sherd__test_alloc_init(&alloc, 2);
  sherd__buf_init(&out, &alloc.allocator);
  assert_int_equal(sherd__buf_append(&out, "kept", 4), SHERD_OK);
  static const uint8_t payload[100];
  struct sherd_bytes bytes = {payload, sizeof payload};
  assert_int_equal(sherd__frames_write(frames, SHERD__FRAMES_TEXT, bytes, &out), SHERD_ENOMEM);
  assert_int_equal(out.len, 4);
  assert_int_equal(sherd__frames_write(frames, SHERD__FRAMES_TEXT, bytes, &out), SHERD_OK);
  assert_int_equal(out.len, 4 + 6 + 100);
  assert_memory_equal(out.data, "kept\x81\xe4", 6);
  sherd__buf_deinit(&out);
  assert_int_equal(alloc.live, 0);
  sherd__frames_free(frames);
  sherd__frames_free(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(whole_messages_and_fragments_come_through),
      cmocka_unit_test(each_length_encoding_comes_through),
      cmocka_unit_test(a_close_ends_the_reading),
      cmocka_unit_test(every_close_code_is_judged),
      cmocka_unit_test(each_offence_is_refused),
      cmocka_unit_test(reserved_opcodes_are_refused),
      cmocka_unit_test(a_message_limit_counts_over_fragments),
      cmocka_unit_test(a_huge_frame_costs_no_memory),
      cmocka_unit_test(frames_are_written_as_the_rfc_shows),
      cmocka_unit_test(what_one_role_writes_the_other_reads),
      cmocka_unit_test(long_control_frames_are_not_written),
      cmocka_unit_test(a_close_reason_is_cut_on_a_characters_edge),
      cmocka_unit_test(each_offence_has_its_close_code),
      cmocka_unit_test(failing_memory_leaves_the_output_as_it_was),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
