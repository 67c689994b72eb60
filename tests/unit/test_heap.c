/* An event costs no memory: neither Sherd nor a library below it asks the heap for any, from the
 * bytes of the wire to the line of JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zstd.h>

#include "support/heap_count.h"
#include "support/host.h"

#define WARM_UP_EVENTS 300 /* the buffers get their size, and the windows are full */
#define EVENTS         2000
#define TEXT_PAIRS     600 /* at the most */
#define READ_BYTES     16384

struct stream {
  struct host host;
  struct sherd_buf wire; /* all events, as they go over it */
  size_t ends[WARM_UP_EVENTS + EVENTS];
  uint64_t seq; /* of the event that came last */
};

/* --- The server --- */

/* Texts of all lengths, each unlike the one before. */
static void make_text(uint32_t seed, char out[2 * TEXT_PAIRS + 1]) {
  static const char pairs[][3] = {"et", "ao", "in", "sh",  "\xC3\xA9", "rd", "lu",
                                  ", ", "12", "34", "\\n", "cm",       "fw", "yp"};
  size_t count = seed * 37 % TEXT_PAIRS;
  uint32_t dice = seed;
  for (size_t i = 0; i < count; i++) {
    dice = dice * 1664525 + 1013904223;
    memcpy(out + 2 * i, pairs[(dice >> 16) % (sizeof pairs / sizeof *pairs)], 2);
  }
  out[2 * count] = '\0';
}

static void begin(struct stream *stream, const struct sherd_gateway_config *config) {
  char text[2 * TEXT_PAIRS + 1];
  memset(stream, 0, sizeof *stream);
  host_init(&stream->host, config);
  host_to_active(&stream->host);
  sherd__buf_init(&stream->wire, sherd_allocator_default());
  stream->host.wire = &stream->wire;
  for (uint32_t i = 0; i < WARM_UP_EVENTS + EVENTS; i++) {
    make_text(i, text);
    host_sayf(
        &stream->host,
        "{\"t\":\"MESSAGE_CREATE\",\"s\":%u,\"op\":0,\"d\":{\"id\":\"%u\",\"content\":\"%s\"}}",
        i + 2, i, text);
    stream->ends[i] = stream->wire.len;
  }
}

static void end(struct stream *stream) {
  assert_int_equal(stream->seq, WARM_UP_EVENTS + EVENTS + 1);
  sherd__buf_deinit(&stream->wire);
  host_deinit(&stream->host);
}

/* --- The client --- */

/* What a program does with an event: it looks something up, and writes a line. */
static void use_event(struct stream *stream, const struct sherd_event *event) {
  static char line[8 * TEXT_PAIRS];
  size_t len;
  assert_int_equal(event->seq, stream->seq ? stream->seq + 1 : 2);
  assert_true(sherd_value_type(sherd_value_get(event->data, "content")) == SHERD_VALUE_STRING);
  assert_int_equal(sherd_event_to_ndjson(event, 0, line, sizeof line, &len), SHERD_OK);
  stream->seq = event->seq;
}

/* Gives the engine what one read brings; returns how often the heap was asked meanwhile. */
static size_t feed(struct stream *stream, size_t from, size_t to) {
  struct sherd_output out;
  struct sherd_bytes bytes = {stream->wire.data + from, to - from};
  size_t before = heap_count();
  assert_int_equal(sherd_engine_feed(stream->host.engine, bytes, stream->host.now_ms), SHERD_OK);
  while (sherd_engine_next(stream->host.engine, &out)) {
    assert_int_equal(out.type, SHERD_OUTPUT_EVENT);
    use_event(stream, &out.as.event);
  }
  return heap_count() - before;
}

/* Each read brings whole messages, some 16. */
static void count_whole(const struct sherd_gateway_config *config) {
  static struct stream stream;
  size_t from = 0, requests = 0;
  begin(&stream, config);
  for (size_t i = 0; i < WARM_UP_EVENTS + EVENTS; i += 16) {
    size_t last = i + 15 < WARM_UP_EVENTS + EVENTS ? i + 15 : WARM_UP_EVENTS + EVENTS - 1;
    size_t got = feed(&stream, from, stream.ends[last]);
    requests += i < WARM_UP_EVENTS ? 0 : got;
    from = stream.ends[last];
  }
  assert_int_equal(requests, 0);
  end(&stream);
}

/* Each read ends anywhere: what it has of a message is kept for the next one, which is one block,
 * and may have to grow. */
static void count_cut(const struct sherd_gateway_config *config) {
  static struct stream stream;
  size_t most = 0;
  begin(&stream, config);
  for (size_t from = 0; from < stream.wire.len; from += READ_BYTES) {
    size_t left = stream.wire.len - from;
    size_t got = feed(&stream, from, from + (left < READ_BYTES ? left : READ_BYTES));
    if (from >= stream.ends[WARM_UP_EVENTS] && got > most)
      most = got;
  }
  assert_in_range(most, 0, 2);
  end(&stream);
}

/* --- All ways --- */

static const struct sherd_gateway_config ways[] = {
    {.format = SHERD_FORMAT_JSON, .compression = SHERD_COMPRESSION_NONE},
    {.format = SHERD_FORMAT_JSON, .compression = SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM},
    {.format = SHERD_FORMAT_JSON, .compression = SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM},
    {.format = SHERD_FORMAT_JSON, .compression = SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM},
    {.format = SHERD_FORMAT_JSON,
     .compression = SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM,
     .inflater = SHERD_INFLATER_ZLIB},
    {.format = SHERD_FORMAT_JSON,
     .compression = SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM,
     .inflater = SHERD_INFLATER_ZLIB},
    {.format = SHERD_FORMAT_ETF, .compression = SHERD_COMPRESSION_NONE},
    {.format = SHERD_FORMAT_ETF, .compression = SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM},
    {.format = SHERD_FORMAT_ETF, .compression = SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM},
};

static void each_way(void (*count)(const struct sherd_gateway_config *config)) {
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    struct sherd_gateway_config config = host_config();
    config.format = ways[i].format;
    config.compression = ways[i].compression;
    config.inflater = ways[i].inflater;
    count(&config);
  }
}

static void an_event_asks_the_heap_for_nothing(void **state) {
  (void)state;
  each_way(count_whole);
}

static void a_read_that_cuts_a_message_asks_for_no_more_than_its_piece(void **state) {
  (void)state;
  each_way(count_cut);
}

/* A count that cannot rise would prove nothing. */
static void the_heap_is_counted(void **state) {
  (void)state;
  size_t before = heap_count();
  void *volatile block = malloc(1);
  block = realloc(block, 100);
  free(block);
  block = calloc(2, 3);
  free(block);
  assert_true(heap_count() - before >= 3);
  before = heap_count();
  ZSTD_freeDCtx(ZSTD_createDCtx());
  assert_true(heap_count() > before); /* a library's too */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_heap_is_counted),
      cmocka_unit_test(an_event_asks_the_heap_for_nothing),
      cmocka_unit_test(a_read_that_cuts_a_message_asks_for_no_more_than_its_piece),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
