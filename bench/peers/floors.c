/* What cannot be had for less: the work on a stream's bytes alone, without sockets, frames, events.
 *
 *   bench_floors STREAM FLOOR
 *
 * Prints {"events":N,"cpu_s":S,"peak_kb":K} as the sender does, or exits with 69 when it was built
 * without that library. Floors: touch and memcpy (of the frames' payloads); zlib and libdeflate
 * (the whole stream at once, as a guide only: a shard never has it whole) for zlib-stream, libzstd
 * for zstd-stream, and native, the project's own inflaters, for both. All but libdeflate are given
 * a message at a time, and put each out to the same memory. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sched.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <zlib.h>
#include <zstd.h>
#if HAVE_LIBDEFLATE
#include <libdeflate.h>
#endif

#include "base/buf.h"
#include "engine/inflate_codec.h"
#include "stream_file.h"

#define NOT_HERE 69
#define TEXT_MAX (8u << 20) /* of a message */

static void must(bool holds, const char *what) {
  if (holds)
    return;
  fprintf(stderr, "bench_floors: %s\n", what);
  exit(EXIT_FAILURE);
}

/* What a floor came to, so that no work is for nothing. */
struct outcome {
  uint64_t text_bytes;
  uint64_t sum;
};

static double cpu_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint8_t *text_room(size_t size) {
  uint8_t *text = malloc(size);
  must(text, "out of memory");
  memset(text, 0, size); /* not to pay for the pages */
  return text;
}

/* --- The floors: each gives the seconds that it took --- */

static double touch(struct sherd_bytes frames, struct outcome *outcome) {
  double begin = cpu_s();
  for (struct sherd_bytes in; (in = stream_file_next(&frames)).len;) {
    uint64_t word;
    for (size_t i = 0; i + sizeof word <= in.len; i += sizeof word) {
      memcpy(&word, in.data + i, sizeof word);
      outcome->sum += word;
    }
    outcome->text_bytes += in.len;
  }
  return cpu_s() - begin;
}

static double copy(struct sherd_bytes frames, struct outcome *outcome) {
  uint8_t *text = text_room(TEXT_MAX);
  double begin = cpu_s();
  for (struct sherd_bytes in; (in = stream_file_next(&frames)).len;) {
    must(in.len <= TEXT_MAX, "a message is too long");
    memcpy(text, in.data, in.len);
    outcome->sum += text[in.len / 2];
    outcome->text_bytes += in.len;
  }
  double seconds = cpu_s() - begin;
  free(text);
  return seconds;
}

static double inflate_zlib(struct sherd_bytes frames, struct outcome *outcome) {
  uint8_t *text = text_room(TEXT_MAX);
  z_stream zlib = {0};
  must(inflateInit(&zlib) == Z_OK, "zlib");
  double begin = cpu_s();
  for (struct sherd_bytes in; (in = stream_file_next(&frames)).len;) {
    zlib.next_in = (Bytef *)(uintptr_t)in.data;
    zlib.avail_in = (uInt)in.len;
    zlib.next_out = text;
    zlib.avail_out = TEXT_MAX;
    must(inflate(&zlib, Z_SYNC_FLUSH) == Z_OK && zlib.avail_in == 0, "zlib");
    outcome->text_bytes += TEXT_MAX - zlib.avail_out;
  }
  double seconds = cpu_s() - begin;
  inflateEnd(&zlib);
  free(text);
  return seconds;
}

/* Which of the two it is, the stream's first byte tells. */
static double inflate_native(struct sherd_bytes frames, struct outcome *outcome) {
  struct sherd_bytes peek = frames;
  bool is_zstd = stream_file_next(&peek).data[0] == 0x28;
  enum sherd_compression compression =
      is_zstd ? SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM : SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM;
  struct sherd__inflater *inflater;
  struct sherd_buf text;
  sherd__buf_init(&text, sherd_allocator_default());
  must(sherd__inflater_new(sherd_allocator_default(), compression, &inflater) == SHERD_OK,
       "out of memory");
  double begin = cpu_s();
  for (struct sherd_bytes in; (in = stream_file_next(&frames)).len;) {
    text.len = 0;
    must(sherd__inflater_feed(inflater, in, true, true, TEXT_MAX, &text) == SHERD_OK, "native");
    outcome->text_bytes += text.len;
  }
  double seconds = cpu_s() - begin;
  sherd__inflater_free(inflater);
  sherd__buf_deinit(&text);
  return seconds;
}

