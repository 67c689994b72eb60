/* A connection's life: the steps to an open one, each with its limit of time, and its ends. */
#include "net/connection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/connection_state.h"

#define STEP_TIMEOUT_MS 10000

/* The longest host that is taken: a name of the DNS with its final dot. */
#define HOST_MAX 254

/* --- Ends --- */

static void forget_tunnel(struct sherd__connection *connection) {
  if (connection->tunnel)
    sherd__wipe(connection->tunnel, sizeof *connection->tunnel);
  sherd__free(connection->allocator, connection->tunnel);
  connection->tunnel = NULL;
}

static void free_connection(struct sherd__connection *connection) {
  void (*closed)(void *user) = connection->closed;
  void *user = connection->closed_user;
  const struct sherd_allocator *allocator = connection->allocator;
  sherd__tls_stream_free(connection->tls);
  sherd__buf_deinit(&connection->queued);
  sherd__buf_deinit(&connection->flying);
  forget_tunnel(connection);
  sherd__free(allocator, (void *)(uintptr_t)connection->options.host);
  sherd__free(allocator, connection);
  if (closed)
    closed(user);
}

static void let_go(struct sherd__connection *connection) {
  if (--connection->handles == 0)
    free_connection(connection);
}

static void on_timer_closed(uv_handle_t *handle) {
  struct sherd__connection *connection = handle->data;
  sherd__loop_enter(connection->loop);
  let_go(connection);
}

static void on_tcp_closed(uv_handle_t *handle) {
  struct sherd__connection *connection = handle->data;
  sherd__loop_enter(connection->loop);
  sherd__free(connection->allocator, handle);
  let_go(connection);
}

static void on_race_gone(void *user) {
  let_go(user);
}

/* Lets go of all that a connection needs to work, and keeps what it needs to be closed. */
static void release(struct sherd__connection *connection) {
  uv_timer_stop(&connection->timer);
  sherd__lookup_abandon(connection->lookup);
  connection->lookup = NULL;
  if (connection->race)
    sherd__race_stop(connection->race);
  connection->race = NULL;
  if (connection->tcp)
    uv_close((uv_handle_t *)connection->tcp, on_tcp_closed);
  connection->tcp = NULL;
}

static struct sherd__route route_of(const struct sherd__connection *connection) {
  struct sherd__route route = {.host = connection->options.host, .port = connection->options.port};
  if (connection->tunnel) {
    route.proxy_host = connection->tunnel->proxy.host;
    route.proxy_port = connection->tunnel->proxy.port;
  }
  return route;
}

void sherd__connection_fail(struct sherd__connection *connection,
                            const struct sherd__failure *failure) {
  struct sherd_error_info info;
  struct sherd__route route = route_of(connection);
  sherd__failure_locate(failure, &route, &info);
  sherd__connection_send_last(connection);
  connection->step = SHERD__CONNECTION_LOST;
  release(connection);
  connection->events.lost(connection->user, &info);
}

void sherd__connection_flushed(struct sherd__connection *connection) {
  connection->step = SHERD__CONNECTION_CLOSED;
  release(connection);
  uv_close((uv_handle_t *)&connection->timer, on_timer_closed);
}

/* --- Time --- */

static void fail_slow(struct sherd__connection *connection, enum sherd_status status,
                      uint32_t limit_ms) {
  char detail[48];
  snprintf(detail, sizeof detail, "not done in %u ms", limit_ms);
  struct sherd__failure failure = {.status = status, .detail = detail};
  sherd__connection_fail(connection, &failure);
}

static void look_up(struct sherd__connection *connection);

static void on_timer(uv_timer_t *timer) {
  struct sherd__connection *connection = timer->data;
  const struct sherd__connection_options *options = &connection->options;
  sherd__loop_enter(connection->loop);
  switch (connection->step) {
  case SHERD__CONNECTION_STARTING:
    look_up(connection);
    return;
  case SHERD__CONNECTION_LOOKUP:
    fail_slow(connection, SHERD_EDNS, options->dns_timeout_ms);
    return;
  case SHERD__CONNECTION_CONNECT:
    fail_slow(connection, SHERD_ECONNECTTIMEOUT, options->connect_timeout_ms);
    return;
  case SHERD__CONNECTION_TUNNEL:
    fail_slow(connection, SHERD_EPROXY, options->proxy_timeout_ms);
    return;
  case SHERD__CONNECTION_HANDSHAKE:
    fail_slow(connection, SHERD_ETLS, options->tls_timeout_ms);
    return;
  case SHERD__CONNECTION_OPEN: /* writing has failed, and reading did not say why */
    sherd__connection_fail(connection, &(struct sherd__failure){
                                           .status = SHERD_ELOST,
                                           .uv_error = connection->write_error,
                                       });
    return;
  case SHERD__CONNECTION_FLUSHING:
    sherd__connection_flushed(connection);
    return;
  case SHERD__CONNECTION_LOST:
  case SHERD__CONNECTION_CLOSED:
    return;
  }
}

