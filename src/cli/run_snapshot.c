#include "cli/run_snapshot.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sys/resource.h>
#include <unistd.h>

#include "base/mem.h"
#include "watch/render.h"

/* Named consumers that are there or away, and as many connections without a name. */
#define CONSUMER_ROWS_MAX 256

uint64_t sherd__unix_ms(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_REALTIME, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* --- The process --- */

static double seconds(struct timeval time) {
  return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static uint64_t resident_bytes(void) {
  unsigned long pages = 0;
  FILE *file = fopen("/proc/self/statm", "re");
  if (!file)
    return 0;
  if (fscanf(file, "%*u %lu", &pages) != 1)
    pages = 0;
  (void)fclose(file);
  return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void look_at_process(struct sherd__snapshot *snapshot, uint64_t started_unix_ms) {
  struct rusage usage = {0};
  (void)getrusage(RUSAGE_SELF, &usage);
  snapshot->unix_ms = sherd__unix_ms();
  snapshot->uptime_ms =
      snapshot->unix_ms > started_unix_ms ? snapshot->unix_ms - started_unix_ms : 0;
  snapshot->pid = (uint32_t)getpid();
  snapshot->resident_bytes = resident_bytes();
  snapshot->cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/* --- The shards --- */

struct rows {
  struct sherd__snapshot *snapshot;
  size_t room;
};

static void look_at_shard(struct sherd_shard *shard, void *user) {
  struct rows *rows = user;
  struct sherd_error_info error;
  struct sherd_session session;
  if (rows->snapshot->shard_count == rows->room)
    return;
  struct sherd__shard_row *row = &rows->snapshot->shards[rows->snapshot->shard_count++];
  row->id = sherd_shard_id(shard);
  row->is_alive = sherd_shard_is_alive(shard);
  row->is_connected = sherd_shard_is_connected(shard);
  row->latency_s = sherd_shard_heartbeat_latency(shard);
  row->has_session = sherd_shard_session(shard, &session) == SHERD_OK;
  row->seq = session.seq;
  (void)sherd_shard_stats(shard, &row->stats);
  sherd_last_error(shard, &error);
  row->last_error = error.status;
  row->close_code = error.close_code;
}

static bool look_at_shards(struct sherd__snapshot *snapshot, struct sherd_fleet *fleet) {
  struct rows rows = {snapshot, snapshot->fleet.shards};
  if (!rows.room)
    return true;
  snapshot->shards = sherd__calloc(sherd_allocator_default(), rows.room * sizeof *snapshot->shards);
  if (!snapshot->shards)
    return false;
  sherd_fleet_each(fleet, look_at_shard, &rows);
  return true;
}

/* --- The consumers --- */

static bool look_at_sinks(struct sherd__snapshot *snapshot, struct sherd__hub *hub) {
  snapshot->consumers =
      sherd__calloc(sherd_allocator_default(), CONSUMER_ROWS_MAX * sizeof *snapshot->consumers);
  if (!snapshot->consumers)
    return false;
  sherd__hub_stats(hub, &snapshot->hub, snapshot->consumers, CONSUMER_ROWS_MAX);
  snapshot->consumer_count =
      snapshot->hub.consumers < CONSUMER_ROWS_MAX ? snapshot->hub.consumers : CONSUMER_ROWS_MAX;
  return true;
}

struct sherd__snapshot *sherd__snapshot_take(const struct sherd__subject *subject,
                                             bool without_shards) {
  struct sherd__snapshot *snapshot = sherd__calloc(sherd_allocator_default(), sizeof *snapshot);
  struct sherd_error_info error;
  if (!snapshot)
    return NULL;
  look_at_process(snapshot, subject->started_unix_ms);
  sherd_fleet_status(subject->fleet, &snapshot->fleet);
  sherd_fleet_last_error(subject->fleet, &error);
  snapshot->last_error = error.status;
  memcpy(snapshot->last_error_text, error.text, sizeof snapshot->last_error_text);
  if ((!without_shards && !look_at_shards(snapshot, subject->fleet)) ||
      !look_at_sinks(snapshot, subject->hub)) {
    sherd__snapshot_release(snapshot);
    return NULL;
  }
  return snapshot;
}

void sherd__snapshot_release(struct sherd__snapshot *snapshot) {
  if (!snapshot)
    return;
  sherd__snapshot_free_rows(snapshot, sherd_allocator_default());
  sherd__free(sherd_allocator_default(), snapshot);
}
