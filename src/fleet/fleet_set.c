#include <string.h>

#include "base/mem.h"
#include "fleet/fleet.h"

/* --- A set --- */

static struct sherd__fleet_set *allocate(struct sherd_fleet *fleet, uint32_t count) {
  struct sherd__fleet_set *set =
      sherd__calloc(fleet->allocator, sizeof *set + count * sizeof *set->slots);
  if (!set)
    return NULL;
  set->fleet = fleet;
  set->plan = sherd__calloc(fleet->allocator, count * sizeof *set->plan);
  if (set->plan)
    return set;
  sherd__free(fleet->allocator, set);
  return NULL;
}

static enum sherd_status count_in(struct sherd_fleet *fleet, struct sherd__fleet_set *set) {
  size_t size = fleet->set_count * sizeof *fleet->sets;
  struct sherd__fleet_set **sets =
      sherd__realloc(fleet->allocator, fleet->sets, size, size + sizeof *sets);
  if (!sets)
    return SHERD_ENOMEM;
  set->number = fleet->set_count;
  sets[fleet->set_count++] = set;
  fleet->sets = sets;
  return SHERD_OK;
}

enum sherd_status sherd__fleet_set_new(struct sherd_fleet *fleet, uint32_t shard_count,
                                       struct sherd_store *store, struct sherd__fleet_set **out) {
  const struct sherd_fleet_config *given = &fleet->config.given;
  uint32_t count = given->is_range ? given->last_shard - given->first_shard + 1 : shard_count;
  struct sherd__fleet_set *set = allocate(fleet, count);
  if (!set)
    return SHERD_ENOMEM;
  set->shard_count = shard_count;
  set->first_shard = given->is_range ? given->first_shard : 0;
  set->count = count;
  for (uint32_t i = 0; i < count; i++)
    set->slots[i].set = set;
  uv_mutex_lock(&fleet->mutex);
  enum sherd_status status = count_in(fleet, set);
  if (status == SHERD_OK)
    set->store = store;
  uv_mutex_unlock(&fleet->mutex);
  if (status == SHERD_OK)
    *out = set;
  else
    sherd__fleet_set_free(set);
  return status;
}

void sherd__fleet_set_free(struct sherd__fleet_set *set) {
  sherd_store_free(set->store);
  sherd__free(set->fleet->allocator, set->plan);
  sherd__free(set->fleet->allocator, set);
}

uint32_t sherd__fleet_slot_id(const struct sherd__fleet_slot *slot) {
  return slot->set->first_shard + (uint32_t)(slot - slot->set->slots);
}

void sherd__fleet_add_stats(struct sherd_engine_stats *sum, const struct sherd_engine_stats *more) {
  enum {
    COUNTERS = sizeof *sum / sizeof(uint64_t)
  };
  _Static_assert(sizeof *sum == COUNTERS * sizeof(uint64_t), "all counters are alike");
  uint64_t a[COUNTERS], b[COUNTERS];
  memcpy(a, sum, sizeof a);
  memcpy(b, more, sizeof b);
  for (size_t i = 0; i < COUNTERS; i++)
    a[i] += b[i];
  memcpy(sum, a, sizeof a);
}

/* --- One of its shards --- */

/* The session to begin with; false when there is none (any more). */
static bool load_session(struct sherd__fleet_slot *slot, struct sherd_session *session) {
  struct sherd__fleet_set *set = slot->set;
  uint32_t id = sherd__fleet_slot_id(slot);
  return set->plan[slot - set->slots].kind == SHERD__PLAN_RESUME &&
         sherd_store_load(set->store, id, session) == SHERD_OK;
}

static enum sherd_status make_shard(struct sherd__fleet_slot *slot,
                                    const struct sherd_session *session, struct sherd_shard **out) {
  struct sherd_fleet *fleet = slot->set->fleet;
  struct sherd_shard_config config = fleet->config.given.shard;
  config.gateway.shard_id = sherd__fleet_slot_id(slot);
  config.gateway.shard_count = slot->set->shard_count;
  config.gateway.session = session;
  if (!config.gateway.gateway_url && fleet->limits.is_known)
    config.gateway.gateway_url = fleet->limits.bot.url;
  config.runtime = fleet->runtime;
  config.on_event = sherd__fleet_on_event;
  config.user = slot;
  return sherd_shard_new(&config, out);
}

static enum sherd_status make_with_session(struct sherd__fleet_slot *slot,
                                           struct sherd_shard **out) {
  struct sherd_session session;
  slot->is_resuming = load_session(slot, &session);
  enum sherd_status status = make_shard(slot, slot->is_resuming ? &session : NULL, out);
  if (status != SHERD_EINVAL || !slot->is_resuming)
    return status;
  /* The template is good, so it is the session that is not. */
  slot->lost = SHERD_ESTOREDAMAGED;
  slot->is_resuming = false;
  return make_shard(slot, NULL, out);
}

static enum sherd_status make_and_start(struct sherd__fleet_slot *slot) {
  struct sherd_fleet *fleet = slot->set->fleet;
  struct sherd_shard *shard;
  enum sherd_status status = make_with_session(slot, &shard);
  if (status != SHERD_OK)
    return status;
  bool is_resuming = slot->is_resuming;
  atomic_fetch_add(&slot->set->resumes_pending, is_resuming);
  sherd_shard_hold(shard, atomic_load(&fleet->is_held));
  status = sherd_shard_start_async(shard, NULL, NULL);
  if (status == SHERD_OK) {
    slot->shard = shard;
    return SHERD_OK;
  }
  atomic_fetch_sub(&slot->set->resumes_pending, is_resuming);
  sherd_shard_free(shard); /* no thread has heard of it: nothing is waited for */
  return status;
}

/* All with the mutex: no presence, hold or close may come in between. */
enum sherd_status sherd__fleet_slot_start(struct sherd__fleet_slot *slot) {
  struct sherd_fleet *fleet = slot->set->fleet;
  uv_mutex_lock(&fleet->mutex);
  bool goes_on = fleet->phase < SHERD_FLEET_CLOSING && !slot->set->is_ending;
  enum sherd_status status = goes_on ? make_and_start(slot) : SHERD_OK;
  uv_mutex_unlock(&fleet->mutex);
  return status;
}
