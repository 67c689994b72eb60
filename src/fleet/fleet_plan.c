/* From the store and the limits to shards that start: on the control thread. */
#include <string.h>

#include "base/logging.h"
#include "base/mem.h"
#include "fleet/fleet.h"
#include "shard/runtime.h"

#define CONSUMER       "callback"
#define START_AGAIN_MS 1000 /* after a want of memory or of the system's means */

/* --- The store --- */

enum sherd_status sherd__fleet_open_store(struct sherd_fleet *fleet, uint32_t shard_count,
                                          bool beside, struct sherd_store **out,
                                          struct sherd_error_info *error) {
  const struct sherd_fleet_config *given = &fleet->config.given;
  *out = NULL;
  enum sherd_status status = SHERD_ENOTFOUND;
  if (given->open_store)
    status = given->open_store(given->open_store_ctx, shard_count, beside, out, error);
  else if (shard_count)
    status = sherd_store_memory_new(fleet->allocator, shard_count, out);
  if (status != SHERD_OK && (!error->text[0] || error->status != status))
    sherd__fleet_error(error, status, "the session store: %s", sherd_strerror(status));
  return status;
}

/* The marks of a consumer that the store does not know yet begin where the sessions go on. */
static enum sherd_status add_consumer(struct sherd__fleet_set *set) {
  enum sherd_status status = sherd_store_consumer(set->store, CONSUMER, &set->consumer);
  for (uint32_t i = 0; i < set->count && status == SHERD_OK; i++) {
    const struct sherd__fleet_slot *slot = &set->slots[i];
    if (slot->taken_tag)
      status = sherd_store_mark(set->store, set->consumer, sherd__fleet_slot_id(slot),
                                slot->taken_tag, slot->taken_seq);
  }
  return status;
}

static bool find_consumer(struct sherd__fleet_set *set) {
  for (uint32_t i = 0; i < SHERD_STORE_CONSUMERS_MAX; i++) {
    const char *name = sherd_store_consumer_name(set->store, i);
    if (name && strcmp(name, CONSUMER) == 0) {
      set->consumer = i;
      return true;
    }
  }
  return false;
}

static enum sherd__plan_kind look_at(struct sherd__fleet_slot *slot, bool is_too_old,
                                     bool has_consumer) {
  struct sherd__fleet_set *set = slot->set;
  struct sherd_session session;
  uint32_t id = sherd__fleet_slot_id(slot);
  enum sherd_status status = sherd_store_load(set->store, id, &session);
  if (status == SHERD_ENOTFOUND)
    return SHERD__PLAN_IDENTIFY;
  if (status != SHERD_OK || is_too_old) {
    slot->lost = status == SHERD_OK ? SHERD_ESTOREOLD : SHERD_ESTOREDAMAGED;
    return SHERD__PLAN_IDENTIFY;
  }
  slot->taken_tag = sherd_session_tag(session.id);
  slot->taken_seq = session.seq;
  if (has_consumer)
    (void)sherd_store_mark_of(set->store, set->consumer, id, &slot->taken_seq);
  return SHERD__PLAN_RESUME;
}

enum sherd_status sherd__fleet_look(struct sherd__fleet_set *set, struct sherd_error_info *error) {
  struct sherd_fleet *fleet = set->fleet;
  const struct sherd_fleet_config *given = &fleet->config.given;
  bool is_too_old =
      sherd__plan_is_too_old(sherd_store_touched_ms(set->store), sherd__fleet_unix_ms(),
                             (uint64_t)given->max_session_age_s * 1000);
  bool has_consumer = !given->takes_itself && find_consumer(set);
  for (uint32_t i = 0; i < set->count; i++)
    set->plan[i].kind = look_at(&set->slots[i], is_too_old, has_consumer);
  enum sherd_status status = SHERD_OK;
  if (!given->takes_itself && !has_consumer)
    status = add_consumer(set);
  if (status == SHERD_OK) /* from now on it is this process that was last seen alive */
    status = sherd_store_sync(set->store, sherd__fleet_unix_ms());
  set->is_planned = status == SHERD_OK;
  if (status != SHERD_OK)
    sherd__fleet_error(error, status, "the session store: %s", sherd_strerror(status));
  return status;
}

