/* The calls of sherd/value.h: what is the same in both formats, and the choice between them. */
#include <sherd/value.h>

#include <string.h>

#include "payload/etf.h"
#include "payload/json_pass.h"
#include "payload/view.h"

static bool is_json(const struct sherd_value *value) {
  return value->format_ == SHERD_FORMAT_JSON;
}

static enum sherd_status check_input(enum sherd_data_format format, const void *data, size_t len) {
  if (!data && len)
    return SHERD_EINVAL;
  return format == SHERD_FORMAT_JSON || format == SHERD_FORMAT_ETF ? SHERD_OK : SHERD_EINVAL;
}

enum sherd_status sherd_value_open(enum sherd_data_format format, const void *data, size_t len,
                                   struct sherd_value *out) {
  static const uint8_t nothing[1];
  enum sherd_status status = check_input(format, data, len);
  const uint8_t *start = data ? data : nothing;
  *out = (struct sherd_value){
      .at_ = start, .end_ = start + len, .base_ = start, .format_ = (uint8_t)format};
  if (status) {
    *out = sherd__value_absent(SHERD_ENOTFOUND);
    return status;
  }
  return is_json(out) ? sherd__json_open(out) : sherd__etf_open(out);
}

enum sherd_status sherd_value_validate(enum sherd_data_format format, const void *data, size_t len,
                                       size_t *error_offset) {
  static const uint8_t nothing[1];
  enum sherd_status status = check_input(format, data, len);
  if (status)
    return status;
  const uint8_t *start = data ? data : nothing;
  size_t unwanted;
  if (!error_offset)
    error_offset = &unwanted;
  return format == SHERD_FORMAT_JSON ? sherd__json_validate(start, len, error_offset)
                                     : sherd__etf_validate(start, len, error_offset);
}

static inline enum sherd_value_type type_of(const struct sherd_value *value) {
  if (!value->at_)
    return SHERD_VALUE_NULL;
  return is_json(value) ? sherd__json_type(value) : sherd__etf_type(value);
}

enum sherd_value_type sherd_value_type(struct sherd_value value) {
  return type_of(&value);
}

bool sherd_value_exists(struct sherd_value value) {
  return value.at_ != NULL;
}

enum sherd_status sherd_value_status(struct sherd_value value, size_t *error_offset) {
  if (value.at_)
    return SHERD_OK;
  if (value.status_ == SHERD_OK)
    return SHERD_ENOTFOUND;
  if (error_offset && sherd__value_why(&value, SHERD_OK))
    *error_offset = value.offset_;
  return (enum sherd_status)value.status_;
}

/* --- Walks --- */

struct sherd_value_iter sherd_value_iterate(struct sherd_value container) {
  enum sherd_value_type type = type_of(&container);
  struct sherd_value_iter iter;
  if (type != SHERD_VALUE_LIST && type != SHERD_VALUE_OBJECT)
    return (struct sherd_value_iter){.next_ = container,
                                     .kind_ = SHERD__ITER_ENDED,
                                     .status_ = (int16_t)sherd__value_why(&container, SHERD_ETYPE)};
  sherd__value_put(&iter.next_, &container, container.at_, 0, container.format_,
                   container.depth_ + 1u);
  iter.left_ = 0;
  iter.status_ = SHERD_OK;
  iter.kind_ = type == SHERD_VALUE_LIST ? SHERD__ITER_LIST : SHERD__ITER_OBJECT;
  iter.place_ = SHERD__PLACE_BEFORE;
  return iter;
}

/* The calls of this file go here: what is exported cannot be inlined, since another library may
 * stand in for it. */
static inline bool next(struct sherd_value_iter *iter, struct sherd_value *key,
                        struct sherd_value *value) {
  if (iter->kind_ == SHERD__ITER_ENDED)
    return sherd__iter_end(iter, iter->next_.at_, key, value);
  return is_json(&iter->next_) ? sherd__json_next(iter, key, value)
                               : sherd__etf_next(iter, key, value);
}

static bool next_without_key(struct sherd_value_iter *iter, struct sherd_value *value) {
  struct sherd_value unwanted;
  return next(iter, &unwanted, value);
}

bool sherd_value_next(struct sherd_value_iter *iter, struct sherd_value *key,
                      struct sherd_value *value) {
  return key ? next(iter, key, value) : next_without_key(iter, value);
}

enum sherd_status sherd_value_iter_status(const struct sherd_value_iter *iter) {
  return (enum sherd_status)iter->status_;
}

enum sherd_status sherd_value_count(struct sherd_value container, size_t *out) {
  struct sherd_value_iter iter = sherd_value_iterate(container);
  struct sherd_value value;
  size_t count = 0;
  while (next_without_key(&iter, &value))
    count++;
  if (iter.status_ == SHERD_OK)
    *out = count;
  return sherd_value_iter_status(&iter);
}

