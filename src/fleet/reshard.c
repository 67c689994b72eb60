#include "fleet/reshard.h"

#include "base/logging.h"
#include "base/mem.h"
#include "fleet/fleet.h"
#include "fleet/lent_store.h"

/* Events that one set has heard and the other has not, at the most: some 15 MB. */
#define KEYS_MAX 262144

/* How often it is asked whether the old set may end, and for how many times the overlap. */
#define SETTLE_MS    50
#define SETTLE_TIMES 10

enum sherd_status sherd__reshard_init(struct sherd__reshard *reshard) {
  reshard->has_mutex = uv_mutex_init(&reshard->mutex) == 0;
  return reshard->has_mutex ? SHERD_OK : SHERD_ESYSTEM;
}

void sherd__reshard_deinit(struct sherd__reshard *reshard) {
  sherd__overlap_free(reshard->overlap);
  sherd__overlap_free(reshard->wanted);
  if (reshard->has_mutex)
    uv_mutex_destroy(&reshard->mutex);
}

/* --- The overlap --- */

/* Both sets listen for so long; one is never behind the other by more than the half of it. */
static uint64_t overlap_ms(const struct sherd_fleet *fleet) {
  return fleet->config.given.reshard_overlap_ms;
}

static void set_overlap(struct sherd__reshard *reshard, struct sherd__overlap *overlap,
                        uint32_t new_set) {
  uv_mutex_lock(&reshard->mutex);
  struct sherd__overlap *before = reshard->overlap;
  reshard->overlap = overlap;
  reshard->new_set = new_set;
  atomic_store(&reshard->is_on, overlap != NULL);
  uv_mutex_unlock(&reshard->mutex);
  sherd__overlap_free(before);
}

static void set_phase(struct sherd__reshard *reshard, enum sherd__overlap_phase phase) {
  uv_mutex_lock(&reshard->mutex);
  sherd__overlap_set_phase(reshard->overlap, phase);
  uv_mutex_unlock(&reshard->mutex);
}

bool sherd__reshard_shows(struct sherd__reshard *reshard, const struct sherd__fleet_set *set,
                          uint32_t shard_id, const struct sherd_event *event) {
  struct sherd__overlap_event described;
  bool shows = true;
  if (!atomic_load(&reshard->is_on))
    return true;
  sherd__overlap_describe(event, shard_id, &described);
  uv_mutex_lock(&reshard->mutex);
  if (reshard->overlap)
    shows = sherd__overlap_shows(reshard->overlap, set->number == reshard->new_set, &described,
                                 sherd__fleet_reading_ms(set->fleet));
  uv_mutex_unlock(&reshard->mutex);
  return shows;
}

static bool is_settled(struct sherd_fleet *fleet, uint64_t now_ms) {
  uv_mutex_lock(&fleet->reshard.mutex);
  bool is_settled = sherd__overlap_is_settled(fleet->reshard.overlap, now_ms);
  uv_mutex_unlock(&fleet->reshard.mutex);
  return is_settled;
}

/* --- The beginning: the user's thread --- */

static enum sherd_status refuse(struct sherd_fleet *fleet, uint32_t shard_count,
                                struct sherd_error_info *error) {
  if (!shard_count || shard_count > SHERD__FLEET_SHARDS_MAX)
    return sherd__fleet_error(error, SHERD_EINVAL, "%u shards cannot be: give 1 to %u",
                              (unsigned)shard_count, (unsigned)SHERD__FLEET_SHARDS_MAX);
  if (fleet->phase != SHERD_FLEET_RUNNING)
    return sherd__fleet_error(error, SHERD_ESTATE,
                              "the fleet is %s: re-shard it when it is running",
                              sherd_fleet_phase_name(fleet->phase));
  if (fleet->present->count != fleet->present->shard_count)
    return sherd__fleet_error(error, SHERD_EUNSUPPORTED,
                              "this fleet has %u of %u shards: one that has all can be re-sharded",
                              (unsigned)fleet->present->count,
                              (unsigned)fleet->present->shard_count);
  return SHERD_OK;
}

/* The phase keeps others out from here on. */
static enum sherd_status reserve(struct sherd_fleet *fleet, uint32_t shard_count,
                                 struct sherd_error_info *error) {
  uv_mutex_lock(&fleet->mutex);
  enum sherd_status status = refuse(fleet, shard_count, error);
  if (status == SHERD_OK)
    fleet->phase = SHERD_FLEET_RESHARDING;
  uv_mutex_unlock(&fleet->mutex);
  return status;
}

