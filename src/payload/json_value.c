#include "payload/json.h"

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

enum sherd_value_type sherd__json_type(const struct sherd_value *value) {
  switch (*value->at_) {
  case '{':
    return SHERD_VALUE_OBJECT;
  case '[':
    return SHERD_VALUE_LIST;
  case '"':
    return SHERD_VALUE_STRING;
  case 't':
  case 'f':
    return SHERD_VALUE_BOOL;
  case 'n':
    return SHERD_VALUE_NULL;
  default:
    return SHERD_VALUE_NUMBER;
  }
}

/* Moves from the opening bracket, or from the last value, to where the next key or value begins.
 * Sets *ended at the closing bracket. */
static enum sherd_status step(struct sherd_value_iter *iter, const uint8_t **at, bool *ended) {
  const uint8_t *end = iter->next_.end_;
  bool is_first = iter->left_ == 0;
  uint8_t closing = iter->kind_ == SHERD__ITER_OBJECT ? '}' : ']';
  if (is_first) {
    iter->left_ = 1;
    (*at)++;
  } else {
    enum sherd_status status = sherd__json_skip(at, end, iter->next_.depth_);
    if (status)
      return status;
  }
  sherd__json_skip_space(at, end);
  if (*at == end)
    return SHERD_ETRUNCATED;
  *ended = **at == closing;
  if (is_first || *ended)
    return SHERD_OK;
  if (**at != ',')
    return SHERD_EJSON;
  (*at)++;
  sherd__json_skip_space(at, end);
  return SHERD_OK;
}

/* Moves over a key and its colon. */
static enum sherd_status step_key(const uint8_t **at, const uint8_t *end) {
  if (*at == end)
    return SHERD_ETRUNCATED;
  if (**at != '"')
    return SHERD_EJSON;
  enum sherd_status status = sherd__json_skip_string(at, end);
  if (status)
    return status;
  sherd__json_skip_space(at, end);
  if (*at == end)
    return SHERD_ETRUNCATED;
  if (**at != ':')
    return SHERD_EJSON;
  (*at)++;
  sherd__json_skip_space(at, end);
  return SHERD_OK;
}

bool sherd__json_next(struct sherd_value_iter *iter, struct sherd_value *key,
                      struct sherd_value *value) {
  const uint8_t *at = iter->next_.at_;
  bool ended = false;
  enum sherd_status status = step(iter, &at, &ended);
  if (status)
    return sherd__iter_fail(iter, at, status, value);
  if (ended) {
    iter->next_.at_ = at + 1;
    iter->kind_ = SHERD__ITER_ENDED;
    return false;
  }
  if (iter->kind_ == SHERD__ITER_OBJECT) {
    *key = iter->next_;
    key->at_ = at;
    status = step_key(&at, iter->next_.end_);
    if (status)
      return sherd__iter_fail(iter, at, status, value);
  }
  *value = value_at(&iter->next_, at);
  if (value->status_) {
    iter->status_ = value->status_;
    iter->kind_ = SHERD__ITER_ENDED;
    return false;
  }
  iter->next_.at_ = at;
  return true;
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
  enum sherd_status status = sherd__json_skip(&at, value->end_, value->depth_);
  if (status)
    return status;
  *out = (struct sherd_bytes){value->at_, (size_t)(at - value->at_)};
  return SHERD_OK;
}
