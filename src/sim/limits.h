/* The gateway's limits on what clients do: messages a connection, IDENTIFYs a bucket and a day.
 * Source: Discord's documentation, Gateway, rate limiting; sharding, max concurrency. */
#ifndef SHERD_SIM_LIMITS_H
#define SHERD_SIM_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include <sherd/alloc.h>
#include <sherd/status.h>

#define SHERD__SENDS_MAX        120
#define SHERD__SENDS_WINDOW_MS  60000
#define SHERD__STARTS_PERIOD_MS UINT64_C(86400000)
/* Five seconds, less what two messages may differ on their way. */
#define SHERD__IDENTIFY_WINDOW_MS 4900
#define SHERD__MEMBERS_WINDOW_MS  30000
#define SHERD__CONCURRENCY_MAX    4096

/* The times of a connection's last messages. The window slides: the stricter reading. */
struct sherd__send_log {
  uint64_t times_ms[SHERD__SENDS_MAX];
  uint32_t count; /* all there ever were */
};

/* Counts a message; false when it is one too many. */
bool sherd__send_log_add(struct sherd__send_log *log, uint64_t now_ms);

struct sherd__start_limits {
  const struct sherd_allocator *allocator;
  uint64_t *buckets_ms; /* when each bucket is free again */
  uint32_t max_concurrency;
  uint32_t total;     /* IDENTIFYs a day */
  uint32_t remaining; /* ... that are left */
  uint64_t reset_ms;  /* when remaining is total again; 0: nothing was used */
};

/* Errors: SHERD_ENOMEM. */
enum sherd_status sherd__start_limits_init(struct sherd__start_limits *limits,
                                           const struct sherd_allocator *allocator,
                                           uint32_t max_concurrency, uint32_t total);
void sherd__start_limits_deinit(struct sherd__start_limits *limits);

/* Begins a new day if it is time. To be called before `remaining` is read. */
void sherd__start_limits_refresh(struct sherd__start_limits *limits, uint64_t now_ms);

/* Takes the permission for a shard's IDENTIFY; false when its bucket is not free. */
bool sherd__start_limits_take(struct sherd__start_limits *limits, uint32_t shard_id,
                              uint64_t now_ms);

#endif
