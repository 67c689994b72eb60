/* Where a message of the gateway becomes the bytes of a session's data format.
 *
 * Everything in the simulator is JSON up to here. JSON goes out as it is. */
#ifndef SHERD_SIM_ENCODE_H
#define SHERD_SIM_ENCODE_H

#include <stdbool.h>
#include <stdint.h>

#include <sherd/bytes.h>
#include <sherd/status.h>
#include <sherd/value.h>

#include "base/buf.h"

/* Whether sessions in that format can be had. */
bool sherd__encode_has(enum sherd_data_format format);

/* Appends a dispatch with its name, its sequence number (0: null) and its `d`.
 * Errors: SHERD_ENOMEM. */
enum sherd_status sherd__encode_dispatch(enum sherd_data_format format, const char *name,
                                         uint64_t seq, struct sherd_bytes data,
                                         struct sherd_buf *out);

/* Appends a message that is no dispatch; `data` is its `d` in JSON. Errors: SHERD_ENOMEM. */
enum sherd_status sherd__encode_message(enum sherd_data_format format, uint32_t op,
                                        const char *data, struct sherd_buf *out);

#endif
