/* The head of an HTTP/1.1 request, looked at just enough to tell a WebSocket from anything else.
 * Source: RFC 9112; RFC 6455 section 4.2.1. */
#ifndef SHERD_SIM_HTTP_HEAD_H
#define SHERD_SIM_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/bytes.h>

/* A request's head may have this many bytes. */
#define SHERD__HTTP_HEAD_BYTES_MAX 16384

#define SHERD__HTTP_HOST_SIZE 256

struct sherd__http_head {
  struct sherd_bytes target;        /* path and query; borrowed from the head */
  struct sherd_bytes key;           /* Sec-WebSocket-Key; empty when there is none */
  struct sherd_bytes authority;     /* the Host header as it is; empty when there is none */
  char host[SHERD__HTTP_HOST_SIZE]; /* the Host header without its port; "" when there is none */
  uint16_t port;                    /* that port; 0 when there is none */
  bool is_websocket;                /* it asks for an upgrade to a WebSocket */
  bool is_good;                     /* ... and does so as RFC 6455 wants it */
};

/* The size of the head at the beginning of `in`, with its empty line; 0 when it is not whole. */
size_t sherd__http_head_size(struct sherd_bytes in);

/* Reads a whole head. Lifetime: *out borrows `head`. */
void sherd__http_head_read(struct sherd_bytes head, struct sherd__http_head *out);

/* Whether a Host header can be put into a URL: a name or an address, perhaps with a port. */
bool sherd__http_authority_is_good(struct sherd_bytes authority);

/* Whether the target's query has `name=value`. An empty `value` stands for any. */
bool sherd__http_query_is(struct sherd_bytes target, const char *name, const char *value);

#endif
