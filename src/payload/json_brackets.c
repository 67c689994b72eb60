#include "payload/json_brackets.h"

#include <stdbool.h>
#include <string.h>

#include "base/bytes16.h"

#define BLOCK_BYTES 64

/* Where a block has what counts; the first byte is the lowest bit. */
struct marks {
  uint64_t quotes, backslashes, brackets;
};

/* The block at `at`; of the last one, what is missing is zero, which does not count. */
static inline const uint8_t *block_at(const uint8_t *at, size_t left, uint8_t spare[BLOCK_BYTES]) {
  if (left >= BLOCK_BYTES)
    return at;
  memset(spare, 0, BLOCK_BYTES);
  return memcpy(spare, at, left);
}

/* Strikes the quotes that are escaped. A backslash escapes in a string only, and a string begins
 * and ends at the quotes before it, of which none that is escaped is left by then. */
static uint64_t real_quotes(const struct marks *marks, struct sherd__json_between *between) {
  uint64_t quotes = marks->quotes & ~between->is_escaped;
  uint64_t backslashes = marks->backslashes & ~between->is_escaped;
  between->is_escaped = 0;
  while (backslashes) {
    uint64_t bit = backslashes & (~backslashes + 1), escaped = bit << 1;
    backslashes ^= bit;
    if ((__builtin_parityll(quotes & (bit - 1)) != 0) == (between->in_string != 0))
      continue;
    quotes &= ~escaped;
    backslashes &= ~escaped;
    between->is_escaped = bit >> 63;
  }
  return quotes;
}

static inline uint64_t quotes_of(const struct marks *marks, struct sherd__json_between *between) {
  return marks->backslashes | between->is_escaped ? real_quotes(marks, between) : marks->quotes;
}

/* The brackets outside strings. In `parity` each bit is the parity of the quotes up to it: what
 * strings take up, their opening quotes with them, if none goes on from before. */
static inline uint64_t outside(const struct marks *marks, uint64_t parity,
                               struct sherd__json_between *between) {
  uint64_t inside = parity ^ between->in_string;
  between->in_string = UINT64_C(0) - (inside >> 63);
  return marks->brackets & ~inside;
}

/* --- On any machine --- */

static inline struct marks mark(const uint8_t *block) {
  struct marks marks = {0};
  for (unsigned i = 0; i < BLOCK_BYTES; i += 16) {
    struct sherd__bytes16 bytes = sherd__bytes16_load(block + i);
    /* Square brackets and braces differ in this bit alone, and no others become braces by it. */
    struct sherd__bytes16 curled = sherd__bytes16_or(bytes, sherd__bytes16_fill('{' - '['));
    struct sherd__bytes16 brackets =
        sherd__bytes16_or(sherd__bytes16_equal(curled, '{'), sherd__bytes16_equal(curled, '}'));
    marks.quotes |= (uint64_t)sherd__bytes16_mask(sherd__bytes16_equal(bytes, '"')) << i;
    marks.backslashes |= (uint64_t)sherd__bytes16_mask(sherd__bytes16_equal(bytes, '\\')) << i;
    marks.brackets |= (uint64_t)sherd__bytes16_mask(brackets) << i;
  }
  return marks;
}

static inline uint64_t parity(uint64_t bits) {
  for (unsigned shift = 1; shift < BLOCK_BYTES; shift *= 2)
    bits ^= bits << shift;
  return bits;
}

static size_t find(const uint8_t *from, size_t len, struct sherd__json_between *between,
                   uint16_t *found) {
  uint8_t spare[BLOCK_BYTES];
  uint16_t *next = found;
  for (size_t i = 0; i < len; i += BLOCK_BYTES) {
    struct marks marks = mark(block_at(from + i, len - i, spare));
    uint64_t brackets = outside(&marks, parity(quotes_of(&marks, between)), between);
    for (; brackets; brackets &= brackets - 1)
      *next++ = (uint16_t)(i + (size_t)__builtin_ctzll(brackets));
  }
  return (size_t)(next - found);
}

/* --- With AVX2, and what has come with it --- */

#if defined(__x86_64__) && !defined(SHERD__BYTES16_WORDS) && !defined(SHERD__BYTES16_ONLY)

#include <immintrin.h>

#define WIDE __attribute__((target("avx2,pclmul,popcnt,bmi")))

static bool is_wide(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("pclmul") &&
         __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi");
}

WIDE static inline uint64_t mask_wide(__m256i low, __m256i high) {
  return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

WIDE static inline __m256i braces_wide(__m256i bytes) {
  __m256i curled = _mm256_or_si256(bytes, _mm256_set1_epi8('{' - '['));
  return _mm256_or_si256(_mm256_cmpeq_epi8(curled, _mm256_set1_epi8('{')),
                         _mm256_cmpeq_epi8(curled, _mm256_set1_epi8('}')));
}

WIDE static inline struct marks mark_wide(const uint8_t *block) {
  const __m256i quote = _mm256_set1_epi8('"'), backslash = _mm256_set1_epi8('\\');
  __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)block);
  __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(block + 32));
  return (struct marks){
      .quotes = mask_wide(_mm256_cmpeq_epi8(low, quote), _mm256_cmpeq_epi8(high, quote)),
      .backslashes =
          mask_wide(_mm256_cmpeq_epi8(low, backslash), _mm256_cmpeq_epi8(high, backslash)),
      .brackets = mask_wide(braces_wide(low), braces_wide(high)),
  };
}

/* A product without carries with all ones is the parity of all the bits up to each. */
WIDE static inline uint64_t parity_wide(uint64_t bits) {
  __m128i product =
      _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)bits), _mm_set1_epi8((char)0xFF), 0);
  return (uint64_t)_mm_cvtsi128_si64(product);
}

/* Most blocks have two at the most: two are noted whatever there is, without a branch. */
WIDE static inline uint16_t *note_wide(uint64_t brackets, size_t base, uint16_t *next) {
  uint16_t *after = next + __builtin_popcountll(brackets);
  do {
    uint64_t others = brackets & (brackets - 1);
    next[0] = (uint16_t)(base + _tzcnt_u64(brackets));
    next[1] = (uint16_t)(base + _tzcnt_u64(others));
    brackets = others & (others - 1);
    next += 2;
  } while (next < after);
  return after;
}

WIDE static size_t find_wide(const uint8_t *from, size_t len, struct sherd__json_between *between,
                             uint16_t *found) {
  uint8_t spare[BLOCK_BYTES];
  uint16_t *next = found;
  for (size_t i = 0; i < len; i += BLOCK_BYTES) {
    struct marks marks = mark_wide(block_at(from + i, len - i, spare));
    uint64_t brackets = outside(&marks, parity_wide(quotes_of(&marks, between)), between);
    next = note_wide(brackets, i, next);
  }
  return (size_t)(next - found);
}

#else

static bool is_wide(void) {
  return false;
}

static size_t find_wide(const uint8_t *from, size_t len, struct sherd__json_between *between,
                        uint16_t *found) {
  return find(from, len, between, found);
}

#endif

size_t sherd__json_find_brackets(const uint8_t *from, size_t len,
                                 struct sherd__json_between *between,
                                 uint16_t found[SHERD__JSON_FOUND_MAX]) {
  return is_wide() ? find_wide(from, len, between, found) : find(from, len, between, found);
}
