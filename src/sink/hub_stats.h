/* What a hub has to tell of itself: for metrics and `sherd status`. */
#ifndef SHERD_SINK_HUB_STATS_H
#define SHERD_SINK_HUB_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/store.h>

enum sherd__consumer_policy {
  SHERD__POLICY_BLOCK = 0,
  SHERD__POLICY_DROP_OLDEST,
  SHERD__POLICY_DISCONNECT
};

struct sherd__consumer_stats {
  char name[SHERD_CONSUMER_NAME_MAX + 1]; /* "" for one without a name */
  uint64_t id;                            /* of the connection, counted up; 0 when absent */
  enum sherd__consumer_policy policy;
  bool is_connected;
  bool has_acks;
  uint64_t lag_events; /* offered and not yet taken */
  uint64_t lag_bytes;
  uint64_t sent;    /* lines, since the start */
  uint64_t dropped; /* lines that it missed by drop_oldest */
  uint64_t skipped; /* lines that its filter did not want, or that it had taken before */
};

struct sherd__hub_stats {
  uint64_t offered;      /* events */
  uint64_t shadows;      /* of them, those that were not to be shown */
  uint64_t damaged;      /* of them, those that could not be written as a line */
  uint64_t bytes;        /* of lines */
  uint64_t memory_bytes; /* that the log holds now */
  bool is_holding;
  size_t consumers;
};

#endif
