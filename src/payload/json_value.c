#include <assert.h>
#include <string.h>

#include "payload/json_pass.h"

/* The value at `at`, in a list or an object, which is at `depth`. */
static struct sherd_value value_at(const struct sherd_value *near, const uint8_t *at) {
  enum sherd_status status = sherd__json_peek(&at, near->end_, near->depth_);
  if (status)
    return sherd__value_damaged(near, at, status);
  struct sherd_value value = *near;
  value.at_ = at;
  return value;
}

enum sherd_status sherd__json_open(struct sherd_value *document) {
  const uint8_t *at = document->at_;
  sherd__json_skip_space(&at, document->end_);
  *document = value_at(document, at);
  return (enum sherd_status)document->status_;
}

enum sherd_status sherd__json_validate(const uint8_t *data, size_t len, size_t *error_offset) {
  const uint8_t *at = data, *end = data + len;
  enum sherd_status status = sherd__json_copy(&at, end, 0, NULL);
  if (status == SHERD_OK) {
    sherd__json_skip_space(&at, end);
    status = at == end ? SHERD_OK : SHERD_EJSON;
  }
  if (status)
    *error_offset = (size_t)(at - data);
  return status;
}

/* Moves into the list or object, or over its last value. */
static enum sherd_status step(struct sherd_value_iter *iter, const uint8_t **at) {
  if (iter->place_ == SHERD__PLACE_AT)
    return sherd__json_skip(at, iter->next_.end_, iter->next_.depth_);
  (*at)++;
  if (iter->next_.extent_)
    sherd__iter_skip_extent(iter, 1);
  return SHERD_OK;
}

/* Moves over a value where that is quick. */
static inline struct sherd__json_passed pass(const struct sherd_value *near, uint8_t first,
                                             const uint8_t *at) {
  if (first == '"')
    return sherd__json_pass_plain(at, near->end_);
  if (first <= '9')
    return sherd__json_pass_digits(at, near->end_);
  if (first != '{' && first != '[')
    return sherd__json_pass_literal(at, near->end_);
  if (!near->extent_)
    return (struct sherd__json_passed){NULL, 0};
  assert(near->extent_->bytes <= (size_t)(near->end_ - at));
  return (struct sherd__json_passed){at + near->extent_->bytes, 0};
}

/* The damage that a walk stops at. */
static bool fail(struct sherd_value_iter *iter, const uint8_t *at, struct sherd_value *key,
                 struct sherd_value *value) {
  enum sherd_status status = at == iter->next_.end_ ? SHERD_ETRUNCATED : SHERD_EJSON;
  return sherd__iter_fail(iter, at, status, key, value);
}

/* The key at *at, its quote. *at goes past its colon; false where it stops at damage. */
static inline bool take_key(const struct sherd_value *near, const uint8_t **at,
                            struct sherd_value *key) {
  struct sherd__json_passed passed = sherd__json_pass_plain(*at, near->end_);
  sherd__value_put(key, near, *at, passed.seen, SHERD_FORMAT_JSON, near->depth_);
  if (!passed.after) {
    passed.after = *at;
    enum sherd_status status = sherd__json_skip_string(&passed.after, near->end_);
    *at = passed.after;
    if (status)
      return false;
  }
  *at = passed.after;
  if (sherd__json_look(at, near->end_) != ':')
    return false;
  ++*at;
  return true;
}

/* The value that the walk has come to. */
static inline bool take_value(struct sherd_value_iter *iter, const uint8_t *at,
                              struct sherd_value *key, struct sherd_value *value) {
  const struct sherd_value *near = &iter->next_;
  uint8_t first = sherd__json_look(&at, near->end_);
  struct sherd__json_passed passed = pass(near, first, at);
  if (passed.after) {
    sherd__value_put(value, near, at, passed.seen, SHERD_FORMAT_JSON, near->depth_);
    if (first == '{' || first == '[')
      sherd__iter_skip_extent(iter, near->extent_->count);
    iter->next_.at_ = passed.after;
    iter->place_ = SHERD__PLACE_PAST;
    return true;
  }
  *value = value_at(near, at);
  if (value->status_)
    return sherd__iter_stop(iter, key, value);
  iter->next_.at_ = at;
  iter->place_ = SHERD__PLACE_AT;
  return true;
}

