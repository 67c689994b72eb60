/* Plays made streams through the hot paths, for callgrind to count what each costs an event.
 *
 *   valgrind --tool=callgrind --collect-atstart=no ... hot_paths STREAMS
 *
 * STREAMS is what bench_stream has made. Each path says its name and how many events it was, and
 * leaves a dump of that name; only what is measured is in it, after a warm-up. scripts/instructions
 * runs it and holds the counts against counts.txt. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <valgrind/callgrind.h>

#include <sherd/engine.h>
#include <sherd/ndjson.h>

#include "base/buf.h"
#include "engine/command.h"
#include "engine/inflate_codec.h"
#include "memory_client.h"
#include "peers/stream_file.h"

#define WARM_UP_EVENTS 200     /* the handshake's, the guilds', and some more */
#define LINE_BYTES     1048576 /* for the longest event */
#define COMMAND_ROUNDS 500
#define LIMIT          ((size_t)64 << 20)

static const char *folder;

static void must(bool holds, const char *what) {
  if (holds)
    return;
  fprintf(stderr, "hot_paths: %s\n", what);
  exit(EXIT_FAILURE);
}

static struct stream_file open_stream(enum sherd_data_format format, const char *compression) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s-%s", folder, format == SHERD_FORMAT_JSON ? "json" : "etf",
           compression);
  return stream_file_open(path);
}

static void dump(const char *name, uint64_t events) {
  CALLGRIND_DUMP_STATS_AT(name); /* and begins anew */
  printf("%s %ju\n", name, (uintmax_t)events);
}

/* --- What programs do with an event --- */

typedef void (*use_fn)(const struct sherd_event *event);

static volatile uint64_t sink;

static void walk(struct sherd_value value) {
  struct sherd_value key, item;
  struct sherd_bytes text;
  int64_t number = 0;
  switch (sherd_value_type(value)) {
  case SHERD_VALUE_OBJECT:
  case SHERD_VALUE_LIST:
    for (struct sherd_value_iter iter = sherd_value_iterate(value);
         sherd_value_next(&iter, &key, &item);)
      walk(item);
    break;
  case SHERD_VALUE_STRING:
    if (sherd_value_as_str(value, &text) == SHERD_OK)
      sink += text.len;
    break;
  case SHERD_VALUE_NUMBER:
    (void)sherd_value_as_i64(value, &number);
    sink += (uint64_t)number;
    break;
  default:
    sink++;
  }
}

static void walk_event(const struct sherd_event *event) {
  walk(event->data);
}

static void write_line(const struct sherd_event *event) {
  static char line[LINE_BYTES];
  size_t len;
  must(sherd_event_to_ndjson(event, 0, line, sizeof line, &len) == SHERD_OK, "no line");
  sink += len;
}

/* --- Engines --- */

struct player {
  struct memory_client client;
  use_fn use; /* what is measured; NULL: the engine is */
  bool is_warm;
  uint64_t events; /* since it was */
};

static void on_event(const struct sherd_event *event, void *user) {
  struct player *player = user;
  if (!player->is_warm)
    return;
  player->events += event->has_seq;
  if (!player->use)
    return;
  CALLGRIND_TOGGLE_COLLECT;
  player->use(event);
  CALLGRIND_TOGGLE_COLLECT;
}

static void warm_up(struct player *player, const struct stream_file *file,
                    struct sherd_bytes *rest) {
  *rest = file->rest;
  for (int i = 0; i < WARM_UP_EVENTS; i++)
    must(stream_file_next(rest).len > 0, "the stream is short");
  memory_client_feed(&player->client, file->hello);
  memory_client_feed(&player->client,
                     (struct sherd_bytes){file->rest.data, file->rest.len - rest->len});
  player->is_warm = true;
}

static void play(const char *name, enum sherd_data_format format,
                 enum sherd_compression compression, use_fn use) {
  static const char *const names[] = {[SHERD_COMPRESSION_NONE] = "none",
                                      [SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM] = "zlib-stream",
                                      [SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM] = "zstd-stream"};
  const struct sherd_gateway_config config = {.format = format, .compression = compression};
  struct stream_file file = open_stream(format, names[compression]);
  struct player player = {.client = {.on_event = on_event, .user = &player}, .use = use};
  struct sherd_bytes rest;
  memory_client_open(&player.client, &config);
  warm_up(&player, &file, &rest);
  if (!use)
    CALLGRIND_TOGGLE_COLLECT;
  memory_client_feed(&player.client, rest);
  if (!use)
    CALLGRIND_TOGGLE_COLLECT;
  must(player.events == file.events - WARM_UP_EVENTS, "events are missing");
  dump(name, player.events);
  memory_client_close(&player.client);
}

