/* A lazy view on one JSON or ETF document.
 *
 * A sherd_value is a cursor: it points into bytes that somebody else owns, is passed by value,
 * allocates nothing and needs no end. Nothing is decoded before it is asked for. Asking a value
 * for what it does not have (a key of a number, an absent key, an index past the end) gives a
 * null value, so that questions can be chained without a check between them; damage gives a null
 * value too, and sherd_value_status() tells the cases apart.
 *
 * Lifetime: a value is good as long as the bytes it was opened on. The data of an event is good
 * until the callback returns, or as long as the event is retained.
 * Threads: values may be read by any number of threads at once. */
#ifndef SHERD_VALUE_H
#define SHERD_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/bytes.h>
#include <sherd/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A snowflake: Discord's 64-bit id. */
typedef uint64_t sherd_snowflake;

/* The encodings of the gateway. */
enum sherd_data_format {
  SHERD_FORMAT_JSON = 0,
  SHERD_FORMAT_ETF /* Erlang's external term format, version 131 */
};

enum sherd_value_type {
  SHERD_VALUE_NULL = 0, /* null, nil; also what is absent or damaged */
  SHERD_VALUE_BOOL,
  SHERD_VALUE_NUMBER,
  SHERD_VALUE_STRING,
  SHERD_VALUE_LIST,
  SHERD_VALUE_OBJECT
};

/* How deep a document may nest, the outermost list or object being 1. */
#define SHERD_VALUE_DEPTH_MAX 128

struct sherd__extent; /* private */

/* The cursor. Its members are private: read them through the calls below. A zeroed sherd_value is
 * an absent one. */
struct sherd_value {
  const uint8_t *at_;   /* the value's first byte; NULL when absent or damaged */
  const uint8_t *end_;  /* the end of the document */
  const uint8_t *base_; /* the start of the document, for offsets */
  /* How long the list or object is, and then those in it and after it; NULL: unknown. */
  const struct sherd__extent *extent_;
  uint32_t offset_; /* of the damage, from base_; of a scalar: what is known of its end */
  int16_t status_;  /* enum sherd_status */
  uint8_t format_;  /* enum sherd_data_format */
  uint8_t depth_;   /* how many lists and objects are around it */
};

/* Walks a list or an object. Its members are private. */
struct sherd_value_iter {
  struct sherd_value next_;
  uint64_t left_;
  int16_t status_;
  uint8_t kind_;
  uint8_t place_;
};

/* Opens a view on `len` bytes at `data`. Only the first value's kind is looked at: damage further
 * in is reported where it is met (see sherd_value_status() and sherd_value_validate()).
 * JSON may have white space around the document. ETF begins with its version byte, 131; a
 * compressed document (tag 80) must go through sherd_value_expand() first, and is SHERD_ETAG here.
 * Errors: SHERD_EJSON, SHERD_EETF, SHERD_ETAG when the first value is not one; SHERD_ETRUNCATED
 * when there is none. SHERD_EINVAL when `data` is NULL with `len` over 0, or `format` is unknown.
 * Lifetime: *out borrows `data`. Thread-safe. */
enum sherd_status sherd_value_open(enum sherd_data_format format, const void *data, size_t len,
                                   struct sherd_value *out);

/* Checks a whole document strictly: RFC 8259 with valid UTF-8 and paired surrogates for JSON, one
 * whole term for ETF, nothing after it but white space (JSON) or nothing at all (ETF).
 * On failure *error_offset, unless NULL, is the offset of the byte at fault, which is `len` when
 * the document ends too early. A compressed ETF document is inflated to check it, up to 64 MiB;
 * damage inside has the offset of its tag, 1.
 * Errors: SHERD_EJSON, SHERD_EETF, SHERD_ETAG, SHERD_EUTF8, SHERD_EDEPTH, SHERD_ETRUNCATED;
 * SHERD_ERANGE for an ETF integer of more than 256 bytes; SHERD_EZLIB, SHERD_EINFLATELIMIT,
 * SHERD_ENOMEM for a compressed document; SHERD_EINVAL as above. Source: RFC 8259; Erlang's
 * External Term Format. Thread-safe. */
enum sherd_status sherd_value_validate(enum sherd_data_format format, const void *data, size_t len,
                                       size_t *error_offset);

/* Writes the plain form of an ETF document, for sherd_value_open(), to `buf` of `cap` bytes: what
 * is compressed (tag 80) is inflated, anything else is copied. *out_len, unless NULL, is the plain
 * form's length, also on SHERD_ENOSPACE (nothing is then written; `buf` may be NULL when `cap` is
 * 0). Until it is inflated that length is only what the document claims, up to 4 GiB: do not
 * allocate it without a limit of your own.
 * Errors, and what `buf` then holds is not defined: SHERD_ENOSPACE; SHERD_EZLIB for damage, a false
 * claim, or bytes after the term; SHERD_ETRUNCATED; SHERD_ENOMEM; SHERD_EINVAL when `data` is NULL
 * with `len` over 0. Thread-safe. */
enum sherd_status sherd_value_expand(const void *data, size_t len, void *buf, size_t cap,
                                     size_t *out_len);

/* The kind of value; SHERD_VALUE_NULL for what is null, absent or damaged. Thread-safe. */
enum sherd_value_type sherd_value_type(struct sherd_value value);

/* Whether the document has such a value, be it null. Thread-safe. */
bool sherd_value_exists(struct sherd_value value);

/* Why a value is null: SHERD_OK (it exists), SHERD_ENOTFOUND (no such key or index),
 * SHERD_ETYPE (its parent has no keys or no indexes), or the damage that was met: SHERD_EJSON,
 * SHERD_EETF, SHERD_ETAG, SHERD_EDEPTH, SHERD_ETRUNCATED, and then *error_offset, unless NULL, is
 * the offset of the byte at fault from the start of the document. Thread-safe. */
