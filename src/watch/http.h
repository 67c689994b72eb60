/* GET /metrics, /healthz and /readyz on a port of its own, by libmicrohttpd. */
#ifndef SHERD_WATCH_HTTP_H
#define SHERD_WATCH_HTTP_H

#include <stdint.h>

#include <sherd/error.h>

#include "watch/snapshot.h"

struct sherd__watch_http;

struct sherd__watch_http_config {
  const char *host; /* an address; "" or NULL: 127.0.0.1 */
  uint16_t port;    /* 0: any that is free */
  size_t max_shard_rows;
  /* Takes a snapshot, on the HTTP server's thread; `release` gives it back. */
  const struct sherd__snapshot *(*take)(void *ctx);
  void (*release)(void *ctx, const struct sherd__snapshot *snapshot);
  void *ctx;
};

/* Errors, *error saying which address and why: SHERD_EINVAL, SHERD_ESYSTEM, SHERD_ENOMEM. */
enum sherd_status sherd__watch_http_new(const struct sherd__watch_http_config *config,
                                        struct sherd__watch_http **out,
                                        struct sherd_error_info *error);
uint16_t sherd__watch_http_port(const struct sherd__watch_http *http);
/* Stops it; no `take` is under way once it returns. NULL is allowed. */
void sherd__watch_http_free(struct sherd__watch_http *http);

#endif
