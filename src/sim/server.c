#include "sim/server.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "sim/server_parts.h"

uint64_t sherd__sim_server_now_ms(const struct sherd__sim_server *server) {
  return uv_now(server->loop);
}

static void on_timer(uv_timer_t *timer) {
  struct sherd__sim_server *server = timer->data;
  sherd__sim_tick(server->sim, sherd__sim_server_now_ms(server));
  sherd__sim_server_settle(server);
}

/* Lets held and trickling connections send what they may, and gives when to do so again. A
 * millisecond more than the last one that counted, they are all flushed. */
static uint64_t settle_slow(struct sherd__sim_server *server) {
  const struct sherd__sim_server_faults *faults = &server->faults;
  uint64_t now_ms = sherd__sim_server_now_ms(server);
  uint64_t slow_ms = faults->hold_ms > faults->trickle_ms ? faults->hold_ms : faults->trickle_ms;
  if (!server->is_slow && now_ms >= slow_ms)
    return UINT64_MAX;
  struct sherd__sim_peer *peer, *next;
  for (peer = server->peers; peer; peer = next) {
    next = sherd__sim_peer_next(peer);
    sherd__sim_peer_flush(peer);
  }
  server->is_slow = now_ms < slow_ms;
  if (!server->is_slow)
    return UINT64_MAX;
  return now_ms < faults->hold_ms ? faults->hold_ms : now_ms + 1;
}

void sherd__sim_server_settle(struct sherd__sim_server *server) {
  struct sherd__sim_client *client;
  if (!server->is_listening)
    return;
  while ((client = sherd__sim_next_ready(server->sim)))
    sherd__sim_peer_flush(sherd__sim_client_user(client));
  uint64_t slow_ms = settle_slow(server);
  uint64_t due_ms = sherd__sim_deadline(server->sim), now_ms = sherd__sim_server_now_ms(server);
  due_ms = slow_ms < due_ms ? slow_ms : due_ms;
  if (due_ms == UINT64_MAX)
    (void)uv_timer_stop(&server->timer);
  else
    (void)uv_timer_start(&server->timer, on_timer, due_ms > now_ms ? due_ms - now_ms : 0, 0);
}

/* --- Beginning --- */

static enum sherd_status make_sim(const struct sherd__server_start *start) {
  struct sherd__sim_server *server = start->server;
  const struct sherd__sim_server_options *options = start->options;
  enum sherd_status status =
      sherd__sim_new(&options->sim, sherd__sim_server_now_ms(server), &server->sim);
  if (!status)
    status = sherd__rest_new(server->allocator, server->sim, &server->faults, &server->rest);
  if (status)
    (void)snprintf(start->error, start->error_size, "cannot make the world: %s",
                   sherd_strerror(status));
  if (status || !options->cert_file)
    return status;
  status =
      sherd__tls_server_new(server->allocator, options->cert_file, options->key_file, &server->tls);
  if (status)
    (void)snprintf(start->error, start->error_size,
                   "cannot use certificate %s with key %s; give a PEM certificate and the key that "
                   "belongs to it",
                   options->cert_file, options->key_file);
  return status == SHERD_EINVAL ? SHERD_ETLS : status;
}

enum sherd_status sherd__sim_server_new(uv_loop_t *loop,
                                        const struct sherd__sim_server_options *options,
                                        struct sherd__sim_server **out, char *error,
                                        size_t error_size) {
  const struct sherd_allocator *allocator = sherd__allocator_or_default(options->sim.allocator);
  struct sherd__sim_server *server = sherd__calloc(allocator, sizeof *server);
  *out = NULL;
  (void)snprintf(error, error_size, "out of memory; give it fewer guilds");
  if (!server)
    return SHERD_ENOMEM;
  server->allocator = allocator;
  server->loop = loop;
  struct sherd__server_start start = {
      .server = server,
      .options = options,
      .error = error,
      .error_size = error_size,
  };
  enum sherd_status status = sherd__server_read_address(&start);
  if (!status)
    status = make_sim(&start);
  if (!status)
    status = sherd__server_listen(&start);
  if (status) {
    sherd__sim_server_stop(server);
    (void)uv_run(loop, UV_RUN_NOWAIT);
    sherd__sim_server_free(server);
    return status;
  }
  *out = server;
  return SHERD_OK;
}

const char *sherd__sim_server_url(const struct sherd__sim_server *server) {
  return sherd__sim_url(server->sim);
}

void sherd__sim_server_api_url(const struct sherd__sim_server *server, char *out, size_t size) {
  /* ws becomes http, wss becomes https */
  (void)snprintf(out, size, "http%s/api/v10", sherd__sim_url(server->sim) + strlen("ws"));
}

uint16_t sherd__sim_server_port(const struct sherd__sim_server *server) {
  return server->port;
}

const struct sherd__sim_stats *sherd__sim_server_stats(const struct sherd__sim_server *server) {
  return sherd__sim_stats(server->sim);
}

struct sherd__sim_server_faults *sherd__sim_server_faults(struct sherd__sim_server *server) {
  return &server->faults;
}

struct sherd__sim *sherd__sim_server_sim(const struct sherd__sim_server *server) {
  return server->sim;
}

enum sherd_status sherd__sim_server_set_odd_certificate(struct sherd__sim_server *server,
                                                        const char *cert_file,
                                                        const char *key_file) {
  struct sherd__tls *tls;
  if (!server->tls)
    return SHERD_ESTATE;
  enum sherd_status status = sherd__tls_server_new(server->allocator, cert_file, key_file, &tls);
  if (status)
    return status;
  sherd__tls_release(server->odd_tls);
  server->odd_tls = tls;
  return SHERD_OK;
}

void sherd__sim_server_stop(struct sherd__sim_server *server) {
  if (!server->is_listening)
    return;
  server->is_listening = false;
  while (server->peers)
    sherd__sim_peer_close(server->peers);
  for (int i = 0; i < server->listener_count; i++)
    uv_close((uv_handle_t *)&server->listeners[i], NULL);
  uv_close((uv_handle_t *)&server->timer, NULL);
}

void sherd__sim_server_free(struct sherd__sim_server *server) {
  if (!server)
    return;
  sherd__rest_free(server->rest);
  sherd__sim_free(server->sim);
  sherd__tls_release(server->tls);
  sherd__tls_release(server->odd_tls);
  sherd__free(server->allocator, server);
}
