/* What the JSON and the ETF half of a view share. */
#ifndef SHERD_PAYLOAD_VIEW_H
#define SHERD_PAYLOAD_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <sherd/value.h>

/* What a value's format_ can be besides an enum sherd_data_format: two kinds of ETF that a tag does
 * not tell. */
enum {
  SHERD__FORMAT_ETF_BYTE = 2, /* at_ is an item of a STRING: the number itself, without a tag */
  SHERD__FORMAT_ETF_KEY = 3   /* at_ is a key of a map: a text, also when an integer or nil */
};

/* A null value for damage at `at`, in the document of `near`. Offsets over 32 bits, which take a
 * document of 4 GiB, are cut to the highest. */
static inline struct sherd_value sherd__value_damaged(const struct sherd_value *near,
                                                      const uint8_t *at, enum sherd_status status) {
  size_t offset = (size_t)(at - near->base_);
  return (struct sherd_value){
      .base_ = near->base_,
      .end_ = near->end_,
      .offset_ = offset > UINT32_MAX ? UINT32_MAX : (uint32_t)offset,
      .status_ = (int16_t)status,
      .format_ = near->format_,
  };
}

/* The status of one that is not there: the damage, or `otherwise`. */
static inline enum sherd_status sherd__value_why(const struct sherd_value *value,
                                                 enum sherd_status otherwise) {
  enum sherd_status status = (enum sherd_status)value->status_;
  if (status == SHERD_OK || status == SHERD_ENOTFOUND || status == SHERD_ETYPE)
    return otherwise;
  return status;
}

/* Reads a value that exists strictly, down to its last byte. On damage *error_offset is the offset
 * of the byte at fault from the start of the document. In value.c. */
enum sherd_status sherd__value_check(const struct sherd_value *value, size_t *error_offset);

/* Whether a string, or a key, has this text. Damage makes it differ. In value.c. */
bool sherd__value_text_equals(const struct sherd_value *string, const char *text, size_t len);

/* A walk. When it has come to its end, next_.at_ is the byte after the list or object. */
enum sherd__iter_kind {
  SHERD__ITER_ENDED = 0,
  SHERD__ITER_LIST,
  SHERD__ITER_OBJECT,
  SHERD__ITER_TAILED_LIST /* ETF: a term follows the items, which must be nil */
};

/* Ends a walk at damage; the value that the caller sees then says where. */
static inline bool sherd__iter_fail(struct sherd_value_iter *iter, const uint8_t *at,
                                    enum sherd_status status, struct sherd_value *value) {
  *value = sherd__value_damaged(&iter->next_, at, status);
  iter->status_ = (int16_t)status;
  iter->kind_ = SHERD__ITER_ENDED;
  return false;
}

/* Where text is written to, and how long it is, be there room or not. */
struct sherd__text {
  char *buf;
  size_t cap;
  size_t len;
};

static inline void sherd__text_put(struct sherd__text *text, const void *data, size_t len) {
  if (text->len < text->cap && len <= text->cap - text->len)
    memcpy(text->buf + text->len, data, len);
  text->len += len;
}

/* Ends the text with a NUL. Errors: SHERD_ENOSPACE. */
static inline enum sherd_status sherd__text_finish(struct sherd__text *text) {
  if (text->len >= text->cap)
    return SHERD_ENOSPACE;
  text->buf[text->len] = '\0';
  return SHERD_OK;
}

/* The lists and objects around a place in a document, one bit each: set for an object. */
struct sherd__nesting {
  uint64_t is_object[SHERD_VALUE_DEPTH_MAX / 64];
  unsigned depth; /* how many of them are open, counted from the document's root */
};

/* False when that is one too many. */
static inline bool sherd__nesting_push(struct sherd__nesting *nesting, bool is_object) {
  if (nesting->depth >= SHERD_VALUE_DEPTH_MAX)
    return false;
  uint64_t bit = UINT64_C(1) << (nesting->depth % 64);
  uint64_t *word = &nesting->is_object[nesting->depth / 64];
  *word = is_object ? *word | bit : *word & ~bit;
  nesting->depth++;
  return true;
}

static inline bool sherd__nesting_in_object(const struct sherd__nesting *nesting) {
  unsigned top = nesting->depth - 1;
  return nesting->is_object[top / 64] >> (top % 64) & 1;
}

#endif
