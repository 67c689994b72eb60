/* Prometheus's text exposition format, 0.0.4. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include <sherd/version.h>

#include "watch/fields.h"
#include "watch/render.h"
#include "watch/text.h"

static double number_of(const struct sherd__field *field, const void *of) {
  const char *at = (const char *)of + field->offset;
  switch (field->kind) {
  case SHERD__FIELD_BOOL:
    return *(const bool *)at;
  case SHERD__FIELD_U16:
    return *(const uint16_t *)at;
  case SHERD__FIELD_U32:
    return *(const uint32_t *)at;
  case SHERD__FIELD_MS:
    return (double)*(const uint64_t *)at / 1000;
  case SHERD__FIELD_F64:
    return *(const double *)at;
  default:
    return NAN;
  }
}

/* Counters are written digit by digit: a double would round those over 2^53. */
static void write_value(struct sherd__writing *w, const struct sherd__field *field,
                        const void *of) {
  const char *at = (const char *)of + field->offset;
  if (field->kind == SHERD__FIELD_U64)
    sherd__write_text(w, " %" PRIu64 "\n", *(const uint64_t *)at);
  else if (field->kind == SHERD__FIELD_SIZE)
    sherd__write_text(w, " %zu\n", *(const size_t *)at);
  else
    sherd__write_text(w, " %.15g\n", number_of(field, of));
}

static void write_head(struct sherd__writing *w, const char *prefix, const char *name,
                       enum sherd__metric_type type, const char *help) {
  sherd__write_text(w, "# HELP %s%s %s.\n# TYPE %s%s %s\n", prefix, name, help, prefix, name,
                    type == SHERD__METRIC_COUNTER ? "counter" : "gauge");
}

static void write_scalars(struct sherd__writing *w, const struct sherd__fields *fields,
                          const void *of) {
  for (size_t i = 0; i < fields->count; i++) {
    const struct sherd__field *field = &fields->fields[i];
    if (!field->metric)
      continue;
    write_head(w, fields->prefix, field->metric, field->type, field->help);
    sherd__write_text(w, "%s%s", fields->prefix, field->metric);
    write_value(w, field, of);
  }
}

static void write_phase(struct sherd__writing *w, enum sherd_fleet_phase phase) {
  write_head(w, "", "sherd_fleet_phase", SHERD__METRIC_GAUGE,
             "1 for the phase that the fleet is in");
  for (int i = SHERD_FLEET_IDLE; i <= SHERD_FLEET_FAILED; i++)
    sherd__write_text(w, "sherd_fleet_phase{phase=\"%s\"} %d\n",
                      sherd_fleet_phase_name((enum sherd_fleet_phase)i), i == (int)phase);
}

static void write_build(struct sherd__writing *w, const struct sherd__snapshot *snapshot) {
  write_head(w, "", "sherd_build_info", SHERD__METRIC_GAUGE, "Always 1; the label is the version");
  sherd__write_text(w, "sherd_build_info{version=\"%s\"} 1\n", sherd_version());
  write_head(w, "", "process_start_time_seconds", SHERD__METRIC_GAUGE,
             "When the process began, in seconds since 1970");
  sherd__write_text(w, "process_start_time_seconds %.3f\n",
                    (double)(snapshot->unix_ms - snapshot->uptime_ms) / 1000);
}

/* A consumer without a name is told from its likes by its connection. */
static void write_consumer_labels(struct sherd__writing *w,
                                  const struct sherd__consumer_stats *consumer) {
  sherd__write_text(w, "{consumer=");
  sherd__write_quoted(w, consumer->name);
  sherd__write_text(w, ",connection=\"%" PRIu64 "\",policy=\"%s\"}",
                    *consumer->name ? 0 : consumer->id, sherd__policy_name(consumer->policy));
}

static void write_consumers(struct sherd__writing *w, const struct sherd__snapshot *snapshot) {
  const struct sherd__fields *fields = &sherd__fields_consumer;
  for (size_t i = 0; i < fields->count && snapshot->consumer_count; i++) {
    const struct sherd__field *field = &fields->fields[i];
    if (!field->metric)
      continue;
    write_head(w, fields->prefix, field->metric, field->type, field->help);
    for (size_t j = 0; j < snapshot->consumer_count; j++) {
      sherd__write_text(w, "%s%s", fields->prefix, field->metric);
      write_consumer_labels(w, &snapshot->consumers[j]);
      write_value(w, field, &snapshot->consumers[j]);
    }
  }
}

/* `offset`: of what the table describes, within a row. A value that is not known has no line. */
static void write_rows(struct sherd__writing *w, const struct sherd__snapshot *snapshot,
                       const char *prefix, const struct sherd__fields *fields, size_t offset) {
  for (size_t i = 0; i < fields->count; i++) {
    const struct sherd__field *field = &fields->fields[i];
    if (!field->metric)
      continue;
    write_head(w, prefix, field->metric, field->type, field->help);
    for (size_t j = 0; j < snapshot->shard_count; j++) {
      const struct sherd__shard_row *row = &snapshot->shards[j];
      const char *of = (const char *)row + offset;
      if (field->kind == SHERD__FIELD_F64 && isnan(number_of(field, of)))
        continue;
      sherd__write_text(w, "%s%s{shard=\"%" PRIu32 "\"}", prefix, field->metric, row->id);
      write_value(w, field, of);
    }
  }
}

enum sherd_status sherd__render_metrics(const struct sherd__snapshot *snapshot,
                                        size_t max_shard_rows, struct sherd_buf *out) {
  struct sherd__writing w = {out, SHERD_OK};
  write_build(&w, snapshot);
  write_scalars(&w, &sherd__fields_process, snapshot);
  write_phase(&w, snapshot->fleet.phase);
  write_scalars(&w, &sherd__fields_fleet, &snapshot->fleet);
  write_scalars(&w, &sherd__fields_gateway, &snapshot->fleet.sum);
  write_scalars(&w, &sherd__fields_hub, &snapshot->hub);
  write_consumers(&w, snapshot);
  if (snapshot->shard_count && snapshot->shard_count <= max_shard_rows) {
    const char *prefix = sherd__fields_shard.prefix;
    write_rows(&w, snapshot, prefix, &sherd__fields_shard, 0);
    write_rows(&w, snapshot, prefix, &sherd__fields_gateway,
               offsetof(struct sherd__shard_row, stats));
  }
  return w.status;
}
