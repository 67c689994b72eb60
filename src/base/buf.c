#include "base/buf.h"

#include <string.h>

#include "base/mem.h"

#define FIRST_CAP 64

void sherd__buf_init(struct sherd_buf *buf, const struct sherd_allocator *allocator) {
  *buf = (struct sherd_buf){.allocator = allocator};
}

void sherd__buf_deinit(struct sherd_buf *buf) {
  sherd__free(buf->allocator, buf->data);
  sherd__buf_init(buf, buf->allocator);
}

enum sherd_status sherd__buf_reserve(struct sherd_buf *buf, size_t more) {
  if (more <= buf->cap - buf->len)
    return SHERD_OK;
  if (more > SIZE_MAX - buf->len)
    return SHERD_ENOMEM;
  size_t need = buf->len + more;
  size_t cap = buf->cap + buf->cap / 2;
  if (cap < FIRST_CAP)
    cap = FIRST_CAP;
  if (cap < need)
    cap = need;
  uint8_t *data = sherd__realloc(buf->allocator, buf->data, buf->cap, cap);
  if (!data)
    return SHERD_ENOMEM;
  buf->data = data;
  buf->cap = cap;
  return SHERD_OK;
}

enum sherd_status sherd__buf_append(struct sherd_buf *buf, const void *data, size_t len) {
  enum sherd_status status = sherd__buf_reserve(buf, len);
  if (status)
    return status;
  if (len)
    memcpy(buf->data + buf->len, data, len);
  buf->len += len;
  return SHERD_OK;
}

enum sherd_status sherd__buf_append_byte(struct sherd_buf *buf, uint8_t byte) {
  return sherd__buf_append(buf, &byte, 1);
}

void sherd__buf_consume(struct sherd_buf *buf, size_t len) {
  buf->len -= len;
  if (buf->len)
    memmove(buf->data, buf->data + len, buf->len);
}

struct sherd_bytes sherd__buf_bytes(const struct sherd_buf *buf) {
  return (struct sherd_bytes){buf->data, buf->len};
}
