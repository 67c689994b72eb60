/* One connection of the server: socket, TLS, and behind them a WebSocket or HTTP. */
#include <string.h>

#include "base/mem.h"
#include "sim/server_parts.h"

/* How long a peer may take to answer our goodbye. */
#define LINGER_MS 2000

/* How long an HTTP connection is kept for its next request. */
#define HTTP_IDLE_MS 60000

/* More than this waiting for HTTP answers to be read is not kept. All commands of a guild, each as
 * large as can be, fit. */
#define HTTP_OUT_BYTES_MAX (16u << 20)

struct sherd__sim_peer {
  struct sherd__sim_server *server;
  struct sherd__sim_peer *next, *previous;
  uv_tcp_t tcp;
  uv_timer_t linger;
  uv_write_t write;
  uv_shutdown_t shutdown;
  int open_handles;
  struct sherd__sim_client *client;
  struct sherd__rest_client *http; /* instead of a WebSocket */
  struct sherd__tls_stream *tls;   /* NULL: none */
  struct sherd_buf plain;          /* to be encrypted, or to be sent */
  struct sherd_buf cipher;         /* TLS: to be sent */
  struct sherd_buf writing;        /* given to libuv */
  bool is_writing;
  bool says_goodbye;    /* once all is sent, in good order */
  bool is_cut;          /* once all is sent, without a word */
  bool is_reset;        /* ... and with a reset */
  uint64_t trickled_ms; /* when its last byte was sent, while output trickles */
  bool is_ending;       /* goodbye is said; the peer's end is awaited */
  bool is_closing;
};

static void on_handle_closed(uv_handle_t *handle) {
  struct sherd__sim_peer *peer = handle->data;
  if (--peer->open_handles)
    return;
  const struct sherd_allocator *allocator = peer->server->allocator;
  sherd__buf_deinit(&peer->plain);
  sherd__buf_deinit(&peer->cipher);
  sherd__buf_deinit(&peer->writing);
  sherd__free(allocator, peer);
}

void sherd__sim_peer_close(struct sherd__sim_peer *peer) {
  struct sherd__sim_server *server = peer->server;
  if (peer->is_closing)
    return;
  peer->is_closing = true;
  if (peer->previous)
    peer->previous->next = peer->next;
  else
    server->peers = peer->next;
  if (peer->next)
    peer->next->previous = peer->previous;
  if (peer->client)
    sherd__sim_client_free(peer->client, sherd__sim_server_now_ms(server));
  sherd__rest_client_free(peer->http);
  sherd__tls_stream_free(peer->tls);
  peer->client = NULL;
  peer->http = NULL;
  peer->tls = NULL;
  if (!peer->is_reset || uv_tcp_close_reset(&peer->tcp, on_handle_closed) < 0)
    uv_close((uv_handle_t *)&peer->tcp, on_handle_closed);
  uv_close((uv_handle_t *)&peer->linger, on_handle_closed);
}

struct sherd__sim_peer *sherd__sim_peer_next(const struct sherd__sim_peer *peer) {
  return peer->next;
}

/* --- Out --- */

static void on_shutdown(uv_shutdown_t *request, int status) {
  struct sherd__sim_peer *peer = request->data;
  if (status < 0)
    sherd__sim_peer_close(peer);
}

static void on_linger(uv_timer_t *timer) {
  struct sherd__sim_peer *peer = timer->data;
  sherd__sim_peer_close(peer);
  sherd__sim_server_settle(peer->server);
}

/* The peer shall read our last words, so the socket is not closed before it has. */
static void say_goodbye(struct sherd__sim_peer *peer) {
  peer->is_ending = true;
  if (uv_shutdown(&peer->shutdown, (uv_stream_t *)&peer->tcp, on_shutdown) < 0)
    sherd__sim_peer_close(peer);
  else
    (void)uv_timer_start(&peer->linger, on_linger, LINGER_MS, 0);
}

/* What the WebSocket has to send, if nothing older waits. */
static void collect(struct sherd__sim_peer *peer) {
  if (!peer->client || peer->plain.len)
    return;
  sherd__sim_client_take(peer->client, &peer->plain);
  enum sherd__sim_client_state state = sherd__sim_client_state(peer->client);
  peer->says_goodbye |= state == SHERD__SIM_CLOSED;
  peer->is_cut |= state == SHERD__SIM_CUT;
  peer->is_reset |= sherd__sim_client_is_reset(peer->client);
}

