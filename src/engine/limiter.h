/* The send limit: 120 payloads in any 60 s, as a sliding log of the times of sending.
 *
 * Whether Discord's own window slides is not documented; one that stood still would let nearly
 * twice the limit through at its edge, so ours slides. It is not begun anew with a connection:
 * reconnecting must not be a way around it.
 * Source: Discord's documentation, Gateway, rate limiting. */
#ifndef SHERD_ENGINE_LIMITER_H
#define SHERD_ENGINE_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

#define SHERD__LIMITER_PERMITS 120

/* A second longer than Discord's minute: what we send 60 s apart may arrive less than that apart.
 */
#define SHERD__LIMITER_WINDOW_MS 61000

/* Places that commands and heartbeats leave free, so that a reconnect can RESUME or IDENTIFY. */
#define SHERD__LIMITER_HANDSHAKE_PLACES 2

struct sherd__limiter {
  uint64_t sent_ms[SHERD__LIMITER_PERMITS]; /* a ring, oldest first */
  uint32_t oldest;
  uint32_t count;
};

/* When a payload may be sent that leaves `places` free for more urgent ones: `now_ms`, or later. */
uint64_t sherd__limiter_when(const struct sherd__limiter *limiter, uint32_t places,
                             uint64_t now_ms);

/* A payload is sent now: sherd__limiter_when() allowed it. */
void sherd__limiter_record(struct sherd__limiter *limiter, uint64_t now_ms);

/* The places that commands must leave free when beats come every `interval_ms`. */
uint32_t sherd__limiter_beat_places(uint64_t interval_ms);

#endif
