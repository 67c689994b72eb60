/* What an event that has been taken means for the store: one rule, for whoever takes. */
#ifndef SHERD_FLEET_TAKING_H
#define SHERD_FLEET_TAKING_H

#include <sherd/fleet.h>

/* One consumer of several: it has taken this event, and everything of the shard before it. Its mark
 * goes on; an event without a number leaves it. Errors: those of sherd_store_mark(). */
enum sherd_status sherd__taken_by_one(struct sherd_store *store, uint32_t consumer,
                                      const struct sherd_fleet_event *event);

/* All consumers have taken it: READY begins the store's session, SESSION_LOST ends it. Errors:
 * those of sherd_store_begin() and sherd_store_forget(). */
enum sherd_status sherd__taken_by_all(struct sherd_store *store,
                                      const struct sherd_fleet_event *event);

#endif
