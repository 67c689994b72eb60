#include <string.h>

#include "base/bytes16.h"
#include "payload/json_pass.h"

const uint8_t *sherd__json_after_space(const uint8_t *at, const uint8_t *end) {
  sherd__json_skip_space(&at, end);
  return at;
}

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

static enum sherd_status peek_literal(const uint8_t **at, const uint8_t *end, const char *literal) {
  const uint8_t *p = *at;
  for (; *literal; literal++, p++) {
    if (p == end || *p != (uint8_t)*literal) {
      *at = p;
      return p == end ? SHERD_ETRUNCATED : SHERD_EJSON;
    }
  }
  if (p < end && !sherd__json_is_delimiter(*p)) {
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

/* A list or an object that is being gone through. */
struct scan {
  const uint8_t *start;
  unsigned depth; /* around it */
  struct sherd__nesting nesting;
  struct sherd__extent_notes *notes;
  bool ended;
};

/* Goes through a block's brackets. *at goes past the one that closes all, or to one at fault. */
static enum sherd_status follow(struct scan *scan, uint64_t brackets, const uint8_t **at) {
  const uint8_t *block = *at;
  for (; brackets; brackets &= brackets - 1) {
    *at = block + __builtin_ctzll(brackets);
    bool is_object = **at & ('{' - '['), opens = **at & 2; /* as in '[' and '{' */
    if (!opens & (sherd__nesting_in_object(&scan->nesting) != is_object))
      return SHERD_EJSON;
    sherd__nesting_turn(&scan->nesting, opens, is_object);
    if (scan->notes->all)
      sherd__extents_note(scan->notes, opens, (uint32_t)(*at - scan->start) + !opens);
    scan->ended = scan->nesting.depth == scan->depth;
    if (scan->ended) {
      ++*at;
      return SHERD_OK;
    }
    if (scan->nesting.depth > SHERD_VALUE_DEPTH_MAX)
      return SHERD_EDEPTH;
  }
  return SHERD_OK;
}

enum sherd_status sherd__json_skip_container(const uint8_t **at, const uint8_t *end, unsigned depth,
                                             struct sherd__extent_notes *notes) {
  struct scan scan = {.start = *at, .depth = depth, .nesting = {.depth = depth}, .notes = notes};
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
    sherd__extents_have_room(notes, BLOCK_BYTES);
    *at = p;
    enum sherd_status status = follow(&scan, brackets, at);
    if (status || scan.ended)
      return status;
    if (end - p <= BLOCK_BYTES)
      break;
  }
  *at = end;
  return SHERD_ETRUNCATED;
}

/* Without notes. */
static enum sherd_status skip_container(const uint8_t **at, const uint8_t *end, unsigned depth) {
  struct sherd__extent_notes none = {0};
  if (end - *at > 1 && (*at)[1] == (**at == '{' ? '}' : ']')) { /* so many are empty */
    *at += 2;
    return SHERD_OK;
  }
  return sherd__json_skip_container(at, end, depth, &none);
}

/* What a scan of brackets heeds ends a number too, so that a walk meets the same brackets. */
static bool ends_scalar(uint8_t byte) {
  return sherd__json_is_delimiter(byte) || byte == '[' || byte == '{' || byte == '"' ||
         byte == '\\';
}

enum sherd_status sherd__json_skip(const uint8_t **at, const uint8_t *end, unsigned depth) {
  switch (**at) {
  case '"':
    return sherd__json_skip_string(at, end);
  case '{':
  case '[':
    return skip_container(at, end, depth);
  default:
    while (*at < end && !ends_scalar(**at))
      (*at)++;
    return *at == end && depth ? SHERD_ETRUNCATED : SHERD_OK;
  }
}
