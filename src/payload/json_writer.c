#include <inttypes.h>
#include <stdio.h>

#include "payload/format_writer.h"
#include "payload/json.h"

enum sherd_status sherd__json_put_str(struct sherd_buf *out, const char *text, size_t len) {
  struct sherd_bytes rest = {(const uint8_t *)text, len}, part;
  char escape[6];
  enum sherd_status status = sherd__buf_append_byte(out, '"');
  while (status == SHERD_OK && sherd__json_next_part(&rest, escape, &part))
    status = sherd__buf_append(out, part.data, part.len);
  return status ? status : sherd__buf_append_byte(out, '"');
}

enum sherd_status sherd__json_put_int(struct sherd_buf *out, bool is_negative, uint64_t magnitude) {
  char digits[24];
  int len = snprintf(digits, sizeof digits, "%s%" PRIu64, is_negative ? "-" : "", magnitude);
  return sherd__buf_append(out, digits, (size_t)len);
}