/* A store that can be given back, so that the next try finds its place free. */
static enum sherd_status open_lent(struct sherd_fleet *fleet, uint32_t shard_count,
                                   struct sherd_store **out, struct sherd_error_info *error) {
  struct sherd_store *real;
  enum sherd_status status = sherd__fleet_open_store(fleet, shard_count, true, &real, error);
  if (status != SHERD_OK)
    return status;
  status = sherd__lent_store_new(fleet->allocator, real, out);
  if (status == SHERD_OK)
    return SHERD_OK;
  sherd_store_free(real);
  return sherd__fleet_error(error, status, "%s", sherd_strerror(status));
}

static enum sherd_status make_next(struct sherd_fleet *fleet, uint32_t shard_count,
                                   struct sherd__fleet_set **out, struct sherd_error_info *error) {
  struct sherd_store *store;
  enum sherd_status status = open_lent(fleet, shard_count, &store, error);
  if (status != SHERD_OK)
    return status;
  status = sherd__fleet_set_new(fleet, shard_count, store, out);
  if (status == SHERD_OK)
    return sherd__fleet_look(*out, error);
  sherd_store_free(store);
  return sherd__fleet_error(error, status, "%s", sherd_strerror(status));
}

/* With the mutex. Gives whether it is on its way; a fleet that is closing has other plans. */
static bool settle(struct sherd_fleet *fleet, struct sherd__fleet_set *next,
                   struct sherd__overlap *overlap) {
  if (fleet->phase != SHERD_FLEET_RESHARDING)
    return false;
  if (overlap) {
    fleet->wanted = next;
    fleet->reshard.wanted = overlap;
  } else {
    fleet->phase = SHERD_FLEET_RUNNING;
  }
  return overlap != NULL;
}

enum sherd_status sherd_fleet_reshard(struct sherd_fleet *fleet, uint32_t shard_count,
                                      struct sherd_error_info *error) {
  struct sherd_error_info nowhere;
  error = error ? error : &nowhere;
  *error = (struct sherd_error_info){0};
  enum sherd_status status = reserve(fleet, shard_count, error);
  if (status != SHERD_OK)
    return status;
  struct sherd__fleet_set *next = NULL;
  struct sherd__overlap *overlap = NULL;
  status = make_next(fleet, shard_count, &next, error);
  if (status == SHERD_OK && sherd__overlap_new(fleet->allocator, shard_count, KEYS_MAX,
                                               overlap_ms(fleet) / 2 + 1, &overlap) != SHERD_OK)
    status = sherd__fleet_error(error, SHERD_ENOMEM, "%s", sherd_strerror(SHERD_ENOMEM));
  uv_mutex_lock(&fleet->mutex);
  bool is_under_way = settle(fleet, next, overlap);
  uv_mutex_unlock(&fleet->mutex);
  if (!is_under_way)
    sherd__overlap_free(overlap);
  if (next && !is_under_way)
    sherd__lent_store_give_back(next->store);
  if (status == SHERD_OK && !is_under_way)
    return sherd__fleet_error(error, SHERD_ESTATE, "the fleet is closing");
  sherd__fleet_wake(fleet);
  return status;
}

/* --- Telling of it, on the loop thread of shard 0 --- */

static void tell(struct sherd__task *task) {
  struct sherd__fleet_set *set =
      (struct sherd__fleet_set *)((char *)task - offsetof(struct sherd__fleet_set, told));
  struct sherd_fleet *fleet = set->fleet;
  const struct sherd_event resharded = {.type = SHERD_EVENT_RESHARDED,
                                        .name = sherd_event_type_name(SHERD_EVENT_RESHARDED),
                                        .session = "",
                                        .op = set->shard_count,
                                        .allocator_ = fleet->allocator};
  const struct sherd_fleet_event told = {
      .event = &resharded, .set = set->number, .shard_count = set->shard_count};
  sherd__fleet_tell(set, &told);
  sherd__fleet_task_done(fleet);
}

/* A fleet that has begun to close tells nothing more. */
static void post_tell(struct sherd__fleet_set *set) {
  struct sherd_fleet *fleet = set->fleet;
  uv_mutex_lock(&fleet->mutex);
  bool goes_on = fleet->phase < SHERD_FLEET_CLOSING;
  fleet->tasks += goes_on;
  uv_mutex_unlock(&fleet->mutex);
  set->told.run = tell;
  if (goes_on)
    sherd__loop_post(fleet->loops[0].loop, &set->told);
}

