#include "show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

#define BAR_WIDTH  20
#define ROW_LABEL  "%-26s"
#define ROW_CELL   "%16s"
#define TYPE_LABEL "%-24s"
#define TYPE_ROWS  12 /* the commonest ones; the rest is summed up */

static void draw_bar(size_t done, size_t total) {
  size_t full = total ? done * BAR_WIDTH / total : 0;
  putchar('[');
  for (size_t i = 0; i < BAR_WIDTH; i++)
    putchar(i < full ? '#' : '.');
  printf("] %zu/%zu", done, total);
}

static void draw_live(struct seen *seen, size_t count, size_t stream) {
  say_live_begin();
  for (size_t i = 0; i < count; i++) {
    printf("%sshard %u ", i ? "   " : "", (unsigned)seen[i].id);
    draw_bar(seen_count(&seen[i]), seen_total(&seen[i], stream));
  }
  say_live_end();
}

void show_progress(struct seen *seen, size_t count, size_t stream) {
  static size_t quarters;
  if (isatty(STDOUT_FILENO)) {
    draw_live(seen, count, stream);
    return;
  }
  size_t done = 0, total = 0;
  for (size_t i = 0; i < count; i++) {
    done += seen_count(&seen[i]);
    total += seen_total(&seen[i], stream);
  }
  if (total && done * 4 / total > quarters) {
    quarters = done * 4 / total;
    say_line("progress   %zu of %zu events", done, total);
  }
}

/* --- The table --- */

static void row(struct seen *seen, size_t count, const char *label,
                void (*cell)(struct seen *, char *, size_t)) {
  printf("  " ROW_LABEL, label);
  for (size_t i = 0; i < count; i++) {
    char text[64];
    cell(&seen[i], text, sizeof text);
    printf(ROW_CELL, text);
  }
  putchar('\n');
}

static struct sherd_engine_stats stats_of(const struct seen *seen) {
  struct sherd_engine_stats stats = {0};
  sherd_shard_stats(seen->shard, &stats);
  return stats;
}

static void cell_shard(struct seen *seen, char *out, size_t size) {
  snprintf(out, size, "shard %u", (unsigned)seen->id);
}

static void cell_compression(struct seen *seen, char *out, size_t size) {
  snprintf(out, size, "%s", seen->compression);
}

static void cell_events(struct seen *seen, char *out, size_t size) {
  snprintf(out, size, "%zu", seen->count);
}

static void cell_sequence(struct seen *seen, char *out, size_t size) {
  if (seen->count)
    snprintf(out, size, "%llu to %llu", (unsigned long long)seen->events[0].seq,
             (unsigned long long)seen->events[seen->count - 1].seq);
  else
    snprintf(out, size, "none");
}

/* The larger of what was counted here and what the library counted: both must be 0. */
static void cell_holes(struct seen *seen, char *out, size_t size) {
  uint64_t gaps = stats_of(seen).gaps;
  snprintf(out, size, "%llu", (unsigned long long)(gaps > seen->holes ? gaps : seen->holes));
}

static void cell_repeats(struct seen *seen, char *out, size_t size) {
  uint64_t repeats = stats_of(seen).repeats;
  snprintf(out, size, "%llu",
           (unsigned long long)(repeats > seen->repeats ? repeats : seen->repeats));
}

static void cell_resumes(struct seen *seen, char *out, size_t size) {
  snprintf(out, size, "%u", seen->resumes);
}

/* The engine counts whole milliseconds. */
static void cell_latency(struct seen *seen, char *out, size_t size) {
  if (seen->latency_s < 0.001)
    snprintf(out, size, "under 1 ms");
  else
    snprintf(out, size, "%.0f ms", seen->latency_s * 1000);
}

static void cell_bytes_in(struct seen *seen, char *out, size_t size) {
  snprintf(out, size, "%.1f kB", (double)stats_of(seen).bytes_in / 1000);
}

static void cell_bytes_inflated(struct seen *seen, char *out, size_t size) {
  snprintf(out, size, "%.1f kB", (double)stats_of(seen).bytes_inflated / 1000);
}

static void cell_cpu(struct seen *seen, char *out, size_t size) {
  if (seen->count > 1)
    snprintf(out, size, "%.1f us",
             (seen->cpu_end_s - seen->cpu_begin_s) * 1e6 / (double)(seen->count - 1));
  else
    snprintf(out, size, "-");
}

static size_t count_of(const struct seen *seen, const char *name) {
  size_t count = 0;
  for (size_t i = 0; i < seen->count; i++)
    count += strcmp(seen->events[i].name, name) == 0;
  return count;
}

/* A type of event, and how often it came to all shards. */
struct type_count {
  const char *name;
  size_t total;
};

static int more_first(const void *a, const void *b) {
  const struct type_count *one = a, *other = b;
  return (one->total < other->total) - (one->total > other->total);
}

static void type_rows(struct seen *seen, size_t count) {
  struct type_count types[SHERD_EVENT_TYPE_COUNT];
  size_t rest[16] = {0}, rest_types = 0;
  for (int type = 0; type < SHERD_EVENT_TYPE_COUNT; type++) {
    types[type] = (struct type_count){sherd_event_type_name((enum sherd_event_type)type), 0};
    for (size_t i = 0; i < count; i++)
      types[type].total += count_of(&seen[i], types[type].name);
  }
  qsort(types, SHERD_EVENT_TYPE_COUNT, sizeof *types, more_first);
  for (size_t type = 0; type < SHERD_EVENT_TYPE_COUNT && types[type].total; type++) {
    rest_types += type >= TYPE_ROWS;
    if (type < TYPE_ROWS)
      printf("    " TYPE_LABEL, types[type].name);
    for (size_t i = 0; i < count; i++) {
      size_t cell = count_of(&seen[i], types[type].name);
      if (type < TYPE_ROWS)
        printf("%16zu", cell);
      else
        rest[i] += cell;
    }
    if (type < TYPE_ROWS)
      putchar('\n');
  }
  printf("    %-2zu other %-15s", rest_types, "types");
  for (size_t i = 0; i < count; i++)
    printf("%16zu", rest[i]);
  putchar('\n');
}

void show_table(struct seen *seen, size_t count) {
  putchar('\n');
  row(seen, count, "", cell_shard);
  row(seen, count, "compression", cell_compression);
  row(seen, count, "events", cell_events);
  type_rows(seen, count);
  row(seen, count, "sequence numbers", cell_sequence);
  row(seen, count, "holes", cell_holes);
  row(seen, count, "repeats", cell_repeats);
  row(seen, count, "resumes", cell_resumes);
  row(seen, count, "heartbeat latency", cell_latency);
  row(seen, count, "bytes in", cell_bytes_in);
  row(seen, count, "bytes inflated", cell_bytes_inflated);
  row(seen, count, "CPU time an event", cell_cpu);
  putchar('\n');
}
