/* Passing over the scalars of JSON, and what that tells of them: inline, since every value of a
 * walk comes through here. What is seen goes along with the value (its offset_), so that whoever
 * reads it need not look again. */
#ifndef SHERD_PAYLOAD_JSON_PASS_H
#define SHERD_PAYLOAD_JSON_PASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes16.h"
#include "payload/json.h"

/* The kinds of what was seen; how long it is, is over them. 0 says nothing. */
enum {
  SHERD__JSON_ASCII = 1,  /* a string that stands for itself */
  SHERD__JSON_PLAIN = 2,  /* the same, if it is UTF-8 */
  SHERD__JSON_DIGITS = 3, /* a number of one to seven digits, with eight bytes to be read */
  SHERD__JSON_KIND_BITS = 2,
  SHERD__JSON_LEN_MAX = UINT32_MAX >> SHERD__JSON_KIND_BITS
};

/* What was seen of a value that exists; 0 for another. */
static inline uint32_t sherd__json_seen(const struct sherd_value *value) {
  return value->at_ ? value->offset_ & ((1u << SHERD__JSON_KIND_BITS) - 1) : 0;
}

static inline uint32_t sherd__json_seen_len(const struct sherd_value *value) {
  return value->offset_ >> SHERD__JSON_KIND_BITS;
}

/* The text of a string that was seen to stand for itself. */
static inline struct sherd_bytes sherd__json_seen_text(const struct sherd_value *value) {
  return (struct sherd_bytes){value->at_ + 1, sherd__json_seen_len(value)};
}

/* Where a scalar ends, and what was seen of it; NULL when it must be looked at closer. */
struct sherd__json_passed {
  const uint8_t *after;
  uint32_t seen;
};

/* Passes over a string that has no escapes and no control characters. In json_string.c. */
struct sherd__json_passed sherd__json_pass_utf8(const uint8_t *at, const uint8_t *end);

/* The same; most are ASCII. */
static inline struct sherd__json_passed sherd__json_pass_plain(const uint8_t *at,
                                                               const uint8_t *end) {
  for (const uint8_t *p = at + 1; end - p >= 16; p += 16) {
    struct sherd__bytes16 bytes = sherd__bytes16_load(p);
    struct sherd__bytes16 special =
        sherd__bytes16_or(sherd__bytes16_equal(bytes, '"'), sherd__bytes16_equal(bytes, '\\'));
    struct sherd__bytes16 other = sherd__bytes16_or(sherd__bytes16_control(bytes), bytes);
    uint32_t stops = sherd__bytes16_mask(sherd__bytes16_or(special, other));
    if (!stops)
      continue;
    p += __builtin_ctz(stops);
    if (*p != '"' || p - at > SHERD__JSON_LEN_MAX)
      break;
    return (struct sherd__json_passed){p + 1, (uint32_t)(p - at - 1) << SHERD__JSON_KIND_BITS |
                                                  SHERD__JSON_ASCII};
  }
  return sherd__json_pass_utf8(at, end);
}

/* What may follow a number or a literal. */
static inline bool sherd__json_is_delimiter(uint8_t byte) {
  return byte == ',' || byte == '}' || byte == ']' || sherd__json_is_space(byte);
}

/* Passes over a literal that is not the last of the input. */
static inline struct sherd__json_passed sherd__json_pass_literal(const uint8_t *at,
                                                                 const uint8_t *end) {
  ptrdiff_t len = *at == 'f' ? 5 : 4;
  const char *last = *at == 'f' ? "alse" : *at == 't' ? "true" : "null";
  if (end - at <= len || memcmp(at + len - 4, last, 4) != 0 || !sherd__json_is_delimiter(at[len]))
    return (struct sherd__json_passed){NULL, 0};
  return (struct sherd__json_passed){at + len, 0};
}

/* The eight bytes at `at`, less '0' each, so that digits become 0 to 9; the first is the lowest. */
static inline uint64_t sherd__json_load_digits(const uint8_t *at) {
  uint64_t word;
  memcpy(&word, at, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  return word ^ UINT64_C(0x3030303030303030);
}

/* Passes over a number that is one to seven digits. */
static inline struct sherd__json_passed sherd__json_pass_digits(const uint8_t *at,
                                                                const uint8_t *end) {
  if (end - at < 8)
    return (struct sherd__json_passed){NULL, 0};
  uint64_t word = sherd__json_load_digits(at);
  /* The top bit of each byte over 9, up to the first of them; and of the eighth, be it a digit. */
  uint64_t others = (word + UINT64_C(0x7676767676767676)) | word | UINT64_C(1) << 63;
  uint32_t len = (uint32_t)__builtin_ctzll(others & UINT64_C(0x8080808080808080)) / 8;
  if (len == 0 || (len > 1 && *at == '0') || !sherd__json_is_delimiter(at[len]))
    return (struct sherd__json_passed){NULL, 0};
  return (struct sherd__json_passed){at + len, len << SHERD__JSON_KIND_BITS | SHERD__JSON_DIGITS};
}

/* The number that was seen. */
static inline uint32_t sherd__json_seen_number(const struct sherd_value *value) {
  uint64_t word = sherd__json_load_digits(value->at_);
  word <<= 64 - 8 * sherd__json_seen_len(value); /* zeros in front */
  word = word * 10 + (word >> 8);                /* pairs, in every other byte */
  return (uint32_t)(((word & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x000F424000000064) +
                     (word >> 16 & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x0000271000000001)) >>
                    32);
}

/* The type of a value that exists, by its first byte. */
static inline enum sherd_value_type sherd__json_type(const struct sherd_value *value) {
  static const uint8_t others[256] = {
      ['{'] = SHERD_VALUE_OBJECT ^ SHERD_VALUE_NUMBER,
      ['['] = SHERD_VALUE_LIST ^ SHERD_VALUE_NUMBER,
      ['"'] = SHERD_VALUE_STRING ^ SHERD_VALUE_NUMBER,
      ['t'] = SHERD_VALUE_BOOL ^ SHERD_VALUE_NUMBER,
      ['f'] = SHERD_VALUE_BOOL ^ SHERD_VALUE_NUMBER,
      ['n'] = SHERD_VALUE_NULL ^ SHERD_VALUE_NUMBER,
  };
  return (enum sherd_value_type)(others[*value->at_] ^
                                 SHERD_VALUE_NUMBER); /* what is none of them */
}

#endif
