/* What a message of zlib-stream costs to inflate: with zlib, with our own inflater, and, as a guide
 * to what can be had, with libdeflate, which sees the whole stream at once.
 *
 *   bench_inflate [MESSAGES]
 *   bench_inflate MESSAGES NAME    that inflater alone, once, for a profiler
 *
 * The messages are the simulator's stream of events, in JSON, each flushed as Discord does. They
 * are made beforehand. All inflaters are run in turn, and each row is the median of its runs. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <zlib.h>
#if HAVE_LIBDEFLATE
#include <libdeflate.h>
#endif

#include "base/buf.h"
#include "engine/inflate_codec.h"
#include "sim/events.h"
#include "sim/stream.h"

#define MESSAGES     60084
#define RUNS         7
#define LEVEL        6
#define COLD_SHARDS  1000
#define COLD_WARM_UP 40  /* messages until the windows are full */
#define COLD_APART   64  /* the shards are at so many different messages */
#define COLD_ROUNDS  40  /* messages for each shard */
#define LARGE        800 /* bytes at the least, for a stream like that of a busy bot's guilds */
#define LIMIT        ((size_t)64 << 20)

static void must(bool holds, const char *what) {
  if (holds)
    return;
  fprintf(stderr, "bench_inflate: %s\n", what);
  exit(EXIT_FAILURE);
}

static void append(struct sherd_buf *buf, const void *data, size_t len) {
  must(sherd__buf_append(buf, data, len) == SHERD_OK, "out of memory");
}

/* --- The stream --- */

struct stream {
  struct sherd_buf wire;
  size_t *ends; /* of each message, in `wire` */
  size_t count;
  size_t text_len;
  uLong sum; /* of the text */
};

static void deflate_text(z_stream *zlib, struct sherd_buf *text, struct sherd_buf *wire) {
  uint8_t chunk[16384];
  zlib->next_in = text->data;
  zlib->avail_in = (uInt)text->len;
  do {
    zlib->next_out = chunk;
    zlib->avail_out = sizeof chunk;
    must(deflate(zlib, Z_SYNC_FLUSH) != Z_STREAM_ERROR, "zlib");
    append(wire, chunk, sizeof chunk - zlib->avail_out);
  } while (zlib->avail_out == 0);
}

static struct sherd__dispatch *next_event(struct sherd__lane *lane, struct sherd__print *print,
                                          size_t len_min) {
  struct sherd__dispatch *dispatch;
  for (;;) {
    must(sherd__lane_next(lane, 20000, false, print, &dispatch) == SHERD_OK, "no event");
    if (dispatch->len >= len_min)
      return dispatch;
    sherd__dispatch_release(dispatch);
  }
}

static void next_text(struct sherd__lane *lane, struct sherd__print *print, size_t seq,
                      size_t len_min, struct sherd_buf *text) {
  struct sherd__dispatch *dispatch = next_event(lane, print, len_min);
  char head[160];
  int len = snprintf(head, sizeof head, "{\"t\":\"%s\",\"s\":%zu,\"op\":0,\"d\":",
                     sherd__sim_event_row(dispatch->type)->name, seq);
  text->len = 0;
  append(text, head, (size_t)len);
  append(text, dispatch->data, dispatch->len);
  append(text, "}", 1);
  sherd__dispatch_release(dispatch);
}

static void make_stream(size_t count, size_t len_min, int strategy, struct stream *out) {
  const struct sherd_allocator *allocator = sherd_allocator_default();
  struct sherd__world world;
  struct sherd__lane lane;
  struct sherd__print print;
  struct sherd_buf text;
  z_stream zlib = {0};
  *out = (struct stream){.ends = malloc(count * sizeof *out->ends), .count = count};
  sherd__buf_init(&out->wire, allocator);
  sherd__buf_init(&text, allocator);
  must(out->ends && sherd__world_init(&world, allocator, 1, 1, 50) == SHERD_OK &&
           sherd__lane_init(&lane, &world, 0) == SHERD_OK,
       "out of memory");
  sherd__print_init(&print, allocator);
  must(deflateInit2(&zlib, LEVEL, Z_DEFLATED, 15, 8, strategy) == Z_OK, "zlib");
  out->sum = adler32(0, NULL, 0);
  for (size_t i = 0; i < count; i++) {
    next_text(&lane, &print, i + 1, len_min, &text);
    out->text_len += text.len;
    out->sum = adler32(out->sum, text.data, (uInt)text.len);
    deflate_text(&zlib, &text, &out->wire);
    out->ends[i] = out->wire.len;
  }
  deflateEnd(&zlib);
  sherd__buf_deinit(&text);
  sherd__print_deinit(&print);
  sherd__lane_deinit(&lane);
  sherd__world_deinit(&world);
}

