/* Holding: nobody reads while the consumer is slow. */
#include "fleet/fleet.h"

static void hold_set(struct sherd__fleet_set *set, bool held) {
  for (uint32_t i = 0; i < set->count; i++)
    if (set->slots[i].shard)
      sherd_shard_hold(set->slots[i].shard, held);
}

uint64_t sherd__fleet_reading_ms(const struct sherd_fleet *fleet) {
  uint64_t since_ms = atomic_load(&fleet->held_since_ms);
  uint64_t held_ms = atomic_load(&fleet->held_ms); /* second: it is written first */
  uint64_t now_ms = sherd__fleet_now_ms(fleet);
  if (since_ms < now_ms)
    now_ms = since_ms;
  return now_ms > held_ms ? now_ms - held_ms : 0;
}

static void count_hold(struct sherd_fleet *fleet, bool held) {
  uint64_t now_ms = sherd__fleet_now_ms(fleet);
  if (held) {
    fleet->holds++;
    atomic_store(&fleet->held_since_ms, now_ms);
  } else {
    atomic_fetch_add(&fleet->held_ms, now_ms - atomic_load(&fleet->held_since_ms));
    atomic_store(&fleet->held_since_ms, SHERD__FLEET_NEVER_MS);
  }
}

/* A shard of the caller's own loop thread stops at once; those of other threads are told, and do so
 * before they are through with what they do now. Shards never call back from here. */
void sherd_fleet_hold(struct sherd_fleet *fleet, bool held) {
  if (atomic_load(&fleet->is_held) == held)
    return;
  uv_mutex_lock(&fleet->mutex);
  if (atomic_load(&fleet->is_held) != held) {
    atomic_store(&fleet->is_held, held);
    count_hold(fleet, held);
    for (uint32_t i = 0; i < fleet->set_count; i++)
      hold_set(fleet->sets[i], held);
  }
  uv_mutex_unlock(&fleet->mutex);
  if (!held)
    sherd__fleet_wake(fleet); /* a re-sharding has stood still */
}
