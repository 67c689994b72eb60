#include "deal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "wire.h"

/* A day: nobody beats meanwhile. */
#define INTERVAL_MS 86400000

/* The message with another sequence number, which stands near its front. */
static struct sherd_bytes renumber(struct sherd_bytes message, uint64_t seq,
                                   struct sherd_buf *out) {
  static const char name[] = "\"s\":";
  char number[32];
  const uint8_t *at = memmem(message.data, message.len, name, sizeof name - 1);
  measure_must(at, "a message has no number");
  size_t head = (size_t)(at - message.data) + sizeof name - 1, tail = head;
  while (tail < message.len && message.data[tail] >= '0' && message.data[tail] <= '9')
    tail++;
  int len = snprintf(number, sizeof number, "%ju", (uintmax_t)seq);
  out->len = 0;
  measure_must(sherd__buf_append(out, message.data, head) == SHERD_OK &&
                   sherd__buf_append(out, number, (size_t)len) == SHERD_OK &&
                   sherd__buf_append(out, message.data + tail, message.len - tail) == SHERD_OK,
               "out of memory");
  return sherd__buf_bytes(out);
}

/* Its own HELLO and READY are only said so that what follows may refer to them. */
static struct sherd_bytes deal_shard(const struct deal *deal, const struct sherd_bytes *messages,
                                     enum sherd_compression compression, uint32_t shard) {
  struct wire *wire = wire_new(compression);
  struct sherd_buf out, message;
  sherd__buf_init(&out, sherd_allocator_default());
  sherd__buf_init(&message, sherd_allocator_default());
  uint64_t seq = 1; /* READY's */
  wire_say(wire, messages[0], &out);
  wire_say(wire, messages[1], &out);
  out.len = 0;
  for (uint64_t n = shard; n < deal->events; n += deal->count)
    wire_say(wire, renumber(messages[2 + n % deal->there], ++seq, &message), &out);
  sherd__buf_deinit(&message);
  wire_free(wire);
  return sherd__buf_bytes(&out);
}

/* The payloads of `first` and `then`, `count` of them. */
static struct sherd_bytes *list(struct sherd_bytes first, struct sherd_bytes then, uint64_t count) {
  struct sherd_bytes *messages = calloc(count, sizeof *messages);
  measure_must(messages, "out of memory");
  messages[0] = stream_file_next(&first);
  for (uint64_t i = 1; i < count; i++)
    messages[i] = stream_file_next(&then);
  return messages;
}

void deal_make(struct deal *deal, const struct stream_file *json,
               enum sherd_compression compression, uint32_t shards, uint64_t events) {
  deal->there = json->events - 1; /* without READY */
  deal->events = events ? events : deal->there;
  deal->count = shards;
  deal->shards = calloc(shards, sizeof *deal->shards);
  measure_must(deal->shards, "out of memory");
  struct stream_file idle = wire_idle(json, SHERD_COMPRESSION_NONE, INTERVAL_MS);
  struct sherd_bytes *messages = list(idle.hello, json->rest, 2 + deal->there);
  for (uint32_t i = 0; i < shards; i++)
    deal->shards[i] = deal_shard(deal, messages, compression, i);
  deal->stream = wire_idle(json, compression, INTERVAL_MS);
  free(messages);
}

struct sherd_bytes deal_take(struct deal *deal, uint64_t n) {
  struct sherd_bytes *left = &deal->shards[n % deal->count];
  struct sherd_bytes frame = *left;
  stream_file_next(left);
  frame.len -= left->len;
  return frame;
}
