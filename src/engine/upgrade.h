/* The HTTP/1.1 upgrade to a WebSocket, client side: one request out, one response in.
 * Source: RFC 6455 section 4.1. */
#ifndef SHERD_ENGINE_UPGRADE_H
#define SHERD_ENGINE_UPGRADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/bytes.h>
#include <sherd/status.h>
#include <sherd/version.h>

#include "base/buf.h"
#include "base/random.h"

/* The whole response header may have this many bytes. */
#define SHERD__UPGRADE_BYTES_MAX 16384

#define SHERD__WEBSOCKET_KEY_SIZE    24 /* base64 of 16 bytes */
#define SHERD__WEBSOCKET_ACCEPT_SIZE 28 /* base64 of a SHA-1 */

/* Discord refuses clients without one of this form, with a URL and a version. The project has no
 * page of its own yet, and the URL says so. Source: Discord's documentation, Reference, user agent.
 */
#define SHERD__USER_AGENT "DiscordBot (https://sherd.invalid, " SHERD_VERSION ")"

struct sherd__upgrade {
  char key[SHERD__WEBSOCKET_KEY_SIZE + 1];
  struct sherd_buf line; /* of the response, while it is not whole */
  size_t response_bytes; /* so far */
  uint16_t http_status;  /* of the response, once its first line is there; 0 before */
  bool is_tls;           /* the answer begins as a TLS alert does: the port wants wss:// */
  bool has_upgrade;      /* headers that have come, and were right */
  bool has_connection;
  bool has_accept;
};

void sherd__upgrade_init(struct sherd__upgrade *upgrade, const struct sherd_allocator *allocator);
void sherd__upgrade_deinit(struct sherd__upgrade *upgrade);

/* Appends the request to `out`, with a fresh key. `host` is without brackets; the Host header
 * leaves out the default port (80, or 443 with `tls`). `target` is path and query, beginning with
 * "/". Sends User-Agent: DiscordBot (url, version), which Discord demands. No extensions are
 * offered: Discord's compression is above the WebSocket. Errors: SHERD_ENOMEM. */
enum sherd_status sherd__upgrade_request(struct sherd__upgrade *upgrade, const char *host,
                                         uint16_t port, bool tls, const char *target,
                                         const struct sherd__random *random, struct sherd_buf *out);

/* Takes bytes of the response. Sets *done once it is whole and good; *used bytes of `in` belong to
 * it, and what follows is the first frames.
 * Checked: HTTP/1.1, 101, Upgrade: websocket and Connection: upgrade (any case, in lists),
 * Sec-WebSocket-Accept, no extension and no subprotocol (none was asked for), line ends, header
 * syntax, no body announced.
 * Errors: SHERD_EUPGRADE for another status code than 101 (upgrade->http_status has it; it is given
 * as soon as the first line is there), SHERD_EUPGRADEHEADER, SHERD_EUPGRADEKEY,
 * SHERD_EUPGRADETOOBIG, SHERD_ENOMEM. */
enum sherd_status sherd__upgrade_feed(struct sherd__upgrade *upgrade, struct sherd_bytes in,
                                      size_t *used, bool *done);

/* The Sec-WebSocket-Accept that answers `key`, NUL-terminated; for the simulator too. */
void sherd__websocket_accept(const char *key, size_t key_len,
                             char out[SHERD__WEBSOCKET_ACCEPT_SIZE + 1]);

#endif
