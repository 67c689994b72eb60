/* The HTTP API that libraries call before they connect, served by libmicrohttpd.
 *
 * The gateway's port serves it too: what comes in on a connection that is no WebSocket is fed here,
 * and what libmicrohttpd answers is given back. Between the two is a pair of sockets that nobody
 * else sees, and everything happens inside the call. */
#ifndef SHERD_SIM_REST_H
#define SHERD_SIM_REST_H

#include <stdbool.h>
#include <stdint.h>

#include <sherd/bytes.h>
#include <sherd/status.h>

#include "base/buf.h"
#include "sim/gateway.h"
#include "sim/server.h"

struct sherd__rest;
struct sherd__rest_client;

/* `faults` are the server's, and are looked at for each request.
 * Errors: SHERD_ENOMEM; SHERD_ESYSTEM when libmicrohttpd does not start. */
enum sherd_status sherd__rest_new(const struct sherd_allocator *allocator, struct sherd__sim *sim,
                                  struct sherd__sim_server_faults *faults,
                                  struct sherd__rest **out);
/* Frees it, once its clients are freed. NULL is allowed. */
void sherd__rest_free(struct sherd__rest *rest);

/* One connection. Errors: SHERD_ENOMEM, SHERD_ESYSTEM. */
enum sherd_status sherd__rest_client_new(struct sherd__rest *rest, struct sherd__rest_client **out);
void sherd__rest_client_free(struct sherd__rest_client *client);

/* Takes bytes of requests, and appends what answers them to `out`. Sets *is_ended when the
 * connection is to be closed once that is sent. Errors: SHERD_ENOMEM; SHERD_ELOST for trouble on
 * the way. */
enum sherd_status sherd__rest_client_feed(struct sherd__rest_client *client, struct sherd_bytes in,
                                          uint64_t now_ms, struct sherd_buf *out, bool *is_ended);

#endif
