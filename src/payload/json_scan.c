#include <string.h>

#include "base/bytes16.h"
#include "payload/json.h"

const uint8_t *sherd__json_find_quote(const uint8_t *at, const uint8_t *end) {
  for (; end - at >= 16; at += 16) {
    struct sherd__bytes16 bytes = sherd__bytes16_load(at);
    uint32_t found = sherd__bytes16_mask(
        sherd__bytes16_or(sherd__bytes16_equal(bytes, '"'), sherd__bytes16_equal(bytes, '\\')));
    if (found)
      return at + __builtin_ctz(found);
  }
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
  static const bool delimiters[256] = {[','] = true,  [']'] = true,  ['}'] = true, [' '] = true,
                                       ['\n'] = true, ['\r'] = true, ['\t'] = true};
  return delimiters[byte];
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

/* --- Lists and objects: a block of 64 bytes at a time, a bit for each --- */

#define BLOCK_BYTES 64

/* Where a block has what counts; the first byte is the lowest bit. */
struct marks {
  uint64_t quotes, backslashes, brackets;
};

static inline struct marks mark_block(const uint8_t *block) {
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

/* What one block leaves to the next: all bits or none, and one bit or none. */
struct between {
  uint64_t in_string;  /* whether a string goes on */
  uint64_t is_escaped; /* whether its first byte is escaped */
};

/* Strikes the quotes that are escaped. A backslash escapes in a string only, and a string begins
 * and ends at the quotes before it, of which none that is escaped is left by then. */
static uint64_t real_quotes(const struct marks *marks, struct between *between) {
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

/* Marks, of a block, what strings take up, their opening quotes with them. */
static uint64_t mark_strings(const struct marks *marks, struct between *between) {
  uint64_t inside =
      marks->backslashes | between->is_escaped ? real_quotes(marks, between) : marks->quotes;
  for (unsigned shift = 1; shift < BLOCK_BYTES; shift *= 2)
    inside ^= inside << shift; /* each bit becomes the parity of those up to it */
  inside ^= between->in_string;
  between->in_string = UINT64_C(0) - (inside >> 63);
  return inside;
}

/* Goes through a block's brackets. *at goes past the one that closes all, or to one at fault. */
static enum sherd_status follow(struct sherd__nesting *nesting, unsigned depth, uint64_t brackets,
                                const uint8_t **at, bool *ended) {
  const uint8_t *block = *at;
  for (; brackets; brackets &= brackets - 1) {
    *at = block + __builtin_ctzll(brackets);
    uint8_t bracket = **at;
    bool is_object = bracket & ('{' - '[');
    if ((bracket & 7) == ('{' & 7)) {
      if (!sherd__nesting_push(nesting, is_object))
        return SHERD_EDEPTH;
      continue;
    }
    if (sherd__nesting_in_object(nesting) != is_object)
      return SHERD_EJSON;
    *ended = --nesting->depth == depth;
    if (*ended) {
      ++*at;
      return SHERD_OK;
    }
  }
  return SHERD_OK;
}

static enum sherd_status skip_container(const uint8_t **at, const uint8_t *end, unsigned depth) {
  if (end - *at > 1 && (*at)[1] == (**at == '{' ? '}' : ']')) { /* so many are empty */
    *at += 2;
    return SHERD_OK;
  }
  struct sherd__nesting nesting = {.depth = depth};
  struct between between = {0};
  uint8_t last[BLOCK_BYTES]; /* the document's last bytes, and nothing that counts after them */
  for (const uint8_t *p = *at; p < end; p += BLOCK_BYTES) {
    const uint8_t *block = p;
    if (end - p < BLOCK_BYTES) {
      memset(last, 0, sizeof last);
      block = memcpy(last, p, (size_t)(end - p));
    }
    struct marks marks = mark_block(block);
    uint64_t brackets = marks.brackets & ~mark_strings(&marks, &between);
    bool ended = false;
    *at = p;
    enum sherd_status status = follow(&nesting, depth, brackets, at, &ended);
    if (status || ended)
      return status;
    if (end - p <= BLOCK_BYTES)
      break;
  }
  *at = end;
  return SHERD_ETRUNCATED;
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
