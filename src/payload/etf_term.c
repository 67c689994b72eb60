#include "payload/etf.h"

/* How each tag is laid out: what it is, how wide its length is, and how many bytes of body it has
 * besides those that the length counts. */
static const struct shape {
  uint8_t kind, width, fixed;
} shapes[] = {
    [SHERD__ETF_NEW_FLOAT] = {SHERD__ETF_KIND_FLOAT, 0, 8},
    [SHERD__ETF_SMALL_INTEGER] = {SHERD__ETF_KIND_INTEGER, 0, 1},
    [SHERD__ETF_INTEGER] = {SHERD__ETF_KIND_INTEGER, 0, 4},
    [SHERD__ETF_FLOAT] = {SHERD__ETF_KIND_FLOAT, 0, 31},
    [SHERD__ETF_ATOM] = {SHERD__ETF_KIND_ATOM, 2, 0},
    [SHERD__ETF_SMALL_TUPLE] = {SHERD__ETF_KIND_LIST, 1, 0},
    [SHERD__ETF_LARGE_TUPLE] = {SHERD__ETF_KIND_LIST, 4, 0},
    [SHERD__ETF_NIL] = {SHERD__ETF_KIND_LIST, 0, 0},
    [SHERD__ETF_STRING] = {SHERD__ETF_KIND_BYTES, 2, 0},
    [SHERD__ETF_LIST] = {SHERD__ETF_KIND_LIST, 4, 0},
    [SHERD__ETF_BINARY] = {SHERD__ETF_KIND_BINARY, 4, 0},
    [SHERD__ETF_SMALL_BIG] = {SHERD__ETF_KIND_INTEGER, 1, 1},
    [SHERD__ETF_LARGE_BIG] = {SHERD__ETF_KIND_INTEGER, 4, 1},
    [SHERD__ETF_SMALL_ATOM] = {SHERD__ETF_KIND_ATOM, 1, 0},
    [SHERD__ETF_MAP] = {SHERD__ETF_KIND_MAP, 4, 0},
    [SHERD__ETF_ATOM_UTF8] = {SHERD__ETF_KIND_ATOM, 2, 0},
    [SHERD__ETF_SMALL_ATOM_UTF8] = {SHERD__ETF_KIND_ATOM, 1, 0},
};

enum sherd_status sherd__etf_length_width(uint8_t tag, unsigned *width) {
  if (tag >= sizeof shapes / sizeof *shapes || !shapes[tag].kind)
    return SHERD_ETAG;
  *width = shapes[tag].width;
  return SHERD_OK;
}

enum sherd__etf_kind sherd__etf_kind_of(uint8_t tag) {
  return (enum sherd__etf_kind)shapes[tag].kind;
}

struct sherd__etf_term sherd__etf_describe(uint8_t tag, uint64_t length) {
  struct sherd__etf_term term = {.kind = (enum sherd__etf_kind)shapes[tag].kind, .tag = tag};
  switch (term.kind) {
  case SHERD__ETF_KIND_LIST:
    term.count = length;
    term.terms = length + (tag == SHERD__ETF_LIST);
    break;
  case SHERD__ETF_KIND_MAP:
    term.count = length;
    term.terms = length * 2;
    break;
  case SHERD__ETF_KIND_BYTES:
    term.count = length;
    term.body.len = (size_t)length;
    break;
  default:
    term.body.len = (size_t)(shapes[tag].fixed + length);
  }
  return term;
}

static bool is_container(const struct sherd__etf_term *term) {
  return term->kind == SHERD__ETF_KIND_LIST || term->kind == SHERD__ETF_KIND_MAP ||
         term->kind == SHERD__ETF_KIND_BYTES;
}

enum sherd_status sherd__etf_read(const uint8_t **at, const uint8_t *end, unsigned depth,
                                  struct sherd__etf_term *out) {
  const uint8_t *p = *at;
  unsigned width;
  if (p == end)
    return SHERD_ETRUNCATED;
  uint8_t tag = *p++;
  enum sherd_status status = sherd__etf_length_width(tag, &width);
  if (status)
    return status;
  uint64_t length = 0;
  if ((size_t)(end - p) < width)
    goto truncated;
  for (; width; width--)
    length = length << 8 | *p++;
  size_t left = (size_t)(end - p);
  if (length > left) /* whatever it counts takes a byte at the least */
    goto truncated;
  *out = sherd__etf_describe(tag, length);
  if (is_container(out) && depth >= SHERD_VALUE_DEPTH_MAX)
    return SHERD_EDEPTH;
  if (out->body.len > left || out->terms > left)
    goto truncated;
  out->body.data = p;
  *at = p + out->body.len;
  return SHERD_OK;
truncated:
  *at = end;
  return SHERD_ETRUNCATED;
}

bool sherd__etf_is_key(const struct sherd__etf_term *term) {
  return term->kind == SHERD__ETF_KIND_ATOM || term->kind == SHERD__ETF_KIND_BINARY ||
         term->kind == SHERD__ETF_KIND_INTEGER;
}