/* Moves to where the next key or value begins. False at the end and at damage. */
static bool arrive(struct sherd_value_iter *iter, struct sherd_value *key,
                   struct sherd_value *value) {
  const uint8_t *at = iter->next_.at_, *end = iter->next_.end_;
  bool is_object = iter->kind_ == SHERD__ITER_OBJECT,
       is_first = iter->place_ == SHERD__PLACE_BEFORE;
  enum sherd_status status = iter->place_ == SHERD__PLACE_PAST ? SHERD_OK : step(iter, &at);
  if (status)
    return sherd__iter_fail(iter, at, status, key, value);
  uint8_t next = sherd__json_look(&at, end);
  if (next == (is_object ? '}' : ']'))
    return sherd__iter_end(iter, at + 1, key, value);
  bool is_due = is_first || next == ',';
  if (is_due && !is_first) {
    at++;
    next = sherd__json_look(&at, end);
  }
  if (!is_due || (is_object && next != '"'))
    return fail(iter, at, key, value);
  iter->next_.at_ = at;
  return true;
}

bool sherd__json_next(struct sherd_value_iter *iter, struct sherd_value *key,
                      struct sherd_value *value) {
  const uint8_t *at = iter->next_.at_;
  bool is_object = iter->kind_ == SHERD__ITER_OBJECT;
  /* As most pairs come. */
  if (is_object && iter->place_ == SHERD__PLACE_PAST && iter->next_.end_ - at > 2 &&
      memcmp(at, ",\"", 2) == 0)
    at++;
  else if (arrive(iter, key, value))
    at = iter->next_.at_;
  else
    return false;
  if (!is_object)
    *key = sherd__value_absent(SHERD_ENOTFOUND);
  else if (!take_key(&iter->next_, &at, key))
    return fail(iter, at, key, value);
  return take_value(iter, at, key, value);
}

static enum sherd_status read_string(const struct sherd_value *value,
                                     struct sherd__json_string *out) {
  const uint8_t *at = value->at_;
  return sherd__json_read_string(&at, value->end_, out);
}

enum sherd_status sherd__json_as_str(const struct sherd_value *value, struct sherd_bytes *out) {
  struct sherd__json_string string;
  enum sherd_status status = read_string(value, &string);
  if (status)
    return status;
  if (string.is_escaped)
    return SHERD_EESCAPED;
  *out = string.raw;
  return SHERD_OK;
}

enum sherd_status sherd__json_as_str_copy(const struct sherd_value *value, char *buf, size_t cap,
                                          size_t *len) {
  struct sherd__json_string string;
  enum sherd_status status = read_string(value, &string);
  if (status)
    return status;
  if (len)
    *len = string.text_len;
  if (string.text_len >= cap)
    return SHERD_ENOSPACE;
  sherd__json_unescape(&string, buf);
  buf[string.text_len] = '\0';
  return SHERD_OK;
}

static enum sherd_status read_number(const struct sherd_value *value,
                                     struct sherd__json_number *out) {
  const uint8_t *at = value->at_;
  return sherd__json_read_number(&at, value->end_, value->depth_, out);
}

enum sherd_status sherd__json_as_u64(const struct sherd_value *value, uint64_t *out) {
  struct sherd__json_number number;
  enum sherd_status status = read_number(value, &number);
  return status ? status : sherd__json_number_u64(&number, out);
}

enum sherd_status sherd__json_as_i64(const struct sherd_value *value, int64_t *out) {
  struct sherd__json_number number;
  enum sherd_status status = read_number(value, &number);
  return status ? status : sherd__json_number_i64(&number, out);
}

enum sherd_status sherd__json_as_f64(const struct sherd_value *value, double *out) {
  struct sherd__json_number number;
  enum sherd_status status = read_number(value, &number);
  return status ? status : sherd__json_number_f64(&number, out);
}

enum sherd_status sherd__json_raw(const struct sherd_value *value, struct sherd_bytes *out) {
  const uint8_t *at = value->at_;
  enum sherd_status status = SHERD_OK;
  if (value->extent_ && (*at == '{' || *at == '['))
    at += value->extent_->bytes;
  else
    status = sherd__json_skip(&at, value->end_, value->depth_);
  if (status)
    return status;
  *out = (struct sherd_bytes){value->at_, (size_t)(at - value->at_)};
  return SHERD_OK;
}