/* --- Its steps: the control thread --- */

static void log_stage(struct sherd_fleet *fleet, const char *stage,
                      const struct sherd__fleet_set *set) {
  sherd__log(&fleet->log, SHERD_LOG_INFO, SHERD__FLEET_LOG_ID, "fleet.reshard",
             "stage=%s set=%u shards=%u", stage, (unsigned)set->number, (unsigned)set->shard_count);
}

static void begin(struct sherd_fleet *fleet) {
  uv_mutex_lock(&fleet->mutex);
  fleet->next = fleet->wanted;
  fleet->wanted = NULL;
  struct sherd__overlap *overlap = fleet->reshard.wanted;
  fleet->reshard.wanted = NULL;
  uv_mutex_unlock(&fleet->mutex);
  if (!fleet->next)
    return;
  set_overlap(&fleet->reshard, overlap, fleet->next->number);
  fleet->reshard.stage = SHERD__RESHARD_STARTING;
  log_stage(fleet, "starting", fleet->next);
  sherd__fleet_ask(fleet); /* what is left of the day's starts may have changed */
}

static void begin_merging(struct sherd_fleet *fleet, uint64_t now_ms) {
  struct sherd__fleet_set *next = fleet->next;
  if (atomic_load(&next->connected) < next->count)
    return;
  set_phase(&fleet->reshard, SHERD__OVERLAP_MERGE);
  fleet->reshard.stage = SHERD__RESHARD_MERGING;
  fleet->reshard.until_ms = now_ms + overlap_ms(fleet);
  fleet->reshard.limit_ms = now_ms + SETTLE_TIMES * overlap_ms(fleet);
  log_stage(fleet, "merging", next);
}

/* The new set becomes the present one, or the old one again. With the mutex. */
static void exchange(struct sherd_fleet *fleet, bool to_new) {
  if (to_new) {
    fleet->old = fleet->present;
    fleet->present = fleet->next;
    fleet->next = NULL;
  } else {
    fleet->next = fleet->present;
    fleet->present = fleet->old;
    fleet->old = NULL;
  }
}

/* False once the fleet is closing. */
static bool try_exchange(struct sherd_fleet *fleet, bool to_new) {
  uv_mutex_lock(&fleet->mutex);
  bool goes_on = fleet->phase == SHERD_FLEET_RESHARDING;
  if (goes_on)
    exchange(fleet, to_new);
  uv_mutex_unlock(&fleet->mutex);
  return goes_on;
}

/* What the new set has left to the old one must have come; not for ever, though. */
static bool may_take_over(struct sherd_fleet *fleet, uint64_t now_ms) {
  struct sherd__reshard *reshard = &fleet->reshard;
  if (now_ms < reshard->until_ms)
    return false;
  if (is_settled(fleet, now_ms))
    return true;
  reshard->until_ms = now_ms + SETTLE_MS;
  if (now_ms < reshard->limit_ms)
    return false;
  sherd__log(&fleet->log, SHERD_LOG_WARN, SHERD__FLEET_LOG_ID, "fleet.reshard",
             "stage=unsettled why=\"the old set has not shown all that the new one left to it\"");
  return true;
}

/* From here on a later process resumes the new set, and the old one's sessions may end. Who closes
 * the fleet meanwhile keeps the set that the store is about to be for. */
static void take_over(struct sherd_fleet *fleet, uint64_t now_ms) {
  if (!may_take_over(fleet, now_ms) || !try_exchange(fleet, true))
    return;
  enum sherd_status status = sherd_store_promote(fleet->present->store);
  if (status != SHERD_OK && status != SHERD_ESTATE) { /* ESTATE: one that stands beside none */
    struct sherd_error_info error;
    sherd__fleet_error(&error, status, "the new set's store cannot take over: %s",
                       sherd_strerror(status));
    if (try_exchange(fleet, false))
      sherd__reshard_give_up(fleet, &error);
    return;
  }
  fleet->reshard.stage = SHERD__RESHARD_ENDING;
  log_stage(fleet, "taking_over", fleet->present);
  sherd__fleet_set_close(fleet->old, false);
}

/* The next one may be asked for. */
static void end_resharding(struct sherd_fleet *fleet) {
  uv_mutex_lock(&fleet->mutex);
  if (fleet->phase == SHERD_FLEET_RESHARDING)
    fleet->phase = SHERD_FLEET_RUNNING;
  uv_mutex_unlock(&fleet->mutex);
}

