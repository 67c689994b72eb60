#include "fleet/taking.h"

enum sherd_status sherd__taken_by_one(struct sherd_store *store, uint32_t consumer,
                                      const struct sherd_fleet_event *event) {
  const struct sherd_event *taken = event->event;
  /* A SEQUENCE_GAP bears the number of the event that comes right after it, not its own. */
  if (!taken->has_seq || taken->type == SHERD_EVENT_SEQUENCE_GAP)
    return SHERD_OK;
  return sherd_store_mark(store, consumer, event->shard_id, sherd_session_tag(taken->session),
                          taken->seq);
}

enum sherd_status sherd__taken_by_all(struct sherd_store *store,
                                      const struct sherd_fleet_event *event) {
  if (event->event->type == SHERD_EVENT_SESSION_LOST)
    return sherd_store_forget(store, event->shard_id);
  if (event->event->type == SHERD_EVENT_READY && event->session)
    return sherd_store_begin(store, event->session);
  return SHERD_OK;
}
