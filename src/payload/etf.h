/* Erlang's external term format, version 131, from tags up to a view. Numbers are big-endian
 * unless a tag says otherwise. Source: Erlang's documentation, External Term Format.
 *
 * As in json.h, `*at` goes past what was read, and on a failure stays at the byte at fault, which
 * is `end` for SHERD_ETRUNCATED. */
#ifndef SHERD_PAYLOAD_ETF_H
#define SHERD_PAYLOAD_ETF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/value.h>

#include "base/buf.h"
#include "base/bytes16.h"
#include "base/utf8.h"
#include "payload/view.h"

#define SHERD__ETF_VERSION 131

/* Integers of more bytes are refused by whatever reads strictly: 617 digits are enough, and the
 * time that decimals take grows with the square of their number. */
#define SHERD__ETF_BIG_BYTES_MAX 256

enum sherd__etf_tag {
  SHERD__ETF_NEW_FLOAT = 70,        /* 8 bytes, IEEE double */
  SHERD__ETF_COMPRESSED = 80,       /* u32 size when inflated, zlib stream of a term */
  SHERD__ETF_SMALL_INTEGER = 97,    /* u8 */
  SHERD__ETF_INTEGER = 98,          /* i32 */
  SHERD__ETF_FLOAT = 99,            /* 31 bytes, "%.20e", NUL-padded */
  SHERD__ETF_ATOM = 100,            /* u16 length, Latin-1 */
  SHERD__ETF_SMALL_TUPLE = 104,     /* u8 arity, terms */
  SHERD__ETF_LARGE_TUPLE = 105,     /* u32 arity, terms */
  SHERD__ETF_NIL = 106,             /* the empty list */
  SHERD__ETF_STRING = 107,          /* u16 length, bytes: a list of small integers */
  SHERD__ETF_LIST = 108,            /* u32 length, terms, a tail, which must be NIL */
  SHERD__ETF_BINARY = 109,          /* u32 length, bytes: a text in UTF-8 */
  SHERD__ETF_SMALL_BIG = 110,       /* u8 length, u8 sign (1: negative), little-endian bytes */
  SHERD__ETF_LARGE_BIG = 111,       /* u32 length, the same */
  SHERD__ETF_SMALL_ATOM = 115,      /* u8 length, Latin-1 */
  SHERD__ETF_MAP = 116,             /* u32 pairs, keys and values by turns */
  SHERD__ETF_ATOM_UTF8 = 118,       /* u16 length, UTF-8 */
  SHERD__ETF_SMALL_ATOM_UTF8 = 119, /* u8 length, UTF-8 */
};

/* --- etf_term.c --- */

enum sherd__etf_kind {
  SHERD__ETF_KIND_UNKNOWN = 0,
  SHERD__ETF_KIND_INTEGER,
  SHERD__ETF_KIND_FLOAT,
  SHERD__ETF_KIND_ATOM,
  SHERD__ETF_KIND_BINARY,
  SHERD__ETF_KIND_BYTES, /* from here on they are lists and objects: a list of small integers in one
                            run of bytes */
  SHERD__ETF_KIND_LIST,  /* tuples too */
  SHERD__ETF_KIND_MAP
};

/* What the first bytes of a term say. */
struct sherd__etf_term {
  enum sherd__etf_kind kind;
  uint8_t tag;
  struct sherd_bytes body; /* of a term without terms in it, without tag and length */
  uint64_t count;          /* items of a list, pairs of a map */
  uint64_t terms;          /* that follow and belong to it, a list's tail among them */
};

/* How a tag is laid out. */
struct sherd__etf_shape {
  uint8_t kind;  /* enum sherd__etf_kind; UNKNOWN: the tag has no place in a payload */
  uint8_t width; /* bytes of length after the tag */
  uint8_t fixed; /* bytes of body besides those that the length counts */
  uint8_t bytes; /* of body for each that the length counts */
  uint8_t terms; /* for each that the length counts */
  uint8_t tail;  /* terms besides these */
};

/* By tag. Functions, references, ports, pids and bit strings have no place: JSON cannot say them.
 */