static void enter(struct sherd__connection *connection, enum sherd__connection_step step,
                  uint32_t limit_ms) {
  connection->step = step;
  /* A timer counts from the loop's idea of now, which a slow callback leaves behind. */
  uv_update_time(sherd__loop_uv(connection->loop));
  uv_timer_start(&connection->timer, on_timer, limit_ms, 0);
}

void sherd__connection_doom(struct sherd__connection *connection) {
  enter(connection, SHERD__CONNECTION_OPEN, SHERD__CONNECTION_LINGER_MS);
}

/* --- Steps --- */

static void fail_plainly(struct sherd__connection *connection, enum sherd_status status,
                         int uv_error) {
  sherd__connection_fail(connection,
                         &(struct sherd__failure){.status = status, .uv_error = uv_error});
}

void sherd__connection_up(struct sherd__connection *connection) {
  connection->step = SHERD__CONNECTION_OPEN;
  uv_timer_stop(&connection->timer);
  connection->events.opened(connection->user);
}

/* TCP is up, through the proxy if there is one: TLS follows, or nothing. */
static void secure(struct sherd__connection *connection) {
  if (!connection->options.tls) {
    sherd__connection_up(connection);
    return;
  }
  enum sherd_status status =
      sherd__tls_stream_new(connection->options.tls, connection->options.host, &connection->tls);
  if (status) {
    fail_plainly(connection, status == SHERD_EINVAL ? SHERD_ETLSHOST : status, 0);
    return;
  }
  enter(connection, SHERD__CONNECTION_HANDSHAKE, connection->options.tls_timeout_ms);
  sherd__connection_shake_hands(connection);
}

void sherd__connection_tunnelled(struct sherd__connection *connection) {
  forget_tunnel(connection);
  secure(connection);
}

static void ask_proxy(struct sherd__connection *connection) {
  enter(connection, SHERD__CONNECTION_TUNNEL, connection->options.proxy_timeout_ms);
  enum sherd_status status =
      sherd__proxy_request(&connection->tunnel->proxy, connection->options.host,
                           connection->options.port, &connection->queued);
  if (status)
    fail_plainly(connection, status, 0);
  else
    sherd__connection_send(connection);
}

static enum sherd_status status_of_connect(int uv_error) {
  switch (uv_error) {
  case UV_ECONNREFUSED:
    return SHERD_ECONNREFUSED;
  case UV_ETIMEDOUT:
    return SHERD_ECONNECTTIMEOUT;
  case UV_ENOMEM:
    return SHERD_ENOMEM;
  default:
    return SHERD_ECONNECT;
  }
}

static void on_race_finished(void *user, int uv_error, uv_tcp_t *tcp) {
  struct sherd__connection *connection = user;
  connection->race = NULL;
  if (uv_error) {
    fail_plainly(connection, status_of_connect(uv_error), uv_error);
    return;
  }
  connection->tcp = tcp;
  connection->handles++;
  tcp->data = connection;
  uv_tcp_nodelay(tcp, 1);
  sherd__connection_read(connection);
  if (connection->step != SHERD__CONNECTION_CONNECT)
    return; /* it failed at once */
  if (connection->tunnel)
    ask_proxy(connection);
  else
    secure(connection);
}

static void on_found(void *user, int uv_error, const struct addrinfo *list) {
  static const struct sherd__race_events race_events = {on_race_finished, on_race_gone};
  struct sherd__connection *connection = user;
  struct sockaddr_storage addresses[SHERD__RACE_ADDRESSES_MAX];
  connection->lookup = NULL;
  size_t count = sherd__race_order(list, addresses, SHERD__RACE_ADDRESSES_MAX);
  if (!count) {
    fail_plainly(connection, uv_error == UV_ENOMEM ? SHERD_ENOMEM : SHERD_EDNS, uv_error);
    return;
  }
  enum sherd_status status = sherd__race_start(connection->loop, addresses, count, &race_events,
                                               connection, &connection->race);
  if (status) {
    fail_plainly(connection, status, 0);
    return;
  }
  connection->handles++;
  enter(connection, SHERD__CONNECTION_CONNECT, connection->options.connect_timeout_ms);
}

