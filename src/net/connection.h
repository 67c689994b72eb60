/* One connection to a host: names resolved, addresses raced, a proxy passed, TLS verified; then
 * bytes both ways. Everything happens on the loop's thread. */
#ifndef SHERD_NET_CONNECTION_H
#define SHERD_NET_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include <sherd/bytes.h>
#include <sherd/error.h>
#include <sherd/status.h>

#include "net/loop.h"
#include "net/tls.h"

struct sherd__connection;

struct sherd__connection_options {
  const char *host; /* name or address, without brackets */
  uint16_t port;
  struct sherd__tls *tls;  /* NULL: none */
  const char *proxy;       /* as in sherd_shard_config */
  uint32_t dns_timeout_ms; /* as in sherd_shard_config, the defaults too */
  uint32_t connect_timeout_ms;
  uint32_t proxy_timeout_ms;
  uint32_t tls_timeout_ms;
};

struct sherd__connection_events {
  /* The connection is up, TLS included. */
  void (*opened)(void *user);
  /* Bytes came. Lifetime: until the call returns. The connection may be closed inside. */
  void (*received)(void *user, struct sherd_bytes in);
  /* It could not be opened, or ended; no further call follows, and the connection still has to be
   * closed by its owner. `info` has status, os_error, http_status, and a text that
   * says where and why. */
  void (*lost)(void *user, const struct sherd_error_info *info);
};

/* Begins to connect. `options` and its texts are copied, `tls` is borrowed for the connection's
 * life. No callback comes before this returns.
 * Happy eyeballs over all A and AAAA addresses (RFC 8305: families interleaved, 250 ms apart, the
 * first to connect wins). Errors: SHERD_ENOMEM; SHERD_EINVAL for a malformed proxy URL (see
 * sherd__proxy_parse()), a host with control characters or over 254 bytes, port 0. */
enum sherd_status sherd__connection_open(struct sherd__loop *loop,
                                         const struct sherd__connection_options *options,
                                         const struct sherd__connection_events *events, void *user,
                                         struct sherd__connection **out);

/* Sends bytes, which are copied. Trouble comes as `lost`, never from inside this call.
 * Errors: SHERD_ENOMEM; SHERD_ESTATE unless it is open. */
enum sherd_status sherd__connection_write(struct sherd__connection *connection,
                                          struct sherd_bytes bytes);

/* Stops or goes on reading from the socket. Bytes that have been read already still come. */
void sherd__connection_pause(struct sherd__connection *connection, bool paused);

/* Flushes what was written, for a second at the most, sends TLS's and TCP's goodbye, and frees
 * itself. No callback follows. When it has gone from the loop, `closed` (may be NULL) is called. */
void sherd__connection_close(struct sherd__connection *connection, void (*closed)(void *user),
                             void *user);

#endif
