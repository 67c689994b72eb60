/* Writes one document, in JSON or in ETF, through the same calls.
 *
 * Maps and lists are told their size first, since ETF wants it there. After the first failure
 * (SHERD_ENOMEM, or a text that is not UTF-8: SHERD_EUTF8) every call does nothing, and
 * sherd__writer_finish() returns that failure, so that a caller checks once. */
#ifndef SHERD_PAYLOAD_WRITER_H
#define SHERD_PAYLOAD_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/status.h>
#include <sherd/value.h>

#include "base/buf.h"

#define SHERD__WRITER_DEPTH_MAX 16

struct sherd__writer {
  enum sherd_data_format format;
  struct sherd_buf *out; /* borrowed; the document is appended */
  enum sherd_status status;
  size_t start; /* where the document begins in `out` */
  uint32_t depth;
  struct {
    uint32_t left; /* values still to come in this map (keys and values counted) or list */
    bool is_map;
    bool begun;
  } open[SHERD__WRITER_DEPTH_MAX];
};

/* Begins a document at the end of `out` (ETF: with its version byte). */
void sherd__writer_begin(struct sherd__writer *writer, enum sherd_data_format format,
                         struct sherd_buf *out);

/* Begins a fragment: the same without ETF's version byte, to be spliced with
 * sherd__writer_raw(). */
void sherd__writer_begin_fragment(struct sherd__writer *writer, enum sherd_data_format format,
                                  struct sherd_buf *out);

void sherd__writer_map(struct sherd__writer *writer, uint32_t pairs);
void sherd__writer_list(struct sherd__writer *writer, uint32_t items);
/* A key; a value must follow. */
void sherd__writer_key(struct sherd__writer *writer, const char *key);
void sherd__writer_str(struct sherd__writer *writer, const char *text);
void sherd__writer_str_n(struct sherd__writer *writer, const char *text, size_t len);
/* A text, or null when it is NULL. */
void sherd__writer_str_or_null(struct sherd__writer *writer, const char *text);
void sherd__writer_u64(struct sherd__writer *writer, uint64_t number);
void sherd__writer_i64(struct sherd__writer *writer, int64_t number);
void sherd__writer_bool(struct sherd__writer *writer, bool truth);
void sherd__writer_null(struct sherd__writer *writer);
/* A snowflake, as a string of digits in both formats: Discord takes that in both. */
void sherd__writer_snowflake(struct sherd__writer *writer, sherd_snowflake id);
/* A value that was written before, as a fragment of the same format. */
void sherd__writer_raw(struct sherd__writer *writer, struct sherd_bytes fragment);

/* Ends the document: SHERD_OK when it is whole. On a failure `out` is as long as it was. */
enum sherd_status sherd__writer_finish(struct sherd__writer *writer);

#endif
