/* JSON, from the letters up to a view. Source: RFC 8259.
 *
 * One convention holds for everything that reads: `*at` goes past what was read, and on a failure
 * stays at the byte at fault, which is `end` for SHERD_ETRUNCATED. `depth` is how many lists and
 * objects are around the place. */
#ifndef SHERD_PAYLOAD_JSON_H
#define SHERD_PAYLOAD_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/value.h>

#include "payload/view.h"

static inline bool sherd__json_is_space(uint8_t byte) {
  return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static inline void sherd__json_skip_space(const uint8_t **at, const uint8_t *end) {
  while (*at < end && sherd__json_is_space(**at))
    (*at)++;
}

/* The same, where there is some. In json_scan.c. */
const uint8_t *sherd__json_after_space(const uint8_t *at, const uint8_t *end);

/* Moves to the next byte that is not white space, and gives it; 0 at the end, which no more than
 * the byte itself has a place outside of strings. */
static inline uint8_t sherd__json_look(const uint8_t **at, const uint8_t *end) {
  const uint8_t *p = *at;
  if (p<end && * p> ' ')
    return *p;
  *at = p = sherd__json_after_space(p, end);
  return p < end ? *p : 0;
}

/* --- json_scan.c: finding ends, without a look at what is between --- */

/* The first quote or backslash, or `end`. */
const uint8_t *sherd__json_find_quote(const uint8_t *at, const uint8_t *end);

/* Looks at the first bytes of a value: its first letter, a literal in full, the depth. */
enum sherd_status sherd__json_peek(const uint8_t **at, const uint8_t *end, unsigned depth);

/* Skips a string from its opening quote. Errors: SHERD_ETRUNCATED. */
enum sherd_status sherd__json_skip_string(const uint8_t **at, const uint8_t *end);

/* Skips a value that sherd__json_peek() has passed. Brackets must match and strings must end; the
 * rest is not looked at. Errors: SHERD_EJSON, SHERD_EDEPTH, SHERD_ETRUNCATED. */
enum sherd_status sherd__json_skip(const uint8_t **at, const uint8_t *end, unsigned depth);

/* Skips a list or an object likewise, and notes the extents of it and of all that are in it. */
enum sherd_status sherd__json_skip_container(const uint8_t **at, const uint8_t *end, unsigned depth,
                                             struct sherd__extent_notes *notes);

/* --- json_string.c --- */

struct sherd__json_string {
  struct sherd_bytes raw; /* between the quotes */
  size_t text_len;        /* after unescaping */
  bool is_escaped;
};

/* Reads a string strictly. Lone surrogates are refused as SHERD_EUTF8: the grammar has them, but
 * RFC 8259 section 8.2 leaves open what is done with them, and they have no UTF-8. */
enum sherd_status sherd__json_read_string(const uint8_t **at, const uint8_t *end,
                                          struct sherd__json_string *out);

/* Writes the text, string->text_len bytes of it. */
void sherd__json_unescape(const struct sherd__json_string *string, char *out);

/* Writes the string, quotes and all, with nothing escaped that need not be. */
void sherd__json_respell(const struct sherd__json_string *string, struct sherd__text *out);

/* Whether the string at `at` (its opening quote) reads as `text`. Stops at the first difference;
 * damage makes it differ. */
bool sherd__json_string_equals(const uint8_t *at, const uint8_t *end, const char *text, size_t len);

/* How many bytes of `text` stand for themselves in a string before the first that is escaped. */
size_t sherd__json_plain_len(const uint8_t *text, size_t len);

/* The escape of a quote, a backslash or a control character: its letters and their number. */
size_t sherd__json_escape(uint8_t byte, char out[6]);

/* What stands between the quotes for *rest, part by part: a run that stands for itself, or an
 * escape, which is written to `escape`. Takes it off *rest; false when there is no more.
 * Lifetime of *part: that of the text, and until the next call. */
bool sherd__json_next_part(struct sherd_bytes *rest, char escape[6], struct sherd_bytes *part);

/* --- json_number.c --- */

struct sherd__json_number {
  struct sherd_bytes whole;    /* the digits before the point */
  struct sherd_bytes fraction; /* the digits after it */
  int64_t exponent;            /* cut to a number that is out of all range */
  bool is_negative;
};

/* Reads a number strictly, up to a byte that may follow one. At the end of the input a number is
 * whole only when nothing is around it. */
enum sherd_status sherd__json_read_number(const uint8_t **at, const uint8_t *end, unsigned depth,
                                          struct sherd__json_number *out);

/* Errors: SHERD_ERANGE. */
enum sherd_status sherd__json_number_u64(const struct sherd__json_number *number, uint64_t *out);
enum sherd_status sherd__json_number_i64(const struct sherd__json_number *number, int64_t *out);
enum sherd_status sherd__json_number_f64(const struct sherd__json_number *number, double *out);

/* --- json_copy.c --- */

/* Reads a whole value strictly, and writes it without white space to `text`, unless NULL. */
enum sherd_status sherd__json_copy(const uint8_t **at, const uint8_t *end, unsigned depth,
                                   struct sherd__text *text);

/* --- json_value.c: the calls of sherd/value.h for a value that exists --- */

enum sherd_status sherd__json_open(struct sherd_value *document);
enum sherd_status sherd__json_validate(const uint8_t *data, size_t len, size_t *error_offset);
bool sherd__json_next(struct sherd_value_iter *iter, struct sherd_value *key,
                      struct sherd_value *value);
enum sherd_status sherd__json_as_str(const struct sherd_value *value, struct sherd_bytes *out);
enum sherd_status sherd__json_as_str_copy(const struct sherd_value *value, char *buf, size_t cap,
                                          size_t *len);
enum sherd_status sherd__json_as_u64(const struct sherd_value *value, uint64_t *out);
enum sherd_status sherd__json_as_i64(const struct sherd_value *value, int64_t *out);
enum sherd_status sherd__json_as_f64(const struct sherd_value *value, double *out);
enum sherd_status sherd__json_raw(const struct sherd_value *value, struct sherd_bytes *out);

#endif