static bool is_trickling(const struct sherd__sim_peer *peer) {
  return peer->server->faults.trickle_ms > sherd__sim_server_now_ms(peer->server);
}

/* Moves one byte, at most once a millisecond. */
static bool trickle(struct sherd__sim_peer *peer, struct sherd_buf *from) {
  uint64_t now_ms = sherd__sim_server_now_ms(peer->server);
  peer->writing.len = 0;
  if (!from->len || peer->trickled_ms == now_ms)
    return true;
  peer->trickled_ms = now_ms;
  if (sherd__buf_append_byte(&peer->writing, *from->data))
    return false;
  sherd__buf_consume(from, 1);
  return true;
}

/* Moves what is to be sent to `writing`; false when TLS fails. */
static bool seal(struct sherd__sim_peer *peer) {
  struct sherd_buf *from = &peer->plain;
  if (peer->tls) {
    from = &peer->cipher;
    if (peer->plain.len && sherd__tls_stream_is_open(peer->tls)) {
      if (sherd__tls_stream_write(peer->tls, sherd__buf_bytes(&peer->plain), &peer->cipher))
        return false;
      peer->plain.len = 0;
    }
    if (peer->says_goodbye && !peer->plain.len)
      sherd__tls_stream_close(peer->tls, &peer->cipher);
  }
  if (is_trickling(peer))
    return trickle(peer, from);
  struct sherd_buf empty = peer->writing;
  empty.len = 0;
  peer->writing = *from;
  *from = empty;
  return true;
}

static void on_written(uv_write_t *request, int status) {
  struct sherd__sim_peer *peer = request->data;
  peer->is_writing = false;
  if (peer->is_closing)
    return;
  if (status < 0)
    sherd__sim_peer_close(peer);
  else
    sherd__sim_peer_flush(peer);
  sherd__sim_server_settle(peer->server);
}

static void write_out(struct sherd__sim_peer *peer) {
  uv_buf_t buf = uv_buf_init((char *)peer->writing.data, (unsigned)peer->writing.len);
  peer->is_writing = true;
  if (uv_write(&peer->write, (uv_stream_t *)&peer->tcp, &buf, 1, on_written) < 0) {
    peer->is_writing = false;
    sherd__sim_peer_close(peer);
  }
}

/* All is sent. */
static void rest(struct sherd__sim_peer *peer) {
  sherd__sim_buf_rest(&peer->plain);
  sherd__sim_buf_rest(&peer->cipher);
  sherd__sim_buf_rest(&peer->writing);
}

void sherd__sim_peer_flush(struct sherd__sim_peer *peer) {
  struct sherd__sim_server *server = peer->server;
  if (peer->is_writing || peer->is_closing || peer->is_ending ||
      server->faults.hold_ms > sherd__sim_server_now_ms(server))
    return;
  collect(peer);
  if (!seal(peer)) {
    sherd__sim_peer_close(peer);
    return;
  }
  if (peer->writing.len) {
    write_out(peer);
    return;
  }
  if (is_trickling(peer) && (peer->plain.len || peer->cipher.len))
    return; /* the rest comes later */
  rest(peer);
  if (peer->is_cut)
    sherd__sim_peer_close(peer);
  else if (peer->says_goodbye)
    say_goodbye(peer);
}

/* --- In --- */

/* The connection is no WebSocket: what came so far, and what comes, is HTTP's. */
static bool feed_http(struct sherd__sim_peer *peer, struct sherd_bytes in) {
  bool is_ended = false;
  (void)uv_timer_start(&peer->linger, on_linger, HTTP_IDLE_MS, 0);
  if (sherd__rest_client_feed(peer->http, in, sherd__sim_server_now_ms(peer->server), &peer->plain,
                              &is_ended) ||
      peer->plain.len > HTTP_OUT_BYTES_MAX)
    return false;
  peer->says_goodbye |= is_ended;
  return true;
}

