/* What the session store in a file costs: its room, a mark, a session, a sync, and a restart.
 *
 * Marks are made for one shard over and over, and over all shards in a random order, which is how
 * events come: then it is the memory that is measured. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sherd/store.h>

#define TIMES 2000000u /* marks, to be averaged over */

static char directory[] = "/tmp/sherd-bench-XXXXXX";
static char path[sizeof directory + 16];

static void require(enum sherd_status status) {
  if (!status)
    return;
  fprintf(stderr, "bench_store: %s\n", sherd_strerror(status));
  exit(1);
}

static double clock_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* Where there is a disk to wait for. */
static double now_ns(void) {
  return clock_ns(CLOCK_MONOTONIC);
}

/* The time of this program alone: others may be running too. */
static double cpu_ns(void) {
  return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

static struct sherd_store *open_store(uint32_t shard_count) {
  struct sherd_store_file_config config = {
      .path = path, .token = "a.token", .shard_count = shard_count};
  struct sherd_store *store;
  struct sherd_error_info error;
  if (sherd_store_file_open(&config, &store, &error) == SHERD_OK)
    return store;
  fprintf(stderr, "bench_store: %s\n", error.text);
  exit(1);
}

/* As long as Discord's are. */
static struct sherd_session sample(uint32_t shard_id, uint32_t shard_count) {
  struct sherd_session session = {.seq = 1, .shard_id = shard_id, .shard_count = shard_count};
  snprintf(session.id, sizeof session.id, "%032" PRIx32, shard_id);
  snprintf(session.resume_url, sizeof session.resume_url, "wss://gateway-us-east1-b.discord.gg");
  return session;
}

/* Begins a session in each shard; nanoseconds each. */
static double begin_all(struct sherd_store *store, uint32_t shard_count) {
  double start = cpu_ns();
  for (uint32_t i = 0; i < shard_count; i++) {
    struct sherd_session session = sample(i, shard_count);
    require(sherd_store_begin(store, &session));
  }
  return (cpu_ns() - start) / shard_count;
}

/* Marks in `among` shards; nanoseconds each. */
static double mark(struct sherd_store *store, uint32_t consumer, const uint64_t *tags,
                   uint32_t among) {
  uint32_t dice = 1;
  double start = cpu_ns();
  for (uint32_t i = 0; i < TIMES; i++) {
    dice = dice * UINT32_C(1664525) + UINT32_C(1013904223);
    uint32_t shard_id = (uint32_t)((uint64_t)dice * among >> 32);
    require(sherd_store_mark(store, consumer, shard_id, tags[shard_id], i));
  }
  return (cpu_ns() - start) / TIMES;
}

/* Loads each shard's session; nanoseconds each. */
static double load_all(struct sherd_store *store, uint32_t shard_count) {
  double start = cpu_ns();
  for (uint32_t i = 0; i < shard_count; i++) {
    struct sherd_session session;
    require(sherd_store_load(store, i, &session));
  }
  return (cpu_ns() - start) / shard_count;
}

static double sync_ms(struct sherd_store *store) {
  double start = now_ns();
  require(sherd_store_sync(store, 1));
  return (now_ns() - start) / 1e6;
}

static void measure(uint32_t shard_count) {
  struct stat info;
  uint32_t consumer;
  uint64_t *tags = malloc(shard_count * sizeof *tags);
  if (!tags)
    exit(1);
  for (uint32_t i = 0; i < shard_count; i++)
    tags[i] = sherd_session_tag(sample(i, shard_count).id);
  double start = now_ns();
  struct sherd_store *store = open_store(shard_count);
  double make_ms = (now_ns() - start) / 1e6;
  stat(path, &info);
  require(sherd_store_consumer(store, "bench", &consumer));
  double begin_ns = begin_all(store, shard_count), first_ms = sync_ms(store);
  double hot_ns = mark(store, consumer, tags, 1), all_ns = mark(store, consumer, tags, shard_count);
  double next_ms = sync_ms(store);
  sherd_store_free(store);
  start = now_ns();
  store = open_store(0);
  double open_ms = (now_ns() - start) / 1e6, load_ns = load_all(store, shard_count);
  sherd_store_free(store);
  unlink(path);
  free(tags);
  printf("%7" PRIu32 " %8.1f %8.1f %8.0f %8.0f %8.0f %10.1f %10.1f %8.2f %8.0f\n", shard_count,
         (double)info.st_size / 1e6, make_ms, begin_ns, hot_ns, all_ns, first_ms, next_ms, open_ms,
         load_ns);
}

int main(void) {
  if (!mkdtemp(directory)) {
    perror(directory);
    return 1;
  }
  snprintf(path, sizeof path, "%s/sessions", directory);
  printf("%7s %8s %8s %8s %8s %8s %10s %10s %8s %8s\n", "", "file", "make", "begin", "mark", "mark",
         "sync, all", "sync, all", "open", "load");
  printf("%7s %8s %8s %8s %8s %8s %10s %10s %8s %8s\n", "shards", "MB", "ms", "ns", "one, ns",
         "any, ns", "begun, ms", "marked, ms", "ms", "ns");
  measure(100);
  measure(10000);
  measure(100000);
  rmdir(directory);
  return 0;
}