/* --- The first set --- */

static uint32_t count_threads(const struct sherd_fleet *fleet, uint32_t shards) {
  uint32_t threads = fleet->config.given.threads;
  if (!threads)
    threads = (uint32_t)uv_available_parallelism();
  return threads < shards ? threads : shards;
}

/* Its loops are known by asking where a shard of each number would live. */
static enum sherd_status find_loops(struct sherd_runtime *runtime, uint32_t count,
                                    struct sherd_fleet *fleet) {
  struct sherd__fleet_loop *loops = sherd__calloc(fleet->allocator, count * sizeof *loops);
  if (!loops)
    return SHERD_ENOMEM;
  for (uint32_t i = 0; i < count; i++) {
    loops[i].fleet = fleet;
    loops[i].loop = sherd__runtime_enter(runtime, i);
    sherd__runtime_leave(runtime);
    sherd__runtime_left(runtime);
  }
  uv_mutex_lock(&fleet->mutex);
  fleet->runtime = runtime;
  fleet->loops = loops;
  fleet->loop_count = count;
  uv_mutex_unlock(&fleet->mutex);
  return SHERD_OK;
}

static enum sherd_status make_runtime(struct sherd_fleet *fleet, uint32_t shards) {
  struct sherd_runtime_config config = {
      .threads = count_threads(fleet, shards), .allocator = fleet->allocator, .log = fleet->log};
  struct sherd_runtime *runtime;
  enum sherd_status status = sherd_runtime_new(&config, &runtime);
  if (status == SHERD_OK) {
    status = find_loops(runtime, config.threads, fleet);
    if (status != SHERD_OK)
      sherd_runtime_free(runtime);
  }
  return status;
}

static enum sherd_status make_set(struct sherd_fleet *fleet, uint32_t shard_count,
                                  struct sherd_store *store, struct sherd_error_info *error) {
  struct sherd__fleet_set *set;
  enum sherd_status status = sherd__fleet_set_new(fleet, shard_count, store, &set);
  if (status != SHERD_OK) {
    sherd_store_free(store);
    return sherd__fleet_error(error, status, "%s", sherd_strerror(status));
  }
  status = make_runtime(fleet, set->count);
  if (status != SHERD_OK)
    return sherd__fleet_error(error, status, "the loop threads: %s", sherd_strerror(status));
  status = sherd__fleet_look(set, error);
  if (status != SHERD_OK)
    return status;
  uv_mutex_lock(&fleet->mutex);
  fleet->present = set;
  if (fleet->phase == SHERD_FLEET_PLANNING)
    fleet->phase = SHERD_FLEET_STARTING;
  uv_mutex_unlock(&fleet->mutex);
  return SHERD_OK;
}

/* With an API of one's own, and no gateway given, only that API can say where the gateway is: even
 * a session that is to be resumed may need it. */
static bool needs_url(const struct sherd_fleet *fleet) {
  const struct sherd_fleet_config *given = &fleet->config.given;
  const char *api = given->rest.api_url;
  return api && strcmp(api, SHERD_API_URL) != 0 && !given->shard.gateway.gateway_url &&
         !fleet->limits.is_known;
}

/* A part of the shards is a part of that number only. */
static enum sherd_status take_store(struct sherd_fleet *fleet, struct sherd_store *store,
                                    struct sherd_error_info *error) {
  const struct sherd_fleet_config *given = &fleet->config.given;
  uint32_t count = sherd_store_shard_count(store);
  if (given->is_range && count != given->shard_count) {
    sherd_store_free(store);
    return sherd__fleet_error(error, SHERD_ESTORECOUNT,
                              "the session store is for %u shards since a re-sharding, and the "
                              "range is of %u: give that number and a range of it",
                              (unsigned)count, (unsigned)given->shard_count);
  }
  return make_set(fleet, count, store, error);
}

