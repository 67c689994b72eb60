/* Any dispatch on demand, also those that the stream does not have. */
#ifndef SHERD_SIM_INJECT_H
#define SHERD_SIM_INJECT_H

#include <stdint.h>

#include <sherd/status.h>

#include "sim/gateway.h"
#include "sim/stream.h"

/* Makes an event as it is wanted, on the shard's lane, and does not give it to anybody yet. What
 * must be there first (a stage before it ends) is made first, and given to all that may have it.
 * GUILD_DELETE is an outage of the guild, during which nothing happens there, until GUILD_CREATE
 * brings it back. What is else an answer to a client (a member chunk, RATE_LIMITED) comes unasked.
 * Errors: SHERD_EUNSUPPORTED for READY and RESUMED, which are a session's own; SHERD_ENOTFOUND when
 * there is no place for it; SHERD_ENOMEM. Lifetime: *out has one reference, the caller's. */
enum sherd_status sherd__sim_make(struct sherd__sim *sim, uint32_t shard,
                                  const struct sherd__lane_wish *wish,
                                  struct sherd__dispatch **out);

/* Makes an event of that type somewhere on a shard, and gives it to every session that may have it.
 * Errors: as above. */
enum sherd_status sherd__sim_inject(struct sherd__sim *sim, uint32_t shard,
                                    enum sherd_event_type type);

#endif
