#include <string.h>

#include <uv.h>

#include "net/failure.h"
#include "net/rest.h"

#define TRIES          5
#define WAIT_MS        60000
#define FIRST_PAUSE_MS 1000

static void pause_thread(void *ctx, uint64_t pause_ms) {
  (void)ctx;
  while (pause_ms) {
    unsigned step = pause_ms < 1000 ? (unsigned)pause_ms : 1000;
    uv_sleep(step);
    pause_ms -= step;
  }
}

bool sherd__rest_is_cancelled(const struct sherd__rest_host *host) {
  return host->is_cancelled && host->is_cancelled(host->ctx);
}

/* The pause before try `number`, from 2: doubled each time, the half of it by chance, so that many
 * who failed together do not come back together; never before the server's own time. */
static uint64_t pause_before(uint32_t number, uint64_t retry_after_ms, uint32_t max_wait_ms,
                             const struct sherd__random *random) {
  uint64_t pause_ms = FIRST_PAUSE_MS;
  for (uint32_t i = 2; i < number && pause_ms < max_wait_ms; i++)
    pause_ms *= 2;
  if (pause_ms > max_wait_ms)
    pause_ms = max_wait_ms;
  pause_ms = pause_ms / 2 + sherd__random_upto(random, pause_ms - pause_ms / 2);
  return pause_ms > retry_after_ms ? pause_ms : retry_after_ms;
}

enum sherd_status sherd__rest_gateway_bot(const struct sherd_rest_config *config,
                                          const struct sherd__rest_host *host,
                                          struct sherd_gateway_bot *out,
                                          struct sherd_error_info *error) {
  uint32_t tries = config->max_tries ? config->max_tries : TRIES;
  uint32_t max_wait_ms = config->max_wait_ms ? config->max_wait_ms : WAIT_MS;
  struct sherd__rest_try result;
  for (uint32_t number = 1;; number++) {
    enum sherd_status status = sherd__rest_try(config, host, out, &result);
    if (!status || !result.may_be_repeated || number == tries ||
        result.retry_after_ms > max_wait_ms || sherd__rest_is_cancelled(host))
      break;
    host->pause(host->ctx,
                pause_before(number + 1, result.retry_after_ms, max_wait_ms, &host->random));
  }
  if (error)
    *error = result.error;
  return result.error.status;
}

enum sherd_status sherd_rest_gateway_bot(const struct sherd_rest_config *config,
                                         struct sherd_gateway_bot *out,
                                         struct sherd_error_info *error) {
  struct sherd__rest_host host = {.pause = pause_thread};
  if (!config || !out) {
    if (out)
      memset(out, 0, sizeof *out);
    return SHERD_EINVAL;
  }
  sherd__random_init(&host.random, NULL, NULL);
  return sherd__rest_gateway_bot(config, &host, out, error);
}
