/* A block's Huffman codes: from the lengths that its header tells to tables to decode by.
 * Source: RFC 1951 sections 3.2.2 to 3.2.7. */
#ifndef SHERD_ENGINE_INFLATE_CODES_H
#define SHERD_ENGINE_INFLATE_CODES_H

#include <stdbool.h>
#include <stdint.h>

#include <sherd/status.h>

#include "engine/inflate_bits.h"
#include "engine/inflate_entries.h"

#define SHERD__INFLATE_SYMBOLS  (SHERD__INFLATE_LITLENS + SHERD__INFLATE_DISTANCES)
#define SHERD__INFLATE_PRECODES 19

#define SHERD__INFLATE_LITLEN_BITS   10
#define SHERD__INFLATE_DISTANCE_BITS 8
#define SHERD__INFLATE_PRECODE_BITS  7

/* The most entries that any complete code takes, as zlib's enough.c counts them. */
#define SHERD__INFLATE_LITLEN_ENTRIES   1332 /* 286 10 15 */
#define SHERD__INFLATE_DISTANCE_ENTRIES 400  /* 30 8 15 */

/* What is known of a block's codes, in a form that is small enough to be kept while the rest of the
 * block is awaited. */
struct sherd__inflate_header {
  uint16_t litlen_count; /* 0: nothing is known yet */
  uint16_t distance_count;
  uint8_t precode_count;
  uint8_t precode_have;                        /* lengths that have been read */
  uint16_t have;                               /* of litlens and distances */
  uint64_t precode;                            /* lengths by symbol, 3 bits each */
  uint8_t lengths[SHERD__INFLATE_SYMBOLS / 2]; /* 4 bits each; only of a block that was left */
};

/* Room for the symbols of one length. The last 8 are there to be overwritten. */
#define SHERD__INFLATE_LIST (SHERD__INFLATE_SYMBOLS + 8)

/* What is worked with while a block is decoded; nothing in it outlives a call. */
struct sherd__inflate_work {
  struct sherd__inflate_codes codes;
  /* The symbols in a list for each length, the distances' behind the litlens' and with litlen_count
   * added; and where each list ends, with the distances and without. */
  uint16_t symbols[16 * SHERD__INFLATE_LIST];
  uint16_t ends[16];
  uint16_t litlen_ends[16];
  uint32_t litlens[SHERD__INFLATE_LITLEN_ENTRIES];
  uint32_t distances[SHERD__INFLATE_DISTANCE_ENTRIES];
};

/* Reads a header, or goes on with one that was left, and makes the codes, in work->codes, of it.
 * *done is false when it is not whole yet. Errors: SHERD_EZLIB. */
enum sherd_status sherd__inflate_codes_read(struct sherd__inflate_header *header,
                                            struct sherd__inflate_bits *bits,
                                            struct sherd__inflate_work *work, bool *done);

/* Makes the codes once more, of a header that was read whole and kept. */
void sherd__inflate_codes_remake(const struct sherd__inflate_header *header,
                                 struct sherd__inflate_work *work);

/* Keeps what the codes can be made of again. */
void sherd__inflate_codes_keep(struct sherd__inflate_header *header,
                               const struct sherd__inflate_work *work);

#endif
