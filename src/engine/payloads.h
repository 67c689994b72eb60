/* The payloads that keep a session up: HEARTBEAT, IDENTIFY, RESUME.
 * Source: Discord's documentation, Gateway Events, send events. */
#ifndef SHERD_ENGINE_PAYLOADS_H
#define SHERD_ENGINE_PAYLOADS_H

#include <stdbool.h>
#include <stdint.h>

#include <sherd/session.h>
#include <sherd/status.h>

#include "base/buf.h"
#include "engine/presence.h"
#include "engine/settings.h"

/* Each appends one payload to `out`. Errors: SHERD_ENOMEM; SHERD_EUTF8 for a text of the
 * configuration that is not UTF-8; SHERD_ETOOLONG over 4096 bytes. `out` is then as it was. */
enum sherd_status sherd__payload_heartbeat(enum sherd_data_format format, bool has_seq,
                                           uint64_t seq, struct sherd_buf *out);
enum sherd_status sherd__payload_identify(const struct sherd__settings *settings,
                                          const struct sherd__presence *presence,
                                          struct sherd_buf *out);
/* Whether IDENTIFY with this presence could be sent. */
enum sherd_status sherd__payload_check_identify(const struct sherd__settings *settings,
                                                const struct sherd__presence *presence,
                                                const struct sherd_allocator *allocator);
enum sherd_status sherd__payload_resume(const struct sherd__settings *settings,
                                        const struct sherd_session *session, struct sherd_buf *out);

/* Writes {"op": op, "d": up to the value of d, which the caller writes and finishes. */
void sherd__payload_begin(struct sherd__writer *writer, enum sherd_data_format format, uint32_t op,
                          struct sherd_buf *out);

/* Finishes a payload that began at `start` of `out`, and holds it against the limit of 4096 bytes.
 * Errors: as above. */
enum sherd_status sherd__payload_finish(struct sherd__writer *writer, size_t start,
                                        struct sherd_buf *out);

#endif
