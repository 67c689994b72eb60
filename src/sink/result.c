/* The line that answers a request. */
#include <string.h>

#include "payload/json.h"
#include "sink/request.h"

static enum sherd_status put(struct sherd_buf *out, const char *text) {
  return sherd__buf_append(out, text, strlen(text));
}

/* A JSON string. */
static enum sherd_status put_string(struct sherd_buf *out, const char *text) {
  size_t len = strlen(text);
  enum sherd_status status = sherd__buf_append_byte(out, '"');
  while (!status && len) {
    size_t plain = sherd__json_plain_len((const uint8_t *)text, len);
    char escape[6];
    status = sherd__buf_append(out, text, plain);
    if (!status && plain < len) {
      status = sherd__buf_append(out, escape, sherd__json_escape((uint8_t)text[plain], escape));
      plain++;
    }
    text += plain;
    len -= plain;
  }
  return status ? status : sherd__buf_append_byte(out, '"');
}

static enum sherd_status put_result(const char *id, const char *op, enum sherd_status status,
                                    const char *text, struct sherd_bytes value,
                                    struct sherd_buf *out) {
  enum sherd_status made;
  if ((made = put(out, "{\"shard\":null,\"s\":null,\"t\":\"RESULT\",\"d\":{\"id\":")) ||
      (made = put(out, id)) || (made = put(out, ",\"op\":")) ||
      (made = op ? put_string(out, op) : put(out, "null")) || (made = put(out, ",\"status\":")) ||
      (made = put_string(out, sherd_status_name(status))) || (made = put(out, ",\"text\":")) ||
      (made = put_string(out, text)))
    return made;
  if (value.len &&
      ((made = put(out, ",\"value\":")) || (made = sherd__buf_append(out, value.data, value.len))))
    return made;
  return put(out, "}}\n");
}

enum sherd_status sherd__result_write(const char *id, const char *op, enum sherd_status status,
                                      const char *text, struct sherd_bytes value,
                                      struct sherd_buf *out) {
  size_t start = out->len;
  enum sherd_status made = put_result(id, op, status, text, value, out);
  if (made)
    out->len = start;
  return made;
}
