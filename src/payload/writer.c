/* When what may be written, the same for both formats. open[0] stands for the document itself, a
 * list of one value, so that no place is special. */
#include "payload/writer.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "payload/format_writer.h"

static bool is_etf(const struct sherd__writer *writer) {
  return writer->format == SHERD_FORMAT_ETF;
}

/* Keeps the first failure. */
static void note(struct sherd__writer *writer, enum sherd_status status) {
  if (writer->status == SHERD_OK)
    writer->status = status;
}

static void put_text(struct sherd__writer *writer, const char *text) {
  if (writer->status == SHERD_OK)
    note(writer, sherd__buf_append(writer->out, text, strlen(text)));
}

/* Puts what stands between the last value and this one. False when a value (or a key) is not due
 * here, or something has failed before. */
static bool begin(struct sherd__writer *writer, bool is_key) {
  if (writer->status)
    return false;
  uint32_t *left = &writer->open[writer->depth].left;
  bool key_is_due = writer->open[writer->depth].is_map && *left % 2 == 0;
  if (*left == 0 || key_is_due != is_key) {
    note(writer, SHERD_EINVAL);
    return false;
  }
  bool after_key = writer->open[writer->depth].is_map && !is_key;
  if (!is_etf(writer) && writer->open[writer->depth].begun)
    put_text(writer, after_key ? ":" : ",");
  writer->open[writer->depth].begun = true;
  (*left)--;
  return writer->status == SHERD_OK;
}

/* Notes how writing the value went, and closes the maps and lists that are full with it. */
static void end(struct sherd__writer *writer, enum sherd_status status) {
  note(writer, status);
  while (writer->status == SHERD_OK && writer->depth && writer->open[writer->depth].left == 0) {
    bool is_map = writer->open[writer->depth].is_map;
    if (!is_etf(writer))
      put_text(writer, is_map ? "}" : "]");
    else if (!is_map && writer->open[writer->depth].begun)
      note(writer, sherd__etf_put_list_end(writer->out));
    writer->depth--;
  }
}

/* Opens a map or a list whose head has been written. */
static void enter(struct sherd__writer *writer, bool is_map, uint32_t left) {
  if (writer->depth + 1 == SHERD__WRITER_DEPTH_MAX) {
    note(writer, SHERD_EDEPTH);
    return;
  }
  writer->depth++;
  writer->open[writer->depth].left = left;
  writer->open[writer->depth].is_map = is_map;
  writer->open[writer->depth].begun = false;
}

void sherd__writer_begin_fragment(struct sherd__writer *writer, enum sherd_data_format format,
                                  struct sherd_buf *out) {
  *writer = (struct sherd__writer){.format = format, .out = out, .start = out->len};
  writer->open[0].left = 1;
}

void sherd__writer_begin(struct sherd__writer *writer, enum sherd_data_format format,
                         struct sherd_buf *out) {
  sherd__writer_begin_fragment(writer, format, out);
  if (is_etf(writer))
    note(writer, sherd__etf_put_version(out));
}

void sherd__writer_map(struct sherd__writer *writer, uint32_t pairs) {
  if (pairs > UINT32_MAX / 2)
    note(writer, SHERD_EINVAL);
  if (!begin(writer, false))
    return;
  note(writer, is_etf(writer) ? sherd__etf_put_map(writer->out, pairs)
                              : sherd__buf_append_byte(writer->out, '{'));
  enter(writer, true, pairs * 2);
  end(writer, SHERD_OK);
}

void sherd__writer_list(struct sherd__writer *writer, uint32_t items) {
  if (!begin(writer, false))
    return;
  note(writer, is_etf(writer) ? sherd__etf_put_list(writer->out, items)
                              : sherd__buf_append_byte(writer->out, '['));
  enter(writer, false, items);
  end(writer, SHERD_OK);
}

static enum sherd_status put_str(struct sherd__writer *writer, const char *text, size_t len) {
  if (!sherd__utf8_is_valid((const uint8_t *)text, len, NULL))
    return SHERD_EUTF8;
  return is_etf(writer) ? sherd__etf_put_str(writer->out, text, len)
                        : sherd__json_put_str(writer->out, text, len);
}

void sherd__writer_key(struct sherd__writer *writer, const char *key) {
  if (begin(writer, true))
    note(writer, put_str(writer, key, strlen(key)));
}

void sherd__writer_str_n(struct sherd__writer *writer, const char *text, size_t len) {
  if (begin(writer, false))
    end(writer, put_str(writer, text, len));
}

void sherd__writer_str(struct sherd__writer *writer, const char *text) {
  sherd__writer_str_n(writer, text, strlen(text));
}

void sherd__writer_str_or_null(struct sherd__writer *writer, const char *text) {
  if (text)
    sherd__writer_str(writer, text);
  else
    sherd__writer_null(writer);
}

static void put_int(struct sherd__writer *writer, bool is_negative, uint64_t magnitude) {
  if (begin(writer, false))
    end(writer, is_etf(writer) ? sherd__etf_put_int(writer->out, is_negative, magnitude)
                               : sherd__json_put_int(writer->out, is_negative, magnitude));
}

void sherd__writer_u64(struct sherd__writer *writer, uint64_t number) {
  put_int(writer, false, number);
}

void sherd__writer_i64(struct sherd__writer *writer, int64_t number) {
  put_int(writer, number < 0, number < 0 ? UINT64_C(0) - (uint64_t)number : (uint64_t)number);
}

/* A word that is a literal in JSON and an atom in ETF. */
static void put_word(struct sherd__writer *writer, const char *literal, const char *atom) {
  if (begin(writer, false))
    end(writer, is_etf(writer) ? sherd__etf_put_atom(writer->out, atom)
                               : sherd__buf_append(writer->out, literal, strlen(literal)));
}

void sherd__writer_bool(struct sherd__writer *writer, bool truth) {
  const char *word = truth ? "true" : "false";
  put_word(writer, word, word);
}

void sherd__writer_null(struct sherd__writer *writer) {
  put_word(writer, "null", "nil");
}

void sherd__writer_snowflake(struct sherd__writer *writer, sherd_snowflake id) {
  char digits[24];
  snprintf(digits, sizeof digits, "%llu", (unsigned long long)id);
  sherd__writer_str(writer, digits);
}

void sherd__writer_raw(struct sherd__writer *writer, struct sherd_bytes fragment) {
  if (begin(writer, false))
    end(writer,
        fragment.len ? sherd__buf_append(writer->out, fragment.data, fragment.len) : SHERD_EINVAL);
}

enum sherd_status sherd__writer_finish(struct sherd__writer *writer) {
  if (writer->depth || writer->open[0].left)
    note(writer, SHERD_EINVAL);
  if (writer->status)
    writer->out->len = writer->start;
  return writer->status;
}
