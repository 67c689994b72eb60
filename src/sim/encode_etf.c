/* JSON to ETF, as Erlang would write it. */
#include <string.h>

#include <sherd/value.h>

#include "sim/encode.h"

enum tag {
  NEW_FLOAT = 70,
  SMALL_INTEGER = 97,
  INTEGER = 98,
  ATOM = 100,
  NIL = 106,
  STRING = 107,
  LIST = 108,
  BINARY = 109,
  SMALL_BIG = 110,
  MAP = 116
};

/* Erlang's own limit. */
#define ATOM_BYTES_MAX 255

/* Digits of a snowflake: those of 2015's first day have 15. */
#define SNOWFLAKE_DIGITS_MIN 15
#define SNOWFLAKE_DIGITS_MAX 20

/* A list is STRING up to this many items. */
#define STRING_ITEMS_MAX 65535

struct encoder {
  bool has_integers; /* for snowflakes */
  struct sherd_buf *out;
};

static void put_big_endian(uint8_t *to, uint64_t number, unsigned width) {
  while (width--) {
    to[width] = (uint8_t)number;
    number >>= 8;
  }
}

/* A tag and a number of `width` bytes. */
static enum sherd_status append_head(struct sherd_buf *out, enum tag tag, uint64_t number,
                                     unsigned width) {
  uint8_t head[9] = {(uint8_t)tag};
  put_big_endian(head + 1, number, width);
  return sherd__buf_append(out, head, 1 + width);
}

enum sherd_status sherd__encode_etf_atom(const char *name, size_t len, struct sherd_buf *out) {
  enum sherd_status status = append_head(out, ATOM, len, 2);
  return status ? status : sherd__buf_append(out, name, len);
}

enum sherd_status sherd__encode_etf_integer(uint64_t magnitude, bool is_negative,
                                            struct sherd_buf *out) {
  if (!is_negative && magnitude <= UINT8_MAX)
    return append_head(out, SMALL_INTEGER, magnitude, 1);
  if (magnitude <= (uint64_t)INT32_MAX + is_negative)
    return append_head(out, INTEGER, is_negative ? 0 - magnitude : magnitude, 4);
  uint8_t big[11] = {SMALL_BIG, 0, is_negative};
  for (; magnitude; magnitude >>= 8)
    big[3 + big[1]++] = (uint8_t)magnitude;
  return sherd__buf_append(out, big, 3 + (size_t)big[1]);
}

/* --- Scalars --- */

static enum sherd_status encode_number(struct sherd_value value, struct sherd_buf *out) {
  struct sherd_bytes raw;
  uint64_t u64, bits;
  int64_t i64;
  double f64;
  enum sherd_status status = sherd_value_raw(value, &raw);
  if (status)
    return status;
  bool is_integer = !memchr(raw.data, '.', raw.len) && !memchr(raw.data, 'e', raw.len) &&
                    !memchr(raw.data, 'E', raw.len);
  if (is_integer && sherd_value_as_u64(value, &u64) == SHERD_OK)
    return sherd__encode_etf_integer(u64, false, out);
  if (is_integer && sherd_value_as_i64(value, &i64) == SHERD_OK)
    return sherd__encode_etf_integer(0 - (uint64_t)i64, true, out);
  status = sherd_value_as_f64(value, &f64);
  if (status)
    return status;
  memcpy(&bits, &f64, sizeof bits);
  return append_head(out, NEW_FLOAT, bits, 8);
}

/* Appends a string's text after room for a head of `head_len` bytes; *text is good until the next
 * change of `out`. */
