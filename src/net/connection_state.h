/* The inside of a connection: what connection.c (its life and its steps) and connection_io.c (its
 * bytes) share. */
#ifndef SHERD_NET_CONNECTION_STATE_H
#define SHERD_NET_CONNECTION_STATE_H

#include "base/buf.h"
#include "net/connection.h"
#include "net/failure.h"
#include "net/lookup.h"
#include "net/proxy.h"
#include "net/race.h"
#include "net/tls_stream.h"

/* Each step names what is awaited. */
enum sherd__connection_step {
  SHERD__CONNECTION_STARTING, /* the loop's next turn */
  SHERD__CONNECTION_LOOKUP,
  SHERD__CONNECTION_CONNECT,
  SHERD__CONNECTION_TUNNEL,    /* the proxy's reply */
  SHERD__CONNECTION_HANDSHAKE, /* TLS's */
  SHERD__CONNECTION_OPEN,
  SHERD__CONNECTION_LOST,     /* the owner has been told, and is to close it */
  SHERD__CONNECTION_FLUSHING, /* closed by its owner; what was written still goes out */
  SHERD__CONNECTION_CLOSED    /* the last handles go */
};

/* The way to the proxy's tunnel, which an open connection has forgotten. */
struct sherd__tunnel {
  struct sherd__proxy proxy;
  struct sherd__proxy_reply reply;
};

struct sherd__connection {
  struct sherd__loop *loop;
  const struct sherd_allocator *allocator;
  struct sherd__connection_options options; /* host is a copy; proxy is NULL, see tunnel */
  struct sherd__connection_events events;
  void *user;
  enum sherd__connection_step step;

  struct sherd__tunnel *tunnel; /* NULL: none, or passed */
  struct sherd__lookup *lookup;
  struct sherd__race *race;

  uv_timer_t timer; /* the step's limit */
  uv_tcp_t *tcp;
  struct sherd__tls_stream *tls;
  bool is_paused;

  struct sherd_buf queued; /* to be written next; ciphertext if there is TLS */
  struct sherd_buf flying; /* being written */
  uv_write_t write;
  bool is_writing;
  int write_error; /* libuv's; nothing is written any more */
  uv_shutdown_t shutdown;

  size_t handles; /* that libuv still has: timer, tcp, race */
  void (*closed)(void *user);
  void *closed_user;
};

/* How long a connection that cannot write any more is still read from, and how long it is flushed
 * by close. */
#define SHERD__CONNECTION_LINGER_MS 1000

/* --- connection.c --- */

/* Ends it by trouble: lets go of everything and tells the owner. */
void sherd__connection_fail(struct sherd__connection *connection,
                            const struct sherd__failure *failure);

/* Ends it with SHERD_ELOST after SHERD__CONNECTION_LINGER_MS, unless that comes about before. */
void sherd__connection_doom(struct sherd__connection *connection);

/* The proxy has opened the tunnel. */
void sherd__connection_tunnelled(struct sherd__connection *connection);

/* TLS has shaken hands, or there is none to shake: tells the owner. */
void sherd__connection_up(struct sherd__connection *connection);

/* All is flushed, or that has failed. */
void sherd__connection_flushed(struct sherd__connection *connection);

/* --- connection_io.c --- */

/* Begins to read. */
void sherd__connection_read(struct sherd__connection *connection);

/* Sends what is queued, unless something is being sent already. */
void sherd__connection_send(struct sherd__connection *connection);

/* Gives what is queued to the system if it takes it at once: the last words of a connection. */
void sherd__connection_send_last(struct sherd__connection *connection);

/* Begins the handshake: queues TLS's first words. */
void sherd__connection_shake_hands(struct sherd__connection *connection);

/* Says goodbye behind what is queued and written; sherd__connection_flushed() follows. */
void sherd__connection_flush(struct sherd__connection *connection);

#endif
