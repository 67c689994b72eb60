/* The day's session starts, as a rule without clock or thread: how many are left, and what their
 * end does to somebody's turn. Source: Discord's documentation, Gateway, session start limit. */
#ifndef SHERD_SHARD_IDENTIFY_BUDGET_H
#define SHERD_SHARD_IDENTIFY_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* Who has no start left today waits for the reset; then there are `total`, and the next reset is a
 * day later. */
struct sherd__identify_budget {
  uint32_t remaining; /* SHERD_NEVER: no limit is known */
  uint32_t total;
  uint64_t reset_ms;
};

/* Takes over what a reset that lies behind has given. True when it has put an end to a wait, which
 * then ended at *reset_ms. */
bool sherd__identify_budget_renew(struct sherd__identify_budget *budget, uint64_t now_ms,
                                  uint64_t *reset_ms);

/* One start is used. There must be one. */
void sherd__identify_budget_take(struct sherd__identify_budget *budget);

/* When somebody has his turn before whom `ahead` others go, one an interval, the first of them at
 * `ready_ms`. Others may take starts meanwhile that are counted on here: then it is later. */
uint64_t sherd__identify_budget_turn(const struct sherd__identify_budget *budget, uint64_t ready_ms,
                                     uint32_t ahead, uint64_t interval_ms);

#endif
