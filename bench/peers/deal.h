/* Deals the events of one stream out to many shards, in turn: so it is the same events for any
 * number of them. */
#ifndef BENCH_PEERS_DEAL_H
#define BENCH_PEERS_DEAL_H

#include <stdint.h>

#include <sherd/bytes.h>
#include <sherd/config.h>

#include "stream_file.h"

struct deal {
  struct stream_file stream;  /* HELLO and READY, of all shards the same */
  struct sherd_bytes *shards; /* then each one's events, compressed in a stream of its own */
  uint32_t count;
  uint64_t events, there; /* dealt, and in the stream that they come from */
};

/* Of a stream of JSON without compression the first `events`, and then from its start again; 0:
 * each once. */
void deal_make(struct deal *deal, const struct stream_file *json,
               enum sherd_compression compression, uint32_t shards, uint64_t events);

/* Takes the n-th event's frame. Events are taken in order. */
struct sherd_bytes deal_take(struct deal *deal, uint64_t n);

#endif
