#include "sim/server.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "sim/server_parts.h"

#define BACKLOG 1024

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
  struct sherd__peer *peer, *next;
  for (peer = server->peers; peer; peer = next) {
    next = sherd__peer_next(peer);
    sherd__peer_flush(peer);
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
    sherd__peer_flush(sherd__sim_client_user(client));
  uint64_t slow_ms = settle_slow(server);
  uint64_t due_ms = sherd__sim_deadline(server->sim), now_ms = sherd__sim_server_now_ms(server);
  due_ms = slow_ms < due_ms ? slow_ms : due_ms;
  if (due_ms == UINT64_MAX)
    (void)uv_timer_stop(&server->timer);
  else
    (void)uv_timer_start(&server->timer, on_timer, due_ms > now_ms ? due_ms - now_ms : 0, 0);
}

static void on_connection(uv_stream_t *listener, int status) {
  struct sherd__sim_server *server = listener->data;
  if (status == 0)
    sherd__peer_accept(server);
  sherd__sim_server_settle(server);
}

/* --- Beginning --- */

/* An attempt at a beginning, and where to say why it failed. */
struct start {
  struct sherd__sim_server *server;
  const struct sherd__sim_server_options *options;
  const char *host;
  char *error;
  size_t error_size;
};

static bool is_loopback(const struct sockaddr_storage *address) {
  if (address->ss_family == AF_INET)
    return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == 127;
  return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

static enum sherd_status read_address(const struct start *start, struct sockaddr_storage *address) {
  *address = (struct sockaddr_storage){0};
  if (uv_ip4_addr(start->host, start->options->port, (struct sockaddr_in *)address) < 0 &&
      uv_ip6_addr(start->host, start->options->port, (struct sockaddr_in6 *)address) < 0) {
    (void)snprintf(start->error, start->error_size,
                   "'%s' is no IP address; listen on one, as in 127.0.0.1:4000", start->host);
    return SHERD_EINVAL;
  }
  if (!is_loopback(address) && !start->options->is_public) {
    (void)snprintf(start->error, start->error_size,
                   "%s is not loopback, and the simulator guards nothing; listen on 127.0.0.1, or "
                   "add --i-know-this-is-public",
                   start->host);
    return SHERD_EINVAL;
  }
  return SHERD_OK;
}

static enum sherd_status make_sim(const struct start *start) {
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

static uint16_t bound_port(const uv_tcp_t *listener) {
  struct sockaddr_storage address;
  int size = sizeof address;
  if (uv_tcp_getsockname(listener, (struct sockaddr *)&address, &size) < 0)
    return 0;
  return ntohs(address.ss_family == AF_INET ? ((struct sockaddr_in *)&address)->sin_port
                                            : ((struct sockaddr_in6 *)&address)->sin6_port);
}

static enum sherd_status listen_at(const struct start *start,
                                   const struct sockaddr_storage *address) {
  struct sherd__sim_server *server = start->server;
  (void)uv_tcp_init(server->loop, &server->listener);
  (void)uv_timer_init(server->loop, &server->timer);
  server->listener.data = server->timer.data = server;
  server->is_listening = true;
  int error = uv_tcp_bind(&server->listener, (const struct sockaddr *)address, 0);
  if (!error)
    error = uv_listen((uv_stream_t *)&server->listener, BACKLOG, on_connection);
  if (error) {
    (void)snprintf(start->error, start->error_size,
                   "cannot listen on %s port %u: %s; choose another with --listen, or port 0 for "
                   "any",
                   start->host, start->options->port, uv_strerror(error));
    return SHERD_ESYSTEM;
  }
  server->port = bound_port(&server->listener);
  if (!is_loopback(address))
    sherd__sim_set_public(server->sim);
  /* Another name of the same address, so that whoever does not follow the URL is seen. */
  const char *resume_host = is_loopback(address) ? "localhost" : start->host;
  return sherd__sim_set_address(server->sim, server->tls, start->host, resume_host, server->port);
}

enum sherd_status sherd__sim_server_new(uv_loop_t *loop,
                                        const struct sherd__sim_server_options *options,
                                        struct sherd__sim_server **out, char *error,
                                        size_t error_size) {
  const struct sherd_allocator *allocator = sherd__allocator_or_default(options->sim.allocator);
  struct sherd__sim_server *server = sherd__calloc(allocator, sizeof *server);
  struct sockaddr_storage address;
  *out = NULL;
  (void)snprintf(error, error_size, "out of memory; give it fewer guilds");
  if (!server)
    return SHERD_ENOMEM;
  server->allocator = allocator;
  server->loop = loop;
  const char *host = options->host ? options->host : "127.0.0.1";
  struct start start = {
      .server = server,
      .options = options,
      .host = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host,
      .error = error,
      .error_size = error_size,
  };
  enum sherd_status status = read_address(&start, &address);
  if (!status)
    status = make_sim(&start);
  if (!status)
    status = listen_at(&start, &address);
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
    sherd__peer_close(server->peers);
  uv_close((uv_handle_t *)&server->listener, NULL);
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
