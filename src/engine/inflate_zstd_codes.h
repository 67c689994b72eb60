/* The three codes of a zstd block's sequences: how many literals, how far back, how long a match.
 * Source: RFC 8878 sections 3.1.1.3.2 and 3.1.1.3.2.1. */
#ifndef SHERD_ENGINE_INFLATE_ZSTD_CODES_H
#define SHERD_ENGINE_INFLATE_ZSTD_CODES_H

#include <sherd/bytes.h>
#include <sherd/status.h>

#include "engine/inflate_zstd_fse.h"

enum sherd__zstd_part { /* in the order in which blocks tell them */
  SHERD__ZSTD_LITERAL_LENGTHS,
  SHERD__ZSTD_OFFSETS,
  SHERD__ZSTD_MATCH_LENGTHS,
  SHERD__ZSTD_PARTS
};

#define SHERD__ZSTD_DEFAULT_LOG 6 /* the offsets' is 5 */

/* A code as it was told last, for a later block may ask for it again. */
struct sherd__zstd_code {
  uint8_t kind;   /* enum kind of inflate_zstd_codes.c; 0: none was told yet */
  uint8_t symbol; /* when there is but one */
  struct sherd__zstd_counts counts;
};

/* A code to decode by. */
struct sherd__zstd_table {
  const struct sherd__zstd_state *states;
  unsigned log;
};

struct sherd__zstd_codes_work {
  struct sherd__zstd_table tables[SHERD__ZSTD_PARTS];
  struct sherd__zstd_state states[SHERD__ZSTD_PARTS][1 << SHERD__ZSTD_LOG_MAX];
};

/* What the symbols stand for. Of an offset, a base under 2 with its bits is one of the last three,
 * counted from 0; others are offsets. */
extern const struct sherd__zstd_state sherd__zstd_literal_lengths[36];
extern const struct sherd__zstd_state sherd__zstd_offsets[32];
extern const struct sherd__zstd_state sherd__zstd_match_lengths[53];

/* The codes that nobody has to tell. */
extern const struct sherd__zstd_state sherd__zstd_default_states[SHERD__ZSTD_PARTS]
                                                                [1 << SHERD__ZSTD_DEFAULT_LOG];

/* Reads the codes' kinds and descriptions from the front of *in, and makes their tables.
 * Errors: SHERD_EZSTD. */
enum sherd_status sherd__zstd_codes_read(struct sherd_bytes *in,
                                         struct sherd__zstd_code codes[SHERD__ZSTD_PARTS],
                                         struct sherd__zstd_codes_work *work);

#endif
