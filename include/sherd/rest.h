/* GET /gateway/bot: where to connect, with how many shards, and how many sessions may begin. */
#ifndef SHERD_REST_H
#define SHERD_REST_H

#include <stdint.h>

#include <sherd/error.h>
#include <sherd/session.h>
#include <sherd/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SHERD_API_URL "https://discord.com/api/v10"

struct sherd_rest_config {
  const char *token;    /* the bare bot token; required */
  const char *api_url;  /* NULL: SHERD_API_URL */
  const char *ca_file;  /* PEM file of the authorities to trust instead of the system's; NULL:
                           those, or what SSL_CERT_FILE and SSL_CERT_DIR name */
  const char *proxy;    /* as libcurl takes it; NULL: from the environment; "": none */
  uint32_t timeout_ms;  /* for one try; 0: 15 s */
  uint32_t max_tries;   /* on 429, 5xx and lost connections; 0: 5 */
  uint32_t max_wait_ms; /* the longest pause that is obeyed before a further try; 0: 60 s */
};

struct sherd_gateway_bot {
  char url[SHERD_SESSION_URL_MAX + 1]; /* WebSocket URL for new sessions */
  uint32_t shards;                     /* the advised shard count */
  uint32_t total;                      /* sessions that may begin in 24 h */
  uint32_t remaining;                  /* of them, those that are left */
  uint64_t reset_after_ms;             /* until `remaining` is `total` again */
  uint32_t max_concurrency;            /* sessions that may begin in 5 s */
};

/* Asks for it, and blocks until it is there. 429 is obeyed (Retry-After), 5xx and lost connections
 * are retried with growing pauses, anything else is final. *error, unless NULL, says more.
 * Errors: SHERD_ETOKEN, SHERD_EINVAL, SHERD_ERESTAUTH (401), SHERD_EREST (other codes, or no try
 * left), SHERD_ERESTBODY, the statuses of the transport band, SHERD_ENOMEM; *out is then zeroed.
 * Source: Discord's documentation, Gateway, Get Gateway Bot. Thread-safe. */
enum sherd_status sherd_rest_gateway_bot(const struct sherd_rest_config *config,
                                         struct sherd_gateway_bot *out,
                                         struct sherd_error_info *error);

#ifdef __cplusplus
}
#endif
#endif
