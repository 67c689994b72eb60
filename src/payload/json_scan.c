#include <string.h>

#include "payload/json.h"

#define REPEAT(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Marks, in the highest bit of each byte, which bytes of `word` are zero. Marks above the lowest
 * one may be wrong, so that only the lowest counts. */
static inline uint64_t zero_bytes(uint64_t word) {
  return (word - REPEAT(0x01)) & ~word & REPEAT(0x80);
}

/* Eight bytes at a time where the lowest byte of a word is the first in memory. */
const uint8_t *sherd__json_find_quote(const uint8_t *at, const uint8_t *end) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
  uint64_t word;
  while ((size_t)(end - at) >= sizeof word) {
    memcpy(&word, at, sizeof word);
    uint64_t found = zero_bytes(word ^ REPEAT('"')) | zero_bytes(word ^ REPEAT('\\'));
    if (found)
      return at + __builtin_ctzll(found) / 8;
    at += sizeof word;
  }
#endif
  while (at < end && *at != '"' && *at != '\\')
    at++;
  return at;
}

enum sherd_status sherd__json_skip_string(const uint8_t **at, const uint8_t *end) {
  const uint8_t *p = *at + 1;
  for (;;) {
    p = sherd__json_find_quote(p, end);
    if (p == end || (*p == '\\' && end - p < 2)) {
      *at = end;
      return SHERD_ETRUNCATED;
    }
    if (*p == '"') {
      *at = p + 1;
      return SHERD_OK;
    }
    p += 2;
  }
}

/* What may follow a number or a literal. */
static bool is_delimiter(uint8_t byte) {
  return byte == ',' || byte == ']' || byte == '}' || sherd__json_is_space(byte);
}

static enum sherd_status peek_literal(const uint8_t **at, const uint8_t *end, const char *literal) {
  const uint8_t *p = *at;
  for (; *literal; literal++, p++) {
    if (p == end || *p != (uint8_t)*literal) {
      *at = p;
      return p == end ? SHERD_ETRUNCATED : SHERD_EJSON;
    }
  }
  if (p < end && !is_delimiter(*p)) {
    *at = p;
    return SHERD_EJSON;
  }
  return SHERD_OK;
}

enum sherd_status sherd__json_peek(const uint8_t **at, const uint8_t *end, unsigned depth) {
  if (*at == end)
    return SHERD_ETRUNCATED;
  switch (**at) {
  case '{':
  case '[':
    return depth < SHERD_VALUE_DEPTH_MAX ? SHERD_OK : SHERD_EDEPTH;
  case 't':
    return peek_literal(at, end, "true");
  case 'f':
    return peek_literal(at, end, "false");
  case 'n':
    return peek_literal(at, end, "null");
  case '"':
  case '-':
    return SHERD_OK;
  default:
    return **at >= '0' && **at <= '9' ? SHERD_OK : SHERD_EJSON;
  }
}

static enum sherd_status skip_container(const uint8_t **at, const uint8_t *end, unsigned depth) {
  struct sherd__nesting nesting = {.depth = depth};
  const uint8_t *p = *at;
  enum sherd_status status = SHERD_ETRUNCATED;
  while (p < end) {
    switch (*p) {
    case '"':
      if (sherd__json_skip_string(&p, end))
        goto failed;
      break;
    case '{':
    case '[':
      if (!sherd__nesting_push(&nesting, *p == '{')) {
        status = SHERD_EDEPTH;
        goto failed;
      }
      p++;
      break;
    case '}':
    case ']':
      if (sherd__nesting_in_object(&nesting) != (*p == '}')) {
        status = SHERD_EJSON;
        goto failed;
      }
      p++;
      if (--nesting.depth == depth) {
        *at = p;
        return SHERD_OK;
      }
      break;
    default:
      p++;
    }
  }
failed:
  *at = p;
  return status;
}

enum sherd_status sherd__json_skip(const uint8_t **at, const uint8_t *end, unsigned depth) {
  switch (**at) {
  case '"':
    return sherd__json_skip_string(at, end);
  case '{':
  case '[':
    return skip_container(at, end, depth);
  default:
    while (*at < end && !is_delimiter(**at))
      (*at)++;
    return *at == end && depth ? SHERD_ETRUNCATED : SHERD_OK;
  }
}
