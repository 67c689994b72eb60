/* A snapshot with something in every field. */
#ifndef SHERD_TESTS_WATCH_SAMPLE_H
#define SHERD_TESTS_WATCH_SAMPLE_H

#include "watch/snapshot.h"

#define SAMPLE_SHARDS    3
#define SAMPLE_CONSUMERS 2

struct sample {
  struct sherd__snapshot snapshot;
  struct sherd__shard_row shards[SAMPLE_SHARDS];
  struct sherd__consumer_stats consumers[SAMPLE_CONSUMERS];
};

/* Fills each field of each table with another number; what `seed` is given makes them differ. */
void sample_fill(struct sample *sample, uint64_t seed);

/* A fleet of 1024 shards that runs well. */
void sample_running(struct sample *sample);

#endif