enum sherd_status sherd_value_status(struct sherd_value value, size_t *error_offset);

/* The value of `key` (NUL-terminated UTF-8, compared with the key's text after unescaping) in an
 * object. Of several equal keys the first one counts. Thread-safe. */
struct sherd_value sherd_value_get(struct sherd_value object, const char *key);

/* The same for a key of `len` bytes, which may hold NUL. Thread-safe. */
struct sherd_value sherd_value_get_n(struct sherd_value object, const char *key, size_t len);

/* The item at `index`, from 0, of a list. Thread-safe. */
struct sherd_value sherd_value_at(struct sherd_value list, size_t index);

/* Follows keys and indexes separated by dots, as in "member.user.id" or "guilds.0.id". A step made
 * of digits is an index in a list and a key in an object. An empty path is the value itself.
 * Thread-safe. */
struct sherd_value sherd_value_path(struct sherd_value value, const char *path);

/* How many items or pairs a list or an object has; 0 for anything else. JSON must be walked for
 * it. Errors (as *out untouched): SHERD_ETYPE, or the damage met. Thread-safe. */
enum sherd_status sherd_value_count(struct sherd_value container, size_t *out);

/* Begins a walk over a list or an object; over anything else the walk is empty. */
struct sherd_value_iter sherd_value_iterate(struct sherd_value container);

/* Takes one step: true and *key (objects; NULL when not wanted; a null value in lists) and *value,
 * or false at the end or at damage, which sherd_value_iter_status() tells apart; at damage
 * sherd_value_status() of *value says at which byte. A key is a string whatever term of ETF it is.
 * A walk is linear, and shows every pair, also those with equal keys. */
bool sherd_value_next(struct sherd_value_iter *iter, struct sherd_value *key,
                      struct sherd_value *value);

/* SHERD_OK, or the damage that ended the walk, or SHERD_ETYPE when there was nothing to walk. */
enum sherd_status sherd_value_iter_status(const struct sherd_value_iter *iter);

/* The text of a string as a slice of the document, without a copy. Not NUL-terminated.
 * Errors: SHERD_ETYPE; SHERD_EESCAPED when the text has escapes, so that it must be copied
 * (in ETF: when it is an atom in Latin-1, or a key that is an integer); SHERD_EUTF8; SHERD_EJSON
 * and the like for damage; *out is then untouched. Lifetime: that of the document. Thread-safe. */
enum sherd_status sherd_value_as_str(struct sherd_value value, struct sherd_bytes *out);

/* Copies the text of a string, unescaped and NUL-terminated, into `buf` of `cap` bytes. *len,
 * unless NULL, is the text's length without the NUL, also on SHERD_ENOSPACE, which comes when `cap`
 * is not over that (nothing is then written; `buf` may be NULL when `cap` is 0). Errors:
 * SHERD_ETYPE, SHERD_ENOSPACE, SHERD_EUTF8, SHERD_EJSON and the like. Thread-safe. */
enum sherd_status sherd_value_as_str_copy(struct sherd_value value, char *buf, size_t cap,
                                          size_t *len);

/* Whether the value is a string whose text is `text` (NUL-terminated). Thread-safe. */
bool sherd_value_equals(struct sherd_value value, const char *text);

/* Numbers. Integers are exact over the whole 64 bits; 1.0 and 1e2 are integers too. A double is the
 * nearest to the decimal that is written. On an error *out is untouched.
 * Errors: SHERD_ETYPE when it is no number; SHERD_ERANGE when it does not fit, or has a fraction
 * where an integer is asked for, or is beyond a double. Thread-safe. */
enum sherd_status sherd_value_as_u64(struct sherd_value value, uint64_t *out);
enum sherd_status sherd_value_as_i64(struct sherd_value value, int64_t *out);
enum sherd_status sherd_value_as_f64(struct sherd_value value, double *out);

/* Errors: SHERD_ETYPE; *out is then untouched. Thread-safe. */
enum sherd_status sherd_value_as_bool(struct sherd_value value, bool *out);

/* A snowflake, written as a string of digits or as an integer.
 * Errors: SHERD_ETYPE when it is neither; SHERD_ERANGE when it is over 64 bits; *out is then
 * untouched. Source: Discord's documentation, Reference, ID serialization. Thread-safe. */
enum sherd_status sherd_value_as_snowflake(struct sherd_value value, sherd_snowflake *out);

/* Writes the value as JSON on one line (no white space but inside strings), NUL-terminated, into
 * `buf` of `cap` bytes. *len, unless NULL, is the length without the NUL, also on SHERD_ENOSPACE
 * (what `buf` then holds is not defined; `buf` may be NULL when `cap` is 0). Keys keep their order
 * and numbers of a JSON document their spelling; texts are UTF-8, with nothing escaped but quotes,
 * backslashes and control characters, so that both formats give the same bytes.
 * Errors: SHERD_ENOSPACE, or the damage that was met: what is written is one whole valid JSON
 * value, or it is an error. Thread-safe. */
enum sherd_status sherd_value_to_json(struct sherd_value value, char *buf, size_t cap, size_t *len);

/* The bytes of the document that make up the value: for JSON the text as it came, which may hold
 * white space and line breaks; for ETF the term without the version byte (an item of STRING_EXT,
 * tag 107, is a byte without tag). Errors: SHERD_ENOTFOUND for an absent value, or the damage met.
 * Lifetime: that of the document. Thread-safe. */
enum sherd_status sherd_value_raw(struct sherd_value value, struct sherd_bytes *out);

#ifdef __cplusplus
}
#endif
#endif
