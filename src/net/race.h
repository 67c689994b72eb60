/* Happy eyeballs: connects to a host's addresses, a quarter of a second apart, until the first one
 * answers. Source: RFC 8305. */
#ifndef SHERD_NET_RACE_H
#define SHERD_NET_RACE_H

#include <netdb.h>
#include <stddef.h>
#include <sys/socket.h>

#include <sherd/status.h>

#include "net/loop.h"

/* The most addresses that are tried. */
#define SHERD__RACE_ADDRESSES_MAX 16

/* RFC 8305 section 5: the recommended Connection Attempt Delay. */
#define SHERD__RACE_DELAY_MS 250

struct sherd__race;

struct sherd__race_events {
  /* Somebody won, and `tcp` belongs to the callee, allocated with the loop's allocator; or all have
   * failed, with libuv's error that tells most and `tcp` NULL. Called once. */
  void (*finished)(void *user, int uv_error, uv_tcp_t *tcp);
  /* Nothing of the race is left, after finished or a stop. */
  void (*gone)(void *user);
};

/* Picks the addresses of IPv4 and IPv6 from a list, the families by turns, the first one's first,
 * and otherwise in the list's order. Gives how many there are, `cap` at the most. */
size_t sherd__race_order(const struct addrinfo *list, struct sockaddr_storage *out, size_t cap);

/* Begins; `count` is from 1 to SHERD__RACE_ADDRESSES_MAX, and the addresses are copied. No callback
 * comes before this returns. Errors: SHERD_ENOMEM; *out is then NULL. */
enum sherd_status sherd__race_start(struct sherd__loop *loop,
                                    const struct sockaddr_storage *addresses, size_t count,
                                    const struct sherd__race_events *events, void *user,
                                    struct sherd__race **out);

/* Ends it without a winner: `finished` is not called, `gone` is. Not to be called once `finished`
 * has been. */
void sherd__race_stop(struct sherd__race *race);

#endif