/* --- Ways to a value --- */

bool sherd__value_text_equals(const struct sherd_value *string, const char *text, size_t len) {
  uint32_t seen = sherd__json_seen(string);
  if (seen == SHERD__JSON_ASCII || seen == SHERD__JSON_PLAIN) {
    struct sherd_bytes own = sherd__json_seen_text(string);
    return own.len == len && memcmp(own.data, text, len) == 0;
  }
  return is_json(string) ? sherd__json_string_equals(string->at_, string->end_, text, len)
                         : sherd__etf_equals(string, text, len);
}

struct sherd_value sherd_value_get_n(struct sherd_value object, const char *key, size_t len) {
  if (!object.at_)
    return object;
  struct sherd_value_iter iter = sherd_value_iterate(object);
  struct sherd_value name, value;
  if (iter.kind_ != SHERD__ITER_OBJECT)
    return sherd__value_absent(SHERD_ETYPE);
  while (next(&iter, &name, &value))
    if (sherd__value_text_equals(&name, key, len))
      return value;
  return value; /* absent at the end, or the damage */
}

struct sherd_value sherd_value_get(struct sherd_value object, const char *key) {
  return sherd_value_get_n(object, key, strlen(key));
}

struct sherd_value sherd_value_at(struct sherd_value list, size_t index) {
  if (!list.at_)
    return list;
  struct sherd_value_iter iter = sherd_value_iterate(list);
  struct sherd_value value;
  if (iter.kind_ != SHERD__ITER_LIST)
    return sherd__value_absent(SHERD_ETYPE);
  while (next_without_key(&iter, &value) && index)
    index--;
  return value;
}

/* One step of a path through a list: digits, or nothing that a list has. */
static struct sherd_value step_list(struct sherd_value list, const char *step, size_t len) {
  size_t index = 0;
  if (len == 0)
    return sherd__value_absent(SHERD_ETYPE);
  for (size_t i = 0; i < len; i++) {
    if (step[i] < '0' || step[i] > '9')
      return sherd__value_absent(SHERD_ETYPE);
    if (__builtin_mul_overflow(index, (size_t)10, &index) ||
        __builtin_add_overflow(index, (size_t)(step[i] - '0'), &index))
      return sherd__value_absent(SHERD_ENOTFOUND);
  }
  return sherd_value_at(list, index);
}

struct sherd_value sherd_value_path(struct sherd_value value, const char *path) {
  if (!*path)
    return value;
  for (;;) {
    size_t len = strcspn(path, ".");
    if (sherd_value_type(value) == SHERD_VALUE_LIST)
      value = step_list(value, path, len);
    else
      value = sherd_value_get_n(value, path, len);
    if (!path[len])
      return value;
    path += len + 1;
  }
}

/* --- What a value is --- */

/* SHERD_OK when the value is of the type that is asked for. */
static enum sherd_status want(const struct sherd_value *value, enum sherd_value_type type) {
  if (!value->at_)
    return sherd__value_why(value, SHERD_ETYPE);
  return type_of(value) == type ? SHERD_OK : SHERD_ETYPE;
}

static __attribute__((noinline)) enum sherd_status as_str(const struct sherd_value *value,
                                                          struct sherd_bytes *out) {
  if (sherd__etf_is_binary(value))
    return sherd__etf_binary_as_str(value, out);
  enum sherd_status status = want(value, SHERD_VALUE_STRING);
  if (status)
    return status;
  return is_json(value) ? sherd__json_as_str(value, out) : sherd__etf_as_str(value, out);
}

enum sherd_status sherd_value_as_str(struct sherd_value value, struct sherd_bytes *out) {
  if (sherd__json_seen(&value) != SHERD__JSON_ASCII)
    return as_str(&value, out);
  *out = sherd__json_seen_text(&value);
  return SHERD_OK;
}

enum sherd_status sherd_value_as_str_copy(struct sherd_value value, char *buf, size_t cap,
                                          size_t *len) {
  enum sherd_status status = want(&value, SHERD_VALUE_STRING);
  if (status)
    return status;
  return is_json(&value) ? sherd__json_as_str_copy(&value, buf, cap, len)
                         : sherd__etf_as_str_copy(&value, buf, cap, len);
}

bool sherd_value_equals(struct sherd_value value, const char *text) {
  return want(&value, SHERD_VALUE_STRING) == SHERD_OK &&
         sherd__value_text_equals(&value, text, strlen(text));
}

