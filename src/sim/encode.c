#include "sim/encode.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool sherd__encode_has(enum sherd_data_format format) {
  return format == SHERD_FORMAT_JSON;
}

/* Discord's own order of keys: t, s, op, d. */
static enum sherd_status append(struct sherd_buf *out, const char *head, int head_len,
                                struct sherd_bytes data) {
  enum sherd_status status = sherd__buf_reserve(out, (size_t)head_len + data.len + 1);
  if (status)
    return status;
  (void)sherd__buf_append(out, head, (size_t)head_len);
  (void)sherd__buf_append(out, data.data, data.len);
  return sherd__buf_append_byte(out, '}');
}

enum sherd_status sherd__encode_dispatch(enum sherd_data_format format, const char *name,
                                         uint64_t seq, struct sherd_bytes data,
                                         struct sherd_buf *out) {
  (void)format;
  char head[128];
  int len = seq ? snprintf(head, sizeof head, "{\"t\":\"%s\",\"s\":%" PRIu64, name, seq)
                : snprintf(head, sizeof head, "{\"t\":\"%s\",\"s\":null", name);
  len += snprintf(head + len, sizeof head - (size_t)len, ",\"op\":0,\"d\":");
  return append(out, head, len, data);
}

enum sherd_status sherd__encode_message(enum sherd_data_format format, uint32_t op,
                                        const char *data, struct sherd_buf *out) {
  (void)format;
  char head[64];
  int len = snprintf(head, sizeof head, "{\"t\":null,\"s\":null,\"op\":%" PRIu32 ",\"d\":", op);
  return append(out, head, len, (struct sherd_bytes){(const uint8_t *)data, strlen(data)});
}
