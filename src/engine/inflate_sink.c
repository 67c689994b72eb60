#include "engine/inflate_sink.h"

#include <string.h>

#include "engine/inflate_codec.h"

static size_t end_of(const struct sherd__inflate_sink *sink) {
  return sink->out->cap < sink->limit ? sink->out->cap : sink->limit;
}

size_t sherd__inflate_sink_room(const struct sherd__inflate_sink *sink) {
  size_t end = end_of(sink);
  return end > sink->out->len ? end - sink->out->len : 0;
}

enum sherd_status sherd__inflate_sink_reserve(struct sherd__inflate_sink *sink, size_t want) {
  while (sherd__inflate_sink_room(sink) < want && sink->out->cap < sink->limit) {
    enum sherd_status status = sherd__inflate_grow(sink->out, sink->limit);
    if (status)
      return status;
  }
  return SHERD_OK;
}

enum sherd_status sherd__inflate_sink_append(struct sherd__inflate_sink *sink,
                                             struct sherd_bytes data) {
  if (!data.len)
    return SHERD_OK;
  enum sherd_status status = sherd__inflate_sink_reserve(sink, data.len);
  if (status)
    return status;
  size_t room = sherd__inflate_sink_room(sink);
  size_t len = data.len < room ? data.len : room;
  if (len)
    memcpy(sink->out->data + sink->out->len, data.data, len);
  sink->out->len += len;
  return len < data.len ? SHERD_EINFLATELIMIT : SHERD_OK;
}

/* What of a match lies before `to - made`, in the history: returns how much that was. */
static size_t copy_history(uint8_t *to, const struct sherd__inflate_history *history, size_t back,
                           size_t len) {
  size_t index = sherd__inflate_history_index(history, back);
  size_t to_end = SHERD__INFLATE_HISTORY_BYTES - index;
  if (len > back)
    len = back;
  size_t first = len < to_end ? len : to_end;
  memcpy(to, history->data + index, first);
  if (len > first)
    memcpy(to + first, history->data, len - first);
  return len;
}

void sherd__inflate_copy(uint8_t *to, size_t made, const struct sherd__inflate_history *history,
                         size_t distance, size_t len) {
  if (distance > made) {
    size_t copied = copy_history(to, history, distance - made, len);
    to += copied;
    len -= copied;
  }
  for (; len; len--, to++)
    *to = *(to - distance);
}

enum sherd_status sherd__inflate_sink_repeat(struct sherd__inflate_sink *sink,
                                             const struct sherd__inflate_history *history,
                                             size_t distance, size_t len) {
  size_t made = sink->out->len - sink->start;
  if (distance > made && distance - made > history->len)
    return SHERD_EZLIB;
  enum sherd_status status = sherd__inflate_sink_reserve(sink, len);
  if (status)
    return status;
  size_t room = sherd__inflate_sink_room(sink);
  size_t fits = len < room ? len : room;
  if (fits)
    sherd__inflate_copy(sink->out->data + sink->out->len, made, history, distance, fits);
  sink->out->len += fits;
  return fits < len ? SHERD_EINFLATELIMIT : SHERD_OK;
}
