/* What the JSON and the ETF half of a view share. */
#ifndef SHERD_PAYLOAD_VIEW_H
#define SHERD_PAYLOAD_VIEW_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <sherd/value.h>

#include "payload/extent.h"

/* What a value's format_ can be besides an enum sherd_data_format: two kinds of ETF that a tag does
 * not tell. */
enum {
  SHERD__FORMAT_ETF_BYTE = 2, /* at_ is an item of a STRING: the number itself, without a tag */
  SHERD__FORMAT_ETF_KEY = 3   /* at_ is a key of a map: a text, also when an integer or nil */
};

static inline struct sherd_value sherd__value_absent(enum sherd_status why) {
  return (struct sherd_value){.status_ = (int16_t)why};
}

/* Writes two members that stand side by side in one go. Whoever has the value copied, as each call
 * with it does, reads them so, and a read of what two writes made has to wait for both to reach the
 * cache: some 20 cycles. */
static inline void sherd__value_put_pair(void *pair, const void *first, const void *second) {
#ifdef __SSE2__
  _mm_storeu_si128(pair, _mm_set_epi64x((long long)(uintptr_t)second, (long long)(uintptr_t)first));
#else
  memcpy(pair, &first, sizeof first);
  memcpy((uint8_t *)pair + sizeof first, &second, sizeof second);
#endif
}

/* Writes the value at `at` in the document of `near`: what is known of its end, and which format
 * and depth it has. In as few writes as a copy has reads. */
static inline void sherd__value_put(struct sherd_value *out, const struct sherd_value *near,
                                    const uint8_t *at, uint32_t seen, uint8_t format,
                                    unsigned depth) {
  static_assert(offsetof(struct sherd_value, end_) == sizeof(void *) &&
                    offsetof(struct sherd_value, extent_) == 3 * sizeof(void *) &&
                    offsetof(struct sherd_value, depth_) == 4 * sizeof(void *) + 7,
                "what is written together stands together");
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  uint64_t rest = (uint64_t)seen << 32 | (uint64_t)format << 8 | depth;
#else
  uint64_t rest = seen | (uint64_t)format << 48 | (uint64_t)depth << 56;
#endif
  sherd__value_put_pair(out, at, near->end_);
  sherd__value_put_pair((uint8_t *)out + offsetof(struct sherd_value, base_), near->base_,
                        near->extent_);
  memcpy((uint8_t *)out + offsetof(struct sherd_value, offset_), &rest, sizeof rest);
}

/* Moves a walk over a list or an object: the next one has the next extent but those in it. */
static inline void sherd__iter_skip_extent(struct sherd_value_iter *iter, uint32_t count) {
  sherd__value_put_pair((uint8_t *)&iter->next_ + offsetof(struct sherd_value, base_),
                        iter->next_.base_, iter->next_.extent_ + count);
}

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

/* Where a walk's next_.at_ is. */
enum sherd__iter_place {
  SHERD__PLACE_BEFORE = 0, /* at the list or object itself */
  SHERD__PLACE_AT,         /* at the last value */
  SHERD__PLACE_PAST        /* after it */
};

/* Ends a walk. `at` is the byte after the list or object. */
static inline bool sherd__iter_end(struct sherd_value_iter *iter, const uint8_t *at,
                                   struct sherd_value *key, struct sherd_value *value) {
  iter->next_.at_ = at;
  iter->kind_ = SHERD__ITER_ENDED;
  *key = *value = sherd__value_absent(SHERD_ENOTFOUND);
  return false;
}

/* Ends a walk at damage, which `value` is. */
static inline bool sherd__iter_stop(struct sherd_value_iter *iter, struct sherd_value *key,
                                    const struct sherd_value *value) {
  iter->status_ = value->status_;
  iter->kind_ = SHERD__ITER_ENDED;
  *key = sherd__value_absent(SHERD_ENOTFOUND);
  return false;
}

/* The same; the value that the caller sees then says where. */
static inline bool sherd__iter_fail(struct sherd_value_iter *iter, const uint8_t *at,
                                    enum sherd_status status, struct sherd_value *key,
                                    struct sherd_value *value) {
  *value = sherd__value_damaged(&iter->next_, at, status);
  return sherd__iter_stop(iter, key, value);
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

/* The lists and objects around a place in a document, one bit each, the innermost's lowest: set for
 * an object. */
struct sherd__nesting {
  uint64_t is_object[SHERD_VALUE_DEPTH_MAX / 64];
  unsigned depth; /* how many of them are open, counted from the document's root */
};

static inline bool sherd__nesting_in_object(const struct sherd__nesting *nesting) {
  return nesting->is_object[0] & 1;
}

/* One more opens, which there is room for, or the innermost ends. Without a branch: which of the
 * two it is, nobody can foretell. */
static inline void sherd__nesting_turn(struct sherd__nesting *nesting, bool opens, bool is_object) {
  uint64_t if_opens = UINT64_C(0) - opens;
  uint64_t low = nesting->is_object[0], high = nesting->is_object[1];
  nesting->is_object[0] =
      ((low << 1 | is_object) & if_opens) | ((low >> 1 | high << 63) & ~if_opens);
  nesting->is_object[1] = ((high << 1 | low >> 63) & if_opens) | (high >> 1 & ~if_opens);
  nesting->depth += 2u * opens - 1;
}

#endif
