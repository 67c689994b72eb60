#include "base/random.h"

#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

/* Masks need bytes that nobody can foresee (RFC 6455 section 10.3), so that a system without any
 * is no place to go on. getentropy() can only fail there: its requests are short enough. */
static void system_fill(void *ctx, void *out, size_t len) {
  (void)ctx;
  uint8_t *at = out;
  while (len) {
    size_t step = len < 256 ? len : 256;
    if (getentropy(at, step) != 0)
      abort();
    at += step;
    len -= step;
  }
}

void sherd__random_init(struct sherd__random *random,
                        void (*fill)(void *ctx, void *out, size_t len), void *ctx) {
  random->fill = fill ? fill : system_fill;
  random->ctx = ctx;
}

void sherd__random_fill(const struct sherd__random *random, void *out, size_t len) {
  random->fill(random->ctx, out, len);
}

uint64_t sherd__random_upto(const struct sherd__random *random, uint64_t bound) {
  uint32_t dice;
  sherd__random_fill(random, &dice, sizeof dice);
  if (bound > UINT32_MAX)
    bound = UINT32_MAX;
  return bound * dice / UINT32_MAX;
}
