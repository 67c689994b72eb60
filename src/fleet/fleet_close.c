/* How shards end, and with them the fleet. */
#include "fleet/fleet.h"

/* --- One shard --- */

/* Its slot lets go of it: true for the one caller that then has to free it. With the mutex. */
static bool take_out(struct sherd__fleet_slot *slot, struct sherd_shard *shard) {
  struct sherd_engine_stats stats;
  if (slot->shard != shard)
    return false;
  if (sherd_shard_stats(shard, &stats) == SHERD_OK)
    sherd__fleet_add_stats(&slot->set->gone, &stats);
  slot->shard = NULL;
  return true;
}

/* On the shard's loop thread, or in sherd_shard_free() of who was quicker. Freed in its own
 * callback, a shard goes without anybody waiting for its thread. */
static void on_closed(struct sherd_shard *shard, enum sherd_status status, void *user) {
  struct sherd__fleet_slot *slot = user;
  struct sherd_fleet *fleet = slot->set->fleet;
  (void)status;
  uv_mutex_lock(&fleet->mutex);
  bool is_ours = take_out(slot, shard);
  uv_mutex_unlock(&fleet->mutex);
  if (is_ours)
    sherd_shard_free(shard);
  uv_mutex_lock(&fleet->mutex);
  slot->set->closing--; /* the last thing: the fleet may be freed after it */
  sherd__fleet_wake(fleet);
  uv_cond_broadcast(&fleet->changed);
  uv_mutex_unlock(&fleet->mutex);
}

/* --- All of a set --- */

static void close_slot(struct sherd__fleet_slot *slot, bool resumable) {
  if (!slot->shard || slot->is_closing)
    return;
  enum sherd_status status = resumable
                                 ? sherd_shard_close_resumable_async(slot->shard, on_closed, slot)
                                 : sherd_shard_close_async(slot->shard, on_closed, slot);
  slot->is_closing = status == SHERD_OK; /* else it is freed when the time is up */
  slot->set->closing += slot->is_closing;
}

void sherd__fleet_set_close(struct sherd__fleet_set *set, bool resumable) {
  uv_mutex_lock(&set->fleet->mutex);
  set->is_ending = true;
  for (uint32_t i = 0; i < set->count; i++)
    close_slot(&set->slots[i], resumable);
  uv_mutex_unlock(&set->fleet->mutex);
}

/* The array may grow meanwhile, but no set goes before the fleet. */
static struct sherd__fleet_set *set_at(struct sherd_fleet *fleet, uint32_t i) {
  uv_mutex_lock(&fleet->mutex);
  struct sherd__fleet_set *set = i < fleet->set_count ? fleet->sets[i] : NULL;
  uv_mutex_unlock(&fleet->mutex);
  return set;
}

/* Of a re-sharding only the set that the store would give again is worth keeping. */
void sherd__fleet_close_sets(struct sherd_fleet *fleet, bool resumable) {
  uv_mutex_lock(&fleet->mutex);
  fleet->is_cancelled = true;
  uv_cond_broadcast(&fleet->changed);
  struct sherd__fleet_set *present = fleet->present, *set;
  uv_mutex_unlock(&fleet->mutex);
  for (uint32_t i = 0; (set = set_at(fleet, i)); i++)
    sherd__fleet_set_close(set, resumable && set == present);
}

bool sherd__fleet_is_closing(const struct sherd_fleet *fleet) {
  for (uint32_t i = 0; i < fleet->set_count; i++)
    if (fleet->sets[i]->closing)
      return true;
  return fleet->tasks > 0;
}

/* --- The fleet --- */

void sherd__fleet_task_done(struct sherd_fleet *fleet) {
  uv_mutex_lock(&fleet->mutex);
  fleet->tasks--;
  uv_cond_broadcast(&fleet->changed);
  uv_mutex_unlock(&fleet->mutex);
}

static void free_slot(struct sherd__fleet_slot *slot) {
  struct sherd_fleet *fleet = slot->set->fleet;
  uv_mutex_lock(&fleet->mutex);
  struct sherd_shard *shard = slot->shard;
  if (shard)
    take_out(slot, shard);
  uv_mutex_unlock(&fleet->mutex);
  sherd_shard_free(shard);
}

