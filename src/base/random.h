/* Random bytes: the operating system's unless the host brings its own. */
#ifndef SHERD_BASE_RANDOM_H
#define SHERD_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct sherd__random {
  void (*fill)(void *ctx, void *out, size_t len);
  void *ctx;
};

/* `fill` NULL: the operating system's generator. */
void sherd__random_init(struct sherd__random *random,
                        void (*fill)(void *ctx, void *out, size_t len), void *ctx);

void sherd__random_fill(const struct sherd__random *random, void *out, size_t len);

/* A number from 0 to `bound`, both included, as evenly as jitter asks for. All-zero bytes give 0,
 * all-one bytes give `bound`. */
uint64_t sherd__random_upto(const struct sherd__random *random, uint64_t bound);

#endif
