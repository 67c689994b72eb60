#include "sink/lines.h"

#include <string.h>

void sherd__lines_init(struct sherd__lines *lines, const struct sherd_allocator *allocator) {
  *lines = (struct sherd__lines){0};
  sherd__buf_init(&lines->buf, allocator);
}

void sherd__lines_deinit(struct sherd__lines *lines) {
  sherd__buf_deinit(&lines->buf);
}

enum sherd_status sherd__lines_feed(struct sherd__lines *lines, const void *data, size_t len) {
  sherd__buf_consume(&lines->buf, lines->at);
  lines->looked -= lines->at;
  lines->at = 0;
  return sherd__buf_append(&lines->buf, data, len);
}

static bool is_blank(const uint8_t *at, size_t len) {
  while (len && (*at == ' ' || *at == '\t' || *at == '\r')) {
    at++;
    len--;
  }
  return len == 0;
}

bool sherd__lines_next(struct sherd__lines *lines, struct sherd_bytes *out,
                       enum sherd_status *status) {
  *status = SHERD_OK;
  while (lines->looked < lines->buf.len) {
    const uint8_t *from = lines->buf.data + lines->looked;
    const uint8_t *end = memchr(from, '\n', lines->buf.len - lines->looked);
    const uint8_t *begin = lines->buf.data + lines->at;
    size_t len = (size_t)((end ? end : lines->buf.data + lines->buf.len) - begin);
    lines->looked = end ? (size_t)(end - lines->buf.data) + 1 : lines->buf.len;
    if (len > SHERD__LINE_BYTES_MAX)
      *status = SHERD_ETOOLONG;
    if (!end || *status)
      return false;
    lines->at = lines->looked;
    *out = (struct sherd_bytes){begin, len};
    if (!is_blank(begin, len))
      return true;
  }
  return false;
}
