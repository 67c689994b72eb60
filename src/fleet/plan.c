#include "fleet/plan.h"

#include "base/mem.h"
#include "shard/identify_queue.h"

/* The buckets' next turns, and what is left of the day. */
struct calendar {
  uint32_t first_id, count;
  uint32_t max_concurrency;
  uint64_t *next_ms; /* by bucket */
  uint64_t now_ms;
  uint64_t reset_ms;
  uint32_t remaining, total;
  uint64_t planned; /* identifies so far */
};

/* With more buckets than shards each shard has one of its own, however high their number is. */
static uint32_t bucket_count(uint32_t max_concurrency, uint32_t count) {
  return max_concurrency < count ? max_concurrency : count;
}

static uint64_t *bucket_of(struct calendar *calendar, uint32_t index) {
  if (calendar->max_concurrency >= calendar->count)
    return &calendar->next_ms[index];
  return &calendar->next_ms[(calendar->first_id + index) % calendar->max_concurrency];
}

/* When the day begins that the next identify falls in: now for those that the rest of this day
 * allows, then the reset, then a day later for each further `total`. */
static uint64_t day_of_next(const struct calendar *calendar) {
  if (calendar->remaining == SHERD_NEVER || calendar->planned < calendar->remaining)
    return calendar->now_ms;
  uint64_t days = (calendar->planned - calendar->remaining) / calendar->total;
  return calendar->reset_ms + days * SHERD__PLAN_DAY_MS;
}

static uint64_t take_turn(struct calendar *calendar, uint32_t index) {
  uint64_t day_ms = day_of_next(calendar);
  uint64_t *next_ms = bucket_of(calendar, index);
  uint64_t turn_ms = *next_ms > day_ms ? *next_ms : day_ms;
  *next_ms = turn_ms + SHERD__IDENTIFY_INTERVAL_MS;
  calendar->planned++;
  return turn_ms;
}

static enum sherd_status open_calendar(const struct sherd_allocator *allocator,
                                       const struct sherd_identify_limits *limits,
                                       struct calendar *calendar) {
  calendar->max_concurrency = limits->max_concurrency ? limits->max_concurrency : 1;
  calendar->remaining = limits->remaining;
  calendar->total = limits->total ? limits->total : 1;
  calendar->reset_ms = calendar->now_ms + limits->reset_after_ms;
  uint32_t buckets = bucket_count(calendar->max_concurrency, calendar->count);
  calendar->next_ms = sherd__calloc(allocator, buckets * sizeof *calendar->next_ms);
  return calendar->next_ms || !buckets ? SHERD_OK : SHERD_ENOMEM;
}

static void plan_identify(struct calendar *calendar, bool is_known, uint32_t index,
                          struct sherd__plan_shard *shard, struct sherd__plan *out) {
  out->identifies++;
  if (!is_known) {
    shard->start_ms = SHERD__PLAN_NEVER;
    return;
  }
  bool waits = day_of_next(calendar) > calendar->now_ms;
  uint64_t turn_ms = take_turn(calendar, index);
  shard->start_ms = turn_ms - calendar->now_ms > SHERD__PLAN_LEAD_MS ? turn_ms - SHERD__PLAN_LEAD_MS
                                                                     : calendar->now_ms;
  if (turn_ms > out->last_turn_ms)
    out->last_turn_ms = turn_ms;
  if (waits && turn_ms < out->waits_from_ms)
    out->waits_from_ms = turn_ms;
}

enum sherd_status sherd__plan_make(const struct sherd_allocator *allocator,
                                   const struct sherd_identify_limits *limits, uint32_t first_id,
                                   uint32_t count, uint64_t now_ms,
                                   struct sherd__plan_shard *shards, struct sherd__plan *out) {
  struct calendar calendar = {.first_id = first_id, .count = count, .now_ms = now_ms};
  enum sherd_status status = limits ? open_calendar(allocator, limits, &calendar) : SHERD_OK;
  if (status != SHERD_OK)
    return status;
  *out = (struct sherd__plan){.last_turn_ms = now_ms, .waits_from_ms = SHERD__PLAN_NEVER};
  for (uint32_t i = 0; i < count; i++) {
    if (shards[i].kind == SHERD__PLAN_RESUME) {
      shards[i].start_ms = now_ms;
      out->resumes++;
    } else if (shards[i].kind == SHERD__PLAN_IDENTIFY) {
      plan_identify(&calendar, limits, i, &shards[i], out);
    }
  }
  sherd__free(allocator, calendar.next_ms);
  return SHERD_OK;
}

bool sherd__plan_is_too_old(uint64_t touched_ms, uint64_t now_unix_ms, uint64_t max_age_ms) {
  return now_unix_ms > touched_ms && now_unix_ms - touched_ms > max_age_ms;
}
