/* One connection after the other: how each begins, how it ends, and what comes next.
 * Source: Discord's documentation, Gateway, connection lifecycle. */
#ifndef SHERD_ENGINE_LINK_H
#define SHERD_ENGINE_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include <sherd/engine.h>

/* Begins an attempt: CONNECTING, and the host is asked for a transport. */
void sherd__link_connect(struct sherd_engine *engine);

/* The transport is up: the HTTP upgrade goes out. */
void sherd__link_opened(struct sherd_engine *engine);

/* We give the connection up: a close frame with the right code goes out, the transport is to be
 * closed, and the next attempt is planned. `offset` is that of the byte at fault, or 0. */
void sherd__link_fail(struct sherd_engine *engine, enum sherd_status why, uint64_t offset);

/* The server refused or ended the session (op 9): a random pause comes before the next attempt. */
void sherd__link_invalid_session(struct sherd_engine *engine, bool resumable);

/* The server's close frame came; `close_code` is 0 when it has none. */
void sherd__link_server_closed(struct sherd_engine *engine, uint16_t close_code,
                               struct sherd_bytes reason);

/* The transport ended by itself; `details` may be NULL. */
void sherd__link_lost(struct sherd_engine *engine, enum sherd_status why,
                      const struct sherd_error_info *details);

/* The user ends it, in whatever state. */
void sherd__link_close(struct sherd_engine *engine, bool resumable);

/* CLOSING is over: the peer answered, the transport ended, or nobody cared for too long. */
void sherd__link_closed(struct sherd_engine *engine, bool transport_open);

/* Makes the last outputs, one at a time: commands that will not be sent, CLOSED, ENDED. True when
 * it made one. */
bool sherd__link_finish(struct sherd_engine *engine);

/* Whether a transport was asked for and is not given up yet. */
bool sherd__link_has_transport(const struct sherd_engine *engine);

#endif
