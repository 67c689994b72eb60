/* The line that answers a request. */
#include <string.h>

#include "payload/format_writer.h"
#include "sink/request.h"

static enum sherd_status put(struct sherd_buf *out, const char *text) {
  return sherd__buf_append(out, text, strlen(text));
}

static enum sherd_status put_string(struct sherd_buf *out, const char *text) {
  return sherd__json_put_str(out, text, strlen(text));
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
