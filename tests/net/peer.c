#include "peer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

/* One accepted connection. */
struct peer_link {
  uv_tcp_t tcp;
  struct peer *peer;
  struct peer_link *next;
  struct sherd__tls_stream *tls;
  bool replied, closing;
  char bytes[65536];
};

/* --- Server --- */

struct message {
  uv_write_t request;
  char bytes[];
};

static void on_link_closed(uv_handle_t *handle) {
  struct peer_link *link = handle->data;
  sherd__tls_stream_free(link->tls);
  free(link);
}

static void forget_link(struct peer_link *link) {
  struct peer_link **at = &link->peer->links;
  while (*at != link)
    at = &(*at)->next;
  *at = link->next;
  link->closing = true;
}

static void close_link(struct peer_link *link) {
  if (link->closing)
    return;
  forget_link(link);
  uv_close((uv_handle_t *)&link->tcp, on_link_closed);
}

static void on_sent(uv_write_t *request, int status) {
  (void)status;
  free(request);
}

static void say(struct peer_link *link, const void *bytes, size_t len) {
  struct message *message = malloc(sizeof *message + len);
  if (!message || !len) {
    free(message);
    return;
  }
  memcpy(message->bytes, bytes, len);
  uv_buf_t buf = uv_buf_init(message->bytes, (unsigned)len);
  if (uv_write(&message->request, (uv_stream_t *)&link->tcp, &buf, 1, on_sent))
    free(message);
}

static void say_text(struct peer_link *link, const char *text) {
  say(link, text, strlen(text));
}

static void take_plain(struct peer_link *link, const void *bytes, size_t len,
                       struct sherd_buf *out) {
  sherd__buf_append(&link->peer->received, bytes, len);
  if (!link->peer->script.echo)
    return;
  if (link->tls)
    sherd__tls_stream_write(link->tls, (struct sherd_bytes){bytes, len}, out);
  else
    say(link, bytes, len);
}

static void take_cipher(struct peer_link *link, struct sherd_bytes in) {
  uint8_t plain[4096];
  size_t len;
  struct sherd_buf out;
  enum sherd_status status;
  sherd__buf_init(&out, sherd_allocator_default());
  do {
    status = sherd__tls_stream_feed(link->tls, &in, plain, sizeof plain, &len, &out);
    if (len)
      take_plain(link, plain, len, &out);
  } while (!status && len);
  link->peer->said_goodbye |= sherd__tls_stream_is_ended(link->tls);
  say(link, out.data, out.len);
  sherd__buf_deinit(&out);
  if (status)
    close_link(link);
}

/* What follows the greeting, or the reply if there is one. */
static void begin(struct peer_link *link) {
  if (link->peer->script.tls)
    sherd__tls_stream_new(link->peer->script.tls, NULL, &link->tls);
  if (link->peer->script.close_first)
    close_link(link);
}

static void take(struct peer_link *link, const char *bytes, size_t len) {
  struct peer *peer = link->peer;
  if (peer->script.reply && !link->replied) {
    sherd__buf_append(&peer->request, bytes, len);
    if (!memmem(peer->request.data, peer->request.len, "\r\n\r\n", 4))
      return;
    link->replied = true;
    say_text(link, peer->script.reply);
    begin(link);
    return;
  }
  if (peer->script.reset) {
    forget_link(link);
    uv_tcp_close_reset(&link->tcp, on_link_closed);
  } else if (link->tls) {
    take_cipher(link, (struct sherd_bytes){(const uint8_t *)bytes, len});
  } else {
    take_plain(link, bytes, len, NULL);
  }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out) {
  struct peer_link *link = handle->data;
  (void)suggested;
  *out = uv_buf_init(link->bytes, sizeof link->bytes);
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf) {
  struct peer_link *link = stream->data;
  if (got > 0) {
    take(link, buf->base, (size_t)got);
  } else if (got < 0) {
    link->peer->ended += got == UV_EOF;
    close_link(link);
  }
}

static void on_connection(uv_stream_t *listener, int status) {
  struct peer *peer = listener->data;
  struct peer_link *link = status ? NULL : calloc(1, sizeof *link);
  if (!link)
    return;
  uv_tcp_init(listener->loop, &link->tcp);
  link->tcp.data = link;
  link->peer = peer;
  link->next = peer->links;
  peer->links = link;
  if (uv_accept(listener, (uv_stream_t *)&link->tcp)) {
    close_link(link);
    return;
  }
  peer->accepted++;
  const struct peer_script *script = &peer->script;
  if (script->greeting)
    say_text(link, script->greeting);
  if (!script->reply)
    begin(link);
  if (!link->closing && (script->reply || script->tls || script->echo || script->reset))
    uv_read_start((uv_stream_t *)&link->tcp, on_alloc, on_read);
}

