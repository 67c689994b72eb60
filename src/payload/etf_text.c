#include <string.h>

#include "base/utf8.h"
#include "payload/etf.h"
#include "payload/json.h"

static bool is_latin1_tag(uint8_t tag) {
  return tag == SHERD__ETF_ATOM || tag == SHERD__ETF_SMALL_ATOM;
}

/* Each letter over ASCII takes two bytes in UTF-8. */
static size_t count_high(struct sherd_bytes bytes) {
  size_t count = 0;
  for (size_t i = 0; i < bytes.len; i++)
    count += bytes.data[i] >> 7;
  return count;
}

enum sherd_status sherd__etf_text(const struct sherd__etf_term *term, struct sherd__etf_text *out,
                                  const uint8_t **fault) {
  out->is_latin1 = false;
  out->is_slice = term->kind != SHERD__ETF_KIND_INTEGER;
  out->bytes = term->body;
  if (!out->is_slice) {
    enum sherd_status status = sherd__etf_digits(term, out->digits, &out->bytes.len);
    out->bytes.data = (const uint8_t *)out->digits;
    out->text_len = out->bytes.len;
    *fault = term->body.data;
    return status;
  }
  size_t offset, high = 0;
  if (is_latin1_tag(term->tag)) {
    high = count_high(term->body);
    out->is_latin1 = high > 0;
  } else if (!sherd__utf8_is_valid(term->body.data, term->body.len, &offset)) {
    *fault = term->body.data + offset;
    return SHERD_EUTF8;
  }
  out->text_len = term->body.len + high;
  return SHERD_OK;
}

enum sherd_value_type sherd__etf_atom_type(struct sherd_bytes word) {
  switch (word.len) {
  case 3:
    return memcmp(word.data, "nil", 3) == 0 ? SHERD_VALUE_NULL : SHERD_VALUE_STRING;
  case 4:
    return memcmp(word.data, "null", 4) == 0   ? SHERD_VALUE_NULL
           : memcmp(word.data, "true", 4) == 0 ? SHERD_VALUE_BOOL
                                               : SHERD_VALUE_STRING;
  case 5:
    return memcmp(word.data, "false", 5) == 0 ? SHERD_VALUE_BOOL : SHERD_VALUE_STRING;
  default:
    return SHERD_VALUE_STRING;
  }
}

void sherd__etf_text_write(const struct sherd__etf_text *text, char *out) {
  if (!text->is_latin1) {
    if (text->bytes.len)
      memcpy(out, text->bytes.data, text->bytes.len);
    return;
  }
  for (size_t i = 0; i < text->bytes.len; i++)
    out += sherd__utf8_encode(text->bytes.data[i], (uint8_t *)out);
}

bool sherd__etf_text_equals(const struct sherd__etf_term *term, const char *text, size_t len) {
  struct sherd__etf_text own;
  const uint8_t *fault;
  if (term->kind == SHERD__ETF_KIND_BINARY)
    return term->body.len == len && memcmp(term->body.data, text, len) == 0;
  if (sherd__etf_text(term, &own, &fault) || own.text_len != len)
    return false;
  if (!own.is_latin1)
    return memcmp(own.bytes.data, text, len) == 0;
  for (size_t i = 0; i < own.bytes.len; i++) {
    uint8_t unit[4];
    size_t unit_len = sherd__utf8_encode(own.bytes.data[i], unit);
    if (memcmp(unit, text, unit_len) != 0)
      return false;
    text += unit_len;
  }
  return true;
}

/* Puts a byte of Latin-1 as UTF-8. */
static void put_latin1(struct sherd__text *out, uint8_t letter) {
  uint8_t unit[4];
  sherd__text_put(out, unit, sherd__utf8_encode(letter, unit));
}

void sherd__etf_text_json(const struct sherd__etf_text *text, struct sherd__text *out) {
  struct sherd_bytes rest = text->bytes, part;
  char escape[6];
  sherd__text_put(out, "\"", 1);
  while (sherd__json_next_part(&rest, escape, &part))
    if (text->is_latin1)
      for (size_t i = 0; i < part.len; i++)
        put_latin1(out, part.data[i]);
    else
      sherd__text_put(out, part.data, part.len);
  sherd__text_put(out, "\"", 1);
}
