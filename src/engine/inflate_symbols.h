/* A block's symbols: literals, and matches with what was put out before. */
#ifndef SHERD_ENGINE_INFLATE_SYMBOLS_H
#define SHERD_ENGINE_INFLATE_SYMBOLS_H

#include <stdbool.h>

#include <sherd/status.h>

#include "engine/inflate_bits.h"
#include "engine/inflate_entries.h"
#include "engine/inflate_sink.h"

/* Decodes until the block ends, and *done is true, or until the input does. A symbol that is not
 * whole stays in `bits`. Errors: SHERD_EZLIB, SHERD_EINFLATELIMIT, SHERD_ENOMEM; what was decoded
 * before is out. `is_cold`: the history is not in the cache. */
enum sherd_status sherd__inflate_symbols(const struct sherd__inflate_codes *codes,
                                         const struct sherd__inflate_history *history, bool is_cold,
                                         struct sherd__inflate_bits *bits,
                                         struct sherd__inflate_sink *sink, bool *done);

#endif
