/* What the files of the server share, and nobody else sees. */
#ifndef SHERD_SIM_SERVER_PARTS_H
#define SHERD_SIM_SERVER_PARTS_H

#include "net/tls_stream.h"
#include "sim/rest.h"
#include "sim/server.h"

#define SHERD__SIM_READ_BYTES 65536

struct sherd__sim_server {
  const struct sherd_allocator *allocator;
  uv_loop_t *loop;
  uv_tcp_t listeners[2]; /* the second: where sessions are resumed, if it is no name that tells */
  int listener_count;    /* of those that are on the loop */
  uv_timer_t timer;
  bool is_listening; /* timer and listeners are on the loop */
  struct sherd__sim *sim;
  struct sherd__rest *rest;
  struct sherd__tls *tls; /* NULL: none */
  struct sherd__sim_peer *peers;
  uint16_t port;
  struct sherd__sim_server_faults faults;
  bool is_slow;               /* something is held back because of them */
  struct sherd__tls *odd_tls; /* for the next faults.odd_certificates connections; NULL: none */
  uint8_t raw[SHERD__SIM_READ_BYTES];   /* what sockets are read to */
  uint8_t plain[SHERD__SIM_READ_BYTES]; /* what TLS decrypts to */
};

/* One connection. */
struct sherd__sim_peer;

/* Takes the next connection of a listener. */
void sherd__sim_peer_accept(struct sherd__sim_server *server, uv_stream_t *listener);

/* Sends what its simulator client has to send. */
void sherd__sim_peer_flush(struct sherd__sim_peer *peer);

/* Lets go without a word; it frees itself. */
void sherd__sim_peer_close(struct sherd__sim_peer *peer);

struct sherd__sim_peer *sherd__sim_peer_next(const struct sherd__sim_peer *peer);

uint64_t sherd__sim_server_now_ms(const struct sherd__sim_server *server);

/* --- server_listen.c --- */

/* An attempt at a beginning, and where to say why it failed. */
struct sherd__server_start {
  struct sherd__sim_server *server;
  const struct sherd__sim_server_options *options;
  const char *host; /* an address, as text */
  struct sockaddr_storage address;
  char *error;
  size_t error_size;
};

/* Fills in host and address. Errors: SHERD_EINVAL. */
enum sherd_status sherd__server_read_address(struct sherd__server_start *start);

/* Listens there, and tells the simulator where it is reached. Errors: SHERD_ESYSTEM. */
enum sherd_status sherd__server_listen(struct sherd__server_start *start);

#endif
