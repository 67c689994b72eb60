#include "sim/dice.h"

/* splitmix64: spreads any seed, also 0, over all bits. */
static uint64_t splitmix(uint64_t *state) {
  uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
  z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
  return z ^ z >> 31;
}

static uint64_t rotate(uint64_t x, int by) {
  return x << by | x >> (64 - by);
}

void sherd__dice_init(struct sherd__dice *dice, uint64_t seed) {
  for (int i = 0; i < 4; i++)
    dice->state[i] = splitmix(&seed);
}

uint64_t sherd__dice_roll(struct sherd__dice *dice) {
  uint64_t *s = dice->state;
  uint64_t result = rotate(s[1] * 5, 7) * 9;
  uint64_t t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate(s[3], 45);
  return result;
}

uint32_t sherd__dice_under(struct sherd__dice *dice, uint32_t bound) {
  return (uint32_t)((sherd__dice_roll(dice) >> 32) * bound >> 32);
}

uint32_t sherd__dice_between(struct sherd__dice *dice, uint32_t low, uint32_t high) {
  return low + sherd__dice_under(dice, high - low + 1);
}

bool sherd__dice_chance(struct sherd__dice *dice, uint32_t percent) {
  return sherd__dice_under(dice, 100) < percent;
}

uint64_t sherd__grain_derive(uint64_t grain, uint64_t salt) {
  uint64_t state = grain ^ salt * UINT64_C(0xD6E8FEB86659FD93);
  return splitmix(&state);
}
