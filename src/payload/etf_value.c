#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "payload/etf.h"

/* What validate() inflates a compressed document to, at the most. */
#define EXPANDED_BYTES_MAX (64 * 1024 * 1024)

/* The term of a value, whose head was checked when the value was made. */
static struct sherd__etf_term term_of(const struct sherd_value *value) {
  struct sherd__etf_term term = {0};
  const uint8_t *at = value->at_;
  if (value->format_ == SHERD__FORMAT_ETF_BYTE) {
    term = sherd__etf_describe(SHERD__ETF_SMALL_INTEGER, 0);
    term.body.data = at;
  } else {
    sherd__etf_read(&at, value->end_, value->depth_, &term);
  }
  return term;
}

static enum sherd_status read_version(const uint8_t **at, const uint8_t *end) {
  if (*at == end)
    return SHERD_ETRUNCATED;
  if (**at != SHERD__ETF_VERSION)
    return SHERD_EETF;
  (*at)++;
  return SHERD_OK;
}

enum sherd_status sherd__etf_open(struct sherd_value *document) {
  const uint8_t *at = document->at_;
  enum sherd_status status = read_version(&at, document->end_);
  struct sherd__etf_term unused;
  document->at_ = at;
  if (status == SHERD_OK)
    status = sherd__etf_read(&at, document->end_, 0, &unused);
  if (status)
    *document = sherd__value_damaged(document, at, status);
  return status;
}

static enum sherd_status validate_plain(const uint8_t **at, const uint8_t *end) {
  enum sherd_status status = read_version(at, end);
  if (status == SHERD_OK)
    status = sherd__etf_copy(at, end, 0, NULL);
  return status == SHERD_OK && *at != end ? SHERD_EETF : status;
}

/* Faults inside a compressed term have no place in the document: its tag stands for them. */
static enum sherd_status validate_compressed(struct sherd_bytes document, size_t *error_offset) {
  struct sherd_buf plain;
  sherd__buf_init(&plain, sherd_allocator_default());
  size_t used = document.len;
  enum sherd_status status = sherd__etf_expand(document, EXPANDED_BYTES_MAX, &plain, &used);
  size_t fault = status == SHERD_ETRUNCATED ? document.len : 1;
  if (status == SHERD_OK && used != document.len) {
    status = SHERD_EETF;
    fault = used;
  }
  if (status == SHERD_OK) {
    const uint8_t *at = plain.data;
    status = validate_plain(&at, plain.data + plain.len);
    if (status == SHERD_ETRUNCATED) /* the document itself is whole */
      status = SHERD_EETF;
  }
  sherd__buf_deinit(&plain);
  if (status)
    *error_offset = fault;
  return status;
}

enum sherd_status sherd__etf_validate(const uint8_t *data, size_t len, size_t *error_offset) {
  struct sherd_bytes document = {data, len};
  if (sherd__etf_is_compressed(document))
    return validate_compressed(document, error_offset);
  const uint8_t *at = data;
  enum sherd_status status = validate_plain(&at, data + len);
  if (status)
    *error_offset = (size_t)(at - data);
  return status;
}

enum sherd_value_type sherd__etf_type(const struct sherd_value *value) {
  static const uint8_t types[] = {
      [SHERD__ETF_KIND_INTEGER] = SHERD_VALUE_NUMBER, [SHERD__ETF_KIND_FLOAT] = SHERD_VALUE_NUMBER,
      [SHERD__ETF_KIND_BINARY] = SHERD_VALUE_STRING,  [SHERD__ETF_KIND_BYTES] = SHERD_VALUE_LIST,
      [SHERD__ETF_KIND_LIST] = SHERD_VALUE_LIST,      [SHERD__ETF_KIND_MAP] = SHERD_VALUE_OBJECT,
  };
  if (value->format_ == SHERD__FORMAT_ETF_KEY)
    return SHERD_VALUE_STRING;
  if (value->format_ == SHERD__FORMAT_ETF_BYTE)
    return SHERD_VALUE_NUMBER;
  unsigned kind = sherd__etf_shapes[*value->at_].kind;
  if (kind != SHERD__ETF_KIND_ATOM)
    return (enum sherd_value_type)types[kind];
  return sherd__etf_atom_type(sherd__etf_letters(value));
}

