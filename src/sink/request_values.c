/* What is in a request's fields, and what to say when it is something else. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "sink/request_read.h"

enum sherd_status sherd__request_fail(const struct sherd__request_reader *reader,
                                      enum sherd_status status, const char *format, ...) {
  va_list args;
  reader->error->status = status;
  va_start(args, format);
  (void)vsnprintf(reader->error->text, sizeof reader->error->text, format, args);
  va_end(args);
  return status;
}

enum sherd_status sherd__request_fail_type(const struct sherd__request_reader *reader,
                                           const char *field, const char *wanted) {
  return sherd__request_fail(reader, SHERD_EINVAL, "'%s' wants %s", field, wanted);
}

/* "a, b, c" */
static void list_names(char *out, size_t size, const char *const *names, size_t count) {
  size_t len = 0;
  *out = '\0';
  for (size_t i = 0; i < count && len < size; i++)
    if (names[i])
      len += (size_t)snprintf(out + len, size - len, "%s%s", len ? ", " : "", names[i]);
}

enum sherd_status sherd__request_fail_name(const struct sherd__request_reader *reader,
                                           const char *what, struct sherd_value given,
                                           const char *const *names, size_t count) {
  char word[40] = "", all[320];
  bool is_shown = sherd_value_as_str_copy(given, word, sizeof word, NULL) == SHERD_OK;
  for (const char *c = word; *c; c++)
    is_shown &= (unsigned char)*c >= ' ' && *c != 0x7f;
  const char *nearest = is_shown ? sherd__nearest(word, names, count, sizeof *names) : NULL;
  list_names(all, sizeof all, names, count);
  if (!is_shown)
    return sherd__request_fail(reader, SHERD_EINVAL, "there is no such %s; there are %s", what,
                               all);
  if (nearest)
    return sherd__request_fail(reader, SHERD_EINVAL, "there is no %s '%s'; did you mean '%s'?",
                               what, word, nearest);
  return sherd__request_fail(reader, SHERD_EINVAL, "there is no %s '%s'; there are %s", what, word,
                             all);
}

bool sherd__request_find_name(struct sherd_value given, const char *const *names, size_t count,
                              size_t *out) {
  for (size_t i = 0; i < count; i++)
    if (names[i] && sherd_value_equals(given, names[i])) {
      *out = i;
      return true;
    }
  return false;
}

/* --- Values --- */

enum sherd_status sherd__request_bool(const struct sherd__request_reader *reader, const char *field,
                                      struct sherd_value value, bool *out) {
  return sherd_value_as_bool(value, out) ? sherd__request_fail_type(reader, field, "true or false")
                                         : SHERD_OK;
}

enum sherd_status sherd__request_u32(const struct sherd__request_reader *reader, const char *field,
                                     struct sherd_value value, uint32_t max, uint32_t *out) {
  uint64_t number;
  if (sherd_value_as_u64(value, &number) || number > max)
    return sherd__request_fail(reader, SHERD_EINVAL, "'%s' wants a whole number from 0 to %u",
                               field, (unsigned)max);
  *out = (uint32_t)number;
  return SHERD_OK;
}

enum sherd_status sherd__request_id(const struct sherd__request_reader *reader, const char *field,
                                    struct sherd_value value, sherd_snowflake *out) {
  if (sherd_value_as_snowflake(value, out) || *out == 0)
    return sherd__request_fail_type(reader, field, "an id, as a string or a number");
  return SHERD_OK;
}

enum sherd_status sherd__request_ids(const struct sherd__request_reader *reader, const char *field,
                                     struct sherd_value value, size_t *out_count) {
  struct sherd_value_iter items = sherd_value_iterate(value);
  struct sherd_value item;
  size_t count = 0;
  if (sherd_value_type(value) != SHERD_VALUE_LIST)
    return sherd__request_fail_type(reader, field, "a list of ids");
  while (sherd_value_next(&items, NULL, &item)) {
    if (count == SHERD__REQUEST_IDS_MAX)
      return sherd__request_fail(reader, SHERD_EINVAL, "'%s' has more than %d ids", field,
                                 SHERD__REQUEST_IDS_MAX);
    enum sherd_status status =
        sherd__request_id(reader, field, item, &reader->request->ids_[count++]);
    if (status)
      return status;
  }
  *out_count = count;
  return SHERD_OK;
}

/* A NUL inside would hide what follows. */
enum sherd_status sherd__request_text(const struct sherd__request_reader *reader, const char *field,
                                      struct sherd_value value, const char **out) {
  struct sherd__request *request = reader->request;
  char *at = request->text_ + request->text_len_;
  size_t len, room = sizeof request->text_ - request->text_len_;
  *out = NULL;
  if (sherd_value_type(value) == SHERD_VALUE_NULL)
    return SHERD_OK;
  enum sherd_status status = sherd_value_as_str_copy(value, at, room, &len);
  if (status == SHERD_ENOSPACE)
    return sherd__request_fail(reader, SHERD_ETOOLONG,
                               "'%s' is too long: a command has at most %d bytes", field,
                               SHERD_COMMAND_BYTES_MAX);
  if (status)
    return sherd__request_fail_type(reader, field, "a text");
  if (memchr(at, '\0', len))
    return sherd__request_fail_type(reader, field, "a text without NUL");
  request->text_len_ += len + 1;
  *out = at;
  return SHERD_OK;
}
