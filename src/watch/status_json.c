#include <inttypes.h>
#include <math.h>

#include "watch/fields.h"
#include "watch/render.h"
#include "watch/text.h"

static void write_value(struct sherd__writing *w, const struct sherd__field *field,
                        const void *of) {
  const char *at = (const char *)of + field->offset;
  switch (field->kind) {
  case SHERD__FIELD_BOOL:
    sherd__write_text(w, *(const bool *)at ? "true" : "false");
    break;
  case SHERD__FIELD_U16:
    sherd__write_text(w, "%u", (unsigned)*(const uint16_t *)at);
    break;
  case SHERD__FIELD_U32:
    sherd__write_text(w, "%" PRIu32, *(const uint32_t *)at);
    break;
  case SHERD__FIELD_U64:
  case SHERD__FIELD_MS:
    sherd__write_text(w, "%" PRIu64, *(const uint64_t *)at);
    break;
  case SHERD__FIELD_SIZE:
    sherd__write_text(w, "%zu", *(const size_t *)at);
    break;
  case SHERD__FIELD_F64:
    if (isfinite(*(const double *)at))
      sherd__write_text(w, "%.17g", *(const double *)at);
    else
      sherd__write_text(w, "null");
    break;
  case SHERD__FIELD_TEXT:
    sherd__write_quoted(w, at);
    break;
  case SHERD__FIELD_PHASE:
    sherd__write_quoted(w, sherd_fleet_phase_name(*(const enum sherd_fleet_phase *)at));
    break;
  case SHERD__FIELD_POLICY:
    sherd__write_quoted(w, sherd__policy_name(*(const enum sherd__consumer_policy *)at));
    break;
  case SHERD__FIELD_STATUS: {
    enum sherd_status status = *(const enum sherd_status *)at;
    if (status == SHERD_OK)
      sherd__write_text(w, "null");
    else
      sherd__write_quoted(w, sherd_status_name(status));
    break;
  }
  }
}

/* The members, without the braces. */
static void write_members(struct sherd__writing *w, const struct sherd__fields *fields,
                          const void *of) {
  for (size_t i = 0; i < fields->count; i++) {
    sherd__write_text(w, "%s\"%s\":", i ? "," : "", fields->fields[i].name);
    write_value(w, &fields->fields[i], of);
  }
}

static void write_object(struct sherd__writing *w, const char *name,
                         const struct sherd__fields *fields, const void *of) {
  sherd__write_text(w, ",\"%s\":{", name);
  write_members(w, fields, of);
  sherd__write_text(w, "}");
}

static void write_consumers(struct sherd__writing *w, const struct sherd__snapshot *snapshot) {
  sherd__write_text(w, ",\"consumers\":[");
  for (size_t i = 0; i < snapshot->consumer_count; i++) {
    sherd__write_text(w, i ? ",{" : "{");
    write_members(w, &sherd__fields_consumer, &snapshot->consumers[i]);
    sherd__write_text(w, "}");
  }
  sherd__write_text(w, "]");
}

static void write_shards(struct sherd__writing *w, const struct sherd__snapshot *snapshot) {
  sherd__write_text(w, ",\"shards\":[");
  for (size_t i = 0; i < snapshot->shard_count; i++) {
    sherd__write_text(w, i ? ",{" : "{");
    write_members(w, &sherd__fields_shard, &snapshot->shards[i]);
    write_object(w, "stats", &sherd__fields_gateway, &snapshot->shards[i].stats);
    sherd__write_text(w, "}");
  }
  sherd__write_text(w, "]");
}

enum sherd_status sherd__render_status_json(const struct sherd__snapshot *snapshot,
                                            struct sherd_buf *out) {
  struct sherd__writing w = {out, SHERD_OK};
  sherd__write_text(&w, "{");
  write_members(&w, &sherd__fields_process, snapshot);
  write_object(&w, "fleet", &sherd__fields_fleet, &snapshot->fleet);
  write_object(&w, "gateway", &sherd__fields_gateway, &snapshot->fleet.sum);
  write_object(&w, "sink", &sherd__fields_hub, &snapshot->hub);
  write_consumers(&w, snapshot);
  write_shards(&w, snapshot);
  sherd__write_text(&w, "}\n");
  return w.status;
}
