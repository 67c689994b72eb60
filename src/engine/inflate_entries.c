/* What does not change: the symbols' entries, and the tables of the fixed codes. */
#include "engine/inflate_entries.h"

#define TIMES4(f, n)  f(n), f((n) + 1), f((n) + 2), f((n) + 3)
#define TIMES8(f, n)  TIMES4(f, n), TIMES4(f, (n) + 4)
#define TIMES16(f, n) TIMES8(f, n), TIMES8(f, (n) + 8)
#define TIMES64(f, n)                                                                              \
  TIMES16(f, n), TIMES16(f, (n) + 16), TIMES16(f, (n) + 32), TIMES16(f, (n) + 48)

/* --- Symbols --- */

#define LITERAL(n) (SHERD__INFLATE_LITERAL | (uint32_t)(n) << 16)
#define END        (SHERD__INFLATE_EXCEPTION | SHERD__INFLATE_END)
#define NO_CODE    SHERD__INFLATE_EXCEPTION

/* The tables of RFC 1951 section 3.2.5 as formulas: from some point on, 4 lengths and 2 distances
 * share a number of extra bits. The last length is a case of its own. */
#define LENGTH_EXTRA(n) ((n) < 8 || (n) == 28 ? 0 : (n) / 4 - 1)
#define LENGTH_BASE(n)                                                                             \
  ((n) == 28 ? 258 : (n) < 4 ? 3 + (n) : 3 + ((4 + (n) % 4) << LENGTH_EXTRA(n)))
#define LENGTH(n) ((uint32_t)LENGTH_BASE(n) << 16 | (uint32_t)LENGTH_EXTRA(n))

#define DISTANCE_EXTRA(n) ((n) < 4 ? 0 : (n) / 2 - 1)
#define DISTANCE_BASE(n)  ((n) < 2 ? 1 + (n) : 1 + ((2 + (n) % 2) << DISTANCE_EXTRA(n)))
#define DISTANCE(n)       ((uint32_t)DISTANCE_BASE(n) << 16 | (uint32_t)DISTANCE_EXTRA(n))

const uint32_t sherd__inflate_litlens[SHERD__INFLATE_LITLENS] = {
    TIMES64(LITERAL, 0),
    TIMES64(LITERAL, 64),
    TIMES64(LITERAL, 128),
    TIMES64(LITERAL, 192),
    END,
    TIMES16(LENGTH, 0),
    TIMES8(LENGTH, 16),
    TIMES4(LENGTH, 24),
    LENGTH(28),
};

const uint32_t sherd__inflate_distances[SHERD__INFLATE_DISTANCES] = {
    TIMES16(DISTANCE, 0), TIMES8(DISTANCE, 16), TIMES4(DISTANCE, 24), DISTANCE(28), DISTANCE(29),
};

/* --- Fixed codes: each at all indexes that it begins --- */

/* Codes begin with their highest bit, and are packed from the lowest bit on. */
#define REVERSE3(n) (((n)&1) << 2 | ((n)&2) | ((n)&4) >> 2)
#define REVERSE9(n) (REVERSE3(n) << 6 | REVERSE3((n) >> 3) << 3 | REVERSE3((n) >> 6))
#define REVERSE8(n) (REVERSE9(n) >> 1)
#define REVERSE7(n) (REVERSE9(n) >> 2)
#define REVERSE5(n) (REVERSE9(n) >> 4)

#define CODE9(code, entry) [REVERSE9(code)] = (entry) + SHERD__INFLATE_CODE_BITS(9)
#define CODE8(code, entry)                                                                         \
  [REVERSE8(code)] = (entry) + SHERD__INFLATE_CODE_BITS(8),                                        \
  [REVERSE8(code) | 1 << 8] = (entry) + SHERD__INFLATE_CODE_BITS(8)
#define CODE7(code, entry)                                                                         \
  [REVERSE7(code)] = (entry) + SHERD__INFLATE_CODE_BITS(7),                                        \
  [REVERSE7(code) | 1 << 7] = (entry) + SHERD__INFLATE_CODE_BITS(7),                               \
  [REVERSE7(code) | 2 << 7] = (entry) + SHERD__INFLATE_CODE_BITS(7),                               \
  [REVERSE7(code) | 3 << 7] = (entry) + SHERD__INFLATE_CODE_BITS(7)
#define CODE5(code, entry) [REVERSE5(code)] = (entry) + SHERD__INFLATE_CODE_BITS(5)

#define LOW_LITERAL(n)    CODE8(0x30 + (n), LITERAL(n))
#define HIGH_LITERAL(n)   CODE9(0x190 + (n), LITERAL(144 + (n)))
#define SHORT_LENGTH(n)   CODE7(1 + (n), LENGTH(n))
#define LONG_LENGTH(n)    CODE8(0xc0 + (n), LENGTH(23 + (n)))
#define FIXED_DISTANCE(n) CODE5(n, DISTANCE(n))

static const uint32_t fixed_litlens[1 << 9] = {
    TIMES64(LOW_LITERAL, 0),
    TIMES64(LOW_LITERAL, 64),
    TIMES16(LOW_LITERAL, 128),
    TIMES64(HIGH_LITERAL, 0),
    TIMES16(HIGH_LITERAL, 64),
    TIMES16(HIGH_LITERAL, 80),
    TIMES16(HIGH_LITERAL, 96),
    CODE7(0, END),
    TIMES16(SHORT_LENGTH, 0),
    TIMES4(SHORT_LENGTH, 16),
    SHORT_LENGTH(20),
    SHORT_LENGTH(21),
    SHORT_LENGTH(22),
    TIMES4(LONG_LENGTH, 0),
    LONG_LENGTH(4),
    LONG_LENGTH(5),
    CODE8(0xc6, NO_CODE),
    CODE8(0xc7, NO_CODE),
};

static const uint32_t fixed_distances[1 << 5] = {
    TIMES16(FIXED_DISTANCE, 0), TIMES8(FIXED_DISTANCE, 16), TIMES4(FIXED_DISTANCE, 24),
    FIXED_DISTANCE(28),         FIXED_DISTANCE(29),         CODE5(30, NO_CODE),
    CODE5(31, NO_CODE),
};

const struct sherd__inflate_codes sherd__inflate_fixed_codes = {fixed_litlens, fixed_distances, 9,
                                                                5};
