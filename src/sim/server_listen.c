/* Where the server is reached, and by which other name sessions are to come back. */
#include <stdio.h>
#include <string.h>

#include <netdb.h>

#include "sim/server_parts.h"

#define BACKLOG 1024

static bool is_loopback(const struct sockaddr_storage *address) {
  if (address->ss_family == AF_INET)
    return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == 127;
  return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

enum sherd_status sherd__server_read_address(struct sherd__server_start *start) {
  const char *host = start->options->host ? start->options->host : "127.0.0.1";
  uint16_t port = start->options->port;
  start->host = strcmp(host, "localhost") == 0 ? "127.0.0.1" : host;
  if (uv_ip4_addr(start->host, port, (struct sockaddr_in *)&start->address) < 0 &&
      uv_ip6_addr(start->host, port, (struct sockaddr_in6 *)&start->address) < 0) {
    (void)snprintf(start->error, start->error_size,
                   "'%s' is no IP address; listen on one, as in 127.0.0.1:4000", start->host);
    return SHERD_EINVAL;
  }
  if (!is_loopback(&start->address) && !start->options->is_public) {
    (void)snprintf(start->error, start->error_size,
                   "%s is not loopback, and the simulator guards nothing; listen on 127.0.0.1, or "
                   "add --i-know-this-is-public",
                   start->host);
    return SHERD_EINVAL;
  }
  return SHERD_OK;
}

/* --- Listening --- */

static void on_connection(uv_stream_t *listener, int status) {
  struct sherd__sim_server *server = listener->data;
  if (status == 0)
    sherd__sim_peer_accept(server, listener);
  sherd__sim_server_settle(server);
}

static uint16_t *port_of(struct sockaddr_storage *address) {
  return address->ss_family == AF_INET ? &((struct sockaddr_in *)address)->sin_port
                                       : &((struct sockaddr_in6 *)address)->sin6_port;
}

/* Listens once more, at an address whose port may be 0, and gives the port. */
static int listen_at(struct sherd__sim_server *server, struct sockaddr_storage address,
                     uint16_t *port) {
  uv_tcp_t *listener = &server->listeners[server->listener_count++];
  int size = sizeof address;
  (void)uv_tcp_init(server->loop, listener);
  listener->data = server;
  int error = uv_tcp_bind(listener, (const struct sockaddr *)&address, 0);
  if (!error)
    error = uv_listen((uv_stream_t *)listener, BACKLOG, on_connection);
  if (!error)
    error = uv_tcp_getsockname(listener, (struct sockaddr *)&address, &size);
  *port = error ? 0 : ntohs(*port_of(&address));
  return error;
}

static enum sherd_status complain(const struct sherd__server_start *start, int error) {
  (void)snprintf(start->error, start->error_size,
                 "cannot listen on %s port %u: %s; choose another with --listen, or port 0 for any",
                 start->host, start->options->port, uv_strerror(error));
  return SHERD_ESYSTEM;
}

/* --- The other name --- */

static bool is_same_host(const struct sockaddr_storage *a, const struct sockaddr *b) {
  if (a->ss_family != b->sa_family)
    return false;
  if (b->sa_family == AF_INET)
    return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
           ((const struct sockaddr_in *)b)->sin_addr.s_addr;
  return memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
                &((const struct sockaddr_in6 *)b)->sin6_addr, sizeof(struct in6_addr)) == 0;
}

/* Not every machine's /etc/hosts has localhost, and not everywhere is it this address. */
static bool is_name_of(const char *name, const struct sockaddr_storage *address) {
  const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
  struct addrinfo *all;
  bool is_one = false;
  if (getaddrinfo(name, NULL, &hints, &all))
    return false;
  for (const struct addrinfo *it = all; it && !is_one; it = it->ai_next)
    is_one = is_same_host(address, it->ai_addr);
  freeaddrinfo(all);
  return is_one;
}

/* Sessions are to come back by another name of the same address, so that whoever does not follow
 * the URL is seen; if it has none, to another port of it. */
static enum sherd_status set_address(struct sherd__server_start *start) {
  struct sherd__sim_server *server = start->server;
  const char *name = start->options->other_name ? start->options->other_name : "localhost";
  const char *resume_host = start->host;
  uint16_t resume_port = server->port;
  if (!is_loopback(&start->address)) {
    sherd__sim_set_public(server->sim); /* by whatever name a bot came */
  } else if (is_name_of(name, &start->address)) {
    resume_host = name;
  } else {
    struct sockaddr_storage other = start->address;
    *port_of(&other) = 0;
    int error = listen_at(server, other, &resume_port);
    if (error)
      return complain(start, error);
  }
  return sherd__sim_set_address(server->sim, server->tls, start->host, server->port, resume_host,
                                resume_port);
}

enum sherd_status sherd__server_listen(struct sherd__server_start *start) {
  struct sherd__sim_server *server = start->server;
  (void)uv_timer_init(server->loop, &server->timer);
  server->timer.data = server;
  server->is_listening = true;
  int error = listen_at(server, start->address, &server->port);
  return error ? complain(start, error) : set_address(start);
}