/* Enters a list or a map, whose head was checked when its value was made. left_ counts what is
 * still to come, and the end as one more. */
static void enter(struct sherd_value_iter *iter, const uint8_t **at) {
  struct sherd__etf_term term = {0};
  sherd__etf_read(at, iter->next_.end_, iter->next_.depth_ - 1u, &term);
  iter->left_ = term.count + 1;
  if (iter->next_.extent_ && term.terms)
    sherd__iter_skip_extent(iter, 1);
  if (term.tag == SHERD__ETF_LIST)
    iter->kind_ = SHERD__ITER_TAILED_LIST;
  if (term.kind == SHERD__ETF_KIND_BYTES) {
    iter->next_.format_ = SHERD__FORMAT_ETF_BYTE;
    *at = term.body.data;
  }
}

/* Moves into the container, or over the last value. */
static inline enum sherd_status step(struct sherd_value_iter *iter, const uint8_t **at) {
  if (iter->place_ == SHERD__PLACE_BEFORE)
    enter(iter, at);
  else if (iter->place_ == SHERD__PLACE_AT)
    return sherd__etf_skip(at, iter->next_.end_, iter->next_.depth_);
  return SHERD_OK;
}

/* Moves over a key. */
static inline enum sherd_status step_key(const struct sherd_value_iter *iter, const uint8_t **at,
                                         struct sherd_value *key) {
  struct sherd__etf_term term;
  sherd__value_put(key, &iter->next_, *at, 0, SHERD__FORMAT_ETF_KEY, iter->next_.depth_);
  return sherd__etf_read_key(at, iter->next_.end_, iter->next_.depth_, &term);
}

/* Moves over a value, but not over terms in it unless it is known how long they are. */
static inline enum sherd_status pass(struct sherd_value_iter *iter, const uint8_t **at) {
  const uint8_t *start = *at;
  const struct sherd__extent *extent = iter->next_.extent_;
  iter->place_ = SHERD__PLACE_PAST;
  if (iter->next_.format_ == SHERD__FORMAT_ETF_BYTE) {
    (*at)++;
    return SHERD_OK;
  }
  struct sherd__etf_term term;
  enum sherd_status status = sherd__etf_read(at, iter->next_.end_, iter->next_.depth_, &term);
  if (status || term.terms == 0)
    return status;
  if (extent) {
    assert(extent->bytes <= (size_t)(iter->next_.end_ - start));
    sherd__iter_skip_extent(iter, extent->count);
    *at = start + extent->bytes;
  } else {
    iter->place_ = SHERD__PLACE_AT;
    *at = start;
  }
  return SHERD_OK;
}

bool sherd__etf_next(struct sherd_value_iter *iter, struct sherd_value *key,
                     struct sherd_value *value) {
  const uint8_t *at = iter->next_.at_;
  enum sherd_status status = step(iter, &at);
  if (status == SHERD_OK && --iter->left_ == 0) {
    if (iter->kind_ == SHERD__ITER_TAILED_LIST)
      status = sherd__etf_read_tail(&at, iter->next_.end_);
    if (status == SHERD_OK)
      return sherd__iter_end(iter, at, key, value);
  } else if (status == SHERD_OK) {
    if (iter->kind_ == SHERD__ITER_OBJECT)
      status = step_key(iter, &at, key);
    else
      *key = sherd__value_absent(SHERD_ENOTFOUND);
  }
  if (status == SHERD_OK) {
    sherd__value_put(value, &iter->next_, at, 0, iter->next_.format_, iter->next_.depth_);
    status = pass(iter, &at);
  }
  if (status)
    return sherd__iter_fail(iter, at, status, key, value);
  iter->next_.at_ = at;
  return true;
}

