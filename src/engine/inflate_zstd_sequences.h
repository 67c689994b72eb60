/* The second part of a zstd block: literals and matches in turn.
 * Source: RFC 8878 sections 3.1.1.3.2 to 3.1.1.5. */
#ifndef SHERD_ENGINE_INFLATE_ZSTD_SEQUENCES_H
#define SHERD_ENGINE_INFLATE_ZSTD_SEQUENCES_H

#include <stddef.h>
#include <stdint.h>

#include <sherd/bytes.h>
#include <sherd/status.h>

#include "engine/inflate_sink.h"
#include "engine/inflate_zstd_codes.h"
#include "engine/inflate_zstd_history.h"
#include "engine/inflate_zstd_literals.h"

/* What goes on from block to block. */
struct sherd__zstd_sequences {
  uint32_t last_offsets[3];
  struct sherd__zstd_code codes[SHERD__ZSTD_PARTS];
};

/* What a block may reach and make. */
struct sherd__zstd_bounds {
  size_t window; /* no match goes further back */
  size_t max;    /* bytes that it comes to at the most */
};

/* At a frame's beginning. */
void sherd__zstd_sequences_init(struct sherd__zstd_sequences *sequences);

/* Decodes a block of which the literals are taken off, and puts it out.
 * Errors: SHERD_EZSTD; SHERD_EINFLATELIMIT, SHERD_ENOMEM. */
enum sherd_status sherd__zstd_sequences_put(struct sherd__zstd_sequences *sequences,
                                            struct sherd_bytes block,
                                            const struct sherd__zstd_literals *literals,
                                            const struct sherd__zstd_history *history,
                                            const struct sherd__zstd_bounds *bounds,
                                            struct sherd__zstd_codes_work *work,
                                            struct sherd__inflate_sink *sink);

#endif
