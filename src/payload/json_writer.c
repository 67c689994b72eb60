#include <inttypes.h>
#include <stdio.h>

#include "payload/format_writer.h"
#include "payload/json.h"

enum sherd_status sherd__json_put_str(struct sherd_buf *out, const char *text, size_t len) {
  const uint8_t *at = (const uint8_t *)text, *end = at + len;
  enum sherd_status status = sherd__buf_append_byte(out, '"');
  while (status == SHERD_OK && at < end) {
    size_t run = sherd__json_plain_len(at, (size_t)(end - at));
    status = sherd__buf_append(out, at, run);
    at += run;
    if (status == SHERD_OK && at < end) {
      char escape[6];
      size_t escape_len = sherd__json_escape(*at++, escape);
      status = sherd__buf_append(out, escape, escape_len);
    }
  }
  return status ? status : sherd__buf_append_byte(out, '"');
}

enum sherd_status sherd__json_put_int(struct sherd_buf *out, bool is_negative, uint64_t magnitude) {
  char digits[24];
  int len = snprintf(digits, sizeof digits, "%s%" PRIu64, is_negative ? "-" : "", magnitude);
  return sherd__buf_append(out, digits, (size_t)len);
}