bool sherd__etf_equals(const struct sherd_value *value, const char *text, size_t len) {
  struct sherd__etf_term term = term_of(value);
  return sherd__etf_text_equals(&term, text, len);
}

enum sherd_status sherd__etf_as_str(const struct sherd_value *value, struct sherd_bytes *out) {
  struct sherd__etf_term term = term_of(value);
  struct sherd__etf_text text;
  const uint8_t *fault;
  enum sherd_status status = sherd__etf_text(&term, &text, &fault);
  if (status)
    return status;
  if (text.is_latin1 || !text.is_slice)
    return SHERD_EESCAPED;
  *out = text.bytes;
  return SHERD_OK;
}

enum sherd_status sherd__etf_as_str_copy(const struct sherd_value *value, char *buf, size_t cap,
                                         size_t *len) {
  struct sherd__etf_term term = term_of(value);
  struct sherd__etf_text text;
  const uint8_t *fault;
  enum sherd_status status = sherd__etf_text(&term, &text, &fault);
  if (status)
    return status;
  if (len)
    *len = text.text_len;
  if (text.text_len >= cap)
    return SHERD_ENOSPACE;
  sherd__etf_text_write(&text, buf);
  buf[text.text_len] = '\0';
  return SHERD_OK;
}

enum sherd_status sherd__etf_as_u64(const struct sherd_value *value, uint64_t *out) {
  struct sherd__etf_term term = term_of(value);
  return sherd__etf_number_u64(&term, out);
}

enum sherd_status sherd__etf_as_i64(const struct sherd_value *value, int64_t *out) {
  struct sherd__etf_term term = term_of(value);
  return sherd__etf_number_i64(&term, out);
}

enum sherd_status sherd__etf_as_f64(const struct sherd_value *value, double *out) {
  struct sherd__etf_term term = term_of(value);
  return sherd__etf_number_f64(&term, out);
}

bool sherd__etf_is_true(const struct sherd_value *value) {
  return *sherd__etf_letters(value).data == 't';
}

/* A key that stands alone, outside of its map. */
static enum sherd_status key_to_json(const struct sherd_value *value, struct sherd__text *text,
                                     const uint8_t **fault) {
  struct sherd__etf_term term = term_of(value);
  struct sherd__etf_text own;
  enum sherd_status status = sherd__etf_text(&term, &own, fault);
  if (status == SHERD_OK && text)
    sherd__etf_text_json(&own, text);
  return status;
}

enum sherd_status sherd__etf_to_json(const struct sherd_value *value, struct sherd__text *text,
                                     const uint8_t **fault) {
  *fault = value->at_;
  if (value->format_ == SHERD__FORMAT_ETF_KEY)
    return key_to_json(value, text, fault);
  if (value->format_ != SHERD__FORMAT_ETF_BYTE)
    return sherd__etf_copy(fault, value->end_, value->depth_, text);
  struct sherd__etf_term term = term_of(value);
  char digits[SHERD__ETF_DIGITS_SIZE];
  size_t len;
  enum sherd_status status = sherd__etf_digits(&term, digits, &len);
  if (status == SHERD_OK && text)
    sherd__text_put(text, digits, len);
  return status;
}

enum sherd_status sherd__etf_raw(const struct sherd_value *value, struct sherd_bytes *out) {
  const uint8_t *at = value->at_ + 1; /* an item of a STRING is one byte */
  if (value->format_ != SHERD__FORMAT_ETF_BYTE) {
    at = value->at_;
    enum sherd_status status = SHERD_OK;
    if (value->extent_ && term_of(value).terms)
      at += value->extent_->bytes;
    else
      status = sherd__etf_skip(&at, value->end_, value->depth_);
    if (status)
      return status;
  }
  *out = (struct sherd_bytes){value->at_, (size_t)(at - value->at_)};
  return SHERD_OK;
}
