#include "payload/boundary.h"

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

bool sherd__boundary_feed(struct sherd__boundary *boundary, struct sherd_bytes piece,
                          size_t *used) {
  return feed_json(boundary, piece, used);
}
