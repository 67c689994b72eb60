#include "engine/inflate_zstd_history.h"

#include <string.h>

#include "base/mem.h"

void sherd__zstd_history_init(struct sherd__zstd_history *history,
                              const struct sherd_allocator *allocator) {
  *history = (struct sherd__zstd_history){.allocator = allocator};
}

void sherd__zstd_history_deinit(struct sherd__zstd_history *history) {
  sherd__free(history->allocator, history->data);
}

enum sherd_status sherd__zstd_history_open(struct sherd__zstd_history *history,
                                           size_t window_bytes) {
  history->data = sherd__malloc(history->allocator, window_bytes + SHERD__ZSTD_HISTORY_SLACK);
  if (!history->data)
    return SHERD_ENOMEM;
  history->cap = window_bytes;
  return SHERD_OK;
}

void sherd__zstd_history_append(struct sherd__zstd_history *history, const uint8_t *data,
                                size_t len) {
  if (len > history->cap) {
    data += len - history->cap;
    len = history->cap;
  }
  size_t to_end = history->cap - history->at;
  size_t first = len < to_end ? len : to_end;
  memcpy(history->data + history->at, data, first);
  if (len > first)
    memcpy(history->data, data + first, len - first);
  history->at = len < to_end ? history->at + len : len - first;
  history->len = len < history->cap - history->len ? history->len + len : history->cap;
}

size_t sherd__zstd_history_copy(const struct sherd__zstd_history *history, size_t back, uint8_t *to,
                                size_t len) {
  size_t index = sherd__zstd_history_index(history, back);
  size_t to_end = history->cap - index;
  if (len > back)
    len = back;
  size_t first = len < to_end ? len : to_end;
  memcpy(to, history->data + index, first);
  if (len > first)
    memcpy(to + first, history->data, len - first);
  return len;
}
