/* What a running `sherd run` looks like at one moment: the one source of metrics, of `sherd
 * status`, of the status line and of health. Filled in by the program (cli/), rendered by the files
 * beside this one, which are pure. */
#ifndef SHERD_WATCH_SNAPSHOT_H
#define SHERD_WATCH_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/fleet.h>

#include "sink/hub_stats.h"

struct sherd__shard_row {
  uint32_t id;
  bool is_alive, is_connected;
  bool has_session;
  double latency_s; /* NaN: unknown */
  uint64_t seq;     /* received */
  struct sherd_engine_stats stats;
  enum sherd_status last_error;
  uint16_t close_code; /* of the last error */
};

struct sherd__snapshot {
  uint64_t unix_ms;
  uint64_t uptime_ms;
  uint32_t pid;
  uint64_t resident_bytes; /* 0: unknown */
  double cpu_s;            /* user and system, since the start */
  struct sherd_fleet_status fleet;
  struct sherd__hub_stats hub;
  struct sherd__consumer_stats *consumers;
  size_t consumer_count;
  struct sherd__shard_row *shards;
  size_t shard_count;
  enum sherd_status last_error; /* the fleet's */
  char last_error_text[SHERD_ERROR_TEXT_MAX + 1];
};

#endif
