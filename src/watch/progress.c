/* The one line that a terminal shows while the program runs. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "watch/human.h"
#include "watch/render.h"

#define BAR_MIN 10
#define BAR_MAX 30

/* A line that is cut at `width`. */
struct line {
  char text[512];
  size_t len;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int len = vsnprintf(line->text + line->len, sizeof line->text - line->len, format, args);
  va_end(args);
  if (len > 0)
    line->len += (size_t)len;
  if (line->len >= sizeof line->text)
    line->len = sizeof line->text - 1;
}

static void add_bar(struct line *line, uint32_t done, uint32_t of, size_t width) {
  size_t cells = width / 3;
  cells = cells < BAR_MIN ? BAR_MIN : cells > BAR_MAX ? BAR_MAX : cells;
  size_t full = of ? (size_t)((uint64_t)done * cells / of) : 0;
  if (full > cells)
    full = cells;
  add(line, "[");
  for (size_t i = 0; i < cells; i++)
    add(line, "%c", i < full ? '=' : i == full ? '>' : ' ');
  add(line, "] %" PRIu32 "/%" PRIu32 " shards", done, of);
}

static void add_wait(struct line *line, const struct sherd_fleet_status *fleet) {
  if (fleet->waits_until_unix_ms)
    add(line, ", waiting until %s for new session starts",
        SHERD__CLOCK(fleet->waits_until_unix_ms));
  else if (fleet->eta_ms)
    add(line, ", %s left", SHERD__MS(fleet->eta_ms));
}

static double mean_latency_s(const struct sherd__snapshot *snapshot) {
  double sum = 0;
  size_t known = 0;
  for (size_t i = 0; i < snapshot->shard_count; i++)
    if (isfinite(snapshot->shards[i].latency_s)) {
      sum += snapshot->shards[i].latency_s;
      known++;
    }
  return known ? sum / (double)known : NAN;
}

static uint64_t longest_lag_bytes(const struct sherd__snapshot *snapshot) {
  uint64_t lag = 0;
  for (size_t i = 0; i < snapshot->consumer_count; i++)
    if (snapshot->consumers[i].lag_bytes > lag)
      lag = snapshot->consumers[i].lag_bytes;
  return lag;
}

static void add_rate(struct line *line, const struct sherd__snapshot *snapshot,
                     const struct sherd__snapshot *before) {
  if (!before || snapshot->unix_ms <= before->unix_ms ||
      snapshot->hub.offered < before->hub.offered)
    return;
  double seconds = (double)(snapshot->unix_ms - before->unix_ms) / 1000;
  double rate = (double)(snapshot->hub.offered - before->hub.offered) / seconds;
  add(line, ", %s events/s", SHERD__COUNT((uint64_t)(rate + 0.5)));
}

static void add_running(struct line *line, const struct sherd__snapshot *snapshot,
                        const struct sherd__snapshot *before) {
  const struct sherd_fleet_status *fleet = &snapshot->fleet;
  double latency_s = mean_latency_s(snapshot);
  uint64_t lag = longest_lag_bytes(snapshot);
  add(line, "%" PRIu32 "/%" PRIu32 " shards", fleet->connected, fleet->shards);
  add_rate(line, snapshot, before);
  if (isfinite(latency_s))
    add(line, ", %.0f ms", latency_s * 1000);
  if (lag)
    add(line, ", %s behind%s", SHERD__BYTES(lag), fleet->is_held ? " (reading is held)" : "");
  if (snapshot->resident_bytes)
    add(line, ", %s", SHERD__BYTES(snapshot->resident_bytes));
}

static void add_phase(struct line *line, const struct sherd__snapshot *snapshot,
                      const struct sherd__snapshot *before, size_t width) {
  const struct sherd_fleet_status *fleet = &snapshot->fleet;
  switch (fleet->phase) {
  case SHERD_FLEET_IDLE:
  case SHERD_FLEET_PLANNING:
    add(line, "asking Discord about shards");
    break;
  case SHERD_FLEET_STARTING:
    add_bar(line, fleet->started, fleet->shards, width);
    add_wait(line, fleet);
    break;
  case SHERD_FLEET_RUNNING:
    add_running(line, snapshot, before);
    break;
  case SHERD_FLEET_RESHARDING:
    add_bar(line, fleet->reshard_started, fleet->reshard_count, width);
    add_wait(line, fleet);
    add(line, " beside %" PRIu32, fleet->shards);
    break;
  case SHERD_FLEET_CLOSING:
    add(line, "closing %" PRIu32 " shards", fleet->connected);
    break;
  case SHERD_FLEET_CLOSED:
    add(line, "closed");
    break;
  case SHERD_FLEET_FAILED:
    add(line, "failed: %s", snapshot->last_error_text);
    break;
  }
}

enum sherd_status sherd__render_progress(const struct sherd__snapshot *snapshot,
                                         const struct sherd__snapshot *before, size_t width,
                                         struct sherd_buf *out) {
  struct line line = {"", 0};
  add_phase(&line, snapshot, before, width);
  return sherd__buf_append(out, line.text, line.len < width ? line.len : width);
}
