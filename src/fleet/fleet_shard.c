/* What a shard tells, on its loop thread: counted, shown, taken. */
#include <stdio.h>

#include "base/logging.h"
#include "fleet/fleet.h"
#include "fleet/taking.h"

/* --- Counting --- */

static void stop_resuming(struct sherd__fleet_slot *slot) {
  if (slot->is_resuming)
    atomic_fetch_sub(&slot->set->resumes_pending, 1);
  slot->is_resuming = false;
}

static void note_connected(struct sherd__fleet_slot *slot) {
  stop_resuming(slot);
  if (!slot->is_connected)
    atomic_fetch_add(&slot->set->connected, 1);
  slot->is_connected = true;
  if (!slot->was_connected)
    atomic_fetch_add(&slot->set->started, 1);
  slot->was_connected = true;
  sherd__fleet_wake(slot->set->fleet);
}

static void note_disconnected(struct sherd__fleet_slot *slot) {
  if (slot->is_connected)
    atomic_fetch_sub(&slot->set->connected, 1);
  slot->is_connected = false;
}

static void note_lost(struct sherd__fleet_slot *slot) {
  stop_resuming(slot);
  atomic_store(&slot->set->has_lost, true);
  sherd__fleet_wake(slot->set->fleet);
}

static void count(struct sherd__fleet_slot *slot, const struct sherd_event *event) {
  switch (event->type) {
  case SHERD_EVENT_READY:
  case SHERD_EVENT_RESUMED:
    note_connected(slot);
    break;
  case SHERD_EVENT_SESSION_LOST:
    note_lost(slot);
    break;
  case SHERD_EVENT_DISCONNECTED:
    note_disconnected(slot);
    break;
  case SHERD_EVENT_CLOSED:
    note_disconnected(slot);
    stop_resuming(slot);
    break;
  default:
    break;
  }
}

/* --- Showing --- */

static void warn(struct sherd__fleet_set *set, uint32_t shard_id, enum sherd_status status) {
  sherd__log(&set->fleet->log, SHERD_LOG_WARN, shard_id, "fleet.store", "set=%u status=%s",
             (unsigned)set->number, sherd_status_name(status));
}

static void take(struct sherd__fleet_set *set, const struct sherd_fleet_event *event) {
  enum sherd_status status = sherd__taken_by_all(set->store, event);
  if (status == SHERD_OK)
    status = sherd__taken_by_one(set->store, set->consumer, event);
  if (status != SHERD_OK)
    warn(set, event->shard_id, status);
}

void sherd__fleet_tell(struct sherd__fleet_set *set, const struct sherd_fleet_event *event) {
  const struct sherd_fleet_config *given = &set->fleet->config.given;
  given->on_event(set->fleet, event, given->user);
  if (!given->takes_itself)
    take(set, event);
}

/* A session that is resumed for another consumer's sake brings again what this one has taken. */
static bool is_taken(const struct sherd__fleet_slot *slot, const struct sherd_event *event) {
  return event->has_seq && event->seq <= slot->taken_seq && slot->taken_tag &&
         slot->taken_tag == sherd_session_tag(event->session);
}

static void show(struct sherd__fleet_slot *slot, const struct sherd_event *event,
                 const struct sherd_session *session) {
  struct sherd__fleet_set *set = slot->set;
  if (is_taken(slot, event))
    return;
  uint32_t id = sherd__fleet_slot_id(slot);
  const struct sherd_fleet_event told = {
      .event = event,
      .set = set->number,
      .shard_id = id,
      .shard_count = set->shard_count,
      .is_shadow = !sherd__reshard_shows(&set->fleet->reshard, set, id, event),
      .session = session,
  };
  sherd__fleet_tell(set, &told);
}

/* What the store had and nobody can go on with, before anything else of this shard. */
static void tell_lost(struct sherd__fleet_slot *slot) {
  struct sherd_session session;
  enum sherd_status why = slot->lost;
  uint32_t id = sherd__fleet_slot_id(slot);
  slot->lost = SHERD_OK;
  (void)sherd_store_load(slot->set->store, id, &session); /* zeroed when it is damaged */
  sherd__log(&slot->set->fleet->log, SHERD_LOG_WARN, id, "session.lost", "why=%s last_seq=%llu",
             sherd_status_name(why), (unsigned long long)session.seq);
  show(slot,
       &(struct sherd_event){.type = SHERD_EVENT_SESSION_LOST,
                             .name = sherd_event_type_name(SHERD_EVENT_SESSION_LOST),
                             .session = session.id,
                             .status = why,
                             .last_seq = session.seq,
                             .allocator_ = slot->set->fleet->allocator},
       NULL);
}

/* --- Ending --- */

bool sherd__fleet_concerns_all(enum sherd_status status) {
  switch (status) {
  case SHERD_EAUTH:
  case SHERD_EBADSHARD:
  case SHERD_ESHARDINGREQUIRED:
  case SHERD_EBADVERSION:
  case SHERD_EBADINTENTS:
  case SHERD_EDISALLOWEDINTENTS:
    return true;
  default:
    return false;
  }
}

/* It has ended by itself and will not come back. */
static void note_failure(struct sherd__fleet_slot *slot, struct sherd_shard *shard,
                         enum sherd_status status) {
  struct sherd__fleet_set *set = slot->set;
  struct sherd_error_info last, failure;
  sherd_last_error(shard, &last);
  failure = last;
  failure.status = status;
  (void)snprintf(failure.text, sizeof failure.text, "shard %u of %u ended: %.200s",
                 (unsigned)sherd__fleet_slot_id(slot), (unsigned)set->shard_count,
                 last.text[0] ? last.text : sherd_strerror(status));
  uv_mutex_lock(&set->fleet->mutex);
  if (set->failure.status == SHERD_OK || sherd__fleet_concerns_all(status))
    set->failure = failure;
  uv_mutex_unlock(&set->fleet->mutex);
  atomic_fetch_add(&set->failed, 1);
  sherd__fleet_wake(set->fleet);
}

void sherd__fleet_on_event(struct sherd_shard *shard, const struct sherd_event *event, void *user) {
  struct sherd__fleet_slot *slot = user;
  struct sherd_session session;
  const struct sherd_session *begun = NULL;
  if (slot->lost != SHERD_OK)
    tell_lost(slot);
  count(slot, event);
  if (event->type == SHERD_EVENT_READY && sherd_shard_session(shard, &session) == SHERD_OK)
    begun = &session;
  show(slot, event, begun);
  if (event->type == SHERD_EVENT_CLOSED && event->status != SHERD_OK)
    note_failure(slot, shard, event->status);
}
