/* Gateway URLs: ws:// or wss://, host, port, path and query. */
#ifndef SHERD_ENGINE_URL_H
#define SHERD_ENGINE_URL_H

#include <stdbool.h>
#include <stdint.h>

#include <sherd/config.h>
#include <sherd/status.h>

#define SHERD__URL_HOST_MAX   255
#define SHERD__URL_TARGET_MAX 767

struct sherd__url {
  char host[SHERD__URL_HOST_MAX + 1]; /* without brackets */
  uint16_t port;
  bool tls;
  char target[SHERD__URL_TARGET_MAX + 1]; /* path and query, as the HTTP request wants it */
};

/* Splits a base URL and merges v, encoding and compress into its query: foreign parameters stay,
 * those three are replaced. Errors: SHERD_EURL for another scheme, no host, a user part, a port out
 * of range, control characters or spaces, or too long a URL.
 * Source: Discord's documentation, Gateway, connecting (query string parameters). */
enum sherd_status sherd__url_parse(const char *base, enum sherd_data_format format,
                                   enum sherd_compression compression, struct sherd__url *out);

#endif
