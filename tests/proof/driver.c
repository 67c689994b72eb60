/* Reads documents as libsherd sees them, for others to compare with what they see.
 *
 *   driver json < records     JSON documents
 *   driver etf < records      ETF documents
 *   driver write < records    JSON documents, which come out as records of ETF by our writer
 *
 * A record is four bytes of length, big-endian, and so many bytes. For each document one line comes
 * out: "reject SHERD_..." or "ok " and the value in a form that hides nothing:
 *   n t f                     null, true, false
 *   i12/d4028000000000000     an integer, and the bits of the double that it reads as
 *   d3ff8000000000000         a float; dinf when it is beyond a double
 *   s666f6f                   a text in UTF-8
 *   [a,b] {s61:n,s62:t}       lists and objects, in their order */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sherd/value.h>

#include "payload/etf.h"
#include "payload/writer.h"

static _Noreturn void die(const char *why) {
  fprintf(stderr, "driver: %s\n", why);
  exit(2);
}

static void put(struct sherd_buf *out, const char *text) {
  if (sherd__buf_append(out, text, strlen(text)))
    die("out of memory");
}

static void put_text(struct sherd_value value, struct sherd_buf *out) {
  size_t len = 0;
  if (sherd_value_as_str_copy(value, NULL, 0, &len) != SHERD_ENOSPACE)
    die("a text that was valid cannot be read");
  char *text = malloc(len + 1), unit[3];
  if (!text || sherd_value_as_str_copy(value, text, len + 1, NULL))
    die("a text that was valid cannot be copied");
  put(out, "s");
  for (size_t i = 0; i < len; i++) {
    snprintf(unit, sizeof unit, "%02x", (unsigned char)text[i]);
    put(out, unit);
  }
  free(text);
}

static void put_double(struct sherd_value value, struct sherd_buf *out) {
  double number;
  uint64_t bits;
  char text[24];
  enum sherd_status status = sherd_value_as_f64(value, &number);
  if (status == SHERD_ERANGE) {
    put(out, "dinf");
    return;
  }
  if (status)
    die("a number that was valid cannot be read");
  memcpy(&bits, &number, sizeof bits);
  snprintf(text, sizeof text, "d%016" PRIx64, bits);
  put(out, text);
}

static bool is_float(struct sherd_value value) {
  struct sherd_bytes raw;
  if (sherd_value_raw(value, &raw))
    die("a number that was valid has no bytes");
  if (value.format_ != SHERD_FORMAT_JSON)
    return raw.len > 1 && (raw.data[0] == SHERD__ETF_NEW_FLOAT || raw.data[0] == SHERD__ETF_FLOAT);
  return memchr(raw.data, '.', raw.len) || memchr(raw.data, 'e', raw.len) ||
         memchr(raw.data, 'E', raw.len);
}

/* The digits come from the 64-bit calls where they reach, and beyond them from the copy. */
static void put_number(struct sherd_value value, struct sherd_buf *out) {
  uint64_t u64;
  int64_t i64;
  char text[32];
  if (!is_float(value)) {
    put(out, "i");
    if (sherd_value_as_u64(value, &u64) == SHERD_OK) {
      snprintf(text, sizeof text, "%" PRIu64, u64);
      put(out, text);
    } else if (sherd_value_as_i64(value, &i64) == SHERD_OK) {
      snprintf(text, sizeof text, "%" PRId64, i64);
      put(out, text);
    } else {
      size_t len = 0;
      sherd_value_to_json(value, NULL, 0, &len);
      char *digits = malloc(len + 1);
      if (!digits || sherd_value_to_json(value, digits, len + 1, NULL))
        die("an integer that was valid cannot be copied");
      put(out, digits);
      free(digits);
    }
    put(out, "/");
  }
  put_double(value, out);
}

static void put_value(struct sherd_value value, struct sherd_buf *out) {
  struct sherd_value_iter iter = sherd_value_iterate(value);
  struct sherd_value key, item;
  bool truth = false;
  const char *separator = "";
  enum sherd_value_type type = sherd_value_type(value);
  switch (type) {
  case SHERD_VALUE_NULL:
    put(out, "n");
    return;
  case SHERD_VALUE_BOOL:
    if (sherd_value_as_bool(value, &truth))
      die("a boolean cannot be read");
    put(out, truth ? "t" : "f");
    return;
  case SHERD_VALUE_NUMBER:
    put_number(value, out);
    return;
  case SHERD_VALUE_STRING:
    put_text(value, out);
    return;
  case SHERD_VALUE_LIST:
  case SHERD_VALUE_OBJECT:
    break;
  }
  put(out, type == SHERD_VALUE_LIST ? "[" : "{");
  while (sherd_value_next(&iter, &key, &item)) {
    put(out, separator);
    separator = ",";
    if (type == SHERD_VALUE_OBJECT) {
      put_text(key, out);
      put(out, ":");
    }
    put_value(item, out);
  }
  if (sherd_value_iter_status(&iter))
    die("a walk over a valid document failed");
  put(out, type == SHERD_VALUE_LIST ? "]" : "}");
}