static void end(struct sherd_fleet *fleet, uint64_t now_ms) {
  struct sherd__fleet_set *old = fleet->old;
  uv_mutex_lock(&fleet->mutex);
  bool has_ended = !old->closing;
  if (has_ended)
    fleet->old = NULL;
  uv_mutex_unlock(&fleet->mutex);
  if (!has_ended)
    return;
  set_phase(&fleet->reshard, SHERD__OVERLAP_ALONE);
  fleet->reshard.stage = SHERD__RESHARD_TRAILING;
  fleet->reshard.until_ms = now_ms + overlap_ms(fleet);
  log_stage(fleet, "done", fleet->present);
  post_tell(fleet->present);
  end_resharding(fleet);
}

void sherd__reshard_give_up(struct sherd_fleet *fleet, const struct sherd_error_info *why) {
  if (fleet->reshard.stage != SHERD__RESHARD_STARTING &&
      fleet->reshard.stage != SHERD__RESHARD_MERGING)
    return;
  fleet->reshard.stage = SHERD__RESHARD_GIVING_UP;
  sherd__log(&fleet->log, SHERD_LOG_ERROR, SHERD__FLEET_LOG_ID, "fleet.reshard",
             "stage=given_up set=%u shards=%u status=%s why=\"%s\"", (unsigned)fleet->next->number,
             (unsigned)fleet->next->shard_count, sherd_status_name(why->status), why->text);
  uv_mutex_lock(&fleet->mutex);
  fleet->error = *why;
  uv_mutex_unlock(&fleet->mutex);
  sherd__fleet_set_close(fleet->next, false);
}

/* What the new set has shown while both did is still not shown again. */
static void end_giving_up(struct sherd_fleet *fleet, uint64_t now_ms) {
  struct sherd_store *store = fleet->next->store;
  uv_mutex_lock(&fleet->mutex);
  bool has_ended = !fleet->next->closing;
  if (has_ended)
    fleet->next = NULL;
  uv_mutex_unlock(&fleet->mutex);
  if (!has_ended)
    return;
  sherd__lent_store_give_back(store);
  end_resharding(fleet);
  fleet->reshard.stage = SHERD__RESHARD_TRAILING;
  fleet->reshard.until_ms = now_ms + overlap_ms(fleet);
}

/* The next re-sharding waits for it: what the old set has shown last must not be shown again. */
static void end_trailing(struct sherd_fleet *fleet, uint64_t now_ms) {
  if (now_ms < fleet->reshard.until_ms)
    return;
  fleet->reshard.stage = SHERD__RESHARD_NONE;
  set_overlap(&fleet->reshard, NULL, 0);
  begin(fleet);
}

/* By the clock of the control thread. Who is held is looked after when the hold has ended. */
static uint64_t next_look_ms(const struct sherd_fleet *fleet) {
  const struct sherd__reshard *reshard = &fleet->reshard;
  bool is_timed =
      reshard->stage == SHERD__RESHARD_MERGING || reshard->stage == SHERD__RESHARD_TRAILING;
  if (!is_timed || atomic_load(&fleet->is_held))
    return SHERD__FLEET_NEVER_MS;
  uint64_t reading_ms = sherd__fleet_reading_ms(fleet), now_ms = sherd__fleet_now_ms(fleet);
  return reshard->until_ms > reading_ms ? now_ms + (reshard->until_ms - reading_ms) : now_ms;
}

uint64_t sherd__reshard_follow(struct sherd_fleet *fleet) {
  struct sherd__reshard *reshard = &fleet->reshard;
  uint64_t now_ms = sherd__fleet_reading_ms(fleet);
  switch (reshard->stage) {
  case SHERD__RESHARD_NONE:
    begin(fleet);
    break;
  case SHERD__RESHARD_STARTING:
    begin_merging(fleet, now_ms);
    break;
  case SHERD__RESHARD_MERGING:
    take_over(fleet, now_ms);
    break;
  case SHERD__RESHARD_ENDING:
    end(fleet, now_ms);
    break;
  case SHERD__RESHARD_GIVING_UP:
    end_giving_up(fleet, now_ms);
    break;
  case SHERD__RESHARD_TRAILING:
    end_trailing(fleet, now_ms);
    break;
  }
  return next_look_ms(fleet);
}
