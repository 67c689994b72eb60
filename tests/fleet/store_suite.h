/* What any session store must do, as tests on a way of making one: the same suite runs on the store
 * in memory, on the one in a file, and on whatever comes later. */
#ifndef SHERD_TESTS_STORE_SUITE_H
#define SHERD_TESTS_STORE_SUITE_H

#include <sherd/store.h>

struct store_maker {
  /* A new store, empty. */
  struct sherd_store *(*make)(uint32_t shard_count);
  /* What a later process finds of a store, which is freed; NULL: nothing outlives the process. */
  struct sherd_store *(*reopen)(struct sherd_store *store);
};

/* A session that differs from others in all that `number` can make differ; READY's number is 1. */
struct sherd_session store_session(uint32_t number, uint32_t shard_id, uint32_t shard_count);

/* Runs all tests of the suite; returns how many have failed. */
int store_suite_run(const char *name, struct store_maker *maker);

#endif
