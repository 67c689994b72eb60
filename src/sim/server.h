/* The simulator on a real socket: one port for WebSockets and for the HTTP API, plain or TLS, on
 * the caller's libuv loop and its thread. */
#ifndef SHERD_SIM_SERVER_H
#define SHERD_SIM_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "sim/gateway.h"

struct sherd__sim_server;

struct sherd__sim_server_options {
  struct sherd__sim_config sim;
  const char *host;      /* an address, or "localhost"; NULL: 127.0.0.1 */
  uint16_t port;         /* 0: any that is free */
  const char *cert_file; /* PEM; NULL: no TLS */
  const char *key_file;
  bool is_public; /* allows an address that is not loopback */
  /* What resume_gateway_url calls the address; NULL: localhost. Where that is no name of it,
   * another port of the address is listened on and named instead. */
  const char *other_name;
};

/* Makes a simulator and listens. On failure `error` says in one line what happened and what to do;
 * what was begun on the loop is gone once the loop has run.
 * Errors: SHERD_EINVAL for an address that is none or is not allowed, or numbers out of range;
 * SHERD_ETLS for certificate or key; SHERD_ESYSTEM when the address cannot be listened on;
 * SHERD_ENOMEM. */
enum sherd_status sherd__sim_server_new(uv_loop_t *loop,
                                        const struct sherd__sim_server_options *options,
                                        struct sherd__sim_server **out, char *error,
                                        size_t error_size);

/* Where it listens, as in "ws://127.0.0.1:4000" and "http://127.0.0.1:4000/api/v10". */
const char *sherd__sim_server_url(const struct sherd__sim_server *server);
void sherd__sim_server_api_url(const struct sherd__sim_server *server, char *out, size_t size);
uint16_t sherd__sim_server_port(const struct sherd__sim_server *server);

const struct sherd__sim_stats *sherd__sim_server_stats(const struct sherd__sim_server *server);

/* --- Faults, of the transport --- */

/* Zeroed, nothing is wrong. */
struct sherd__sim_server_faults {
  uint64_t hold_ms;          /* until then nothing is sent to anybody, on loop time */
  uint64_t trickle_ms;       /* until then a byte a millisecond is sent on each connection */
  uint32_t odd_certificates; /* so many connections more get the odd certificate; UINT32_MAX: all */
  uint32_t rest_errors;      /* so many requests of the HTTP API are answered with */
  uint16_t rest_status;      /* ... this, and */
  uint32_t rest_retry_after_ms; /* ... Retry-After, in whole seconds; 0: without */
};

/* To be changed in place; sherd__sim_server_settle() then makes it felt. Lifetime: that of the
 * server. */
struct sherd__sim_server_faults *sherd__sim_server_faults(struct sherd__sim_server *server);

/* Takes another certificate for odd_certificates. Errors: SHERD_ESTATE without TLS; those of the
 * certificate that it was made with. */
enum sherd_status sherd__sim_server_set_odd_certificate(struct sherd__sim_server *server,
                                                        const char *cert_file,
                                                        const char *key_file);

/* What it serves, for faults. To be called after them, it brings to the connections what the
 * simulator has for them. */
struct sherd__sim *sherd__sim_server_sim(const struct sherd__sim_server *server);
void sherd__sim_server_settle(struct sherd__sim_server *server);

/* --- The end --- */

/* Lets go of every connection and of the port. The loop then comes to its end by itself; after that
 * the server may be freed. Calling it again does nothing. */
void sherd__sim_server_stop(struct sherd__sim_server *server);
void sherd__sim_server_free(struct sherd__sim_server *server);

#endif
