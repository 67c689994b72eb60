/* A fleet at one moment. */
#include "fleet/fleet.h"

/* While shards start that have no time yet, or whose turn is over, it cannot take less than this.
 */
#define ETA_LEAST_MS 1000

static void sum_stats(struct sherd__fleet_set *set, struct sherd_engine_stats *sum) {
  sherd__fleet_add_stats(sum, &set->gone);
  for (uint32_t i = 0; i < set->count; i++) {
    struct sherd_engine_stats one;
    if (set->slots[i].shard && sherd_shard_stats(set->slots[i].shard, &one) == SHERD_OK)
      sherd__fleet_add_stats(sum, &one);
  }
}

static uint64_t eta_ms(const struct sherd_fleet *fleet, struct sherd__fleet_set *set) {
  if (!set || atomic_load(&set->started) >= set->count)
    return 0;
  uint64_t now_ms = sherd__fleet_now_ms(fleet);
  return set->last_turn_ms > now_ms + ETA_LEAST_MS ? set->last_turn_ms - now_ms : ETA_LEAST_MS;
}

static void read_present(struct sherd_fleet *fleet, struct sherd_fleet_status *out) {
  const struct sherd_fleet_config *given = &fleet->config.given;
  struct sherd__fleet_set *set = fleet->present;
  if (!set) {
    out->shard_count = given->shard_count;
    out->first_shard = given->first_shard;
    out->last_shard =
        given->is_range ? given->last_shard : given->shard_count - (given->shard_count > 0);
    out->shards = given->shard_count ? out->last_shard - out->first_shard + 1 : 0;
    return;
  }
  out->set = set->number;
  out->shard_count = set->shard_count;
  out->first_shard = set->first_shard;
  out->last_shard = set->first_shard + set->count - 1;
  out->shards = set->count;
  out->started = atomic_load(&set->started);
  out->connected = atomic_load(&set->connected);
  out->failed = atomic_load(&set->failed);
  out->resumes_pending = atomic_load(&set->resumes_pending);
  out->eta_ms = eta_ms(fleet, set);
}

static void read_next(struct sherd_fleet *fleet, struct sherd_fleet_status *out) {
  if (!fleet->next)
    return;
  out->reshard_count = fleet->next->shard_count;
  out->reshard_started = atomic_load(&fleet->next->started);
  out->eta_ms = eta_ms(fleet, fleet->next);
}

static void read_hold(struct sherd_fleet *fleet, struct sherd_fleet_status *out) {
  out->is_held = atomic_load(&fleet->is_held);
  out->holds = fleet->holds;
  out->held_ms = atomic_load(&fleet->held_ms);
  if (out->is_held)
    out->held_ms += sherd__fleet_now_ms(fleet) - atomic_load(&fleet->held_since_ms);
}

static void read_limits(struct sherd_fleet *fleet, struct sherd_fleet_status *out) {
  out->max_concurrency = fleet->max_concurrency;
  out->waits_until_unix_ms = fleet->waits_until_unix_ms;
  if (!fleet->runtime || !fleet->max_concurrency)
    return;
  struct sherd_identify_limits limits;
  sherd_runtime_identify_limits(fleet->runtime, &limits);
  out->starts_remaining = limits.remaining;
  out->starts_total = limits.total;
}

void sherd_fleet_status(struct sherd_fleet *fleet, struct sherd_fleet_status *out) {
  *out = (struct sherd_fleet_status){0};
  uv_mutex_lock(&fleet->mutex);
  out->phase = fleet->phase;
  read_present(fleet, out);
  read_next(fleet, out);
  read_hold(fleet, out);
  read_limits(fleet, out);
  for (uint32_t i = 0; i < fleet->set_count; i++)
    sum_stats(fleet->sets[i], &out->sum);
  uv_mutex_unlock(&fleet->mutex);
}
