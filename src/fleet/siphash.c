#include "fleet/siphash.h"

#include <stddef.h>

static uint64_t rotate(uint64_t word, unsigned bits) {
  return word << bits | word >> (64 - bits);
}

/* Written out, this is one load. */
static uint64_t load(const uint8_t from[8]) {
  return (uint64_t)from[0] | (uint64_t)from[1] << 8 | (uint64_t)from[2] << 16 |
         (uint64_t)from[3] << 24 | (uint64_t)from[4] << 32 | (uint64_t)from[5] << 40 |
         (uint64_t)from[6] << 48 | (uint64_t)from[7] << 56;
}

static void mix(uint64_t v[4], unsigned rounds) {
  while (rounds--) {
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
  }
}

static void take(uint64_t v[4], uint64_t word) {
  v[3] ^= word;
  mix(v, 2);
  v[0] ^= word;
}

uint64_t sherd__siphash(uint64_t key0, uint64_t key1, struct sherd_bytes bytes) {
  uint64_t v[4] = {key0 ^ UINT64_C(0x736f6d6570736575), key1 ^ UINT64_C(0x646f72616e646f6d),
                   key0 ^ UINT64_C(0x6c7967656e657261), key1 ^ UINT64_C(0x7465646279746573)};
  size_t whole = bytes.len / 8 * 8;
  for (size_t i = 0; i < whole; i += 8)
    take(v, load(bytes.data + i));
  uint8_t last[8] = {0};
  for (size_t i = whole; i < bytes.len; i++)
    last[i - whole] = bytes.data[i];
  last[7] = (uint8_t)bytes.len;
  take(v, load(last));
  v[2] ^= 0xFF;
  mix(v, 4);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}