void sherd__fleet_open(struct sherd_fleet *fleet) {
  struct sherd_error_info error = {0};
  struct sherd_store *store;
  uint32_t count = fleet->config.given.shard_count;
  if (needs_url(fleet)) {
    sherd__fleet_ask(fleet);
    return;
  }
  enum sherd_status status = sherd__fleet_open_store(fleet, count, false, &store, &error);
  if (status == SHERD_ENOTFOUND && !count) {
    if (!fleet->limits.is_known) {
      sherd__fleet_ask(fleet);
      return;
    }
    count = fleet->limits.bot.shards;
    error = (struct sherd_error_info){0};
    status = sherd__fleet_open_store(fleet, count, false, &store, &error);
  }
  if (status == SHERD_OK)
    status = take_store(fleet, store, &error);
  if (status != SHERD_OK)
    sherd__fleet_fail(fleet, &error);
}

/* --- Times --- */

static void tell_plan(struct sherd__fleet_set *set, const struct sherd__plan *plan,
                      uint64_t now_ms) {
  sherd__log(&set->fleet->log, SHERD_LOG_INFO, SHERD__FLEET_LOG_ID, "fleet.plan",
             "set=%u shards=%u of=%u resumes=%u identifies=%u limits=%s eta_s=%llu",
             (unsigned)set->number, (unsigned)set->count, (unsigned)set->shard_count,
             (unsigned)plan->resumes, (unsigned)plan->identifies,
             set->timed_with ? "known" : "asked",
             (unsigned long long)((plan->last_turn_ms - now_ms) / 1000));
}

void sherd__fleet_time(struct sherd__fleet_set *set) {
  struct sherd_fleet *fleet = set->fleet;
  struct sherd_identify_limits limits;
  struct sherd__plan plan;
  uint32_t version = fleet->limits.version;
  uint64_t now_ms = sherd__fleet_now_ms(fleet);
  if (set->is_timed && set->timed_with == version)
    return;
  if (version)
    sherd_runtime_identify_limits(fleet->runtime, &limits);
  if (sherd__plan_make(fleet->allocator, version ? &limits : NULL, set->first_shard, set->count,
                       now_ms, set->plan, &plan) != SHERD_OK)
    return; /* tried again at the next look */
  set->is_timed = true;
  set->timed_with = version;
  uv_mutex_lock(&fleet->mutex);
  set->last_turn_ms = plan.last_turn_ms;
  uv_mutex_unlock(&fleet->mutex);
  if (plan.resumes || plan.identifies)
    tell_plan(set, &plan, now_ms);
  if (plan.identifies && !version)
    sherd__fleet_ask(fleet);
}

static bool may_pass(enum sherd_status status) {
  return status == SHERD_ENOMEM || status == SHERD_ESYSTEM;
}

static void start_one(struct sherd__fleet_set *set, uint32_t i, uint64_t now_ms) {
  enum sherd_status status = sherd__fleet_slot_start(&set->slots[i]);
  if (status == SHERD_OK) {
    set->plan[i].kind = SHERD__PLAN_DONE;
    return;
  }
  uint32_t id = set->first_shard + i;
  set->plan[i].start_ms = now_ms + START_AGAIN_MS;
  sherd__log(&set->fleet->log, SHERD_LOG_WARN, id, "fleet.start", "status=%s",
             sherd_status_name(status));
  if (may_pass(status))
    return;
  struct sherd_error_info error;
  sherd__fleet_error(&error, status, "shard %u cannot be made: %s", (unsigned)id,
                     sherd_strerror(status));
  sherd__fleet_fail(set->fleet, &error);
}

uint64_t sherd__fleet_start_due(struct sherd__fleet_set *set) {
  uint64_t now_ms = sherd__fleet_now_ms(set->fleet);
  uint64_t next_ms = SHERD__FLEET_NEVER_MS;
  for (uint32_t i = 0; i < set->count && sherd__fleet_goes_on(set->fleet); i++) {
    if (set->plan[i].kind == SHERD__PLAN_DONE)
      continue;
    if (set->plan[i].start_ms <= now_ms)
      start_one(set, i, now_ms);
    if (set->plan[i].kind != SHERD__PLAN_DONE && set->plan[i].start_ms < next_ms)
      next_ms = set->plan[i].start_ms;
  }
  return next_ms;
}