static struct sherd_bytes message_of(const struct stream *stream, size_t i) {
  size_t from = i ? stream->ends[i - 1] : 0;
  return (struct sherd_bytes){stream->wire.data + from, stream->ends[i] - from};
}

/* --- Inflaters --- */

typedef enum sherd_status (*make_fn)(const struct sherd_allocator *allocator, bool per_message,
                                     struct sherd__inflater **out);

static void feed(struct sherd__inflater *inflater, const struct stream *stream, size_t i,
                 struct sherd_buf *out) {
  out->len = 0;
  must(sherd__inflater_feed(inflater, message_of(stream, i), true, true, LIMIT, out) == SHERD_OK,
       "a message was refused");
}

/* The time of this program alone: others may be running too. */
static double cpu_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Seconds for one shard that gets all the messages. */
static double run_warm(make_fn make, const struct stream *stream) {
  struct sherd__inflater *inflater;
  struct sherd_buf out;
  size_t text_len = 0;
  sherd__buf_init(&out, sherd_allocator_default());
  must(make(sherd_allocator_default(), false, &inflater) == SHERD_OK, "out of memory");
  double begin = cpu_s();
  for (size_t i = 0; i < stream->count; i++) {
    feed(inflater, stream, i, &out);
    text_len += out.len;
  }
  double seconds = cpu_s() - begin;
  must(text_len == stream->text_len, "bytes are missing");
  sherd__inflater_free(inflater);
  sherd__buf_deinit(&out);
  return seconds;
}

/* Seconds for many shards in turn, whose windows have left the cache when they come round. They are
 * at different messages, so that the processor does not learn one by heart. */
static double run_cold(make_fn make, const struct stream *stream) {
  static struct sherd__inflater *inflaters[COLD_SHARDS];
  struct sherd_buf out;
  sherd__buf_init(&out, sherd_allocator_default());
  for (size_t shard = 0; shard < COLD_SHARDS; shard++) {
    must(make(sherd_allocator_default(), false, &inflaters[shard]) == SHERD_OK, "out of memory");
    sherd__inflater_set_cold(inflaters[shard], true); /* as an engine does that takes its turn */
    for (size_t i = 0; i < COLD_WARM_UP + shard % COLD_APART; i++)
      feed(inflaters[shard], stream, i, &out);
  }
  double begin = cpu_s();
  for (size_t i = 0; i < COLD_ROUNDS; i++)
    for (size_t shard = 0; shard < COLD_SHARDS; shard++)
      feed(inflaters[shard], stream, COLD_WARM_UP + shard % COLD_APART + i, &out);
  double seconds = cpu_s() - begin;
  for (size_t i = 0; i < COLD_SHARDS; i++)
    sherd__inflater_free(inflaters[i]);
  sherd__buf_deinit(&out);
  return seconds;
}

static double run_libdeflate(const struct stream *stream) {
#if HAVE_LIBDEFLATE
  static const uint8_t end[] = {1, 0, 0, 0xff, 0xff}; /* an empty last block */
  struct libdeflate_decompressor *libdeflate = libdeflate_alloc_decompressor();
  struct sherd_buf wire;
  uint8_t *text = malloc(stream->text_len);
  size_t text_len;
  sherd__buf_init(&wire, sherd_allocator_default());
  append(&wire, stream->wire.data + 2, stream->wire.len - 2);
  append(&wire, end, sizeof end);
  must(libdeflate && text, "out of memory");
  memset(text, 0, stream->text_len); /* not to pay for the pages */
  double begin = cpu_s();
  must(libdeflate_deflate_decompress(libdeflate, wire.data, wire.len, text, stream->text_len,
                                     &text_len) == LIBDEFLATE_SUCCESS,
       "libdeflate");
  double seconds = cpu_s() - begin;
  must(text_len == stream->text_len, "bytes are missing");
  free(text);
  sherd__buf_deinit(&wire);
  libdeflate_free_decompressor(libdeflate);
  return seconds;
#else
  (void)stream;
  return 0;
#endif
}