static double inflate_libdeflate(struct sherd_bytes frames, struct outcome *outcome,
                                 uint64_t text_bytes) {
#if HAVE_LIBDEFLATE
  static const uint8_t end[] = {1, 0, 0, 0xff, 0xff}; /* an empty last block */
  struct libdeflate_decompressor *libdeflate = libdeflate_alloc_decompressor();
  struct sherd_buf wire;
  uint8_t *text = text_room(text_bytes);
  size_t text_len;
  sherd__buf_init(&wire, sherd_allocator_default());
  for (struct sherd_bytes in; (in = stream_file_next(&frames)).len;)
    must(sherd__buf_append(&wire, in.data, in.len) == SHERD_OK, "out of memory");
  must(libdeflate && sherd__buf_append(&wire, end, sizeof end) == SHERD_OK, "out of memory");
  double begin = cpu_s();
  /* From its third byte on: the two before are zlib's head. */
  must(libdeflate_deflate_decompress(libdeflate, wire.data + 2, wire.len - 2, text, text_bytes,
                                     &text_len) == LIBDEFLATE_SUCCESS,
       "libdeflate");
  double seconds = cpu_s() - begin;
  outcome->text_bytes = text_len;
  free(text);
  sherd__buf_deinit(&wire);
  libdeflate_free_decompressor(libdeflate);
  return seconds;
#else
  (void)frames;
  (void)outcome;
  (void)text_bytes;
  fprintf(stderr, "libdeflate was not there when this was built\n");
  exit(NOT_HERE);
#endif
}

static double inflate_zstd(struct sherd_bytes frames, struct outcome *outcome) {
  uint8_t *text = text_room(TEXT_MAX);
  ZSTD_DCtx *zstd = ZSTD_createDCtx();
  must(zstd, "zstd");
  double begin = cpu_s();
  for (struct sherd_bytes in; (in = stream_file_next(&frames)).len;) {
    ZSTD_inBuffer from = {in.data, in.len, 0};
    ZSTD_outBuffer to = {text, TEXT_MAX, 0};
    while (from.pos < from.size)
      must(!ZSTD_isError(ZSTD_decompressStream(zstd, &to, &from)), "zstd");
    outcome->text_bytes += to.pos;
  }
  double seconds = cpu_s() - begin;
  ZSTD_freeDCtx(zstd);
  free(text);
  return seconds;
}

/* --- One of them --- */

static double run(const char *floor, const struct stream_file *stream, struct outcome *outcome) {
  struct sherd_bytes frames = {stream->hello.data, stream->hello.len + stream->rest.len};
  if (strcmp(floor, "touch") == 0)
    return touch(frames, outcome);
  if (strcmp(floor, "memcpy") == 0)
    return copy(frames, outcome);
  if (strcmp(floor, "zlib") == 0)
    return inflate_zlib(frames, outcome);
  if (strcmp(floor, "native") == 0)
    return inflate_native(frames, outcome);
  if (strcmp(floor, "libdeflate") == 0)
    return inflate_libdeflate(frames, outcome, stream->text_bytes);
  if (strcmp(floor, "libzstd") == 0)
    return inflate_zstd(frames, outcome);
  must(false, "there is no such floor");
  return 0;
}

int main(int argc, char **argv) {
  struct outcome outcome = {0};
  struct rusage usage;
  cpu_set_t second;
  must(argc == 3, "usage: bench_floors STREAM FLOOR");
  CPU_ZERO(&second);
  CPU_SET(1, &second);
  if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
    must(sched_setaffinity(0, sizeof second, &second) == 0, "sched_setaffinity");
  struct stream_file stream = stream_file_open(argv[1]);
  double seconds = run(argv[2], &stream, &outcome);
  must(outcome.text_bytes == stream.text_bytes, "bytes are missing");
  must(getrusage(RUSAGE_SELF, &usage) == 0, "getrusage");
  printf("{\"events\":%" PRIu64 ",\"cpu_s\":%.6f,\"peak_kb\":%ld}\n", stream.events, seconds,
         usage.ru_maxrss);
  return EXIT_SUCCESS;
}
