/* Each thing that a snapshot knows, described once: what it is called in JSON, and as which metric
 * it is shown. Whatever writes or reads a snapshot goes through these tables. */
#ifndef SHERD_WATCH_FIELDS_H
#define SHERD_WATCH_FIELDS_H

#include <stddef.h>

#include "watch/snapshot.h"

enum sherd__field_kind {
  SHERD__FIELD_BOOL,
  SHERD__FIELD_U16,
  SHERD__FIELD_U32,
  SHERD__FIELD_U64,
  SHERD__FIELD_MS, /* a uint64_t of milliseconds: seconds as a metric */
  SHERD__FIELD_SIZE,
  SHERD__FIELD_F64, /* NaN is null */
  SHERD__FIELD_TEXT,
  SHERD__FIELD_PHASE,
  SHERD__FIELD_POLICY,
  SHERD__FIELD_STATUS
};

enum sherd__metric_type {
  SHERD__METRIC_NONE = 0,
  SHERD__METRIC_GAUGE,
  SHERD__METRIC_COUNTER
};

struct sherd__field {
  const char *name; /* in JSON; units in it */
  enum sherd__field_kind kind;
  size_t offset;
  size_t size; /* of a text, with its NUL */
  enum sherd__metric_type type;
  const char *metric; /* NULL: none. The table's prefix comes before it */
  const char *help;   /* one sentence without a full stop */
};

struct sherd__fields {
  const char *prefix; /* of metrics */
  const struct sherd__field *fields;
  size_t count;
};

/* The names after `sherd__fields_` are those of the structs in snapshot.h; _gateway is struct
 * sherd_engine_stats. */
extern const struct sherd__fields sherd__fields_process; /* of struct sherd__snapshot itself */
extern const struct sherd__fields sherd__fields_fleet;
extern const struct sherd__fields sherd__fields_gateway;
extern const struct sherd__fields sherd__fields_hub;
extern const struct sherd__fields sherd__fields_consumer;
extern const struct sherd__fields sherd__fields_shard;

const char *sherd__policy_name(enum sherd__consumer_policy policy);

#endif
