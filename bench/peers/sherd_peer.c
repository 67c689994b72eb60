/* Sherd as a peer: a shard that counts events, and does with each what PEER_DOES says.
 *
 *   raw      counts them, and looks at nothing
 *   walked   visits every value of `d`, and reads each: texts, numbers, and so on
 *   ndjson   writes each as a line of JSON to /dev/null
 *   stamped  writes down when it came
 *
 * PEER_INFLATER=zlib has zlib inflate instead of Sherd's own inflater; PEER_THREADS says how many
 * loop threads there are, 1 if nothing. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <unistd.h>

#include <sherd/intents.h>
#include <sherd/ndjson.h>
#include <sherd/rest.h>
#include <sherd/shard.h>

#include "measure.h"
#include "stamps.h"

#define LINE_BYTES (8u << 20)
#define HELD_BYTES 65536 /* written at once */
#define TEXT_BYTES 8192  /* Discord's texts are shorter */
#define SHARDS_MAX 16384

struct counting {
  _Atomic uint64_t events;
  uint64_t wanted;
  bool has_threads;
  uint64_t values, sum; /* so that no reading is for nothing */
  char *lines;
  size_t lines_len;
  int null;
  struct stamps stamps;
  void (*take)(struct counting *counting, const struct sherd_event *event);
};

static void must(bool holds, const char *what) {
  if (holds)
    return;
  fprintf(stderr, "sherd: %s\n", what);
  exit(EXIT_FAILURE);
}

/* --- What is done with an event --- */

static void take_raw(struct counting *counting, const struct sherd_event *event) {
  (void)counting;
  (void)event;
}

/* A text with escapes has to be copied to be read. */
static void read_text(struct counting *counting, struct sherd_value value) {
  char copy[TEXT_BYTES];
  struct sherd_bytes text = {NULL, 0};
  if (sherd_value_as_str(value, &text) == SHERD_OK ||
      sherd_value_as_str_copy(value, copy, sizeof copy, &text.len) == SHERD_OK)
    counting->sum += text.len;
}

static void read_value(struct counting *counting, struct sherd_value value);

static void walk(struct counting *counting, struct sherd_value container) {
  struct sherd_value_iter iter = sherd_value_iterate(container);
  struct sherd_value key, value;
  while (sherd_value_next(&iter, &key, &value)) {
    read_text(counting, key);
    read_value(counting, value);
  }
  must(sherd_value_iter_status(&iter) == SHERD_OK, "a value is damaged");
}

static void read_value(struct counting *counting, struct sherd_value value) {
  double number = 0;
  bool is_true = false;
  counting->values++;
  switch (sherd_value_type(value)) {
  case SHERD_VALUE_STRING:
    read_text(counting, value);
    break;
  case SHERD_VALUE_NUMBER:
    if (sherd_value_as_f64(value, &number) == SHERD_OK)
      counting->sum += number > 0;
    break;
  case SHERD_VALUE_BOOL:
    if (sherd_value_as_bool(value, &is_true) == SHERD_OK)
      counting->sum += is_true;
    break;
  case SHERD_VALUE_LIST:
  case SHERD_VALUE_OBJECT:
    walk(counting, value);
    break;
  case SHERD_VALUE_NULL:
    break;
  }
}

static void take_walked(struct counting *counting, const struct sherd_event *event) {
  read_value(counting, event->data);
}

static void flush(struct counting *counting) {
  must(write(counting->null, counting->lines, counting->lines_len) == (ssize_t)counting->lines_len,
       "/dev/null");
  counting->lines_len = 0;
}

static void take_ndjson(struct counting *counting, const struct sherd_event *event) {
  size_t len;
  must(sherd_event_to_ndjson(event, 0, counting->lines + counting->lines_len,
                             LINE_BYTES - counting->lines_len, &len) == SHERD_OK,
       "no line could be made");
  counting->lines_len += len;
  if (counting->lines_len >= HELD_BYTES)
    flush(counting);
}

