/* What an event costs from the bytes of the transport to the callback, without a socket: frames,
 * inflation, envelope, session. Prints a line for each compression.
 *
 * The events are the documents of the directory given, over and over, each with the next sequence
 * number and with ids of its own, so that they do not compress as one. They are made and compressed
 * beforehand. */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <zlib.h>
#include <zstd.h>

#include <sherd/engine.h>

#include "base/buf.h"
#include "engine/frames.h"
#include "memory_client.h"

#define EVENTS    100000
#define FILES_MAX 256

static void must(bool condition, const char *what) {
  if (condition)
    return;
  fprintf(stderr, "bench_engine: %s\n", what);
  exit(EXIT_FAILURE);
}

/* --- The documents --- */

struct sample {
  char name[64]; /* the event's */
  struct sherd_buf d;
};

static struct sample samples[FILES_MAX];
static size_t sample_count;

static void read_file(const char *path, struct sherd_buf *out) {
  char bytes[4096];
  FILE *file = fopen(path, "rb");
  must(file, path);
  size_t got;
  sherd__buf_init(out, sherd_allocator_default());
  while ((got = fread(bytes, 1, sizeof bytes, file)) > 0)
    must(sherd__buf_append(out, bytes, got) == SHERD_OK, "out of memory");
  fclose(file);
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const struct sample *)a)->name, ((const struct sample *)b)->name);
}

/* READY and RESUMED are the handshake's own; a variant of an event has a dot in its name. */
static bool is_sample(const char *file) {
  const char *end = strstr(file, ".json");
  return end && strcmp(end, ".json") == 0 && strcmp(file, "READY.json") != 0 &&
         strcmp(file, "RESUMED.json") != 0;
}

static void read_samples(const char *folder) {
  char path[1024];
  DIR *dir = opendir(folder);
  must(dir, folder);
  for (struct dirent *entry; (entry = readdir(dir)) && sample_count < FILES_MAX;) {
    if (!is_sample(entry->d_name))
      continue;
    struct sample *sample = &samples[sample_count++];
    snprintf(sample->name, sizeof sample->name, "%.*s", (int)strcspn(entry->d_name, "."),
             entry->d_name);
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    read_file(path, &sample->d);
  }
  closedir(dir);
  must(sample_count > 0, "no documents there");
  qsort(samples, sample_count, sizeof *samples, by_name);
}

static uint64_t dice = 1; /* xorshift; the same events each time */

static uint64_t roll(void) {
  dice ^= dice << 13;
  dice ^= dice >> 7;
  dice ^= dice << 17;
  return dice;
}

/* Snowflakes are the runs of 17 digits and more; their first digits, the time, stay. */
static void change_ids(uint8_t *data, size_t len) {
  size_t digits = 0;
  for (size_t i = 0; i <= len; i++) {
    if (i < len && data[i] >= '0' && data[i] <= '9') {
      digits++;
      continue;
    }
    for (size_t j = 6; digits >= 17 && j < digits; j++)
      data[i - digits + j] = (uint8_t)('0' + roll() % 10);
    digits = 0;
  }
}

/* --- The server's side: messages to frames --- */

struct server {
  enum sherd_compression compression;
  struct sherd__frames *frames;
  z_stream zlib;
  ZSTD_CCtx *zstd;
  struct sherd_buf packed; /* one message, compressed */
  struct sherd_buf out;    /* all of it, as it goes over the wire */
};

static void open_server(struct server *server, enum sherd_compression compression) {
  memset(server, 0, sizeof *server);
  server->compression = compression;
  sherd__buf_init(&server->packed, sherd_allocator_default());
  sherd__buf_init(&server->out, sherd_allocator_default());
  must(sherd__frames_new(sherd_allocator_default(), SHERD__FRAMES_SERVER, NULL, 1 << 26,
                         &server->frames) == SHERD_OK,
       "frames");
  must(deflateInit(&server->zlib, 6) == Z_OK, "zlib");
  server->zstd = ZSTD_createCCtx();
  must(server->zstd, "zstd");
}

static void close_server(struct server *server) {
  sherd__frames_free(server->frames);
  deflateEnd(&server->zlib);
  ZSTD_freeCCtx(server->zstd);
  sherd__buf_deinit(&server->packed);
  sherd__buf_deinit(&server->out);
}

static void pack_zlib(struct server *server, struct sherd_bytes message, bool whole) {
  if (whole)
    deflateReset(&server->zlib);
  server->zlib.next_in = (Bytef *)(uintptr_t)message.data;
  server->zlib.avail_in = (uInt)message.len;
  server->zlib.next_out = server->packed.data;
  server->zlib.avail_out = (uInt)server->packed.cap;
  deflate(&server->zlib, whole ? Z_FINISH : Z_SYNC_FLUSH);
  must(server->zlib.avail_in == 0 && server->zlib.avail_out > 0, "zlib");
  server->packed.len = server->packed.cap - server->zlib.avail_out;
}

