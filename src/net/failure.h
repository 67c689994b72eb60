/* Says what went wrong on the way to a host. */
#ifndef SHERD_NET_FAILURE_H
#define SHERD_NET_FAILURE_H

#include <stdint.h>

#include <sherd/error.h>
#include <sherd/status.h>

struct sherd__failure {
  enum sherd_status status;
  int uv_error; /* libuv's number, negative; 0: none */
  uint16_t http_status;
  const char *detail; /* what is known beyond the rest, in words of our own or a library's; may be
                         NULL */
};

/* Where it went wrong: the host that was wanted, and the proxy on the way (NULL: none). */
struct sherd__route {
  const char *host; /* an address with or without brackets */
  uint16_t port;    /* 0: not worth a word */
  const char *proxy_host;
  uint16_t proxy_port;
};

/* Fills `out`, its text saying where and why, as in "localhost:443: connection refused"; what
 * happened is for an engine to say before it. Bytes of a host that are not printable ASCII become
 * "?". */
void sherd__failure_locate(const struct sherd__failure *failure, const struct sherd__route *route,
                           struct sherd_error_info *out);

/* The same with a text that stands alone, as in "localhost:443: the host refused the connection:
 * check host, port and firewall (connection refused)". */
void sherd__failure_describe(const struct sherd__failure *failure, const struct sherd__route *route,
                             struct sherd_error_info *out);

#endif