static enum sherd_status append_text(struct sherd_value value, size_t head_len,
                                     struct sherd_buf *out, struct sherd_bytes *text) {
  size_t len = 0, start = out->len + head_len;
  struct sherd_bytes slice;
  enum sherd_status status = sherd_value_as_str(value, &slice);
  if (!status) {
    len = slice.len;
  } else {
    status = sherd_value_as_str_copy(value, NULL, 0, &len);
    if (status && status != SHERD_ENOSPACE)
      return status;
    slice.data = NULL;
  }
  if (sherd__buf_reserve(out, head_len + len + 1)) /* with the NUL of the copy */
    return SHERD_ENOMEM;
  if (slice.data)
    memcpy(out->data + start, slice.data, len);
  else if ((status = sherd_value_as_str_copy(value, (char *)out->data + start, len + 1, NULL)))
    return status;
  out->len = start + len;
  *text = (struct sherd_bytes){out->data + start, len};
  return SHERD_OK;
}

/* Reads decimal digits that are a snowflake in length and value. */
static bool read_snowflake(struct sherd_bytes text, uint64_t *out) {
  if (text.len < SNOWFLAKE_DIGITS_MIN || text.len > SNOWFLAKE_DIGITS_MAX || *text.data == '0')
    return false;
  uint64_t number = 0;
  for (size_t i = 0; i < text.len; i++) {
    unsigned digit = text.data[i] - (unsigned)'0';
    if (digit > 9 || number > (UINT64_MAX - digit) / 10)
      return false;
    number = number * 10 + digit;
  }
  *out = number;
  return true;
}

static enum sherd_status encode_string(const struct encoder *encoder, struct sherd_value value,
                                       bool is_id) {
  struct sherd_buf *out = encoder->out;
  size_t start = out->len;
  struct sherd_bytes text;
  uint64_t snowflake;
  enum sherd_status status = append_text(value, 5, out, &text);
  if (status)
    return status;
  if (is_id && read_snowflake(text, &snowflake)) {
    out->len = start;
    return sherd__encode_etf_integer(snowflake, false, out);
  }
  out->data[start] = BINARY;
  put_big_endian(out->data + start + 1, text.len, 4);
  return SHERD_OK;
}

static bool ends_with(struct sherd_bytes text, const char *end) {
  size_t len = strlen(end);
  return text.len >= len && memcmp(text.data + text.len - len, end, len) == 0;
}

static bool is(struct sherd_bytes text, const char *name) {
  return text.len == strlen(name) && ends_with(text, name);
}

/* Whether digits under this key are a snowflake. Permissions are digits too, and stay texts. */
static bool is_id_key(struct sherd_bytes key) {
  return is(key, "id") || ends_with(key, "_id") || ends_with(key, "_ids") || is(key, "roles") ||
         is(key, "mention_roles") || is(key, "applied_tags") || is(key, "exempt_roles") ||
         is(key, "exempt_channels") || is(key, "not_found");
}

/* An atom can be made of anything, but Erlang makes them of the names in its code alone; what is a
 * snowflake, or no plain name, stays a binary. Source: discord-api-docs issue 3657. */
static bool is_atom_key(struct sherd_bytes key) {
  bool has_other = false;
  if (key.len == 0 || key.len > ATOM_BYTES_MAX)
    return false;
  for (size_t i = 0; i < key.len; i++) {
    if (key.data[i] >= 0x80)
      return false;
    has_other |= key.data[i] < '0' || key.data[i] > '9';
  }
  return has_other;
}

static enum sherd_status encode_key(const struct encoder *encoder, struct sherd_value key,
                                    bool *is_id) {
  struct sherd_buf *out = encoder->out;
  size_t start = out->len;
  struct sherd_bytes text;
  enum sherd_status status = append_text(key, 5, out, &text);
  if (status)
    return status;
  *is_id = encoder->has_integers && is_id_key(text);
  if (!is_atom_key(text)) {
    out->data[start] = BINARY;
    put_big_endian(out->data + start + 1, text.len, 4);
    return SHERD_OK;
  }
  out->data[start] = ATOM;
  put_big_endian(out->data + start + 1, text.len, 2);
  memmove(out->data + start + 3, text.data, text.len);
  out->len -= 2;
  return SHERD_OK;
}

