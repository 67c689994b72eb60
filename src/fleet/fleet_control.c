/* The control thread: it looks when something has happened and when something is due. */
#include <string.h>

#include "base/logging.h"
#include "fleet/fleet.h"

void sherd__fleet_wake(struct sherd_fleet *fleet) {
  if (!atomic_exchange(&fleet->wake_posted, true))
    sherd__loop_post(fleet->control, &fleet->wake);
}

bool sherd__fleet_goes_on(struct sherd_fleet *fleet) {
  uv_mutex_lock(&fleet->mutex);
  bool goes_on = fleet->phase > SHERD_FLEET_IDLE && fleet->phase < SHERD_FLEET_CLOSING;
  uv_mutex_unlock(&fleet->mutex);
  return goes_on;
}

/* --- Failing --- */

void sherd__fleet_fail(struct sherd_fleet *fleet, const struct sherd_error_info *error) {
  uv_mutex_lock(&fleet->mutex);
  bool is_first = fleet->phase < SHERD_FLEET_CLOSING;
  if (is_first) {
    fleet->phase = SHERD_FLEET_CLOSING;
    fleet->is_failing = true;
    fleet->error = *error;
  }
  uv_mutex_unlock(&fleet->mutex);
  if (!is_first)
    return;
  sherd__log(&fleet->log, SHERD_LOG_ERROR, SHERD__FLEET_LOG_ID, "fleet.failed",
             "status=%s why=\"%s\"", sherd_status_name(error->status), error->text);
  sherd__fleet_close_sets(fleet, true);
  sherd__fleet_wake(fleet);
}

/* Whether a shard of a set has ended for good, and why. */
static bool has_failure(struct sherd__fleet_set *set, struct sherd_error_info *failure) {
  if (!set || !atomic_load(&set->failed))
    return false;
  uv_mutex_lock(&set->fleet->mutex);
  *failure = set->failure;
  uv_mutex_unlock(&set->fleet->mutex);
  return true;
}

/* A set has failed when one of its shards shows that all must, when that was the first news of any
 * of them, or when none is left. */
static bool has_failed(struct sherd__fleet_set *set, struct sherd_error_info *failure) {
  if (!has_failure(set, failure))
    return false;
  return sherd__fleet_concerns_all(failure->status) || !atomic_load(&set->started) ||
         atomic_load(&set->failed) == set->count;
}

/* A new set takes over whole or not at all. */
static void check_failures(struct sherd_fleet *fleet) {
  struct sherd_error_info failure;
  if (has_failed(fleet->present, &failure))
    sherd__fleet_fail(fleet, &failure);
  else if (has_failure(fleet->next, &failure))
    sherd__reshard_give_up(fleet, &failure);
}

/* All have ended of a fleet that fails. */
static void finish_failing(struct sherd_fleet *fleet) {
  uv_mutex_lock(&fleet->mutex);
  bool is_done =
      fleet->is_failing && fleet->phase == SHERD_FLEET_CLOSING && !sherd__fleet_is_closing(fleet);
  uv_mutex_unlock(&fleet->mutex);
  if (!is_done)
    return;
  sherd__fleet_sync_now(fleet);
  uv_mutex_lock(&fleet->mutex);
  fleet->phase = SHERD_FLEET_FAILED;
  uv_cond_broadcast(&fleet->changed);
  uv_mutex_unlock(&fleet->mutex);
}

/* --- Looking --- */

static void follow_start(struct sherd_fleet *fleet) {
  struct sherd__fleet_set *set = fleet->present;
  if (!set || atomic_load(&set->started) < set->count)
    return;
  uv_mutex_lock(&fleet->mutex);
  bool is_first = fleet->phase == SHERD_FLEET_STARTING;
  if (is_first)
    fleet->phase = SHERD_FLEET_RUNNING;
  uv_mutex_unlock(&fleet->mutex);
  if (is_first)
    sherd__log(&fleet->log, SHERD_LOG_INFO, SHERD__FLEET_LOG_ID, "fleet.running", "shards=%u",
               (unsigned)set->count);
}

/* A set's share in a look; gives the time of its next. */
static uint64_t follow_set(struct sherd__fleet_set *set) {
  if (!set)
    return SHERD__FLEET_NEVER_MS;
  if (atomic_exchange(&set->has_lost, false) && !set->fleet->limits.is_known)
    sherd__fleet_ask(set->fleet);
  sherd__fleet_time(set);
  return sherd__fleet_start_due(set);
}

static uint64_t min_u64(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

static uint64_t look(struct sherd_fleet *fleet) {
  check_failures(fleet);
  if (!fleet->present && sherd__fleet_goes_on(fleet))
    sherd__fleet_open(fleet);
  if (!sherd__fleet_goes_on(fleet)) {
    finish_failing(fleet);
    return SHERD__FLEET_NEVER_MS;
  }
  follow_start(fleet);
  sherd__fleet_follow_limits(fleet); /* first: the times are by them */
  uint64_t next_ms = sherd__reshard_follow(fleet);
  next_ms = min_u64(next_ms, follow_set(fleet->present));
  next_ms = min_u64(next_ms, follow_set(fleet->next));
  next_ms = min_u64(next_ms, sherd__fleet_follow_sync(fleet));
  return min_u64(next_ms, sherd__fleet_ask_if_due(fleet)); /* last: any of them may want it */
}

/* --- What calls on us --- */

static void on_timer(uv_timer_t *timer);

static void arm(struct sherd_fleet *fleet, uint64_t when_ms) {
  uv_loop_t *uv = sherd__loop_uv(fleet->control);
  if (!fleet->has_timer) {
    (void)uv_timer_init(uv, &fleet->timer);
    fleet->timer.data = fleet;
    fleet->has_timer = true;
  }
  (void)uv_timer_stop(&fleet->timer);
  if (when_ms == SHERD__FLEET_NEVER_MS)
    return;
  uint64_t now_ms = sherd__fleet_now_ms(fleet);
  uv_update_time(uv); /* the timer counts from the loop's idea of now */
  (void)uv_timer_start(&fleet->timer, on_timer, when_ms > now_ms ? when_ms - now_ms : 0, 0);
}

static void look_and_arm(struct sherd_fleet *fleet) {
  if (!fleet->is_stopping)
    arm(fleet, look(fleet));
}

static void on_timer(uv_timer_t *timer) {
  look_and_arm(timer->data);
}

void sherd__fleet_on_wake(struct sherd__task *task) {
  struct sherd_fleet *fleet =
      (struct sherd_fleet *)((char *)task - offsetof(struct sherd_fleet, wake));
  atomic_store(&fleet->wake_posted, false);
  look_and_arm(fleet);
}

void sherd__fleet_on_stop(struct sherd__task *task) {
  struct sherd_fleet *fleet =
      (struct sherd_fleet *)((char *)task - offsetof(struct sherd_fleet, stop));
  fleet->is_stopping = true;
  if (fleet->has_timer)
    uv_close((uv_handle_t *)&fleet->timer, NULL);
}
