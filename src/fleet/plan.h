/* When each shard of a set begins: a rule without clock, store or thread.
 *
 * A shard that has a session to resume begins at once: Discord does not limit that. One that has to
 * IDENTIFY has a turn: one a bucket and interval (shard id modulo max_concurrency), and no more
 * than the day's starts allow. It is connected shortly before its turn, so that thousands do not
 * wait on open connections. The plan only spreads the connections: the permission to IDENTIFY still
 * comes from the runtime's queue (shard/identify_queue.h), which sees what really happens. */
#ifndef SHERD_FLEET_PLAN_H
#define SHERD_FLEET_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include <sherd/alloc.h>
#include <sherd/config.h>
#include <sherd/runtime.h>
#include <sherd/status.h>

/* So long before its turn a shard is connected: TCP, TLS, the upgrade and HELLO take that long on a
 * slow day. */
#define SHERD__PLAN_LEAD_MS 2000

/* After the day's starts are used up, the next day's are there once the reset has come; further
 * days are this long. */
#define SHERD__PLAN_DAY_MS UINT64_C(86400000)

#define SHERD__PLAN_NEVER UINT64_MAX

enum sherd__plan_kind {
  SHERD__PLAN_DONE = 0, /* it has begun already */
  SHERD__PLAN_RESUME,
  SHERD__PLAN_IDENTIFY
};

/* One shard: `kind` in, `start_ms` out (for those that have begun it is left as it is). */
struct sherd__plan_shard {
  uint64_t start_ms; /* when to connect it */
  enum sherd__plan_kind kind;
};

struct sherd__plan {
  uint32_t resumes, identifies;
  uint64_t last_turn_ms;  /* when the last one has its turn; now when nobody waits */
  uint64_t waits_from_ms; /* the first that has to wait for the reset begins then; NEVER: none */
};

/* Plans `count` shards whose ids begin with `first_id`. `limits` NULL: they are not known yet, and
 * those that IDENTIFY have to wait (start_ms NEVER). Errors: SHERD_ENOMEM, and nothing has changed.
 */
enum sherd_status sherd__plan_make(const struct sherd_allocator *allocator,
                                   const struct sherd_identify_limits *limits, uint32_t first_id,
                                   uint32_t count, uint64_t now_ms,
                                   struct sherd__plan_shard *shards, struct sherd__plan *out);

/* Whether the sessions of a process that was last seen alive at `touched_ms` have been left alone
 * for longer than `max_age_ms`. Both in unix milliseconds; a clock that went back makes nothing
 * old. */
bool sherd__plan_is_too_old(uint64_t touched_ms, uint64_t now_unix_ms, uint64_t max_age_ms);

#endif
