/* What any giver of identify permissions must do, as tests on a table of its functions: the same
 * suite runs on the plain queue, on the locked one of the runtime, and on whatever comes later. */
#ifndef SHERD_TESTS_IDENTIFY_SUITE_H
#define SHERD_TESTS_IDENTIFY_SUITE_H

#include "shard/identify_queue.h"

struct identify_giver {
  void *(*make)(uint32_t max_concurrency);
  void (*free)(void *queue);
  void (*ask)(void *queue, struct sherd__identify_ticket *ticket, uint32_t shard_id,
              uint64_t now_ms);
  bool (*poll)(void *queue, struct sherd__identify_ticket *ticket, uint64_t now_ms,
               uint64_t *again_ms);
  void (*cancel)(void *queue, struct sherd__identify_ticket *ticket);
  enum sherd_status (*set_limits)(void *queue, const struct sherd_identify_limits *limits,
                                  uint64_t now_ms);
  void (*limits)(void *queue, uint64_t now_ms, struct sherd_identify_limits *out);
};

/* Runs all tests of the suite; returns how many have failed. */
int identify_suite_run(const char *name, struct identify_giver *giver);

#endif
