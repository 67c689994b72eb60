#include "watch/render.h"

/* Of ten shards, as many must be connected for traffic to be sent our way. */
#define READY_TENTHS 9

static const char *trouble(const struct sherd__snapshot *snapshot) {
  switch (snapshot->fleet.phase) {
  case SHERD_FLEET_FAILED:
    return "the fleet has failed: see the log";
  case SHERD_FLEET_CLOSING:
  case SHERD_FLEET_CLOSED:
    return "the fleet is closing";
  default:
    return NULL;
  }
}

bool sherd__is_healthy(const struct sherd__snapshot *snapshot, const char **why) {
  const char *fault = trouble(snapshot);
  *why = fault ? fault : "the fleet does its work";
  return !fault;
}

bool sherd__is_ready(const struct sherd__snapshot *snapshot, const char **why) {
  const struct sherd_fleet_status *fleet = &snapshot->fleet;
  const char *fault = trouble(snapshot);
  if (!fault && (!fleet->shards || fleet->started < fleet->shards))
    fault = "shards are still starting";
  if (!fault && (uint64_t)fleet->connected * 10 < (uint64_t)fleet->shards * READY_TENTHS)
    fault = "over a tenth of the shards is not connected";
  *why = fault ? fault : "all shards have started, and nine in ten are connected";
  return !fault;
}
