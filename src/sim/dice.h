/* The simulator's dice: the same seed gives the same world, the same stream, the same session ids.
 *
 * Two uses: a `struct sherd__dice` that is rolled on and on, and a "grain", 64 bits kept in the
 * world from which a name, a text or a picture is derived again whenever it is needed, so that the
 * world stores no texts. */
#ifndef SHERD_SIM_DICE_H
#define SHERD_SIM_DICE_H

#include <stdbool.h>
#include <stdint.h>

/* xoshiro256**. Source: Blackman and Vigna, "Scrambled linear pseudorandom number generators". */
struct sherd__dice {
  uint64_t state[4];
};

void sherd__dice_init(struct sherd__dice *dice, uint64_t seed);

uint64_t sherd__dice_roll(struct sherd__dice *dice);

/* A number from 0 to bound - 1; 0 when `bound` is 0. */
uint32_t sherd__dice_under(struct sherd__dice *dice, uint32_t bound);

/* A number from `low` to `high`, both included. */
uint32_t sherd__dice_between(struct sherd__dice *dice, uint32_t low, uint32_t high);

/* True in `percent` of 100 rolls. */
bool sherd__dice_chance(struct sherd__dice *dice, uint32_t percent);

/* Another grain out of this one; `salt` tells apart what is derived from one grain. */
uint64_t sherd__grain_derive(uint64_t grain, uint64_t salt);

#endif
