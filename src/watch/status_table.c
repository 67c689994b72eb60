/* `sherd status` for people. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "watch/fields.h"
#include "watch/human.h"
#include "watch/render.h"

/* With more shards than this, those that are well are only counted. */
#define ROWS_MAX 40

#define SLOW_S 0.5

struct table {
  struct sherd_buf *out;
  size_t width; /* 0: no limit */
  enum sherd_status status;
};

/* A line, cut at the width. */
__attribute__((format(printf, 2, 3))) static void line(struct table *table, const char *format,
                                                       ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  int wrote = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  size_t len = wrote < 0 ? 0 : (size_t)wrote < sizeof text ? (size_t)wrote : sizeof text - 1;
  if (table->width && len > table->width)
    len = table->width;
  while (len && text[len - 1] == ' ')
    len--;
  if (table->status == SHERD_OK)
    table->status = sherd__buf_append(table->out, text, len);
  if (table->status == SHERD_OK)
    table->status = sherd__buf_append_byte(table->out, '\n');
}

static void put_fleet(struct table *table, const struct sherd__snapshot *snapshot) {
  const struct sherd_fleet_status *fleet = &snapshot->fleet;
  line(table, "%s: %" PRIu32 " of %" PRIu32 " shards connected, up %s, pid %" PRIu32,
       sherd_fleet_phase_name(fleet->phase), fleet->connected, fleet->shards,
       SHERD__MS(snapshot->uptime_ms), snapshot->pid);
  if (fleet->shards != fleet->shard_count)
    line(table, "  part      shards %" PRIu32 " to %" PRIu32 " of %" PRIu32, fleet->first_shard,
         fleet->last_shard, fleet->shard_count);
  if (fleet->started < fleet->shards)
    line(table, "  starting  %" PRIu32 " not yet, about %s", fleet->shards - fleet->started,
         SHERD__MS(fleet->eta_ms));
  if (fleet->waits_until_unix_ms)
    line(table, "  waiting   until %s: the day's session starts are used up",
         SHERD__CLOCK(fleet->waits_until_unix_ms));
  if (fleet->reshard_count)
    line(table, "  reshard   to %" PRIu32 " shards, %" PRIu32 " of them started",
         fleet->reshard_count, fleet->reshard_started);
  if (fleet->failed)
    line(table, "  failed    %" PRIu32 " shards", fleet->failed);
  if (fleet->max_concurrency)
    line(table, "  starts    %" PRIu32 " of %" PRIu32 " left today, %" PRIu32 " at a time",
         fleet->starts_remaining, fleet->starts_total, fleet->max_concurrency);
}

static void put_sums(struct table *table, const struct sherd__snapshot *snapshot) {
  const struct sherd_engine_stats *sum = &snapshot->fleet.sum;
  line(table, "  events    %s; %s resumes, %s sessions lost, %s zombies, %s gaps",
       SHERD__COUNT(sum->dispatches), SHERD__COUNT(sum->resumes), SHERD__COUNT(sum->sessions_lost),
       SHERD__COUNT(sum->zombies), SHERD__COUNT(sum->gaps));
  line(table, "  waiting   %s in memory%s; reading was held %s times, %s in all",
       SHERD__BYTES(snapshot->hub.memory_bytes), snapshot->fleet.is_held ? ", held now" : "",
       SHERD__COUNT(snapshot->fleet.holds), SHERD__MS(snapshot->fleet.held_ms));
  line(table, "  process   %s, %.1f s of CPU", SHERD__BYTES(snapshot->resident_bytes),
       snapshot->cpu_s);
  if (snapshot->last_error)
    line(table, "  last      %s: %s", sherd_status_name(snapshot->last_error),
         snapshot->last_error_text);
}

static void put_consumers(struct table *table, const struct sherd__snapshot *snapshot) {
  if (!snapshot->consumer_count)
    return;
  line(table, "%s", "");
  line(table, "%-16s %-5s %-11s %12s %12s %10s", "consumer", "there", "policy", "behind", "sent",
       "dropped");
  for (size_t i = 0; i < snapshot->consumer_count; i++) {
    const struct sherd__consumer_stats *consumer = &snapshot->consumers[i];
    line(table, "%-16s %-5s %-11s %12s %12s %10s", *consumer->name ? consumer->name : "(no name)",
         consumer->is_connected ? "yes" : "no", sherd__policy_name(consumer->policy),
         SHERD__BYTES(consumer->lag_bytes), SHERD__COUNT(consumer->sent),
         SHERD__COUNT(consumer->dropped));
  }
}

static bool is_well(const struct sherd__shard_row *row) {
  return row->is_connected && !(row->latency_s > SLOW_S) && !row->stats.sessions_lost &&
         !row->stats.gaps;
}

static const char *state_of(const struct sherd__shard_row *row) {
  if (row->is_connected)
    return "connected";
  return row->is_alive ? "connecting" : "not alive";
}

static void put_shard(struct table *table, const struct sherd__shard_row *row) {
  char latency[16] = "-";
  if (isfinite(row->latency_s))
    snprintf(latency, sizeof latency, "%.0f ms", row->latency_s * 1000);
  line(table, "%-6" PRIu32 " %-10s %8s %14s %14s %7s  %s", row->id, state_of(row), latency,
       SHERD__COUNT(row->seq), SHERD__COUNT(row->stats.dispatches),
       SHERD__COUNT(row->stats.resumes), row->last_error ? sherd_status_name(row->last_error) : "");
}

static void put_shards(struct table *table, const struct sherd__snapshot *snapshot, bool all) {
  if (!snapshot->shard_count)
    return;
  bool shows_all = all || snapshot->shard_count <= ROWS_MAX;
  size_t left_out = 0, shown = 0;
  for (size_t i = 0; i < snapshot->shard_count; i++) {
    const struct sherd__shard_row *row = &snapshot->shards[i];
    if (!shows_all && (is_well(row) || shown == ROWS_MAX)) {
      left_out++;
      continue;
    }
    if (!shown++) {
      line(table, "%s", "");
      line(table, "%-6s %-10s %8s %14s %14s %7s  %s", "shard", "state", "latency", "sequence",
           "events", "resumes", "last error");
    }
    put_shard(table, row);
  }
  if (left_out)
    line(table, "(%s shards %s; --all shows each)", SHERD__COUNT(left_out),
         shown ? "more, the first that want attention being shown" : "are well");
}

enum sherd_status sherd__render_status_table(const struct sherd__snapshot *snapshot, size_t width,
                                             bool all_shards, struct sherd_buf *out) {
  struct table table = {out, width, SHERD_OK};
  put_fleet(&table, snapshot);
  put_sums(&table, snapshot);
  put_consumers(&table, snapshot);
  put_shards(&table, snapshot, all_shards);
  return table.status;
}
