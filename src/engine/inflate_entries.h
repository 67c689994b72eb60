/* Tables that Huffman codes are decoded by.
 *
 * The next bits are an index to a table; its entry says what they decode to. A code that is longer
 * than the index has an entry that leads to a table of second level in the same array.
 *
 * An entry, from its lowest bit:
 *    0 to 5   how many bits to drop, code and extra bits; of a SUBTABLE, by how many to index it
 *    7        END
 *    8 to 13  how many of these are the code
 *   14        SUBTABLE
 *   15        EXCEPTION
 *   16 to 30  the literal, or to what the extra bits are added; of a SUBTABLE, where it begins
 *   31        LITERAL
 * The two counts have 6 bits, so that 64 bits are shifted by them without a mask.
 * Source: RFC 1951 section 3.2. */
#ifndef SHERD_ENGINE_INFLATE_ENTRIES_H
#define SHERD_ENGINE_INFLATE_ENTRIES_H

#include <stdint.h>

#define SHERD__INFLATE_LITERAL   (UINT32_C(1) << 31)
#define SHERD__INFLATE_EXCEPTION (UINT32_C(1) << 15) /* a subtable, the block's end, or no code */
#define SHERD__INFLATE_SUBTABLE  (UINT32_C(1) << 14)
#define SHERD__INFLATE_END       (UINT32_C(1) << 7)

#define SHERD__INFLATE_ENTRY_DROP(entry)  ((entry)&63)
#define SHERD__INFLATE_ENTRY_CODE(entry)  ((entry) >> 8 & 63)
#define SHERD__INFLATE_ENTRY_VALUE(entry) ((entry) >> 16 & 0x7fff)

/* What a code of so many bits adds to the entry of its symbol. */
#define SHERD__INFLATE_CODE_BITS(count) ((uint32_t)(count)*0x101)

#define SHERD__INFLATE_LITLENS   286 /* literals, the block's end, lengths */
#define SHERD__INFLATE_DISTANCES 30

/* The symbols' entries, without the bits of a code. */
extern const uint32_t sherd__inflate_litlens[SHERD__INFLATE_LITLENS];
extern const uint32_t sherd__inflate_distances[SHERD__INFLATE_DISTANCES];

/* A block's two codes. */
struct sherd__inflate_codes {
  const uint32_t *litlens;
  const uint32_t *distances;
  unsigned litlen_bits; /* of the index */
  unsigned distance_bits;
};

/* The codes of a block that tells none of its own. Source: RFC 1951 section 3.2.6. */
extern const struct sherd__inflate_codes sherd__inflate_fixed_codes;

#endif
