#include <string.h>

#include "payload/etf.h"
#include "payload/format_writer.h"

/* A tag and a u32, as most terms begin. */
static enum sherd_status put_head(struct sherd_buf *out, enum sherd__etf_tag tag, uint32_t number) {
  const uint8_t head[] = {(uint8_t)tag, (uint8_t)(number >> 24), (uint8_t)(number >> 16),
                          (uint8_t)(number >> 8), (uint8_t)number};
  return sherd__buf_append(out, head, sizeof head);
}

enum sherd_status sherd__etf_put_version(struct sherd_buf *out) {
  return sherd__buf_append_byte(out, SHERD__ETF_VERSION);
}

enum sherd_status sherd__etf_put_map(struct sherd_buf *out, uint32_t pairs) {
  return put_head(out, SHERD__ETF_MAP, pairs);
}

enum sherd_status sherd__etf_put_list(struct sherd_buf *out, uint32_t items) {
  return items ? put_head(out, SHERD__ETF_LIST, items) : sherd__etf_put_list_end(out);
}

enum sherd_status sherd__etf_put_list_end(struct sherd_buf *out) {
  return sherd__buf_append_byte(out, SHERD__ETF_NIL);
}

enum sherd_status sherd__etf_put_str(struct sherd_buf *out, const char *text, size_t len) {
  if (len > UINT32_MAX)
    return SHERD_ENOMEM;
  enum sherd_status status = put_head(out, SHERD__ETF_BINARY, (uint32_t)len);
  return status ? status : sherd__buf_append(out, text, len);
}

static enum sherd_status put_big(struct sherd_buf *out, bool is_negative, uint64_t magnitude) {
  uint8_t term[3 + sizeof magnitude] = {SHERD__ETF_SMALL_BIG, 0, is_negative};
  uint8_t len = 0;
  for (; magnitude; magnitude >>= 8)
    term[3 + len++] = (uint8_t)magnitude;
  term[1] = len;
  return sherd__buf_append(out, term, 3u + len);
}

enum sherd_status sherd__etf_put_int(struct sherd_buf *out, bool is_negative, uint64_t magnitude) {
  if (!is_negative && magnitude <= UINT8_MAX) {
    const uint8_t term[] = {SHERD__ETF_SMALL_INTEGER, (uint8_t)magnitude};
    return sherd__buf_append(out, term, sizeof term);
  }
  if (magnitude <= (uint64_t)INT32_MAX + is_negative) {
    uint32_t number = (uint32_t)magnitude;
    return put_head(out, SHERD__ETF_INTEGER, is_negative ? UINT32_C(0) - number : number);
  }
  return put_big(out, is_negative, magnitude);
}

enum sherd_status sherd__etf_put_atom(struct sherd_buf *out, const char *name) {
  size_t len = strlen(name);
  const uint8_t head[] = {SHERD__ETF_SMALL_ATOM, (uint8_t)len};
  enum sherd_status status = sherd__buf_append(out, head, sizeof head);
  return status ? status : sherd__buf_append(out, name, len);
}
