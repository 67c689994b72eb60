#include "engine/inflate_batch.h"

#include <string.h>

bool sherd__inflate_batch_begin(struct sherd__inflate_batch *batch,
                                const struct sherd__inflate_history *history,
                                const struct sherd__inflate_sink *sink) {
  size_t room = sherd__inflate_sink_room(sink);
  if (room < SHERD__INFLATE_BATCH_ROOM)
    return false;
  size_t made = sink->out->len - sink->start;
  batch->reach = (struct sherd__inflate_reach){
      .places = {sink->out->data + sink->start, history->data},
      .history_at = history->at,
      .history_len = history->len,
      .made = made,
      .made_last = made + (room - SHERD__INFLATE_BATCH_ROOM),
  };
  batch->match_count = batch->literal_count = 0;
  return true;
}

/* Copies `len` bytes, and as many more as make it a multiple of 16. */
static inline void copy_literals(uint8_t *to, const uint8_t *from, size_t len) {
  memcpy(to, from, 16);
  for (size_t at = 16; at < len; at += 16)
    memcpy(to + at, from + at, 16);
}

void sherd__inflate_batch_put(const struct sherd__inflate_batch *batch,
                              const struct sherd__inflate_history *history,
                              struct sherd__inflate_sink *sink) {
  const uint8_t *literal = batch->literals;
  const uint8_t *start = sink->out->data + sink->start;
  uint8_t *out = sink->out->data + sink->out->len;
  const struct sherd__inflate_match *end = batch->matches + batch->match_count;
  for (const struct sherd__inflate_match *match = batch->matches; match < end; match++) {
    const uint8_t *run_end = batch->literals + match->literals;
    copy_literals(out, literal, (size_t)(run_end - literal));
    out += run_end - literal;
    literal = run_end;
    sherd__inflate_match_put(out, (size_t)(out - start), history, match);
    out += match->length;
  }
  size_t rest = batch->literal_count - (size_t)(literal - batch->literals);
  copy_literals(out, literal, rest);
  sink->out->len = (size_t)(out - sink->out->data) + rest;
}
