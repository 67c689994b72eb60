#include "sim/limits.h"

#include "base/mem.h"

bool sherd__send_log_add(struct sherd__send_log *log, uint64_t now_ms) {
  uint64_t *slot = &log->times_ms[log->count % SHERD__SENDS_MAX];
  bool fits = log->count < SHERD__SENDS_MAX || *slot + SHERD__SENDS_WINDOW_MS <= now_ms;
  *slot = now_ms;
  log->count++;
  return fits;
}

enum sherd_status sherd__start_limits_init(struct sherd__start_limits *limits,
                                           const struct sherd_allocator *allocator,
                                           uint32_t max_concurrency, uint32_t total) {
  *limits = (struct sherd__start_limits){
      .allocator = allocator,
      .buckets_ms = sherd__calloc(allocator, max_concurrency * sizeof(*limits->buckets_ms)),
      .max_concurrency = max_concurrency,
      .total = total,
      .remaining = total,
  };
  return limits->buckets_ms ? SHERD_OK : SHERD_ENOMEM;
}

void sherd__start_limits_deinit(struct sherd__start_limits *limits) {
  if (limits->allocator)
    sherd__free(limits->allocator, limits->buckets_ms);
  limits->buckets_ms = NULL;
}

void sherd__start_limits_refresh(struct sherd__start_limits *limits, uint64_t now_ms) {
  if (limits->reset_ms && now_ms >= limits->reset_ms) {
    limits->remaining = limits->total;
    limits->reset_ms = 0;
  }
}

bool sherd__start_limits_take(struct sherd__start_limits *limits, uint32_t shard_id,
                              uint64_t now_ms) {
  uint64_t *free_ms = &limits->buckets_ms[shard_id % limits->max_concurrency];
  if (now_ms < *free_ms)
    return false;
  *free_ms = now_ms + SHERD__IDENTIFY_WINDOW_MS;
  if (!limits->reset_ms)
    limits->reset_ms = now_ms + SHERD__STARTS_PERIOD_MS;
  limits->remaining--;
  return true;
}
