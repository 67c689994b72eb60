/* Sixteen bytes looked at together: with SSE2, which every x86-64 has, or with two 64-bit words.
 *
 * Marks are what a question about each byte gives: the top bit of each byte that the answer is yes
 * for. sherd__bytes16_mask() gathers them, the first byte's lowest. Define SHERD__BYTES16_WORDS to
 * have the words where there is SSE2 too, and SHERD__BYTES16_ONLY to have nothing wider. */
#ifndef SHERD_BASE_BYTES16_H
#define SHERD_BASE_BYTES16_H

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) && !defined(SHERD__BYTES16_WORDS)

#include <emmintrin.h>

struct sherd__bytes16 {
  __m128i all;
};

static inline struct sherd__bytes16 sherd__bytes16_load(const uint8_t *from) {
  return (struct sherd__bytes16){_mm_loadu_si128((const __m128i *)(const void *)from)};
}

static inline struct sherd__bytes16 sherd__bytes16_fill(uint8_t byte) {
  return (struct sherd__bytes16){_mm_set1_epi8((char)byte)};
}

static inline struct sherd__bytes16 sherd__bytes16_or(struct sherd__bytes16 a,
                                                      struct sherd__bytes16 b) {
  return (struct sherd__bytes16){_mm_or_si128(a.all, b.all)};
}

/* Marks the bytes that are `byte`. */
static inline struct sherd__bytes16 sherd__bytes16_equal(struct sherd__bytes16 bytes,
                                                         uint8_t byte) {
  return (struct sherd__bytes16){_mm_cmpeq_epi8(bytes.all, _mm_set1_epi8((char)byte))};
}

/* Marks the bytes under 0x20. */
static inline struct sherd__bytes16 sherd__bytes16_control(struct sherd__bytes16 bytes) {
  __m128i low = _mm_min_epu8(bytes.all, _mm_set1_epi8(0x1F));
  return (struct sherd__bytes16){_mm_cmpeq_epi8(low, bytes.all)};
}

/* The top bits, one each: of marks, or of the bytes themselves, where they are what is not ASCII.
 */
static inline uint32_t sherd__bytes16_mask(struct sherd__bytes16 marks) {
  return (uint32_t)_mm_movemask_epi8(marks.all);
}

#else

#define SHERD__BYTES16_REPEAT(byte) (UINT64_C(0x0101010101010101) * (byte))

struct sherd__bytes16 {
  uint64_t word[2]; /* the first byte in memory is the lowest, wherever that is */
};

static inline struct sherd__bytes16 sherd__bytes16_load(const uint8_t *from) {
  struct sherd__bytes16 bytes;
  memcpy(bytes.word, from, sizeof bytes.word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  bytes.word[0] = __builtin_bswap64(bytes.word[0]);
  bytes.word[1] = __builtin_bswap64(bytes.word[1]);
#endif
  return bytes;
}

static inline struct sherd__bytes16 sherd__bytes16_fill(uint8_t byte) {
  return (struct sherd__bytes16){{SHERD__BYTES16_REPEAT(byte), SHERD__BYTES16_REPEAT(byte)}};
}

static inline struct sherd__bytes16 sherd__bytes16_or(struct sherd__bytes16 a,
                                                      struct sherd__bytes16 b) {
  return (struct sherd__bytes16){{a.word[0] | b.word[0], a.word[1] | b.word[1]}};
}

/* Marks the zero bytes of a word, and no others. */
static inline uint64_t sherd__bytes16_zeros(uint64_t word) {
  uint64_t low = SHERD__BYTES16_REPEAT(0x7F);
  return ~(((word & low) + low) | word | low);
}

static inline struct sherd__bytes16 sherd__bytes16_equal(struct sherd__bytes16 bytes,
                                                         uint8_t byte) {
  uint64_t same = SHERD__BYTES16_REPEAT(byte);
  return (struct sherd__bytes16){
      {sherd__bytes16_zeros(bytes.word[0] ^ same), sherd__bytes16_zeros(bytes.word[1] ^ same)}};
}

static inline struct sherd__bytes16 sherd__bytes16_control(struct sherd__bytes16 bytes) {
  uint64_t rest = SHERD__BYTES16_REPEAT(0xE0);
  return (struct sherd__bytes16){
      {sherd__bytes16_zeros(bytes.word[0] & rest), sherd__bytes16_zeros(bytes.word[1] & rest)}};
}

/* Multiplied so, the eight top bits meet in the highest byte, and no two meet elsewhere. */
static inline uint32_t sherd__bytes16_tops(uint64_t word) {
  return (uint32_t)((word >> 7 & SHERD__BYTES16_REPEAT(0x01)) * UINT64_C(0x0102040810204080) >> 56);
}

static inline uint32_t sherd__bytes16_mask(struct sherd__bytes16 marks) {
  return sherd__bytes16_tops(marks.word[0]) | sherd__bytes16_tops(marks.word[1]) << 8;
}

#endif
#endif
