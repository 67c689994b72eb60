#include "sim/encode.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- JSON. Discord's own order of keys: t, s, op, d --- */

static enum sherd_status append(struct sherd_buf *out, const char *head, int head_len,
                                struct sherd_bytes data) {
  enum sherd_status status = sherd__buf_reserve(out, (size_t)head_len + data.len + 1);
  if (status)
    return status;
  (void)sherd__buf_append(out, head, (size_t)head_len);
  (void)sherd__buf_append(out, data.data, data.len);
  return sherd__buf_append_byte(out, '}');
}

static enum sherd_status append_json(uint32_t op, const char *name, uint64_t seq,
                                     struct sherd_bytes data, struct sherd_buf *out) {
  char head[128];
  int len = name ? snprintf(head, sizeof head, "{\"t\":\"%s\",", name)
                 : snprintf(head, sizeof head, "{\"t\":null,");
  size_t at = (size_t)len;
  len += seq ? snprintf(head + at, sizeof head - at, "\"s\":%" PRIu64, seq)
             : snprintf(head + at, sizeof head - at, "\"s\":null");
  at = (size_t)len;
  len += snprintf(head + at, sizeof head - at, ",\"op\":%" PRIu32 ",\"d\":", op);
  return append(out, head, len, data);
}

/* --- ETF. Erlang's order of small maps, that of the atoms: d, op, s, t --- */

static enum sherd_status append_atom(struct sherd_buf *out, const char *name) {
  return sherd__encode_etf_atom(name, strlen(name), out);
}

static enum sherd_status append_integer_or_nil(struct sherd_buf *out, bool is_nil,
                                               uint64_t number) {
  return is_nil ? append_atom(out, "nil") : sherd__encode_etf_integer(number, false, out);
}

static enum sherd_status append_etf(uint32_t op, const char *name, uint64_t seq,
                                    struct sherd_bytes data, bool has_integers,
                                    struct sherd_buf *out) {
  static const uint8_t map_of_4[] = {131, 116, 0, 0, 0, 4};
  enum sherd_status status = sherd__buf_append(out, map_of_4, sizeof map_of_4);
  if (!status)
    status = append_atom(out, "d");
  if (!status)
    status = sherd__encode_etf_json(data, has_integers, out);
  if (!status)
    status = append_atom(out, "op");
  if (!status)
    status = sherd__encode_etf_integer(op, false, out);
  if (!status)
    status = append_atom(out, "s");
  if (!status)
    status = append_integer_or_nil(out, seq == 0, seq);
  if (!status)
    status = append_atom(out, "t");
  return status ? status : append_atom(out, name ? name : "nil");
}

static enum sherd_status append_message(enum sherd__encoding encoding, uint32_t op,
                                        const char *name, uint64_t seq, struct sherd_bytes data,
                                        struct sherd_buf *out) {
  if (encoding == SHERD__ENCODING_JSON)
    return append_json(op, name, seq, data, out);
  return append_etf(op, name, seq, data, encoding == SHERD__ENCODING_ETF_INTEGERS, out);
}

enum sherd_status sherd__encode_dispatch(enum sherd__encoding encoding, const char *name,
                                         uint64_t seq, struct sherd_bytes data,
                                         struct sherd_buf *out) {
  return append_message(encoding, 0, name, seq, data, out);
}

enum sherd_status sherd__encode_message(enum sherd__encoding encoding, uint32_t op,
                                        const char *data, struct sherd_buf *out) {
  struct sherd_bytes bytes = {(const uint8_t *)data, strlen(data)};
  return append_message(encoding, op, NULL, 0, bytes, out);
}
