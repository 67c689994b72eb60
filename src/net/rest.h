/* The inside of GET /gateway/bot: one try, what its body says, and how often it is tried. */
#ifndef SHERD_NET_REST_H
#define SHERD_NET_REST_H

#include <stdbool.h>
#include <stdint.h>

#include <sherd/bytes.h>
#include <sherd/rest.h>

#include "base/random.h"

/* The most of a body that is read. */
#define SHERD__REST_BODY_BYTES_MAX 65536

/* What a test replaces. */
struct sherd__rest_host {
  void (*pause)(void *ctx, uint64_t pause_ms); /* blocks for that long */
  /* Whether nobody wants the answer any more: asked about once a second during a try, and before
   * each pause and try. NULL: never. */
  bool (*is_cancelled)(void *ctx);
  void *ctx;
  struct sherd__random random; /* for jitter */
};

/* sherd_rest_gateway_bot(), but for the host. `config` is not NULL. */
enum sherd_status sherd__rest_gateway_bot(const struct sherd_rest_config *config,
                                          const struct sherd__rest_host *host,
                                          struct sherd_gateway_bot *out,
                                          struct sherd_error_info *error);

/* How one try ended. */
struct sherd__rest_try {
  struct sherd_error_info error; /* zeroed when it succeeded */
  bool may_be_repeated;
  uint64_t retry_after_ms; /* what the server asked for; 0: nothing */
};

/* Makes one try; SHERD_OK and *out, or the status that is in `result` too: SHERD_ELOST when it was
 * cancelled. Never pauses. */
enum sherd_status sherd__rest_try(const struct sherd_rest_config *config,
                                  const struct sherd__rest_host *host,
                                  struct sherd_gateway_bot *out, struct sherd__rest_try *result);

bool sherd__rest_is_cancelled(const struct sherd__rest_host *host);

/* Reads the body of an answer. On a failure *fault says which part is at fault, as in "shards".
 * Errors: SHERD_ERESTBODY. */
enum sherd_status sherd__rest_read_body(struct sherd_bytes body, struct sherd_gateway_bot *out,
                                        const char **fault);

/* The pause that a refusal's body asks for (retry_after, in seconds); 0 when it does not. */
uint64_t sherd__rest_read_retry_after_ms(struct sherd_bytes body);

#endif
