/* An owned, growing run of bytes. */
#ifndef SHERD_BASE_BUF_H
#define SHERD_BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

#include <sherd/alloc.h>
#include <sherd/bytes.h>
#include <sherd/status.h>

struct sherd_buf {
  uint8_t *data;
  size_t len;
  size_t cap;
  const struct sherd_allocator *allocator;
};

/* Makes an empty buffer without memory. */
void sherd__buf_init(struct sherd_buf *buf, const struct sherd_allocator *allocator);

/* Frees the memory; the buffer is then empty and usable again. */
void sherd__buf_deinit(struct sherd_buf *buf);

/* Makes room for `more` bytes after the ones that are there. Grows by half at least.
 * Errors: SHERD_ENOMEM, and nothing has changed. */
enum sherd_status sherd__buf_reserve(struct sherd_buf *buf, size_t more);

/* Appends. Errors: SHERD_ENOMEM, and nothing has changed. */
enum sherd_status sherd__buf_append(struct sherd_buf *buf, const void *data, size_t len);
enum sherd_status sherd__buf_append_byte(struct sherd_buf *buf, uint8_t byte);

/* Takes `len` bytes off the front. */
void sherd__buf_consume(struct sherd_buf *buf, size_t len);

/* What is in it. Lifetime: until the buffer next changes. */
struct sherd_bytes sherd__buf_bytes(const struct sherd_buf *buf);

#endif
