#include "engine/limiter.h"

#include <assert.h>

/* Half of the places are always left to commands, whatever interval a server asks for. */
#define BEAT_PLACES_MAX (SHERD__LIMITER_PERMITS / 2 - SHERD__LIMITER_HANDSHAKE_PLACES)

static uint64_t nth(const struct sherd__limiter *limiter, uint32_t n) {
  return limiter->sent_ms[(limiter->oldest + n) % SHERD__LIMITER_PERMITS];
}

uint64_t sherd__limiter_when(const struct sherd__limiter *limiter, uint32_t places,
                             uint64_t now_ms) {
  uint32_t permits = SHERD__LIMITER_PERMITS - places;
  if (limiter->count < permits)
    return now_ms;
  /* This many of the oldest must be out of the window first. */
  uint64_t free_ms = nth(limiter, limiter->count - permits) + SHERD__LIMITER_WINDOW_MS;
  return free_ms > now_ms ? free_ms : now_ms;
}

void sherd__limiter_record(struct sherd__limiter *limiter, uint64_t now_ms) {
  while (limiter->count && nth(limiter, 0) + SHERD__LIMITER_WINDOW_MS <= now_ms) {
    limiter->oldest = (limiter->oldest + 1) % SHERD__LIMITER_PERMITS;
    limiter->count--;
  }
  assert(limiter->count < SHERD__LIMITER_PERMITS);
  limiter->sent_ms[(limiter->oldest + limiter->count) % SHERD__LIMITER_PERMITS] = now_ms;
  limiter->count++;
}

uint32_t sherd__limiter_beat_places(uint64_t interval_ms) {
  if (!interval_ms)
    return BEAT_PLACES_MAX;
  uint64_t places = SHERD__LIMITER_WINDOW_MS / interval_ms + 2;
  return places < BEAT_PLACES_MAX ? (uint32_t)places : BEAT_PLACES_MAX;
}