static void look_up(struct sherd__connection *connection) {
  int uv_error;
  struct sherd__route route = route_of(connection);
  enter(connection, SHERD__CONNECTION_LOOKUP, connection->options.dns_timeout_ms);
  enum sherd_status status =
      sherd__lookup_start(connection->loop, route.proxy_host ? route.proxy_host : route.host,
                          route.proxy_host ? route.proxy_port : route.port, on_found, connection,
                          &uv_error, &connection->lookup);
  if (status)
    fail_plainly(connection, status, uv_error);
}

/* --- Its owner's calls --- */

static uint32_t or_default(uint32_t timeout_ms) {
  return timeout_ms ? timeout_ms : STEP_TIMEOUT_MS;
}

/* What would break out of a proxy's request line is no host. */
static bool is_host(const char *host) {
  size_t len = host ? strlen(host) : 0;
  if (!len || len > HOST_MAX)
    return false;
  for (; *host; host++)
    if ((unsigned char)*host <= ' ' || *host == 0x7F)
      return false;
  return true;
}

static enum sherd_status copy_options(struct sherd__connection *connection,
                                      const struct sherd__connection_options *options) {
  struct sherd__proxy proxy;
  enum sherd_status status = sherd__proxy_choose(options->proxy, getenv, options->host,
                                                 options->port, options->tls != NULL, &proxy);
  if (status)
    return status;
  connection->options = (struct sherd__connection_options){
      .host = sherd__strdup(connection->allocator, options->host),
      .port = options->port,
      .tls = options->tls,
      .dns_timeout_ms = or_default(options->dns_timeout_ms),
      .connect_timeout_ms = or_default(options->connect_timeout_ms),
      .proxy_timeout_ms = or_default(options->proxy_timeout_ms),
      .tls_timeout_ms = or_default(options->tls_timeout_ms),
  };
  if (!connection->options.host)
    status = SHERD_ENOMEM;
  if (!status && *proxy.host) {
    connection->tunnel = sherd__calloc(connection->allocator, sizeof *connection->tunnel);
    if (connection->tunnel)
      connection->tunnel->proxy = proxy;
    else
      status = SHERD_ENOMEM;
  }
  sherd__wipe(&proxy, sizeof proxy);
  return status;
}

enum sherd_status sherd__connection_open(struct sherd__loop *loop,
                                         const struct sherd__connection_options *options,
                                         const struct sherd__connection_events *events, void *user,
                                         struct sherd__connection **out) {
  const struct sherd_allocator *allocator = sherd__loop_allocator(loop);
  *out = NULL;
  if (!is_host(options->host) || !options->port)
    return SHERD_EINVAL;
  struct sherd__connection *connection = sherd__calloc(allocator, sizeof *connection);
  if (!connection)
    return SHERD_ENOMEM;
  connection->loop = loop;
  connection->allocator = allocator;
  connection->events = *events;
  connection->user = user;
  sherd__buf_init(&connection->queued, allocator);
  sherd__buf_init(&connection->flying, allocator);
  enum sherd_status status = copy_options(connection, options);
  if (status) {
    free_connection(connection);
    return status;
  }
  uv_timer_init(sherd__loop_uv(loop), &connection->timer);
  connection->timer.data = connection;
  connection->handles = 1;
  enter(connection, SHERD__CONNECTION_STARTING, 0);
  *out = connection;
  return SHERD_OK;
}

void sherd__connection_close(struct sherd__connection *connection, void (*closed)(void *user),
                             void *user) {
  bool can_flush = connection->step == SHERD__CONNECTION_OPEN && !connection->write_error;
  connection->closed = closed;
  connection->closed_user = user;
  if (!can_flush) {
    sherd__connection_flushed(connection);
    return;
  }
  enter(connection, SHERD__CONNECTION_FLUSHING, SHERD__CONNECTION_LINGER_MS);
  sherd__connection_flush(connection);
}