static bool become_http(struct sherd__sim_peer *peer) {
  struct sherd__sim_client *client = peer->client;
  bool fed = sherd__rest_client_new(peer->server->rest, &peer->http) == SHERD_OK &&
             feed_http(peer, sherd__sim_client_head(client));
  sherd__sim_client_free(client, sherd__sim_server_now_ms(peer->server));
  peer->client = NULL;
  return fed;
}

/* Takes plaintext; false when the connection is to be given up. */
static bool feed_plain(struct sherd__sim_peer *peer, struct sherd_bytes in) {
  if (peer->http)
    return feed_http(peer, in);
  if (!peer->client)
    return true;
  sherd__sim_client_feed(peer->client, in, sherd__sim_server_now_ms(peer->server));
  return sherd__sim_client_state(peer->client) != SHERD__SIM_HTTP || become_http(peer);
}

static bool feed_tls(struct sherd__sim_peer *peer, struct sherd_bytes in) {
  struct sherd__sim_server *server = peer->server;
  for (;;) {
    size_t len = 0;
    if (sherd__tls_stream_feed(peer->tls, &in, server->plain, sizeof server->plain, &len,
                               &peer->cipher)) {
      if (!sherd__tls_stream_is_open(peer->tls))
        sherd__sim_see(server->sim, SHERD__SIGHT_TLS_REFUSAL, 0,
                       sherd__tls_stream_reason(peer->tls));
      peer->is_cut = true; /* after the alert that is in `cipher` */
      return true;
    }
    if (len == 0)
      return true;
    if (!feed_plain(peer, (struct sherd_bytes){server->plain, len}))
      return false;
  }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
  struct sherd__sim_peer *peer = handle->data;
  (void)suggested;
  *buf = uv_buf_init((char *)peer->server->raw, sizeof peer->server->raw);
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf) {
  struct sherd__sim_peer *peer = stream->data;
  struct sherd_bytes in = {(const uint8_t *)buf->base, got > 0 ? (size_t)got : 0};
  bool goes_on = got >= 0;
  if (got > 0 && !peer->is_ending)
    goes_on = peer->tls ? feed_tls(peer, in) : feed_plain(peer, in);
  if (goes_on)
    sherd__sim_peer_flush(peer);
  else
    sherd__sim_peer_close(peer);
  sherd__sim_server_settle(peer->server);
}

/* --- Beginning --- */

static struct sherd__sim_peer *make_peer(struct sherd__sim_server *server) {
  struct sherd__sim_peer *peer = sherd__calloc(server->allocator, sizeof *peer);
  if (!peer)
    return NULL;
  peer->server = server;
  sherd__buf_init(&peer->plain, server->allocator);
  sherd__buf_init(&peer->cipher, server->allocator);
  sherd__buf_init(&peer->writing, server->allocator);
  (void)uv_tcp_init(server->loop, &peer->tcp);
  (void)uv_timer_init(server->loop, &peer->linger);
  peer->tcp.data = peer->linger.data = peer->write.data = peer->shutdown.data = peer;
  peer->open_handles = 2;
  peer->next = server->peers;
  if (server->peers)
    server->peers->previous = peer;
  server->peers = peer;
  return peer;
}

/* The certificate for the next connection. */
static struct sherd__tls *choose_tls(struct sherd__sim_server *server) {
  uint32_t *odd = &server->faults.odd_certificates;
  if (!*odd || !server->odd_tls)
    return server->tls;
  *odd -= *odd != UINT32_MAX;
  return server->odd_tls;
}

void sherd__sim_peer_accept(struct sherd__sim_server *server, uv_stream_t *listener) {
  struct sherd__sim_peer *peer = make_peer(server);
  if (!peer)
    return; /* it waits in the listener's queue for the next one */
  bool is_open =
      uv_accept(listener, (uv_stream_t *)&peer->tcp) == 0 && uv_tcp_nodelay(&peer->tcp, 1) == 0 &&
      (!server->tls || sherd__tls_stream_new(choose_tls(server), NULL, &peer->tls) == SHERD_OK) &&
      sherd__sim_client_new(server->sim, peer, sherd__sim_server_now_ms(server), &peer->client) ==
          SHERD_OK &&
      uv_read_start((uv_stream_t *)&peer->tcp, on_alloc, on_read) == 0;
  if (!is_open)
    sherd__sim_peer_close(peer);
}