/* On a loop's thread: shards of it whose servers have not answered in time. Their goodbyes are on
 * the way. Freed here, they go without anybody waiting for each of them. */
static void free_rest(struct sherd__task *task) {
  struct sherd__fleet_loop *loop =
      (struct sherd__fleet_loop *)((char *)task - offsetof(struct sherd__fleet_loop, free_rest));
  struct sherd_fleet *fleet = loop->fleet;
  struct sherd__fleet_set *set;
  uint32_t index = (uint32_t)(loop - fleet->loops);
  for (uint32_t n = 0; (set = set_at(fleet, n)); n++)
    for (uint32_t i = 0; i < set->count; i++)
      if (sherd__fleet_slot_id(&set->slots[i]) % fleet->loop_count == index)
        free_slot(&set->slots[i]);
  sherd__fleet_task_done(fleet);
}

static void post_free_rest(struct sherd_fleet *fleet) {
  uv_mutex_lock(&fleet->mutex);
  bool is_first = !fleet->is_freeing; /* of several who close */
  uint32_t count = is_first ? fleet->loop_count : 0;
  fleet->is_freeing = true;
  fleet->tasks += count;
  uv_mutex_unlock(&fleet->mutex);
  for (uint32_t i = 0; i < count; i++) {
    fleet->loops[i].free_rest.run = free_rest;
    sherd__loop_post(fleet->loops[i].loop, &fleet->loops[i].free_rest);
  }
}

/* Sessions that were ended are not to be found by a later process. */
static void forget_sessions(struct sherd_fleet *fleet) {
  uv_mutex_lock(&fleet->mutex);
  struct sherd__fleet_set *set = fleet->present;
  uv_mutex_unlock(&fleet->mutex);
  for (uint32_t i = 0; set && i < set->count; i++)
    (void)sherd_store_forget(set->store, set->first_shard + i);
}

static void wait_for_ends(struct sherd_fleet *fleet, uint64_t deadline_ns) {
  uv_mutex_lock(&fleet->mutex);
  while (sherd__fleet_is_closing(fleet) && sherd__fleet_wait(fleet, deadline_ns))
    ;
  uv_mutex_unlock(&fleet->mutex);
}

/* True when there is something to end. */
static bool begin_closing(struct sherd_fleet *fleet) {
  uv_mutex_lock(&fleet->mutex);
  bool is_over = fleet->phase == SHERD_FLEET_CLOSED || fleet->phase == SHERD_FLEET_FAILED;
  if (fleet->phase == SHERD_FLEET_IDLE)
    fleet->phase = SHERD_FLEET_CLOSED;
  else if (!is_over)
    fleet->phase = SHERD_FLEET_CLOSING;
  bool goes_on = fleet->phase == SHERD_FLEET_CLOSING;
  uv_mutex_unlock(&fleet->mutex);
  return goes_on;
}

static void end_closing(struct sherd_fleet *fleet) {
  uv_mutex_lock(&fleet->mutex);
  fleet->phase = fleet->is_failing ? SHERD_FLEET_FAILED : SHERD_FLEET_CLOSED;
  uv_cond_broadcast(&fleet->changed);
  uv_mutex_unlock(&fleet->mutex);
}

enum sherd_status sherd_fleet_close(struct sherd_fleet *fleet, bool resumable, int64_t timeout_ms) {
  if (sherd__fleet_is_own_thread(fleet))
    return SHERD_EDEADLK;
  uint64_t deadline_ns = sherd__fleet_deadline_ns(timeout_ms);
  if (!begin_closing(fleet))
    return SHERD_OK;
  sherd__fleet_close_sets(fleet, resumable);
  wait_for_ends(fleet, deadline_ns);
  post_free_rest(fleet);
  wait_for_ends(fleet,
                UINT64_MAX); /* callbacks that have begun, and nothing that a peer can delay */
  if (!resumable)
    forget_sessions(fleet);
  sherd__fleet_sync_now(fleet);
  end_closing(fleet);
  return SHERD_OK;
}