extern const struct sherd__etf_shape sherd__etf_shapes[256] __attribute__((visibility("hidden")));

/* What a term is, by its tag (a known one) and its length (0 for a tag without). All but the bytes
 * of the body, of which only the number is given. */
static inline struct sherd__etf_term sherd__etf_describe(uint8_t tag, uint64_t length) {
  const struct sherd__etf_shape *shape = &sherd__etf_shapes[tag];
  return (struct sherd__etf_term){
      .kind = (enum sherd__etf_kind)shape->kind,
      .tag = tag,
      .body.len = (size_t)(shape->fixed + length * shape->bytes),
      .count = length,
      .terms = length * shape->terms + shape->tail,
  };
}

/* A big-endian number of up to four bytes. */
static inline uint32_t sherd__etf_load(const uint8_t *at, const uint8_t *end, unsigned width) {
  uint32_t number = 0;
  if (end - at >= 4) {
    memcpy(&number, at, sizeof number);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    number = __builtin_bswap32(number);
#endif
    return (uint32_t)((uint64_t)number >> (32 - 8 * width));
  }
  for (; width; width--)
    number = number << 8 | *at++;
  return number;
}

/* What most terms are: their tag, their length, and what these may be are known. False for others,
 * and for one that is cut short. */
static inline bool sherd__etf_read_binary(const uint8_t **at, const uint8_t *end,
                                          struct sherd__etf_term *out) {
  const uint8_t *p = *at;
  if (end - p < 5 || *p != SHERD__ETF_BINARY)
    return false;
  size_t len = sherd__etf_load(p + 1, p + 5, 4);
  if (len > (size_t)(end - p) - 5)
    return false;
  *out = (struct sherd__etf_term){
      .kind = SHERD__ETF_KIND_BINARY, .tag = SHERD__ETF_BINARY, .body = {p + 5, len}};
  *at = p + 5 + len;
  return true;
}

/* Reads a term's tag and length, and steps over its body, but not over terms in it. Lengths are
 * checked against what is left; every term takes a byte at the least. */
static inline enum sherd_status sherd__etf_read(const uint8_t **at, const uint8_t *end,
                                                unsigned depth, struct sherd__etf_term *out) {
  if (sherd__etf_read_binary(at, end, out))
    return SHERD_OK;
  const uint8_t *p = *at;
  if (p == end)
    return SHERD_ETRUNCATED;
  uint8_t tag = *p++;
  const struct sherd__etf_shape *shape = &sherd__etf_shapes[tag];
  if (!shape->kind)
    return SHERD_ETAG;
  if ((size_t)(end - p) < shape->width)
    goto truncated;
  uint32_t length = sherd__etf_load(p, end, shape->width);
  p += shape->width;
  size_t left = (size_t)(end - p);
  if (length > left) /* whatever it counts takes a byte at the least */
    goto truncated;
  *out = sherd__etf_describe(tag, length);
  if (out->kind >= SHERD__ETF_KIND_BYTES && depth >= SHERD_VALUE_DEPTH_MAX)
    return SHERD_EDEPTH;
  if (out->body.len > left || out->terms > left)
    goto truncated;
  out->body.data = p;
  *at = p + out->body.len;
  return SHERD_OK;
truncated:
  *at = end;
  return SHERD_ETRUNCATED;
}

/* Reads a key of a map likewise, which must be an atom, a binary or an integer. */
static inline enum sherd_status sherd__etf_read_key(const uint8_t **at, const uint8_t *end,
                                                    unsigned depth, struct sherd__etf_term *out) {
  const uint8_t *start = *at;
  enum sherd_status status = sherd__etf_read(at, end, depth, out);
  if (status)
    return status;
  if (out->kind == SHERD__ETF_KIND_BINARY || out->kind == SHERD__ETF_KIND_ATOM ||
      out->kind == SHERD__ETF_KIND_INTEGER)
    return SHERD_OK;
  *at = start;
  return SHERD_EETF;
}

/* Reads the one term after a list's items. Erlang has lists that end in something else than nil;
 * JSON has no such thing. */
