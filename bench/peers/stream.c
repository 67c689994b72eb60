/* Makes the streams that the peers are compared on.
 *
 *   bench_stream FOLDER EVENTS [SEED] [GUILDS]
 *
 * Writes FOLDER/FORMAT-COMPRESSION for each format and each compression of a connection, as
 * stream_file.h says. The events are the simulator's, at 50 a second of its own time, and the same
 * in all the files. They are what the simulator has for an engine that it talks to in memory, so
 * what is written is exactly what goes over a wire, and has been understood by one client already.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sherd/engine.h>
#include <sherd/intents.h>

#include "sim/gateway.h"
#include "stream_file.h"

#define RATE   50 /* events in a second */
#define GUILDS 50
#define SEED   1

/* A day: nobody beats while the stream is played. */
#define HEARTBEAT_INTERVAL_MS 86400000

static void must(bool holds, const char *what) {
  if (holds)
    return;
  fprintf(stderr, "bench_stream: %s\n", what);
  exit(EXIT_FAILURE);
}

struct making {
  struct sherd__sim *sim;
  struct sherd__sim_client *client;
  struct sherd_engine *engine;
  struct sherd_buf wire; /* what the server said, but for what stands before `written` */
  FILE *file;
  uint64_t now_ms;
  uint64_t events;      /* dispatches that the engine understood */
  uint64_t hello_bytes; /* what the server said before it was told anything */
  uint64_t written;
  uint64_t user_id;
  bool is_upgraded;
};

/* --- The two sides --- */

static void take_output(struct making *it, const struct sherd_output *out) {
  switch (out->type) {
  case SHERD_OUTPUT_CONNECT:
    must(sherd_engine_opened(it->engine, it->now_ms) == SHERD_OK, "the engine did not open");
    break;
  case SHERD_OUTPUT_WRITE:
    if (it->is_upgraded && it->hello_bytes == 0)
      it->hello_bytes = it->written;
    sherd__sim_client_feed(it->client, out->as.write, it->now_ms);
    break;
  case SHERD_OUTPUT_PERMIT:
    must(sherd_engine_granted(it->engine, it->now_ms) == SHERD_OK, "the engine did not identify");
    break;
  case SHERD_OUTPUT_EVENT:
    it->events += out->as.event.has_seq;
    if (out->as.event.type == SHERD_EVENT_READY)
      (void)sherd_value_as_snowflake(sherd_value_path(out->as.event.data, "user.id"), &it->user_id);
    break;
  default:
    break;
  }
}

static void drain_engine(struct making *it) {
  struct sherd_output out;
  while (sherd_engine_next(it->engine, &out))
    take_output(it, &out);
}

/* The answer to the upgrade is not of the stream: it depends on the client's key. */
static void write_frames(struct making *it, struct sherd_bytes said) {
  if (!it->is_upgraded) {
    const uint8_t *end = memmem(said.data, said.len, "\r\n\r\n", 4);
    must(end, "the upgrade was refused");
    size_t head = (size_t)(end - said.data) + 4;
    said.data += head;
    said.len -= head;
    it->is_upgraded = true;
  }
  must(fwrite(said.data, 1, said.len, it->file) == said.len, "the disk is full");
  it->written += said.len;
}

/* What the server has to say goes to the file and to the engine. Gives whether there was any. */
static bool pass_on(struct making *it) {
  it->wire.len = 0;
  sherd__sim_client_take(it->client, &it->wire);
  struct sherd_bytes said = sherd__buf_bytes(&it->wire);
  if (said.len == 0)
    return false;
  write_frames(it, said);
  must(sherd_engine_feed(it->engine, said, it->now_ms) == SHERD_OK,
       "the engine did not understand");
  drain_engine(it);
  return true;
}

/* Lets time pass until the stream has come to its end. */
static void play(struct making *it, uint64_t events) {
  while (pass_on(it) || it->events < events) {
    while (sherd__sim_next_ready(it->sim))
      ;
    if (it->events >= events)
      continue;
    uint64_t next_ms = sherd__sim_deadline(it->sim);
    must(next_ms != UINT64_MAX, "nothing happens any more");
    if (next_ms > it->now_ms)
      it->now_ms = next_ms;
    sherd__sim_tick(it->sim, it->now_ms);
  }
  must(it->events == events, "there are more events than were asked for");
}

/* --- A file --- */

