#include "sim/encode.h"

#include <string.h>

/* --- JSON. Discord's own order of keys: t, s, op, d --- */

/* Room for all but `d`; no dispatch's name has 64 letters. */
#define HEAD_SIZE 128

static size_t put_text(char head[HEAD_SIZE], size_t at, const char *text) {
  size_t len = strlen(text);
  memcpy(head + at, text, len);
  return at + len;
}

static size_t put_number(char head[HEAD_SIZE], size_t at, uint64_t number) {
  char digits[20];
  size_t first = sizeof digits;
  do
    digits[--first] = (char)('0' + number % 10);
  while (number /= 10);
  memcpy(head + at, digits + first, sizeof digits - first);
  return at + sizeof digits - first;
}

/* By hand, since it is done for each message to each session. */
static enum sherd_status append_json(uint32_t op, const char *name, uint64_t seq,
                                     struct sherd_bytes data, struct sherd_buf *out) {
  char head[HEAD_SIZE];
  size_t len = put_text(head, 0, name ? "{\"t\":\"" : "{\"t\":null");
  if (name)
    len = put_text(head, put_text(head, len, name), "\"");
  len = put_text(head, len, ",\"s\":");
  len = seq ? put_number(head, len, seq) : put_text(head, len, "null");
  len = put_number(head, put_text(head, len, ",\"op\":"), op);
  len = put_text(head, len, ",\"d\":");
  enum sherd_status status = sherd__buf_reserve(out, len + data.len + 1);
  if (status)
    return status;
  (void)sherd__buf_append(out, head, len);
  (void)sherd__buf_append(out, data.data, data.len);
  return sherd__buf_append_byte(out, '}');
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
