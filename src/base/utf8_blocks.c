/* A pair of neighbouring bytes shows every fault but two: that a third or a fourth byte is missing,
 * or is one too many. So three tables, asked with the halves of the first byte and the upper half
 * of the second, give a set of faults each, and a fault that is in all three is one. What a third
 * and a fourth byte must be is seen by the bytes two and three before them. The method is that of
 * Keiser and Lemire, "Validating UTF-8 In Less Than One Instruction Per Byte" (2020). */
#include "base/utf8_blocks.h"

#include <string.h>

#if defined(__x86_64__) && !defined(SHERD__BYTES16_WORDS)

#include <tmmintrin.h>

#define BLOCK_BYTES 16
#define SSSE3       __attribute__((target("ssse3")))

bool sherd__utf8_has_blocks(void) {
  return __builtin_cpu_supports("ssse3");
}

/* The faults of a pair. Two continuations in a row are one, unless a third or fourth byte is due.
 */
enum {
  TOO_SHORT = 1 << 0,     /* a lead, and then no continuation */
  TOO_LONG = 1 << 1,      /* ASCII, and then a continuation */
  OVERLONG_3 = 1 << 2,    /* E0, and then under A0 */
  TOO_LARGE = 1 << 3,     /* F4, and then over 8F; F5 and more */
  SURROGATE = 1 << 4,     /* ED, and then over 9F */
  OVERLONG_2 = 1 << 5,    /* C0, C1 */
  OVERLONG_4 = 1 << 6,    /* F0, and then under 90; and, as one table has room for no more, F5 and
                             more, and then under 90 */
  CONTINUATIONS = 1 << 7, /* two of them */
  /* What the lower half of the first byte cannot exclude. */
  ANY_LOW = TOO_SHORT | TOO_LONG | CONTINUATIONS,
  /* What a second byte that is a continuation cannot be a fault of. */
  ANY_CONTINUATION = TOO_LONG | OVERLONG_2 | CONTINUATIONS
};

/* By the upper half of the first byte. */
#define OF_FIRST_HIGH                                                                              \
  TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, /* ASCII */      \
      (char)CONTINUATIONS, (char)CONTINUATIONS, (char)CONTINUATIONS, (char)CONTINUATIONS,          \
      TOO_SHORT | OVERLONG_2, TOO_SHORT, TOO_SHORT | OVERLONG_3 | SURROGATE,                       \
      TOO_SHORT | TOO_LARGE | OVERLONG_4

/* By its lower half. */
#define F5_AND_MORE (char)(ANY_LOW | TOO_LARGE | OVERLONG_4)
#define OF_FIRST_LOW                                                                               \
  (char)(ANY_LOW | OVERLONG_2 | OVERLONG_3 | OVERLONG_4), (char)(ANY_LOW | OVERLONG_2),            \
      (char)ANY_LOW, (char)ANY_LOW, (char)(ANY_LOW | TOO_LARGE), F5_AND_MORE, F5_AND_MORE,         \
      F5_AND_MORE, F5_AND_MORE, F5_AND_MORE, F5_AND_MORE, F5_AND_MORE, F5_AND_MORE,                \
      (char)(F5_AND_MORE | SURROGATE), F5_AND_MORE, F5_AND_MORE

/* By the upper half of the second byte. */
#define OF_SECOND                                                                                  \
  TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,          \
      (char)(ANY_CONTINUATION | OVERLONG_3 | OVERLONG_4),                                          \
      (char)(ANY_CONTINUATION | OVERLONG_3 | TOO_LARGE),                                           \
      (char)(ANY_CONTINUATION | SURROGATE | TOO_LARGE),                                            \
      (char)(ANY_CONTINUATION | SURROGATE | TOO_LARGE), TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT

SSSE3 static inline __m128i high_halves(__m128i bytes) {
  return _mm_and_si128(_mm_srli_epi16(bytes, 4), _mm_set1_epi8(0x0F));
}

SSSE3 static inline __m128i pair_faults(__m128i first, __m128i second) {
  __m128i of_high = _mm_shuffle_epi8(_mm_setr_epi8(OF_FIRST_HIGH), high_halves(first));
  __m128i of_low =
      _mm_shuffle_epi8(_mm_setr_epi8(OF_FIRST_LOW), _mm_and_si128(first, _mm_set1_epi8(0x0F)));
  __m128i of_second = _mm_shuffle_epi8(_mm_setr_epi8(OF_SECOND), high_halves(second));
  return _mm_and_si128(_mm_and_si128(of_high, of_low), of_second);
}

/* Nothing but zeros where `block`, with `before` it, is without fault. */
SSSE3 static inline __m128i faults(__m128i before, __m128i block) {
  __m128i pairs = pair_faults(_mm_alignr_epi8(block, before, 15), block);
  __m128i third = _mm_subs_epu8(_mm_alignr_epi8(block, before, 14), _mm_set1_epi8((char)0x60));
  __m128i fourth = _mm_subs_epu8(_mm_alignr_epi8(block, before, 13), _mm_set1_epi8((char)0x70));
  /* The top bit is where E0 or more stands two before, or F0 or more three before. */
  __m128i due = _mm_and_si128(_mm_or_si128(third, fourth), _mm_set1_epi8((char)0x80));
  return _mm_xor_si128(due, pairs);
}

SSSE3 static inline __m128i load(const uint8_t *from) {
  return _mm_loadu_si128((const __m128i *)(const void *)from);
}

SSSE3 bool sherd__utf8_blocks_are_valid(const uint8_t *data, size_t len) {
  __m128i before = _mm_setzero_si128(), found = _mm_setzero_si128();
  size_t i = 0;
  for (; len - i >= BLOCK_BYTES; i += BLOCK_BYTES) {
    __m128i block = load(data + i);
    /* ASCII after ASCII, as most of it is. */
    if (_mm_movemask_epi8(_mm_or_si128(block, before)))
      found = _mm_or_si128(found, faults(before, block));
    before = block;
  }
  /* The zeros after the end are ASCII, which an unfinished sequence is too short before. */
  uint8_t last[BLOCK_BYTES] = {0};
  memcpy(last, data + i, len - i);
  found = _mm_or_si128(found, faults(before, load(last)));
  return _mm_movemask_epi8(_mm_cmpeq_epi8(found, _mm_setzero_si128())) == 0xFFFF;
}

#else

bool sherd__utf8_has_blocks(void) {
  return false;
}

bool sherd__utf8_blocks_are_valid(const uint8_t *data, size_t len) {
  (void)data;
  return len == 0;
}

#endif