static inline enum sherd_status sherd__etf_read_tail(const uint8_t **at, const uint8_t *end) {
  if (*at == end)
    return SHERD_ETRUNCATED;
  if (**at != SHERD__ETF_NIL)
    return SHERD_EETF;
  (*at)++;
  return SHERD_OK;
}

/* --- etf_number.c --- */

struct sherd__etf_integer {
  bool is_negative;
  struct sherd_bytes magnitude; /* little-endian, without leading zeros (at its end) */
  uint8_t small[4];             /* where the magnitude of a term without one of its own is */
};

/* Takes an integer term apart. Errors: SHERD_EETF for a sign that is none. *out must not move. */
enum sherd_status sherd__etf_integer(const struct sherd__etf_term *term,
                                     struct sherd__etf_integer *out);

/* A float. Errors: SHERD_EETF for infinities, NaN, and a text that is no number. */
enum sherd_status sherd__etf_float(const struct sherd__etf_term *term, double *out);

/* Number terms of both kinds. Errors: SHERD_ERANGE, SHERD_EETF. */
enum sherd_status sherd__etf_number_u64(const struct sherd__etf_term *term, uint64_t *out);
enum sherd_status sherd__etf_number_i64(const struct sherd__etf_term *term, int64_t *out);
enum sherd_status sherd__etf_number_f64(const struct sherd__etf_term *term, double *out);

/* Whether sherd__etf_digits() will write it. Errors: as there. */
enum sherd_status sherd__etf_number_check(const struct sherd__etf_term *term);

/* Room for the decimal digits and the sign of an integer of SHERD__ETF_BIG_BYTES_MAX bytes. */
#define SHERD__ETF_DIGITS_SIZE 640

/* Writes a number in decimal, not NUL-terminated. Errors: SHERD_ERANGE for an integer over
 * SHERD__ETF_BIG_BYTES_MAX bytes; SHERD_EETF. */
enum sherd_status sherd__etf_digits(const struct sherd__etf_term *term,
                                    char out[SHERD__ETF_DIGITS_SIZE], size_t *len);

/* --- etf_text.c: atoms, binaries, and integers that are keys --- */

struct sherd__etf_text {
  struct sherd_bytes bytes;
  bool is_latin1;  /* and has letters over ASCII, so that it must be converted */
  bool is_slice;   /* the bytes are in the document, not in digits[] */
  size_t text_len; /* in UTF-8 */
  char digits[SHERD__ETF_DIGITS_SIZE];
};

/* Reads the text of a term. On a failure *fault is the byte at fault. *out must not move.
 * Errors: SHERD_EUTF8; SHERD_ERANGE, SHERD_EETF for an integer. */
enum sherd_status sherd__etf_text(const struct sherd__etf_term *term, struct sherd__etf_text *out,
                                  const uint8_t **fault);

/* What an atom is where it is not a key: nil and null, true and false, or a text. */
enum sherd_value_type sherd__etf_atom_type(struct sherd_bytes word);

/* Writes the text in UTF-8, text->text_len bytes of it. */
void sherd__etf_text_write(const struct sherd__etf_text *text, char *out);

/* Whether a term's text is this one. */
bool sherd__etf_text_equals(const struct sherd__etf_term *term, const char *text, size_t len);

/* Writes the text as a JSON string. */
void sherd__etf_text_json(const struct sherd__etf_text *text, struct sherd__text *out);

/* --- etf_skip.c --- */

/* Steps over a term with all that is in it. Keys must be such, and lists must end in nil; the rest
 * is not looked at. */
enum sherd_status sherd__etf_skip(const uint8_t **at, const uint8_t *end, unsigned depth);

/* The same, and notes the extents of all lists and maps that have terms in them. */
enum sherd_status sherd__etf_skip_noting(const uint8_t **at, const uint8_t *end, unsigned depth,
                                         struct sherd__extent_notes *notes);

/* --- etf_copy.c --- */

/* Reads a term strictly, and writes it as JSON to `text`, unless NULL. */
enum sherd_status sherd__etf_copy(const uint8_t **at, const uint8_t *end, unsigned depth,
                                  struct sherd__text *text);

/* --- etf_expand.c --- */

