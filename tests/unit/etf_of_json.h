/* Turns a JSON value into an ETF term, as Erlang would write it, through the public view alone. */
#ifndef TEST_ETF_OF_JSON_H
#define TEST_ETF_OF_JSON_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <sherd/value.h>

#include "base/buf.h"
#include "payload/format_writer.h"

enum etf_keys {
  KEYS_BINARY,
  KEYS_ATOM,
  KEYS_SMALL_ATOM,
  KEYS_ATOM_UTF8,
  KEYS_SMALL_ATOM_UTF8
};

static void etf_bytes(struct sherd_buf *out, const void *data, size_t len) {
  if (sherd__buf_append(out, data, len))
    abort();
}

static void etf_text(struct sherd_value text, enum etf_keys form, struct sherd_buf *out) {
  size_t len = 0;
  sherd_value_as_str_copy(text, NULL, 0, &len);
  char *copy = malloc(len + 1);
  if (sherd_value_as_str_copy(text, copy, len + 1, NULL))
    abort();
  bool is_ascii = true;
  for (size_t i = 0; i < len; i++)
    is_ascii = is_ascii && (unsigned char)copy[i] < 0x80;
  if (!is_ascii && (form == KEYS_ATOM || form == KEYS_SMALL_ATOM))
    form = KEYS_BINARY;
  uint8_t high = (uint8_t)(len >> 8), low = (uint8_t)len;
  switch (form) {
  case KEYS_BINARY:
    if (sherd__etf_put_str(out, copy, len))
      abort();
    break;
  case KEYS_ATOM:
  case KEYS_ATOM_UTF8:
    etf_bytes(out, (uint8_t[]){form == KEYS_ATOM ? 100 : 118, high, low}, 3);
    etf_bytes(out, copy, len);
    break;
  case KEYS_SMALL_ATOM:
  case KEYS_SMALL_ATOM_UTF8:
    etf_bytes(out, (uint8_t[]){form == KEYS_SMALL_ATOM ? 115 : 119, low}, 2);
    etf_bytes(out, copy, len);
    break;
  }
  free(copy);
}

static void etf_number(struct sherd_value value, struct sherd_buf *out) {
  struct sherd_bytes raw;
  uint64_t u64 = 0;
  int64_t i64 = 0;
  double f64 = 0;
  if (sherd_value_raw(value, &raw))
    abort();
  bool is_float = memchr(raw.data, '.', raw.len) || memchr(raw.data, 'e', raw.len) ||
                  memchr(raw.data, 'E', raw.len);
  if (!is_float && sherd_value_as_u64(value, &u64) == SHERD_OK) {
    sherd__etf_put_int(out, false, u64);
  } else if (!is_float && sherd_value_as_i64(value, &i64) == SHERD_OK) {
    sherd__etf_put_int(out, true, UINT64_C(0) - (uint64_t)i64);
  } else {
    uint8_t term[9] = {70};
    if (sherd_value_as_f64(value, &f64))
      abort();
    memcpy(&u64, &f64, sizeof u64);
    for (int i = 8; i; i--, u64 >>= 8)
      term[i] = (uint8_t)u64;
    etf_bytes(out, term, sizeof term);
  }
}

/* Whether Erlang would write the list as a STRING: 1 to 65535 integers from 0 to 255. */
static bool etf_is_string(struct sherd_value list, size_t count) {
  struct sherd_value_iter iter = sherd_value_iterate(list);
  struct sherd_value item;
  uint64_t number;
  while (sherd_value_next(&iter, NULL, &item))
    if (sherd_value_as_u64(item, &number) || number > 255)
      return false;
  return count > 0 && count < 65536;
}

static void etf_of_json(struct sherd_value value, enum etf_keys keys, struct sherd_buf *out) {
  struct sherd_value_iter iter = sherd_value_iterate(value);
  struct sherd_value key, item;
  size_t count = 0;
  bool truth = false;
  sherd_value_count(value, &count);
  switch (sherd_value_type(value)) {
  case SHERD_VALUE_NULL:
    sherd__etf_put_atom(out, "nil");
    break;
  case SHERD_VALUE_BOOL:
    sherd_value_as_bool(value, &truth);
    sherd__etf_put_atom(out, truth ? "true" : "false");
    break;
  case SHERD_VALUE_NUMBER:
    etf_number(value, out);
    break;
  case SHERD_VALUE_STRING:
    etf_text(value, KEYS_BINARY, out);
    break;
  case SHERD_VALUE_OBJECT:
    sherd__etf_put_map(out, (uint32_t)count);
    while (sherd_value_next(&iter, &key, &item)) {
      etf_text(key, keys, out);
      etf_of_json(item, keys, out);
    }
    break;
  case SHERD_VALUE_LIST:
    if (etf_is_string(value, count)) {
      etf_bytes(out, (uint8_t[]){107, (uint8_t)(count >> 8), (uint8_t)count}, 3);
      while (sherd_value_next(&iter, NULL, &item)) {
        uint64_t byte = 0;
        sherd_value_as_u64(item, &byte);
        etf_bytes(out, (uint8_t[]){(uint8_t)byte}, 1);
      }
      break;
    }
    sherd__etf_put_list(out, (uint32_t)count);
    while (sherd_value_next(&iter, NULL, &item))
      etf_of_json(item, keys, out);
    if (count)
      sherd__etf_put_list_end(out);
    break;
  }
}

#endif
