/* Heartbeats of one connection: when to beat, whether the peer still answers, and how fast.
 * Source: Discord's documentation, Gateway, sending heartbeats. */
#ifndef SHERD_ENGINE_HEARTBEAT_H
#define SHERD_ENGINE_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/random.h"

/* Beats sent and not yet acknowledged that are remembered. */
#define SHERD__HEARTBEAT_UNACKED_MAX 16

struct sherd__heartbeat {
  uint64_t interval_ms; /* 0: no HELLO yet, no beats */
  uint64_t next_ms;     /* when the next regular beat is due */
  bool requested;       /* the server asked for one out of turn */
  bool held;            /* the host does not read: no ACK can be seen */
  uint64_t unacked_ms[SHERD__HEARTBEAT_UNACKED_MAX]; /* a ring of times of sending, oldest first */
  uint32_t oldest;
  uint32_t unacked;
  uint64_t forgiven_until_ms; /* no zombie before this: the host did not read for a while */
  uint64_t sent;              /* beats, since the connection began */
  uint64_t acked;
  double latency_s; /* NaN until the first pair */
};

/* A new connection: nothing is owed to the old one. Whether it is held stays. */
void sherd__heartbeat_reset(struct sherd__heartbeat *heartbeat);

/* HELLO came: the first beat is due at a random part of the interval, so that shards that connect
 * together do not beat together. */
void sherd__heartbeat_begin(struct sherd__heartbeat *heartbeat, uint64_t interval_ms,
                            const struct sherd__random *random, uint64_t now_ms);

/* Whether a beat had a whole interval to be acknowledged and was not. Any other message does not
 * count as life: Discord's documentation asks for the ACK. (Beats that the server asked for get
 * their whole interval too, unlike in hikari and discord.js, where one just before the regular beat
 * looks like a missing ACK.) */
bool sherd__heartbeat_is_zombie(const struct sherd__heartbeat *heartbeat, uint64_t now_ms);

/* Whether the regular beat is due. */
bool sherd__heartbeat_is_due(const struct sherd__heartbeat *heartbeat, uint64_t now_ms);

/* A beat was sent: the regular one, or one that was asked for. */
void sherd__heartbeat_sent(struct sherd__heartbeat *heartbeat, bool regular, uint64_t now_ms);

/* An ACK came; the server answers beats in their order, so it belongs to the oldest. */
void sherd__heartbeat_acked(struct sherd__heartbeat *heartbeat, uint64_t now_ms);

/* The host stops or goes on reading. */
void sherd__heartbeat_hold(struct sherd__heartbeat *heartbeat, bool held, uint64_t now_ms);

/* When a beat or the zombie test is due next; UINT64_MAX for never. */
uint64_t sherd__heartbeat_deadline(const struct sherd__heartbeat *heartbeat);

#endif
