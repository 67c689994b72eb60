/* HTTP proxies without I/O: which one to use, the CONNECT that asks it for a tunnel, its reply. */
#ifndef SHERD_NET_PROXY_H
#define SHERD_NET_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/bytes.h>
#include <sherd/status.h>

#include "base/buf.h"

#define SHERD__PROXY_HOST_MAX  255
#define SHERD__PROXY_LOGIN_MAX 510 /* "user:password", decoded */

/* The most of a reply's header that is read. */
#define SHERD__PROXY_REPLY_BYTES_MAX 8192

struct sherd__proxy {
  char host[SHERD__PROXY_HOST_MAX + 1]; /* without brackets; "": no proxy */
  uint16_t port;
  char login[SHERD__PROXY_LOGIN_MAX + 1]; /* a secret; "": none */
};

/* Reads [http://][user[:password]@]host[:port][/], user and password percent-encoded; the port is
 * 80 unless it is there. "" is no proxy. Errors: SHERD_EINVAL, also for https and socks. */
enum sherd_status sherd__proxy_parse(const char *url, struct sherd__proxy *out);

/* Finds the proxy for a host: `proxy` if it is not NULL, otherwise what the environment has, which
 * `get` (such as getenv()) reads: https_proxy or HTTPS_PROXY with TLS, http_proxy without, each
 * unless no_proxy or NO_PROXY exempts the host. (HTTP_PROXY is not read, as in curl: a CGI script's
 * caller can set it.) Errors: SHERD_EINVAL for a malformed proxy URL. */
enum sherd_status sherd__proxy_choose(const char *proxy, char *(*get)(const char *name),
                                      const char *host, uint16_t port, bool tls,
                                      struct sherd__proxy *out);

/* Whether a list in the manner of no_proxy names the host: "*" names all; entries are separated by
 * commas or spaces and name a host and those under it, with or without a dot in front, or an
 * address (IPv6 in brackets if a port follows); ":port" limits an entry to that port. */
bool sherd__proxy_is_exempt(const char *list, const char *host, uint16_t port);

/* Appends the request for a tunnel to `host` and `port`. Errors: SHERD_ENOMEM. */
enum sherd_status sherd__proxy_request(const struct sherd__proxy *proxy, const char *host,
                                       uint16_t port, struct sherd_buf *out);

/* Reads the reply. Zeroed, it has read nothing. */
struct sherd__proxy_reply {
  uint16_t http_status; /* once it is known */
  /* Private. */
  size_t total;
  bool line_has_text;
};

/* Takes bytes off the front of `in`, which may end anywhere. SHERD_OK: the tunnel is open, and what
 * `in` still has came through it. SHERD_EAGAIN: more bytes are needed.
 * Errors: SHERD_EPROXYAUTH for 407; SHERD_EPROXY for another refusal, for what is not HTTP
 * (http_status is then 0), and for a header that is too long. */
enum sherd_status sherd__proxy_reply_feed(struct sherd__proxy_reply *reply, struct sherd_bytes *in);

#endif