/* --- Lists and maps --- */

static enum sherd_status encode_value(const struct encoder *encoder, struct sherd_value value,
                                      bool is_id);

static enum sherd_status encode_object(const struct encoder *encoder, struct sherd_value object) {
  struct sherd_buf *out = encoder->out;
  struct sherd_value_iter iter = sherd_value_iterate(object);
  struct sherd_value key, value;
  size_t start = out->len;
  uint32_t count = 0;
  bool is_id = false;
  enum sherd_status status = append_head(out, MAP, 0, 4);
  while (!status && sherd_value_next(&iter, &key, &value)) {
    count++;
    status = encode_key(encoder, key, &is_id);
    if (!status)
      status = encode_value(encoder, value, is_id);
  }
  if (status)
    return status;
  put_big_endian(out->data + start + 1, count, 4);
  return sherd_value_iter_status(&iter);
}

/* Makes a list of small integers, two bytes each from `start` on, the run of bytes that Erlang
 * makes of it. */
static void squeeze(struct sherd_buf *out, size_t start, uint32_t count) {
  uint8_t *at = out->data + start;
  for (uint32_t i = 0; i < count; i++)
    at[3 + i] = at[5 + 2 * i + 1];
  at[0] = STRING;
  put_big_endian(at + 1, count, 2);
  out->len = start + 3 + count;
}

static enum sherd_status encode_list(const struct encoder *encoder, struct sherd_value list,
                                     bool is_id) {
  struct sherd_buf *out = encoder->out;
  struct sherd_value_iter iter = sherd_value_iterate(list);
  struct sherd_value item;
  size_t start = out->len;
  uint32_t count = 0;
  bool is_small = true;
  enum sherd_status status = append_head(out, LIST, 0, 4);
  while (!status && sherd_value_next(&iter, NULL, &item)) {
    size_t at = out->len;
    count++;
    status = encode_value(encoder, item, is_id);
    is_small &= !status && out->data[at] == SMALL_INTEGER;
  }
  if (!status)
    status = sherd_value_iter_status(&iter);
  if (status)
    return status;
  if (count == 0) {
    out->len = start;
  } else if (is_small && count <= STRING_ITEMS_MAX) {
    squeeze(out, start, count);
    return SHERD_OK;
  } else {
    put_big_endian(out->data + start + 1, count, 4);
  }
  return sherd__buf_append_byte(out, NIL);
}

/* `is_id`: digits in it are a snowflake, and shall be an integer. */
static enum sherd_status encode_value(const struct encoder *encoder, struct sherd_value value,
                                      bool is_id) {
  bool truth = false;
  switch (sherd_value_type(value)) {
  case SHERD_VALUE_OBJECT:
    return encode_object(encoder, value);
  case SHERD_VALUE_LIST:
    return encode_list(encoder, value, is_id);
  case SHERD_VALUE_STRING:
    return encode_string(encoder, value, is_id);
  case SHERD_VALUE_NUMBER:
    return encode_number(value, encoder->out);
  case SHERD_VALUE_BOOL:
    (void)sherd_value_as_bool(value, &truth);
    return truth ? sherd__encode_etf_atom("true", 4, encoder->out)
                 : sherd__encode_etf_atom("false", 5, encoder->out);
  case SHERD_VALUE_NULL:
    break;
  }
  enum sherd_status status = sherd_value_status(value, NULL);
  return status ? status : sherd__encode_etf_atom("nil", 3, encoder->out);
}

enum sherd_status sherd__encode_etf_json(struct sherd_bytes json, bool has_integers,
                                         struct sherd_buf *out) {
  struct encoder encoder = {has_integers, out};
  struct sherd_value value;
  enum sherd_status status = sherd_value_open(SHERD_FORMAT_JSON, json.data, json.len, &value);
  return status ? status : encode_value(&encoder, value, false);
}
