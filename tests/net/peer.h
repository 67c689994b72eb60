/* The other side of a test: a server on the test's own loop that does as it is told, one
 * connection after the other, and a client that notes what happens to it. */
#ifndef SHERD_TESTS_NET_PEER_H
#define SHERD_TESTS_NET_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "base/buf.h"
#include "net/connection.h"
#include "net/tls_stream.h"

/* What the server does with a connection, in the order of the members; zeroed, it says nothing and
 * reads nothing, for ever. */
struct peer_script {
  const char *greeting;   /* sent at once; NULL: nothing */
  const char *reply;      /* sent once a blank line has come, as a proxy does; NULL: no such step */
  struct sherd__tls *tls; /* shakes hands then; NULL: not */
  bool echo;              /* sends back what comes */
  bool close_first;       /* ends the connection after greeting and reply, */
  bool reset;             /* or resets it at the first bytes that come after them */
};

struct peer {
  uv_tcp_t listener;
  uint16_t port;
  struct peer_script script;
  struct sherd_buf request;  /* what came before the reply */
  struct sherd_buf received; /* what came after it, decrypted */
  uint32_t accepted;
  uint32_t ended;    /* connections that the other side has ended in order */
  bool said_goodbye; /* so did its TLS */
  bool is_closed;
  struct peer_link *links;
};

/* Listens on `address`, port 0. False when the machine has no such address. */
bool peer_listen(struct peer *peer, uv_loop_t *uv, const char *address,
                 const struct peer_script *script);
/* Ends its connections and listens no more; runs the loop until that is done. */
void peer_close(struct peer *peer);

/* A connection and what became of it. */
struct client {
  struct sherd__connection *connection;
  uint32_t opened, lost, closed;
  struct sherd_error_info info; /* of lost */
  struct sherd_buf received;
  bool close_when_opened, close_when_received, close_when_lost, pause_when_opened;
};

/* Opens it with the events that fill in `client`. */
enum sherd_status client_open(struct client *client, struct sherd__loop *loop,
                              const struct sherd__connection_options *options);
void client_write(struct client *client, const char *text);
/* Closes it, unless it is closed already. */
void client_close(struct client *client);
void client_deinit(struct client *client);

/* A listener on loopback that never accepts and whose queue is full: the system drops what else
 * knocks, so that to connect takes for ever. */
struct black_hole {
  int listener, knocks[8];
  uint16_t port;
};

bool black_hole_open(struct black_hole *hole);
void black_hole_close(struct black_hole *hole);

/* Runs a loop until `condition` holds; false after `limit_ms`. */
bool run_until(uv_loop_t *uv, bool (*condition)(void *user), void *user, uint32_t limit_ms);

#endif
