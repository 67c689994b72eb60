#include "payload/boundary.h"

#include "payload/etf.h"
#include "payload/json.h"

void sherd__boundary_init(struct sherd__boundary *boundary, enum sherd_data_format format) {
  *boundary = (struct sherd__boundary){.format = format};
}

/* Passes over the inside of a string, up to and with its closing quote or next backslash. */
static const uint8_t *pass_string(struct sherd__boundary *boundary, const uint8_t *at,
                                  const uint8_t *end) {
  if (at < end && boundary->escaped) {
    boundary->escaped = false;
    at++;
  }
  at = sherd__json_find_quote(at, end);
  if (at == end)
    return at;
  boundary->escaped = *at == '\\';
  boundary->in_string = boundary->escaped;
  return at + 1;
}

/* Whether this byte ends a number or a literal that stands alone. */
static bool ends_scalar(uint8_t byte) {
  switch (byte) {
  case '{':
  case '}':
  case '[':
  case ']':
  case ',':
  case ':':
  case '"':
    return true;
  default:
    return sherd__json_is_space(byte);
  }
}

static bool feed_json(struct sherd__boundary *boundary, struct sherd_bytes piece, size_t *used) {
  const uint8_t *at = piece.data, *end = at + piece.len;
  bool ended = false;
  while (at < end && !ended) {
    if (boundary->in_string) {
      at = pass_string(boundary, at, end);
      ended = !boundary->in_string && boundary->depth == 0;
      continue;
    }
    bool in_scalar = boundary->begun && boundary->depth == 0;
    if (in_scalar && ends_scalar(*at))
      break;
    boundary->begun |= !sherd__json_is_space(*at);
    switch (*at++) {
    case '"':
      boundary->in_string = true;
      break;
    case '{':
    case '[':
      boundary->depth++;
      break;
    case '}':
    case ']': /* one that closes nothing is a document too: a bad one, for the scan to refuse */
      ended = boundary->depth <= 1;
      boundary->depth -= boundary->depth > 0;
      break;
    }
  }
  *used = (size_t)(at - piece.data);
  return ended || at < end;
}

/* Takes one byte of a term's tag and length. False when no payload has such a tag. */
static bool take_head(struct sherd__boundary *boundary, uint8_t byte) {
  boundary->head[boundary->head_len++] = byte;
  const struct sherd__etf_shape *shape = &sherd__etf_shapes[boundary->head[0]];
  unsigned width = shape->width;
  if (!shape->kind)
    return false;
  if (boundary->head_len < 1 + width)
    return true;
  const uint8_t *end = boundary->head + boundary->head_len;
  uint32_t length = sherd__etf_load(boundary->head + 1, end, width);
  struct sherd__etf_term term = sherd__etf_describe(boundary->head[0], length);
  boundary->head_len = 0;
  boundary->bytes = term.body.len;
  boundary->terms--;
  if (__builtin_add_overflow(boundary->terms, term.terms, &boundary->terms))
    boundary->terms = UINT64_MAX;
  return true;
}

static bool feed_etf(struct sherd__boundary *boundary, struct sherd_bytes piece, size_t *used) {
  const uint8_t *at = piece.data, *end = at + piece.len;
  bool ended = false;
  if (at < end && !boundary->begun) {
    boundary->begun = true;
    boundary->terms = 1;
    ended = *at++ != SHERD__ETF_VERSION;
  }
  while (at < end && !ended) {
    if (boundary->bytes) {
      size_t left = (size_t)(end - at);
      size_t step = boundary->bytes < left ? (size_t)boundary->bytes : left;
      boundary->bytes -= step;
      at += step;
    } else if (!take_head(boundary, *at++)) {
      if (boundary->head[0] == SHERD__ETF_COMPRESSED)
        at = end;
      ended = true;
    }
    ended = ended || (boundary->terms == 0 && boundary->bytes == 0);
  }
  *used = (size_t)(at - piece.data);
  return ended;
}

bool sherd__boundary_feed(struct sherd__boundary *boundary, struct sherd_bytes piece,
                          size_t *used) {
  *used = 0;
  if (!piece.len) /* it may be nowhere, and nothing is to be counted from there */
    return false;
  return boundary->format == SHERD_FORMAT_JSON ? feed_json(boundary, piece, used)
                                               : feed_etf(boundary, piece, used);
}
