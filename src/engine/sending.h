/* What goes out, in order of urgency and under the send limit: the handshake, heartbeats, commands.
 */
#ifndef SHERD_ENGINE_SENDING_H
#define SHERD_ENGINE_SENDING_H

#include <stdint.h>

#include <sherd/engine.h>

#include "engine/presence.h"

/* Sends all that is due and allowed now. Errors: SHERD_ENOMEM, with which the connection is to be
 * given up. */
enum sherd_status sherd__sending_flush(struct sherd_engine *engine);

/* When there will be something to send that is not allowed yet; UINT64_MAX for never. */
uint64_t sherd__sending_deadline(const struct sherd_engine *engine);

/* Answers a WebSocket ping. These are not gateway payloads, and are not counted. */
enum sherd_status sherd__sending_pong(struct sherd_engine *engine, struct sherd_bytes payload);

/* A presence is to go out as op 3, unless `max_queued` commands wait already. Errors:
 * SHERD_EQUEUEFULL, SHERD_ETOOLONG, SHERD_ENOMEM. */
enum sherd_status sherd__sending_queue_presence(struct sherd_engine *engine,
                                                const struct sherd__presence *presence,
                                                uint32_t max_queued);

#endif