static void pack_zstd(struct server *server, struct sherd_bytes message) {
  ZSTD_inBuffer in = {message.data, message.len, 0};
  ZSTD_outBuffer out = {server->packed.data, server->packed.cap, 0};
  size_t left = ZSTD_compressStream2(server->zstd, &out, &in, ZSTD_e_flush);
  must(left == 0 && in.pos == in.size, "zstd");
  server->packed.len = out.pos;
}

static void say(struct server *server, struct sherd_bytes message) {
  enum sherd__frames_opcode opcode = SHERD__FRAMES_BINARY;
  server->packed.len = 0;
  must(sherd__buf_reserve(&server->packed, message.len * 2 + 1024) == SHERD_OK, "out of memory");
  switch (server->compression) {
  case SHERD_COMPRESSION_NONE:
    opcode = SHERD__FRAMES_TEXT;
    sherd__buf_append(&server->packed, message.data, message.len);
    break;
  case SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM:
  case SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM:
    pack_zlib(server, message, server->compression == SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM);
    break;
  case SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM:
    pack_zstd(server, message);
    break;
  }
  must(sherd__frames_write(server->frames, opcode, sherd__buf_bytes(&server->packed),
                           &server->out) == SHERD_OK,
       "frame");
}

static void say_text(struct server *server, const char *text) {
  say(server, (struct sherd_bytes){(const uint8_t *)text, strlen(text)});
}

static void say_event(struct server *server, uint64_t seq, const struct sample *sample) {
  char head[160];
  struct sherd_buf message;
  sherd__buf_init(&message, sherd_allocator_default());
  int len = snprintf(head, sizeof head,
                     "{\"t\":\"%s\",\"s\":%" PRIu64 ",\"op\":0,\"d\":", sample->name, seq);
  sherd__buf_append(&message, head, (size_t)len);
  sherd__buf_append(&message, sample->d.data, sample->d.len);
  change_ids(message.data + len, message.len - (size_t)len);
  must(sherd__buf_append_byte(&message, '}') == SHERD_OK, "out of memory");
  say(server, sherd__buf_bytes(&message));
  sherd__buf_deinit(&message);
}

/* --- The client's side --- */

static uint64_t events;

static void count_event(const struct sherd_event *event, void *user) {
  (void)user;
  events += event->has_seq;
}

/* --- Measuring --- */

/* The time of this program alone: others may be running too. */
static double cpu_s(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void run(const char *name, enum sherd_compression compression) {
  struct server server;
  struct memory_client client = {.on_event = count_event};
  const struct sherd_gateway_config config = {.compression = compression};
  open_server(&server, compression);
  memory_client_open(&client, &config);
  events = 0;

  say_text(&server, "{\"op\":10,\"d\":{\"heartbeat_interval\":41250}}");
  say_text(&server, "{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"v\":10,\"user\":{\"id\":\"1\"},"
                    "\"session_id\":\"bench\",\"resume_gateway_url\":\"ws://127.0.0.1\"}}");
  memory_client_feed(&client, sherd__buf_bytes(&server.out));
  must(sherd_engine_is_connected(client.engine), "not connected");
  server.out.len = 0;
  for (uint64_t i = 0; i < EVENTS; i++)
    say_event(&server, i + 2, &samples[i % sample_count]);

  uint64_t inflated = sherd_engine_stats(client.engine)->bytes_inflated;
  double begin = cpu_s();
  memory_client_feed(&client, sherd__buf_bytes(&server.out));
  double seconds = cpu_s() - begin;
  inflated = sherd_engine_stats(client.engine)->bytes_inflated - inflated;
  must(events == EVENTS + 1, "events are missing");

  printf("%-22s %8.0f %11.0f %9.0f %12.2f\n", name, seconds * 1e9 / EVENTS,
         (double)server.out.len / EVENTS, (double)inflated / EVENTS,
         seconds * 1e9 / (double)inflated);
  memory_client_close(&client);
  close_server(&server);
}

int main(int argc, char **argv) {
  must(argc == 2, "usage: bench_engine DIRECTORY-OF-DOCUMENTS");
  read_samples(argv[1]);
  printf("compression            ns/event  wire B/ev.  B/event  ns/B inflated\n");
  run("none", SHERD_COMPRESSION_NONE);
  run("payload zlib", SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM);
  run("transport zlib-stream", SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM);
  run("transport zstd-stream", SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM);
  for (size_t i = 0; i < sample_count; i++)
    sherd__buf_deinit(&samples[i].d);
  return EXIT_SUCCESS;
}
