#include <string.h>

#include "base/bytes16.h"
#include "payload/json_brackets.h"
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

/* --- Lists and objects: a chunk of brackets at a time --- */

/* A list or an object that is being gone through, and those in it that are open. */
struct scan {
  const uint8_t *start;
  unsigned depth; /* around it */
  unsigned level; /* around the innermost that is open, and it with them */
  bool is_object[SHERD_VALUE_DEPTH_MAX + 2]; /* by level */
  struct sherd__extent_notes *notes;
};

/* Goes through the brackets of a chunk. *at goes past the one that closes all, or to one at fault,
 * and is NULL otherwise. Which way the next bracket turns nobody can foretell: so both ways are
 * gone without a branch, and the level above is written to also when one ends. */
static enum sherd_status follow(struct scan *scan, const uint8_t *chunk, const uint16_t *found,
                                size_t count, const uint8_t **at) {
  struct sherd__extent_notes notes = *scan->notes;
  unsigned level = scan->level;
  enum sherd_status status = SHERD_OK;
  size_t i = 0;
  while (i < count) {
    const uint8_t *bracket = chunk + found[i++];
    bool is_object = *bracket & ('{' - '['), opens = *bracket & 2; /* as in '[' and '{' */
    if (!opens & (scan->is_object[level] != is_object)) {
      status = SHERD_EJSON;
      break;
    }
    scan->is_object[level + 1] = is_object;
    level += 2u * opens - 1;
    if (sherd__extents_have_room(&notes, 1))
      sherd__extents_note(&notes, opens, (uint32_t)(bracket - scan->start) + !opens);
    if (level == scan->depth)
      break;
    if (level > SHERD_VALUE_DEPTH_MAX) {
      status = SHERD_EDEPTH;
      break;
    }
  }
  scan->level = level;
  *scan->notes = notes;
  *at = status ? chunk + found[i - 1] : level == scan->depth ? chunk + found[i - 1] + 1 : NULL;
  return status;
}

/* How much is looked at first when it is not known to be long, and then. */
#define FIRST_BYTES 64

static size_t longer(size_t len) {
  return len < SHERD__JSON_CHUNK_BYTES ? len * 2 : len;
}

enum sherd_status sherd__json_skip_container(const uint8_t **at, const uint8_t *end, unsigned depth,
                                             struct sherd__extent_notes *notes) {
  uint16_t found[SHERD__JSON_FOUND_MAX];
  struct scan scan; /* of the levels only those that are open are ever read */
  scan.start = *at;
  scan.depth = scan.level = depth;
  scan.is_object[depth] = false;
  scan.notes = notes;
  struct sherd__json_between between = {0};
  size_t len = notes->all ? SHERD__JSON_CHUNK_BYTES : FIRST_BYTES;
  for (const uint8_t *p = *at; p < end; p += len, len = longer(len)) {
    if (len > (size_t)(end - p))
      len = (size_t)(end - p);
    size_t count = sherd__json_find_brackets(p, len, &between, found);
    enum sherd_status status = follow(&scan, p, found, count, at);
    if (*at)
      return status;
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