/* Whether the document is one compressed term. A view cannot be opened on such a document, since
 * it has no memory of its own: it is expanded first. Inside a document Erlang never compresses. */
bool sherd__etf_is_compressed(struct sherd_bytes document);

/* Appends the plain form of a compressed document to `out`, of at most `limit` bytes. *used bytes
 * of `document` belong to it; what follows is left alone. Memory grows with what is inflated, not
 * with what is announced, and comes from the allocator of `out`.
 * Errors, and `out` is as long as it was: SHERD_EINVAL unless it is compressed; SHERD_EZLIB for
 * damage and a size that was announced wrong; SHERD_ETRUNCATED; SHERD_EINFLATELIMIT;
 * SHERD_ENOMEM. */
enum sherd_status sherd__etf_expand(struct sherd_bytes document, size_t limit,
                                    struct sherd_buf *out, size_t *used);

/* --- etf_value.c: the calls of sherd/value.h for a value that exists --- */

enum sherd_status sherd__etf_open(struct sherd_value *document);
enum sherd_status sherd__etf_validate(const uint8_t *data, size_t len, size_t *error_offset);
enum sherd_value_type sherd__etf_type(const struct sherd_value *value);
bool sherd__etf_next(struct sherd_value_iter *iter, struct sherd_value *key,
                     struct sherd_value *value);
bool sherd__etf_equals(const struct sherd_value *value, const char *text, size_t len);
enum sherd_status sherd__etf_as_str(const struct sherd_value *value, struct sherd_bytes *out);
enum sherd_status sherd__etf_as_str_copy(const struct sherd_value *value, char *buf, size_t cap,
                                         size_t *len);
enum sherd_status sherd__etf_as_u64(const struct sherd_value *value, uint64_t *out);
enum sherd_status sherd__etf_as_i64(const struct sherd_value *value, int64_t *out);
enum sherd_status sherd__etf_as_f64(const struct sherd_value *value, double *out);
bool sherd__etf_is_true(const struct sherd_value *value);
/* Reads the value strictly, and writes it as JSON to `text`, unless NULL; where it fails, *fault is
 * the byte at fault. */
enum sherd_status sherd__etf_to_json(const struct sherd_value *value, struct sherd__text *text,
                                     const uint8_t **fault);
enum sherd_status sherd__etf_raw(const struct sherd_value *value, struct sherd_bytes *out);

/* --- What is asked most, of a value whose head was checked when it was made --- */

/* Whether the value, which may be of any kind or absent, is a binary. */
static inline bool sherd__etf_is_binary(const struct sherd_value *value) {
  return (value->format_ == SHERD_FORMAT_ETF || value->format_ == SHERD__FORMAT_ETF_KEY) &&
         value->at_ && *value->at_ == SHERD__ETF_BINARY;
}

/* The bytes of an atom or a binary. */
static inline struct sherd_bytes sherd__etf_letters(const struct sherd_value *value) {
  unsigned width = sherd__etf_shapes[*value->at_].width;
  const uint8_t *length = value->at_ + 1;
  return (struct sherd_bytes){length + width, sherd__etf_load(length, value->end_, width)};
}

/* The text of a binary. Errors: SHERD_EUTF8. */
static inline enum sherd_status sherd__etf_binary_as_str(const struct sherd_value *value,
                                                         struct sherd_bytes *out) {
  struct sherd_bytes text = {value->at_ + 5, sherd__etf_load(value->at_ + 1, value->at_ + 5, 4)};
  bool is_ascii = false;
  if (text.len <= 16 && value->end_ - text.data >= 16) { /* as most are */
    uint32_t high = sherd__bytes16_mask(sherd__bytes16_load(text.data));
    is_ascii = !(high & ((UINT32_C(1) << text.len) - 1));
  }
  if (!is_ascii && !sherd__utf8_is_valid(text.data, text.len, NULL))
    return SHERD_EUTF8;
  *out = text;
  return SHERD_OK;
}

/* The number of an INTEGER, in two's complement as the processor's own. */
static inline int32_t sherd__etf_i32(const struct sherd_value *value) {
  return (int32_t)sherd__etf_load(value->at_ + 1, value->at_ + 5, 4);
}

#endif