/* Most numbers are small integers, and need no more than a look. */
static inline bool is_small(const struct sherd_value *value, int32_t *out) {
  if (sherd__json_seen(value) == SHERD__JSON_DIGITS)
    *out = (int32_t)sherd__json_seen_number(value);
  else if (value->format_ != SHERD_FORMAT_ETF || !value->at_)
    return false;
  else if (*value->at_ == SHERD__ETF_SMALL_INTEGER)
    *out = value->at_[1];
  else if (*value->at_ == SHERD__ETF_INTEGER)
    *out = sherd__etf_i32(value);
  else
    return false;
  return true;
}

enum sherd_status sherd_value_as_u64(struct sherd_value value, uint64_t *out) {
  int32_t small;
  if (is_small(&value, &small) && small >= 0) {
    *out = (uint64_t)small;
    return SHERD_OK;
  }
  enum sherd_status status = want(&value, SHERD_VALUE_NUMBER);
  if (status)
    return status;
  return is_json(&value) ? sherd__json_as_u64(&value, out) : sherd__etf_as_u64(&value, out);
}

enum sherd_status sherd_value_as_i64(struct sherd_value value, int64_t *out) {
  int32_t small;
  if (is_small(&value, &small)) {
    *out = small;
    return SHERD_OK;
  }
  enum sherd_status status = want(&value, SHERD_VALUE_NUMBER);
  if (status)
    return status;
  return is_json(&value) ? sherd__json_as_i64(&value, out) : sherd__etf_as_i64(&value, out);
}

enum sherd_status sherd_value_as_f64(struct sherd_value value, double *out) {
  int32_t small;
  if (is_small(&value, &small)) {
    *out = small;
    return SHERD_OK;
  }
  enum sherd_status status = want(&value, SHERD_VALUE_NUMBER);
  if (status)
    return status;
  return is_json(&value) ? sherd__json_as_f64(&value, out) : sherd__etf_as_f64(&value, out);
}

enum sherd_status sherd_value_as_bool(struct sherd_value value, bool *out) {
  enum sherd_status status = want(&value, SHERD_VALUE_BOOL);
  if (status == SHERD_OK)
    *out = is_json(&value) ? *value.at_ == 't' : sherd__etf_is_true(&value);
  return status;
}

static enum sherd_status parse_digits(struct sherd_bytes text, uint64_t *out) {
  uint64_t number = 0;
  bool is_over = false;
  if (text.len == 0)
    return SHERD_ETYPE;
  for (size_t i = 0; i < text.len; i++) {
    if (text.data[i] < '0' || text.data[i] > '9')
      return SHERD_ETYPE;
    is_over = is_over || __builtin_mul_overflow(number, UINT64_C(10), &number) ||
              __builtin_add_overflow(number, (uint64_t)(text.data[i] - '0'), &number);
  }
  if (is_over)
    return SHERD_ERANGE;
  *out = number;
  return SHERD_OK;
}

enum sherd_status sherd_value_as_snowflake(struct sherd_value value, sherd_snowflake *out) {
  if (want(&value, SHERD_VALUE_NUMBER) == SHERD_OK)
    return sherd_value_as_u64(value, out);
  struct sherd_bytes text;
  char unescaped[64]; /* for digits that somebody wrote as escapes */
  enum sherd_status status = sherd_value_as_str(value, &text);
  if (status == SHERD_EESCAPED) {
    status = sherd_value_as_str_copy(value, unescaped, sizeof unescaped, &text.len);
    text.data = (const uint8_t *)unescaped;
    if (status == SHERD_ENOSPACE)
      return SHERD_ETYPE;
  }
  return status ? status : parse_digits(text, out);
}

/* Reads a value strictly, and writes it as JSON to `text`, unless NULL. */
static enum sherd_status copy(const struct sherd_value *value, struct sherd__text *text,
                              const uint8_t **fault) {
  if (!is_json(value))
    return sherd__etf_to_json(value, text, fault);
  *fault = value->at_;
  return sherd__json_copy(fault, value->end_, value->depth_, text);
}

enum sherd_status sherd__value_check(const struct sherd_value *value, size_t *error_offset) {
  const uint8_t *fault;
  enum sherd_status status = copy(value, NULL, &fault);
  if (status)
    *error_offset = (size_t)(fault - value->base_);
  return status;
}

enum sherd_status sherd_value_to_json(struct sherd_value value, char *buf, size_t cap,
                                      size_t *len) {
  if (!value.at_)
    return sherd__value_why(&value, SHERD_ENOTFOUND);
  struct sherd__text text = {.buf = buf, .cap = cap};
  const uint8_t *fault;
  enum sherd_status status = copy(&value, &text, &fault);
  if (status)
    return status;
  if (len)
    *len = text.len;
  return sherd__text_finish(&text);
}

enum sherd_status sherd_value_raw(struct sherd_value value, struct sherd_bytes *out) {
  if (!value.at_)
    return sherd__value_why(&value, SHERD_ENOTFOUND);
  return is_json(&value) ? sherd__json_raw(&value, out) : sherd__etf_raw(&value, out);
}
