/* How long to wait before the next attempt to connect.
 *
 * Nothing after a connection that did well; then growing pauses, halved and filled up at random so
 * that shards that fell together do not return together. Discord's documentation names no numbers;
 * hikari's reason for not pausing after a good connection is that pauses keep large bots down long
 * after an outage. */
#ifndef SHERD_ENGINE_BACKOFF_H
#define SHERD_ENGINE_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"

#define SHERD__BACKOFF_FIRST_MS 1000
#define SHERD__BACKOFF_MAX_MS   60000

/* A connection that was up (READY or RESUMED) for so long did well. */
#define SHERD__BACKOFF_HEALTHY_MS 30000

/* After op 9: older documentation asked for 1 to 5 s before the session is asked for again, to
 * spread the load; the current one names no time. */
#define SHERD__INVALID_SESSION_MIN_MS 1000
#define SHERD__INVALID_SESSION_MAX_MS 5000

struct sherd__backoff {
  uint32_t failures; /* attempts in a row that did not do well */
};

/* The pause in milliseconds after a connection that ended, `healthy` or not. */
uint64_t sherd__backoff_next(struct sherd__backoff *backoff, bool healthy,
                             const struct sherd__random *random);

/* The random pause after op 9. */
uint64_t sherd__invalid_session_pause(const struct sherd__random *random);

#endif