/* --- Without an engine --- */

static void inflate_next(struct sherd__inflater *inflater, struct sherd_bytes *frames,
                         struct sherd_buf *out) {
  out->len = 0;
  must(sherd__inflater_feed(inflater, stream_file_next(frames), true, true, LIMIT, out) == SHERD_OK,
       "it did not inflate");
}

static void inflate(const char *name) {
  struct stream_file file = open_stream(SHERD_FORMAT_JSON, "zlib-stream");
  struct sherd__inflater *inflater;
  struct sherd_buf out;
  const struct sherd_allocator *allocator = sherd_allocator_default();
  must(sherd__inflater_new_native(allocator, false, &inflater) == SHERD_OK, "out of memory");
  sherd__buf_init(&out, allocator);
  while (file.hello.len > 0)
    inflate_next(inflater, &file.hello, &out);
  for (int i = 0; i < WARM_UP_EVENTS; i++)
    inflate_next(inflater, &file.rest, &out);
  CALLGRIND_TOGGLE_COLLECT;
  while (file.rest.len > 0)
    inflate_next(inflater, &file.rest, &out);
  CALLGRIND_TOGGLE_COLLECT;
  dump(name, file.events - WARM_UP_EVENTS);
  sherd__buf_deinit(&out);
  sherd__inflater_free(inflater);
}

static void encode(const char *name, enum sherd_data_format format) {
  static const sherd_snowflake ids[] = {81384788765712384, 1014547311043489933};
  static const struct sherd_command commands[] = {
      {SHERD_COMMAND_VOICE_STATE,
       1014547311043489932,
       {.voice_state = {1014547311043489936, 0, 1}}},
      {SHERD_COMMAND_REQUEST_MEMBERS,
       1014547311043489932,
       {.members = {.query = "dig", .limit = 5}}},
      {SHERD_COMMAND_REQUEST_MEMBERS,
       1014547311043489932,
       {.members = {.user_ids = ids, .user_id_count = 2, .nonce = "a-nonce"}}},
      {SHERD_COMMAND_REQUEST_SOUNDBOARD_SOUNDS, 0, {.soundboard_guilds = {ids, 2}}},
  };
  const unsigned count = sizeof commands / sizeof *commands;
  struct sherd_error_info error;
  struct sherd_buf out;
  sherd__buf_init(&out, sherd_allocator_default());
  must(sherd__buf_reserve(&out, SHERD_COMMAND_BYTES_MAX) == SHERD_OK, "out of memory");
  CALLGRIND_TOGGLE_COLLECT;
  for (unsigned i = 0; i < COMMAND_ROUNDS * count; i++) {
    out.len = 0;
    must(sherd__command_check(&commands[i % count], UINT64_MAX, &error) == SHERD_OK &&
             sherd__command_encode(&commands[i % count], format, &out) == SHERD_OK,
         "no command");
  }
  CALLGRIND_TOGGLE_COLLECT;
  dump(name, COMMAND_ROUNDS * count);
  sherd__buf_deinit(&out);
}

int main(int argc, char **argv) {
  must(argc == 2, "usage: hot_paths STREAMS");
  folder = argv[1];
  play("engine-json", SHERD_FORMAT_JSON, SHERD_COMPRESSION_NONE, NULL);
  play("engine-json-zlib-stream", SHERD_FORMAT_JSON, SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM, NULL);
  play("engine-json-zstd-stream", SHERD_FORMAT_JSON, SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM, NULL);
  play("engine-etf", SHERD_FORMAT_ETF, SHERD_COMPRESSION_NONE, NULL);
  play("walk-json", SHERD_FORMAT_JSON, SHERD_COMPRESSION_NONE, walk_event);
  play("walk-etf", SHERD_FORMAT_ETF, SHERD_COMPRESSION_NONE, walk_event);
  play("line-json", SHERD_FORMAT_JSON, SHERD_COMPRESSION_NONE, write_line);
  play("line-etf", SHERD_FORMAT_ETF, SHERD_COMPRESSION_NONE, write_line);
  inflate("inflate-zlib-stream");
  encode("command-json", SHERD_FORMAT_JSON);
  encode("command-etf", SHERD_FORMAT_ETF);
  return EXIT_SUCCESS;
}
