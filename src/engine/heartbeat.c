#include "engine/heartbeat.h"

#include <math.h>

void sherd__heartbeat_reset(struct sherd__heartbeat *heartbeat) {
  *heartbeat = (struct sherd__heartbeat){.held = heartbeat->held, .latency_s = NAN};
}

void sherd__heartbeat_begin(struct sherd__heartbeat *heartbeat, uint64_t interval_ms,
                            const struct sherd__random *random, uint64_t now_ms) {
  heartbeat->interval_ms = interval_ms;
  heartbeat->next_ms = now_ms + sherd__random_upto(random, interval_ms);
}

static uint64_t zombie_ms(const struct sherd__heartbeat *heartbeat) {
  if (!heartbeat->unacked || heartbeat->held)
    return UINT64_MAX;
  uint64_t due_ms = heartbeat->unacked_ms[heartbeat->oldest] + heartbeat->interval_ms;
  return due_ms > heartbeat->forgiven_until_ms ? due_ms : heartbeat->forgiven_until_ms;
}

bool sherd__heartbeat_is_zombie(const struct sherd__heartbeat *heartbeat, uint64_t now_ms) {
  return now_ms >= zombie_ms(heartbeat);
}

bool sherd__heartbeat_is_due(const struct sherd__heartbeat *heartbeat, uint64_t now_ms) {
  return heartbeat->interval_ms && now_ms >= heartbeat->next_ms;
}

void sherd__heartbeat_sent(struct sherd__heartbeat *heartbeat, bool regular, uint64_t now_ms) {
  heartbeat->requested = false;
  heartbeat->sent++;
  if (heartbeat->unacked < SHERD__HEARTBEAT_UNACKED_MAX) {
    uint32_t last = (heartbeat->oldest + heartbeat->unacked) % SHERD__HEARTBEAT_UNACKED_MAX;
    heartbeat->unacked_ms[last] = now_ms;
    heartbeat->unacked++;
  }
  if (regular) {
    /* From the time that was due, so that lateness does not add up; but never a burst. */
    heartbeat->next_ms += heartbeat->interval_ms;
    if (heartbeat->next_ms <= now_ms)
      heartbeat->next_ms = now_ms + heartbeat->interval_ms;
  }
}

void sherd__heartbeat_acked(struct sherd__heartbeat *heartbeat, uint64_t now_ms) {
  if (!heartbeat->unacked)
    return;
  heartbeat->acked++;
  heartbeat->latency_s = (double)(now_ms - heartbeat->unacked_ms[heartbeat->oldest]) / 1000.0;
  heartbeat->oldest = (heartbeat->oldest + 1) % SHERD__HEARTBEAT_UNACKED_MAX;
  heartbeat->unacked--;
}

void sherd__heartbeat_hold(struct sherd__heartbeat *heartbeat, bool held, uint64_t now_ms) {
  if (heartbeat->held && !held)
    heartbeat->forgiven_until_ms = now_ms + heartbeat->interval_ms;
  heartbeat->held = held;
}

uint64_t sherd__heartbeat_deadline(const struct sherd__heartbeat *heartbeat) {
  if (!heartbeat->interval_ms)
    return UINT64_MAX;
  uint64_t zombie = zombie_ms(heartbeat);
  return zombie < heartbeat->next_ms ? zombie : heartbeat->next_ms;
}
