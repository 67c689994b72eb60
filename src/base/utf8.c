#include "base/utf8.h"

#include "base/bytes16.h"
#include "base/utf8_blocks.h"

/* Less than this is gone through faster one by one. */
#define BLOCKS_BYTES_MIN 32

/* The length of the sequence that begins with `lead`, and the range of its second byte, which is
 * where overlong forms, surrogates and what is over U+10FFFF show. Source: RFC 3629 section 4. */
static size_t sequence(uint8_t lead, uint8_t *low, uint8_t *high) {
  *low = 0x80;
  *high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF)
    return 2;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (lead == 0xE0)
      *low = 0xA0;
    if (lead == 0xED)
      *high = 0x9F;
    return 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (lead == 0xF0)
      *low = 0x90;
    if (lead == 0xF4)
      *high = 0x8F;
    return 4;
  }
  return 0;
}

static bool is_sequence(const uint8_t *at, size_t left, size_t *len) {
  uint8_t low, high;
  *len = sequence(at[0], &low, &high);
  if (*len == 0 || *len > left || at[1] < low || at[1] > high)
    return false;
  for (size_t i = 2; i < *len; i++)
    if ((at[i] & 0xC0) != 0x80)
      return false;
  return true;
}

/* How many of `len` bytes come before the first that is not ASCII. */
static size_t ascii_len(const uint8_t *data, size_t len) {
  size_t i = 0;
  for (; len - i >= 32; i += 32)
    if (sherd__bytes16_mask(
            sherd__bytes16_or(sherd__bytes16_load(data + i), sherd__bytes16_load(data + i + 16))))
      break;
  for (; len - i >= 16; i += 16) {
    uint32_t high = sherd__bytes16_mask(sherd__bytes16_load(data + i));
    if (high)
      return i + (size_t)__builtin_ctz(high);
  }
  while (i < len && data[i] < 0x80)
    i++;
  return i;
}

bool sherd__utf8_is_valid(const uint8_t *data, size_t len, size_t *error_offset) {
  size_t i = ascii_len(data, len);
  if (len - i >= BLOCKS_BYTES_MIN && sherd__utf8_has_blocks() &&
      sherd__utf8_blocks_are_valid(data + i, len - i))
    return true;
  while (i < len) { /* also to find the place of a fault */
    size_t step;
    if (!is_sequence(data + i, len - i, &step)) {
      if (error_offset)
        *error_offset = i;
      return false;
    }
    i += step;
    if (i < len && data[i] < 0x80)
      i += ascii_len(data + i, len - i);
  }
  return true;
}

size_t sherd__utf8_encode(uint32_t code_point, uint8_t out[4]) {
  if (code_point < 0x80) {
    out[0] = (uint8_t)code_point;
    return 1;
  }
  if (code_point < 0x800) {
    out[0] = (uint8_t)(0xC0 | code_point >> 6);
    out[1] = (uint8_t)(0x80 | (code_point & 0x3F));
    return 2;
  }
  if (code_point < 0x10000) {
    out[0] = (uint8_t)(0xE0 | code_point >> 12);
    out[1] = (uint8_t)(0x80 | (code_point >> 6 & 0x3F));
    out[2] = (uint8_t)(0x80 | (code_point & 0x3F));
    return 3;
  }
  out[0] = (uint8_t)(0xF0 | code_point >> 18);
  out[1] = (uint8_t)(0x80 | (code_point >> 12 & 0x3F));
  out[2] = (uint8_t)(0x80 | (code_point >> 6 & 0x3F));
  out[3] = (uint8_t)(0x80 | (code_point & 0x3F));
  return 4;
}
