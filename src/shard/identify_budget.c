#include "shard/identify_budget.h"

#include <sherd/config.h>

#define DAY_MS UINT64_C(86400000)

static bool is_limited(const struct sherd__identify_budget *budget) {
  return budget->remaining != SHERD_NEVER;
}

bool sherd__identify_budget_renew(struct sherd__identify_budget *budget, uint64_t now_ms,
                                  uint64_t *reset_ms) {
  if (!is_limited(budget) || now_ms < budget->reset_ms)
    return false;
  bool was_used_up = !budget->remaining;
  uint64_t days = (now_ms - budget->reset_ms) / DAY_MS;
  *reset_ms = budget->reset_ms + days * DAY_MS;
  budget->reset_ms = *reset_ms + DAY_MS;
  budget->remaining = budget->total;
  return was_used_up;
}

void sherd__identify_budget_take(struct sherd__identify_budget *budget) {
  if (is_limited(budget))
    budget->remaining--;
}

uint64_t sherd__identify_budget_turn(const struct sherd__identify_budget *budget, uint64_t ready_ms,
                                     uint32_t ahead, uint64_t interval_ms) {
  if (!is_limited(budget) || ahead < budget->remaining)
    return ready_ms + ahead * interval_ms;
  uint64_t turn_ms = ready_ms + budget->remaining * interval_ms;
  if (turn_ms < budget->reset_ms)
    turn_ms = budget->reset_ms;
  uint64_t later_ms = (ahead - budget->remaining) * interval_ms;
  return turn_ms < UINT64_MAX - later_ms ? turn_ms + later_ms : UINT64_MAX;
}