bool peer_listen(struct peer *peer, uv_loop_t *uv, const char *address,
                 const struct peer_script *script) {
  struct sockaddr_storage storage;
  int len = sizeof storage;
  *peer = (struct peer){.script = *script};
  sherd__buf_init(&peer->request, sherd_allocator_default());
  sherd__buf_init(&peer->received, sherd_allocator_default());
  uv_tcp_init(uv, &peer->listener);
  peer->listener.data = peer;
  int error = strchr(address, ':') ? uv_ip6_addr(address, 0, (struct sockaddr_in6 *)&storage)
                                   : uv_ip4_addr(address, 0, (struct sockaddr_in *)&storage);
  if (error || uv_tcp_bind(&peer->listener, (struct sockaddr *)&storage, 0) ||
      uv_listen((uv_stream_t *)&peer->listener, 128, on_connection) ||
      uv_tcp_getsockname(&peer->listener, (struct sockaddr *)&storage, &len))
    return false;
  peer->port = ntohs(storage.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&storage)->sin6_port
                                                   : ((struct sockaddr_in *)&storage)->sin_port);
  return true;
}

static void on_peer_closed(uv_handle_t *handle) {
  struct peer *peer = handle->data;
  peer->is_closed = true;
}

void peer_close(struct peer *peer) {
  while (peer->links)
    close_link(peer->links);
  uv_close((uv_handle_t *)&peer->listener, on_peer_closed);
  while (!peer->is_closed)
    uv_run(peer->listener.loop, UV_RUN_NOWAIT);
  sherd__buf_deinit(&peer->request);
  sherd__buf_deinit(&peer->received);
}

/* --- Client --- */

static void on_closed(void *user) {
  struct client *client = user;
  client->closed++;
}

void client_close(struct client *client) {
  if (client->connection)
    sherd__connection_close(client->connection, on_closed, client);
  client->connection = NULL;
}

static void on_opened(void *user) {
  struct client *client = user;
  client->opened++;
  if (client->pause_when_opened)
    sherd__connection_pause(client->connection, true);
  if (client->close_when_opened)
    client_close(client);
}

static void on_received(void *user, struct sherd_bytes in) {
  struct client *client = user;
  sherd__buf_append(&client->received, in.data, in.len);
  if (client->close_when_received)
    client_close(client);
}

static void on_lost(void *user, const struct sherd_error_info *info) {
  struct client *client = user;
  client->lost++;
  client->info = *info;
  if (client->close_when_lost)
    client_close(client);
}

enum sherd_status client_open(struct client *client, struct sherd__loop *loop,
                              const struct sherd__connection_options *options) {
  static const struct sherd__connection_events events = {on_opened, on_received, on_lost};
  sherd__buf_init(&client->received, sherd_allocator_default());
  return sherd__connection_open(loop, options, &events, client, &client->connection);
}

void client_write(struct client *client, const char *text) {
  sherd__connection_write(client->connection,
                          (struct sherd_bytes){(const uint8_t *)text, strlen(text)});
}

void client_deinit(struct client *client) {
  sherd__buf_deinit(&client->received);
}

/* --- Black hole --- */

#define KNOCKS (sizeof((struct black_hole *)NULL)->knocks / sizeof(int))

bool black_hole_open(struct black_hole *hole) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t len = sizeof address;
  hole->listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(hole->listener, (struct sockaddr *)&address, sizeof address) ||
      listen(hole->listener, 0) || getsockname(hole->listener, (struct sockaddr *)&address, &len))
    return false;
  hole->port = ntohs(address.sin_port);
  bool is_full = false;
  for (size_t i = 0; i < KNOCKS; i++) {
    hole->knocks[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    is_full = connect(hole->knocks[i], (struct sockaddr *)&address, sizeof address) != 0 &&
              errno == EINPROGRESS;
  }
  return is_full;
}

void black_hole_close(struct black_hole *hole) {
  close(hole->listener);
  for (size_t i = 0; i < KNOCKS; i++)
    close(hole->knocks[i]);
}

/* --- Time --- */

struct wait {
  uv_timer_t limit;
  uv_prepare_t before_poll;
  bool (*condition)(void *user);
  void *user;
  bool is_late;
  uint32_t closed;
};

static void on_limit(uv_timer_t *timer) {
  struct wait *wait = timer->data;
  wait->is_late = true;
}

/* What timers have brought about is seen before the loop blocks. */
static void on_before_poll(uv_prepare_t *prepare) {
  struct wait *wait = prepare->data;
  if (wait->condition(wait->user))
    uv_stop(prepare->loop);
}

static void on_wait_closed(uv_handle_t *handle) {
  struct wait *wait = handle->data;
  wait->closed++;
}

bool run_until(uv_loop_t *uv, bool (*condition)(void *user), void *user, uint32_t limit_ms) {
  struct wait wait = {.condition = condition, .user = user};
  uv_timer_init(uv, &wait.limit);
  uv_prepare_init(uv, &wait.before_poll);
  wait.limit.data = wait.before_poll.data = &wait;
  uv_timer_start(&wait.limit, on_limit, limit_ms, 0);
  uv_prepare_start(&wait.before_poll, on_before_poll);
  uv_unref((uv_handle_t *)&wait.limit);
  uv_unref((uv_handle_t *)&wait.before_poll);
  bool holds;
  while (!(holds = condition(user)) && !wait.is_late)
    uv_run(uv, UV_RUN_ONCE);
  uv_close((uv_handle_t *)&wait.limit, on_wait_closed);
  uv_close((uv_handle_t *)&wait.before_poll, on_wait_closed);
  while (wait.closed < 2)
    uv_run(uv, UV_RUN_NOWAIT);
  return holds;
}