/* The document's value, written to JSON and read again. */
static void put_copy(struct sherd_value document, struct sherd_buf *out) {
  size_t len = 0;
  sherd_value_to_json(document, NULL, 0, &len);
  char *json = malloc(len + 1);
  struct sherd_value copy;
  if (!json || sherd_value_to_json(document, json, len + 1, NULL))
    die("a valid document has no JSON");
  if (sherd_value_validate(SHERD_FORMAT_JSON, json, len, NULL) ||
      sherd_value_open(SHERD_FORMAT_JSON, json, len, &copy))
    die("the JSON of a valid document is not valid");
  put_value(copy, out);
  free(json);
}

static void say(enum sherd_data_format format, struct sherd_bytes record) {
  enum sherd_status status = sherd_value_validate(format, record.data, record.len, NULL);
  if (status) {
    printf("reject %s\n", sherd_status_name(status));
    return;
  }
  uint8_t *plain = NULL;
  if (format == SHERD_FORMAT_ETF) {
    size_t len = 0;
    sherd_value_expand(record.data, record.len, NULL, 0, &len);
    plain = malloc(len);
    if (!plain || sherd_value_expand(record.data, record.len, plain, len, &len))
      die("a valid document cannot be expanded");
    record = (struct sherd_bytes){plain, len};
  }
  struct sherd_value document;
  struct sherd_buf seen, copied;
  sherd__buf_init(&seen, sherd_allocator_default());
  sherd__buf_init(&copied, sherd_allocator_default());
  if (sherd_value_open(format, record.data, record.len, &document))
    die("a valid document cannot be opened");
  put_value(document, &seen);
  put_copy(document, &copied);
  if (seen.len != copied.len || memcmp(seen.data, copied.data, seen.len) != 0)
    die("a document and its JSON differ");
  printf("ok %.*s\n", (int)seen.len, (const char *)seen.data);
  sherd__buf_deinit(&seen);
  sherd__buf_deinit(&copied);
  free(plain);
}

/* Writes a value through the writer that writes our commands. */
static void write_value(struct sherd__writer *writer, struct sherd_value value) {
  struct sherd_value_iter iter = sherd_value_iterate(value);
  struct sherd_value key, item;
  char text[4096];
  size_t len = 0;
  uint64_t u64;
  int64_t i64 = 0;
  bool truth = false;
  switch (sherd_value_type(value)) {
  case SHERD_VALUE_NULL:
    sherd__writer_null(writer);
    return;
  case SHERD_VALUE_BOOL:
    sherd_value_as_bool(value, &truth);
    sherd__writer_bool(writer, truth);
    return;
  case SHERD_VALUE_NUMBER:
    if (sherd_value_as_u64(value, &u64) == SHERD_OK)
      sherd__writer_u64(writer, u64);
    else if (sherd_value_as_i64(value, &i64) == SHERD_OK)
      sherd__writer_i64(writer, i64);
    else
      die("only 64-bit integers can be written");
    return;
  case SHERD_VALUE_STRING:
    if (sherd_value_as_str_copy(value, text, sizeof text, &len))
      die("a text is too long to be written");
    sherd__writer_str_n(writer, text, len);
    return;
  case SHERD_VALUE_LIST:
    sherd_value_count(value, &len);
    sherd__writer_list(writer, (uint32_t)len);
    while (sherd_value_next(&iter, NULL, &item))
      write_value(writer, item);
    return;
  case SHERD_VALUE_OBJECT:
    sherd_value_count(value, &len);
    sherd__writer_map(writer, (uint32_t)len);
    while (sherd_value_next(&iter, &key, &item)) {
      if (sherd_value_as_str_copy(key, text, sizeof text, NULL))
        die("a key is too long to be written");
      sherd__writer_key(writer, text);
      write_value(writer, item);
    }
    return;
  }
}

static void rewrite(struct sherd_bytes record) {
  struct sherd_value document;
  struct sherd_buf out;
  struct sherd__writer writer;
  sherd__buf_init(&out, sherd_allocator_default());
  sherd_value_open(SHERD_FORMAT_JSON, record.data, record.len, &document);
  sherd__writer_begin(&writer, SHERD_FORMAT_ETF, &out);
  write_value(&writer, document);
  if (sherd__writer_finish(&writer))
    die("a document cannot be written");
  uint8_t head[] = {(uint8_t)(out.len >> 24), (uint8_t)(out.len >> 16), (uint8_t)(out.len >> 8),
                    (uint8_t)out.len};
  fwrite(head, 1, sizeof head, stdout);
  fwrite(out.data, 1, out.len, stdout);
  sherd__buf_deinit(&out);
}

/* Reads the next record, whose memory is its own size exactly. False at the end. */
static bool read_record(struct sherd_bytes *out) {
  uint8_t head[4];
  if (fread(head, 1, sizeof head, stdin) != sizeof head)
    return false;
  size_t len = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
  uint8_t *data = malloc(len ? len : 1);
  if (!data || fread(data, 1, len, stdin) != len)
    die("a record is cut short");
  *out = (struct sherd_bytes){data, len};
  return true;
}

int main(int argc, char **argv) {
  struct sherd_bytes record;
  if (argc != 2)
    die("usage: driver json|etf|write");
  while (read_record(&record)) {
    if (strcmp(argv[1], "write") == 0)
      rewrite(record);
    else
      say(strcmp(argv[1], "etf") == 0 ? SHERD_FORMAT_ETF : SHERD_FORMAT_JSON, record);
    free((void *)(uintptr_t)record.data);
  }
  return 0;
}