static void take_stamped(struct counting *counting, const struct sherd_event *event) {
  (void)event;
  counting->stamps.taken[counting->events] = measure_ns(CLOCK_MONOTONIC);
}

/* --- The shard --- */

/* How many it is then. With one thread nobody else counts, and a bus need not be locked. */
static uint64_t count(struct counting *counting) {
  if (counting->has_threads)
    return atomic_fetch_add_explicit(&counting->events, 1, memory_order_relaxed) + 1;
  uint64_t events = atomic_load_explicit(&counting->events, memory_order_relaxed) + 1;
  atomic_store_explicit(&counting->events, events, memory_order_relaxed);
  return events;
}

static void on_event(struct sherd_shard *shard, const struct sherd_event *event, void *user) {
  struct counting *counting = user;
  (void)shard;
  if (!event->has_seq)
    return;
  counting->take(counting, event);
  if (count(counting) != counting->wanted)
    return;
  if (counting->take == take_ndjson)
    flush(counting);
  printf("{\"events\":%ju}\n", (uintmax_t)counting->wanted);
  fflush(stdout);
}

static const char *wanted(const char *name) {
  const char *value = getenv(name);
  must(value, name);
  return value;
}

static enum sherd_compression compression_of(const char *name) {
  return strcmp(name, "zlib-stream") == 0   ? SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM
         : strcmp(name, "zstd-stream") == 0 ? SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM
                                            : SHERD_COMPRESSION_NONE;
}

static enum sherd_inflater inflater_of(const char *name) {
  return strcmp(name, "zlib") == 0 ? SHERD_INFLATER_ZLIB : SHERD_INFLATER_NATIVE;
}

static void prepare(struct counting *counting) {
  const char *does = wanted("PEER_DOES");
  counting->take = strcmp(does, "walked") == 0    ? take_walked
                   : strcmp(does, "ndjson") == 0  ? take_ndjson
                   : strcmp(does, "stamped") == 0 ? take_stamped
                                                  : take_raw;
  counting->wanted = strtoull(wanted("PEER_EVENTS"), NULL, 10);
  if (counting->take == take_stamped)
    counting->stamps = stamps_find(counting->wanted);
  counting->null = open("/dev/null", O_WRONLY | O_CLOEXEC);
  counting->lines = malloc(LINE_BYTES);
  must(counting->null >= 0 && counting->lines, "out of memory");
}

int main(void) {
  static struct counting counting;
  static struct sherd_shard *shards[SHARDS_MAX];
  const char *threads = getenv("PEER_THREADS");
  struct sherd_runtime_config runtime = {
      .threads = threads ? (uint32_t)strtoul(threads, NULL, 10) : 1, .max_concurrency = SHARDS_MAX};
  struct sherd_shard_config config = {
      .gateway = {.token = wanted("PEER_TOKEN"),
                  .gateway_url = wanted("PEER_GATEWAY"),
                  .intents = SHERD_INTENTS_ALL,
                  .format = strcmp(wanted("PEER_FORMAT"), "etf") == 0 ? SHERD_FORMAT_ETF
                                                                      : SHERD_FORMAT_JSON,
                  .compression = compression_of(wanted("PEER_COMPRESSION")),
                  .inflater = inflater_of(wanted("PEER_INFLATER"))},
      .on_event = on_event,
      .user = &counting};
  unsigned long count = strtoul(wanted("PEER_SHARDS"), NULL, 10);
  must(count > 0 && count <= SHARDS_MAX, "PEER_SHARDS is out of range");
  prepare(&counting);
  counting.has_threads = runtime.threads > 1;
  must(sherd_runtime_new(&runtime, &config.runtime) == SHERD_OK, "no runtime");
  config.gateway.shard_count = (uint32_t)count;
  for (uint32_t i = 0; i < count; i++) {
    config.gateway.shard_id = i;
    must(sherd_shard_new(&config, &shards[i]) == SHERD_OK, "no shard");
    must(sherd_shard_start_async(shards[i], NULL, NULL) == SHERD_OK, "no start");
  }
  for (;;)
    pause(); /* until it is ended by the sender */
}
