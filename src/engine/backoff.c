#include "engine/backoff.h"

/* 1000 << 6 is over the cap already. */
#define DOUBLINGS_MAX 6

uint64_t sherd__backoff_next(struct sherd__backoff *backoff, bool healthy,
                             const struct sherd__random *random) {
  if (healthy) {
    backoff->failures = 0;
    return 0;
  }
  uint32_t doublings = backoff->failures < DOUBLINGS_MAX ? backoff->failures : DOUBLINGS_MAX;
  uint64_t pause_ms = (uint64_t)SHERD__BACKOFF_FIRST_MS << doublings;
  if (pause_ms > SHERD__BACKOFF_MAX_MS)
    pause_ms = SHERD__BACKOFF_MAX_MS;
  if (backoff->failures < DOUBLINGS_MAX)
    backoff->failures++;
  return pause_ms / 2 + sherd__random_upto(random, pause_ms - pause_ms / 2);
}

uint64_t sherd__invalid_session_pause(const struct sherd__random *random) {
  return SHERD__INVALID_SESSION_MIN_MS +
         sherd__random_upto(random, SHERD__INVALID_SESSION_MAX_MS - SHERD__INVALID_SESSION_MIN_MS);
}