static void check(const struct stream *stream) {
  struct sherd__inflater *inflater;
  struct sherd_buf out;
  uLong sum = adler32(0, NULL, 0);
  sherd__buf_init(&out, sherd_allocator_default());
  must(!sherd__inflater_new_native(sherd_allocator_default(), false, &inflater), "out of memory");
  for (size_t i = 0; i < stream->count; i++) {
    feed(inflater, stream, i, &out);
    sum = adler32(sum, out.data, (uInt)out.len);
  }
  must(sum == stream->sum, "the text is not the same");
  sherd__inflater_free(inflater);
  sherd__buf_deinit(&out);
}

/* --- Tables --- */

enum {
  ZLIB,
  OURS,
  LIBDEFLATE,
  ZLIB_COLD,
  OURS_COLD,
  ROWS
};

static const char *const names[ROWS] = {"zlib", "ours", "libdeflate, whole", "zlib, cold",
                                        "ours, cold"};

static double run(int row, const struct stream *stream) {
  switch (row) {
  case ZLIB:
    return run_warm(sherd__inflater_new_zlib, stream);
  case OURS:
    return run_warm(sherd__inflater_new_native, stream);
  case LIBDEFLATE:
    return run_libdeflate(stream);
  case ZLIB_COLD:
    return run_cold(sherd__inflater_new_zlib, stream);
  case OURS_COLD:
    return run_cold(sherd__inflater_new_native, stream);
  default:
    return 0;
  }
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void print_table(const char *title, const struct stream *stream) {
  double seconds[ROWS][RUNS], medians[ROWS];
  check(stream);
  for (int i = 0; i < RUNS; i++)
    for (int row = 0; row < ROWS; row++)
      seconds[row][i] = run(row, stream);
  printf("%s: %zu messages, %.0f bytes of deflate and %.0f of text each\n", title, stream->count,
         (double)stream->wire.len / (double)stream->count,
         (double)stream->text_len / (double)stream->count);
  printf("  %-20s %10s %10s %10s\n", "", "us/message", "spread", "to zlib");
  for (int row = 0; row < ROWS; row++) {
    bool is_cold = row == ZLIB_COLD || row == OURS_COLD;
    double messages = is_cold ? (double)COLD_SHARDS * COLD_ROUNDS : (double)stream->count;
    qsort(seconds[row], RUNS, sizeof(double), by_size);
    medians[row] = seconds[row][RUNS / 2];
    if (medians[row] > 0)
      printf("  %-20s %10.3f %9.0f%% %10.3f\n", names[row], medians[row] * 1e6 / messages,
             100 * (seconds[row][RUNS - 1] - seconds[row][0]) / medians[row],
             medians[row] / medians[is_cold ? ZLIB_COLD : ZLIB]);
  }
}

static void bench(const char *title, size_t count, size_t len_min, int strategy) {
  struct stream stream;
  make_stream(count, len_min, strategy, &stream);
  print_table(title, &stream);
  free(stream.ends);
  sherd__buf_deinit(&stream.wire);
}

static void run_alone(const char *name, size_t count) {
  struct stream stream;
  make_stream(count, 0, Z_DEFAULT_STRATEGY, &stream);
  for (int row = 0; row < ROWS; row++)
    if (strcmp(names[row], name) == 0)
      printf("%s: %.3f s\n", names[row], run(row, &stream));
  free(stream.ends);
  sherd__buf_deinit(&stream.wire);
}

int main(int argc, char **argv) {
  size_t count = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : MESSAGES;
  must(count > COLD_WARM_UP + COLD_APART + COLD_ROUNDS,
       "usage: bench_inflate [MESSAGES, at least 145 [NAME]]");
  if (argc > 2) {
    run_alone(argv[2], count);
    return EXIT_SUCCESS;
  }
  bench("all events", count, 0, Z_DEFAULT_STRATEGY);
  bench("large events", count, LARGE, Z_DEFAULT_STRATEGY);
  bench("fixed codes", count, 0, Z_FIXED);
  return EXIT_SUCCESS;
}
