/* The agreement of two views on what should be the same value. */
#ifndef SHERD_FUZZ_VALUES_H
#define SHERD_FUZZ_VALUES_H

#include <sherd/value.h>

#include "fuzz.h"

/* The text of a string, on the heap, NUL-terminated. */
static inline char *fuzz_text(struct sherd_value string, size_t *len) {
  FUZZ_CHECK(sherd_value_as_str_copy(string, NULL, 0, len) == SHERD_ENOSPACE);
  char *text = malloc(*len + 1);
  FUZZ_CHECK(text && sherd_value_as_str_copy(string, text, *len + 1, NULL) == SHERD_OK);
  return text;
}

static inline void fuzz_agree_on_text(struct sherd_value a, struct sherd_value b) {
  size_t a_len, b_len;
  char *a_text = fuzz_text(a, &a_len), *b_text = fuzz_text(b, &b_len);
  FUZZ_CHECK(a_len == b_len && memcmp(a_text, b_text, a_len) == 0);
  sherd_snowflake a_id = 0, b_id = 0;
  FUZZ_CHECK(sherd_value_as_snowflake(a, &a_id) == sherd_value_as_snowflake(b, &b_id));
  FUZZ_CHECK(a_id == b_id);
  free(a_text);
  free(b_text);
}

/* Whether a number of an ETF document is an integer there; a float may differ from the decimals
 * of JSON in what its digits beyond a double's make of an integer. */
static inline bool fuzz_is_etf_integer(struct sherd_value number) {
  struct sherd_bytes raw;
  FUZZ_CHECK(sherd_value_raw(number, &raw) == SHERD_OK);
  return raw.len == 1 || (raw.data[0] != 70 && raw.data[0] != 99); /* NEW_FLOAT_EXT, FLOAT_EXT */
}

/* `b` is of an ETF document. */
static inline void fuzz_agree_on_number(struct sherd_value a, struct sherd_value b) {
  double a_f64 = 0, b_f64 = 0;
  FUZZ_CHECK(sherd_value_as_f64(a, &a_f64) == sherd_value_as_f64(b, &b_f64));
  FUZZ_CHECK(a_f64 == b_f64);
  if (!fuzz_is_etf_integer(b))
    return;
  uint64_t a_u64 = 0, b_u64 = 0;
  int64_t a_i64 = 0, b_i64 = 0;
  FUZZ_CHECK(sherd_value_as_u64(a, &a_u64) == sherd_value_as_u64(b, &b_u64));
  FUZZ_CHECK(sherd_value_as_i64(a, &a_i64) == sherd_value_as_i64(b, &b_i64));
  FUZZ_CHECK(a_u64 == b_u64 && a_i64 == b_i64);
}

static inline void fuzz_agree(struct sherd_value a, struct sherd_value b);

/* Pair by pair, and the first few keys and indexes by asking for them. */
static inline void fuzz_agree_on_members(struct sherd_value a, struct sherd_value b) {
  struct sherd_value_iter a_iter = sherd_value_iterate(a), b_iter = sherd_value_iterate(b);
  struct sherd_value a_key, a_item, b_key, b_item;
  size_t count = 0, a_count = 0, b_count = 0;
  while (sherd_value_next(&a_iter, &a_key, &a_item)) {
    FUZZ_CHECK(sherd_value_next(&b_iter, &b_key, &b_item));
    fuzz_agree(a_item, b_item);
    if (sherd_value_type(a) == SHERD_VALUE_OBJECT)
      fuzz_agree_on_text(a_key, b_key);
    if (count < 4 && sherd_value_type(a) == SHERD_VALUE_OBJECT) {
      size_t len;
      char *key = fuzz_text(a_key, &len);
      FUZZ_CHECK(sherd_value_type(sherd_value_get_n(a, key, len)) ==
                 sherd_value_type(sherd_value_get_n(b, key, len)));
      FUZZ_CHECK(sherd_value_exists(sherd_value_get_n(b, key, len)));
      free(key);
    }
    count++;
  }
  FUZZ_CHECK(!sherd_value_next(&b_iter, &b_key, &b_item));
  FUZZ_CHECK(sherd_value_iter_status(&a_iter) == SHERD_OK);
  FUZZ_CHECK(sherd_value_iter_status(&b_iter) == SHERD_OK);
  FUZZ_CHECK(sherd_value_count(a, &a_count) == SHERD_OK && a_count == count);
  FUZZ_CHECK(sherd_value_count(b, &b_count) == SHERD_OK && b_count == count);
}

/* Checks that a good value of a JSON document and one of an ETF document are the same. */
static inline void fuzz_agree(struct sherd_value json, struct sherd_value etf) {
  FUZZ_CHECK(sherd_value_type(json) == sherd_value_type(etf));
  FUZZ_CHECK(sherd_value_exists(json) && sherd_value_exists(etf));
  bool a = false, b = false;
  switch (sherd_value_type(json)) {
  case SHERD_VALUE_NULL:
    break;
  case SHERD_VALUE_BOOL:
    FUZZ_CHECK(sherd_value_as_bool(json, &a) == SHERD_OK);
    FUZZ_CHECK(sherd_value_as_bool(etf, &b) == SHERD_OK && a == b);
    break;
  case SHERD_VALUE_NUMBER:
    fuzz_agree_on_number(json, etf);
    break;
  case SHERD_VALUE_STRING:
    fuzz_agree_on_text(json, etf);
    break;
  case SHERD_VALUE_LIST:
  case SHERD_VALUE_OBJECT:
    fuzz_agree_on_members(json, etf);
    break;
  }
}

/* The JSON of a good value, on the heap. */
static inline char *fuzz_to_json(struct sherd_value value, size_t *len) {
  FUZZ_CHECK(sherd_value_to_json(value, NULL, 0, len) == SHERD_ENOSPACE);
  char *json = malloc(*len + 1);
  FUZZ_CHECK(json && sherd_value_to_json(value, json, *len + 1, NULL) == SHERD_OK);
  return json;
}

/* Opens a document that must be good. */
static inline struct sherd_value fuzz_open(enum sherd_data_format format, const void *data,
                                           size_t len) {
  struct sherd_value value;
  FUZZ_CHECK(sherd_value_validate(format, data, len, NULL) == SHERD_OK);
  FUZZ_CHECK(sherd_value_open(format, data, len, &value) == SHERD_OK);
  return value;
}

#endif
