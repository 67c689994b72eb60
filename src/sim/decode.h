/* What a client sent, opened as its session's data format has it. */
#ifndef SHERD_SIM_DECODE_H
#define SHERD_SIM_DECODE_H

#include <sherd/bytes.h>
#include <sherd/status.h>
#include <sherd/value.h>

/* Checks a message as strictly as Discord does, and opens it: all of it must be well formed, in ETF
 * with texts as keys (no atoms) and not compressed.
 * Errors: what is wrong with it; SHERD_EETF for keys that are atoms; SHERD_ETAG for a compressed
 * term. Lifetime: *out borrows `message`. Source: Discord's documentation, Gateway, ETF. */
enum sherd_status sherd__decode_message(enum sherd_data_format format, struct sherd_bytes message,
                                        struct sherd_value *out);

#endif
