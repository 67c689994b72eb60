/* Asks the system for a host's addresses, in libuv's thread pool. */
#ifndef SHERD_NET_LOOKUP_H
#define SHERD_NET_LOOKUP_H

#include <netdb.h>
#include <stdint.h>

#include <sherd/status.h>

#include "net/loop.h"

struct sherd__lookup;

/* Takes the addresses, in the system's order of preference; or libuv's error, negative, and NULL.
 * Lifetime: the list ends with the call. */
typedef void (*sherd__lookup_fn)(void *user, int uv_error, const struct addrinfo *addresses);

/* Begins. `found` is called once, after this has returned. *uv_error is libuv's word on a name that
 * cannot be one. Errors: SHERD_EDNS, SHERD_ENOMEM; *out is then NULL. */
enum sherd_status sherd__lookup_start(struct sherd__loop *loop, const char *host, uint16_t port,
                                      sherd__lookup_fn found, void *user, int *uv_error,
                                      struct sherd__lookup **out);

/* Forgets it: `found` is not called. What the system is busy with ends when it ends, long after
 * perhaps; until then a few bytes stay, and a loop's thread does not end. NULL is allowed. */
void sherd__lookup_abandon(struct sherd__lookup *lookup);

#endif
