/* The property that holds for every input: a strict check, a walk over everything, and the copy to
 * JSON find the same documents good. */
#ifndef TEST_VIEW_AGREEMENT_H
#define TEST_VIEW_AGREEMENT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sherd/value.h>

static enum sherd_status walk_text(struct sherd_value value) {
  size_t len = 0;
  enum sherd_status status = sherd_value_as_str_copy(value, NULL, 0, &len);
  if (status != SHERD_ENOSPACE)
    return status ? status : SHERD_EINVAL;
  char *text = malloc(len + 1);
  status = sherd_value_as_str_copy(value, text, len + 1, &len);
  struct sherd_bytes slice;
  if (status == SHERD_OK && sherd_value_as_str(value, &slice) == SHERD_OK)
    if (slice.len != len || memcmp(slice.data, text, len) != 0)
      status = SHERD_EINVAL;
  if (status == SHERD_OK && strlen(text) == len && !sherd_value_equals(value, text))
    status = SHERD_EINVAL;
  free(text);
  return status;
}

/* Reads everything that is below `value`. */
static enum sherd_status walk(struct sherd_value value) {
  struct sherd_value key, item;
  double number;
  enum sherd_status status;
  switch (sherd_value_type(value)) {
  case SHERD_VALUE_STRING:
    return walk_text(value);
  case SHERD_VALUE_NUMBER:
    status = sherd_value_as_f64(value, &number);
    return status == SHERD_ERANGE ? SHERD_OK : status;
  case SHERD_VALUE_LIST:
  case SHERD_VALUE_OBJECT:
    break;
  default:
    return sherd_value_status(value, NULL);
  }
  struct sherd_value_iter iter = sherd_value_iterate(value);
  while (sherd_value_next(&iter, &key, &item)) {
    if (sherd_value_type(key) == SHERD_VALUE_STRING && (status = walk_text(key)))
      return status;
    if ((status = walk(item)))
      return status;
  }
  return sherd_value_iter_status(&iter);
}

/* Whether nothing but white space (JSON) or nothing (ETF) follows the document. */
static bool is_alone(struct sherd_value document, const uint8_t *end) {
  struct sherd_bytes raw;
  if (sherd_value_raw(document, &raw))
    return false;
  const uint8_t *at = raw.data + raw.len;
  while (at < end && document.format_ == SHERD_FORMAT_JSON && *at && strchr(" \t\r\n", *at))
    at++;
  return at == end;
}

/* Checks the copy that sherd_value_to_json() makes: good JSON that copies to itself. */
static bool copy_is_good(struct sherd_value document) {
  size_t len = 0, again_len = 0;
  if (sherd_value_to_json(document, NULL, 0, &len) != SHERD_ENOSPACE)
    return false;
  char *json = malloc(len + 1), *again = malloc(len + 1);
  struct sherd_value copy;
  bool good = sherd_value_to_json(document, json, len + 1, NULL) == SHERD_OK &&
              sherd_value_validate(SHERD_FORMAT_JSON, json, len, NULL) == SHERD_OK &&
              sherd_value_open(SHERD_FORMAT_JSON, json, len, &copy) == SHERD_OK &&
              sherd_value_to_json(copy, again, len + 1, &again_len) == SHERD_OK &&
              again_len == len && memcmp(json, again, len) == 0 && !memchr(json, '\n', len);
  free(json);
  free(again);
  return good;
}

/* The property itself; *valid, unless NULL, says which of the two it was. */
static bool view_agrees(enum sherd_data_format format, const void *data, size_t len, bool *valid) {
  /* an exact copy on the heap, so that the address sanitizer sees every byte read too many */
  uint8_t *bytes = malloc(len ? len : 1);
  memcpy(bytes, data, len);
  size_t offset = SIZE_MAX;
  enum sherd_status strict = sherd_value_validate(format, bytes, len, &offset);
  struct sherd_value document;
  enum sherd_status opened = sherd_value_open(format, bytes, len, &document);
  bool agrees;
  if (valid)
    *valid = strict == SHERD_OK;
  if (strict == SHERD_OK) {
    agrees = opened == SHERD_OK && walk(document) == SHERD_OK && copy_is_good(document) &&
             is_alone(document, bytes + len);
  } else {
    char *json = malloc(8 * len + 64);
    bool copies = sherd_value_to_json(document, json, 8 * len + 64, NULL) == SHERD_OK;
    /* an integer that is too long to copy is no damage to whoever asks for a number */
    bool walks = walk(document) == SHERD_OK && strict != SHERD_ERANGE;
    agrees = offset <= len && (strict == SHERD_ETRUNCATED) == (offset == len) &&
             (opened || !is_alone(document, bytes + len) || (!walks && !copies));
    free(json);
  }
  if (!agrees)
    fprintf(stderr, "disagreement: validate %s at %zu, %zu bytes: %.*s\n",
            sherd_status_name(strict), offset, len, (int)len, (const char *)data);
  free(bytes);
  return agrees;
}

#endif
