#include "engine/inflate_history.h"

#include <string.h>

#define SIZE SHERD__INFLATE_HISTORY_BYTES

void sherd__inflate_history_init(struct sherd__inflate_history *history) {
  history->at = 0;
  history->len = 0;
}

void sherd__inflate_history_append(struct sherd__inflate_history *history, const uint8_t *data,
                                   size_t len) {
  if (len > SIZE) {
    data += len - SIZE;
    len = SIZE;
  }
  size_t to_end = SIZE - history->at;
  size_t first = len < to_end ? len : to_end;
  if (first)
    memcpy(history->data + history->at, data, first);
  if (len > first)
    memcpy(history->data, data + first, len - first);
  history->at = (uint32_t)((history->at + len) % SIZE);
  history->len = len < SIZE - history->len ? history->len + (uint32_t)len : SIZE;
}