static void open_sides(struct making *it, const struct sherd_gateway_config *gateway,
                       uint64_t events, uint64_t seed, uint32_t guilds) {
  struct sherd__sim_config config = {.seed = seed,
                                     .shards = 1,
                                     .guilds = guilds,
                                     .rate = events ? RATE : 0,
                                     .max_events = (uint32_t)events,
                                     .heartbeat_interval_ms = HEARTBEAT_INTERVAL_MS};
  must(sherd__sim_new(&config, 0, &it->sim) == SHERD_OK, "the simulator refused to begin");
  must(sherd__sim_set_address(it->sim, false, "127.0.0.1", 1, "localhost", 1) == SHERD_OK &&
           sherd__sim_client_new(it->sim, NULL, 0, &it->client) == SHERD_OK &&
           sherd_engine_new(gateway, NULL, &it->engine) == SHERD_OK &&
           sherd_engine_start(it->engine, 0) == SHERD_OK,
       "out of memory");
  sherd__buf_init(&it->wire, sherd_allocator_default());
}

static void write_head(struct making *it) {
  char head[STREAM_HEAD_BYTES + 1];
  uint64_t text_bytes = sherd_engine_stats(it->engine)->bytes_inflated;
  int len = snprintf(head, sizeof head, STREAM_HEAD_FORMAT, (uintmax_t)it->events,
                     (uintmax_t)it->hello_bytes, (uintmax_t)text_bytes, (uintmax_t)it->user_id);
  memset(head + len, ' ', STREAM_HEAD_BYTES - (size_t)len);
  head[STREAM_HEAD_BYTES - 1] = '\n';
  must(fseek(it->file, 0, SEEK_SET) == 0 &&
           fwrite(head, 1, STREAM_HEAD_BYTES, it->file) == STREAM_HEAD_BYTES &&
           fclose(it->file) == 0,
       "the disk is full");
}

static void make(const char *path, enum sherd_data_format format,
                 enum sherd_compression compression, uint64_t events, uint64_t seed,
                 uint32_t guilds) {
  const struct sherd_gateway_config gateway = {.token = SHERD__SIM_TOKEN,
                                               .gateway_url = "ws://127.0.0.1:1",
                                               .intents = SHERD_INTENTS_ALL,
                                               .format = format,
                                               .compression = compression};
  struct making it = {.file = fopen(path, "wb")};
  must(it.file, "a file cannot be made in FOLDER; is it there?");
  must(fseek(it.file, STREAM_HEAD_BYTES, SEEK_SET) == 0, path);
  open_sides(&it, &gateway, events, seed, guilds);
  drain_engine(&it);
  play(&it, 1 + guilds + events);
  write_head(&it);
  printf("%s: %" PRIu64 " events, %" PRIu64 " bytes each\n", path, it.events,
         it.written / it.events);
  sherd_engine_free(it.engine);
  sherd__sim_client_free(it.client, it.now_ms);
  sherd__sim_free(it.sim);
  sherd__buf_deinit(&it.wire);
}

static uint64_t number(const char *text, uint64_t max) {
  char *end;
  uint64_t value = strtoull(text, &end, 10);
  must(*text && !*end && value <= max, "usage: bench_stream FOLDER EVENTS [SEED] [GUILDS]");
  return value;
}

int main(int argc, char **argv) {
  static const char *const formats[] = {"json", "etf"};
  static const struct {
    const char *name;
    enum sherd_compression compression;
  } compressions[] = {{"none", SHERD_COMPRESSION_NONE},
                      {"zlib-stream", SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM},
                      {"zstd-stream", SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM}};
  must(argc >= 3 && argc <= 5, "usage: bench_stream FOLDER EVENTS [SEED] [GUILDS]");
  uint64_t events = number(argv[2], 10000000);
  uint64_t seed = argc > 3 ? number(argv[3], UINT64_MAX) : SEED;
  uint32_t guilds = argc > 4 ? (uint32_t)number(argv[4], 2500) : GUILDS;
  for (size_t i = 0; i < 2; i++) {
    for (size_t j = 0; j < 3; j++) {
      char path[1024];
      snprintf(path, sizeof path, "%s/%s-%s", argv[1], formats[i], compressions[j].name);
      make(path, (enum sherd_data_format)i, compressions[j].compression, events, seed, guilds);
    }
  }
  return EXIT_SUCCESS;
}
