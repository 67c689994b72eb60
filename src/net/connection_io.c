/* A connection's bytes: read, decrypted and given up; taken, encrypted and written. */
#include <stdio.h>

#include "base/mem.h"
#include "net/connection_state.h"

/* What a buffer of an idle connection may keep. */
#define IDLE_BYTES_MAX 4096

/* --- Out --- */

/* Writing has failed. What the peer said before that may still be there to be read, such as why it
 * closed: so reading goes on, until it ends by itself or the time is up. */
static void note_write_error(struct sherd__connection *connection, int uv_error) {
  if (!connection->write_error)
    connection->write_error = uv_error;
  connection->queued.len = 0;
  if (connection->step == SHERD__CONNECTION_FLUSHING)
    sherd__connection_flushed(connection);
  else if (connection->step == SHERD__CONNECTION_OPEN)
    sherd__connection_doom(connection);
}

static void on_shutdown(uv_shutdown_t *request, int status) {
  struct sherd__connection *connection = request->data;
  sherd__loop_enter(connection->loop);
  /* Without trouble the peer's own end is awaited: to close while its bytes come in would reset
   * the connection, and might take our last words with it. */
  if (status && connection->step == SHERD__CONNECTION_FLUSHING)
    sherd__connection_flushed(connection);
}

static void shut_down(struct sherd__connection *connection) {
  connection->shutdown.data = connection;
  if (uv_shutdown(&connection->shutdown, (uv_stream_t *)connection->tcp, on_shutdown))
    sherd__connection_flushed(connection);
}

/* An idle connection keeps no large buffer. */
static void empty(struct sherd_buf *buf) {
  buf->len = 0;
  if (buf->cap > IDLE_BYTES_MAX)
    sherd__buf_deinit(buf);
}

static void on_written(uv_write_t *request, int status) {
  struct sherd__connection *connection = request->data;
  sherd__loop_enter(connection->loop);
  connection->is_writing = false;
  empty(&connection->flying);
  if (!connection->tcp)
    return; /* lost or closed meanwhile */
  if (status)
    note_write_error(connection, status);
  else if (connection->queued.len)
    sherd__connection_send(connection);
  else if (connection->step == SHERD__CONNECTION_FLUSHING)
    shut_down(connection);
}

void sherd__connection_send(struct sherd__connection *connection) {
  if (connection->is_writing || connection->write_error || !connection->queued.len)
    return;
  struct sherd_buf flying = connection->queued;
  connection->queued = connection->flying;
  connection->flying = flying;
  connection->write.data = connection;
  uv_buf_t bytes = uv_buf_init((char *)flying.data, (unsigned)flying.len);
  int error = uv_write(&connection->write, (uv_stream_t *)connection->tcp, &bytes, 1, on_written);
  if (error)
    note_write_error(connection, error);
  else
    connection->is_writing = true;
}

void sherd__connection_send_last(struct sherd__connection *connection) {
  struct sherd_buf *queued = &connection->queued;
  if (!connection->tcp || connection->is_writing || connection->write_error || !queued->len)
    return;
  uv_buf_t bytes = uv_buf_init((char *)queued->data, (unsigned)queued->len);
  uv_try_write((uv_stream_t *)connection->tcp, &bytes, 1);
}

void sherd__connection_flush(struct sherd__connection *connection) {
  if (connection->tls)
    sherd__tls_stream_close(connection->tls, &connection->queued);
  if (connection->is_paused)
    sherd__connection_read(connection);
  if (connection->step != SHERD__CONNECTION_FLUSHING)
    return;
  if (!connection->queued.len && !connection->is_writing)
    shut_down(connection);
  else
    sherd__connection_send(connection);
}

enum sherd_status sherd__connection_write(struct sherd__connection *connection,
                                          struct sherd_bytes bytes) {
  if (connection->step != SHERD__CONNECTION_OPEN)
    return SHERD_ESTATE;
  if (connection->write_error)
    return SHERD_OK; /* `lost` is on its way */
  enum sherd_status status =
      connection->tls ? sherd__tls_stream_write(connection->tls, bytes, &connection->queued)
                      : sherd__buf_append(&connection->queued, bytes.data, bytes.len);
  if (status == SHERD_ELOST) {
    note_write_error(connection, UV_EPROTO);
    return SHERD_OK;
  }
  sherd__connection_send(connection);
  return status;
}

/* --- In --- */

/* The peer has ended it, or the system has. */
static void on_end(struct sherd__connection *connection, int uv_error) {
  struct sherd__failure failure = {.uv_error = uv_error == UV_EOF ? 0 : uv_error};
  if (uv_error == UV_EOF)
    failure.detail = "the other side closed it";
  switch (connection->step) {
  case SHERD__CONNECTION_TUNNEL:
    failure.status = SHERD_EPROXY;
    break;
  case SHERD__CONNECTION_HANDSHAKE:
    failure.status = SHERD_ETLS;
    break;
  case SHERD__CONNECTION_FLUSHING:
    sherd__connection_flushed(connection);
    return;
  default:
    failure.status = SHERD_ELOST;
    if (!failure.uv_error)
      failure.uv_error = connection->write_error;
    break;
  }
  sherd__connection_fail(connection, &failure);
}

static void fail_tls(struct sherd__connection *connection, enum sherd_status status) {
  sherd__connection_fail(connection, &(struct sherd__failure){
                                         .status = status,
                                         .detail = sherd__tls_stream_reason(connection->tls),
                                     });
}

/* Gives the handshake and then the owner what is in `in`, a buffer at a time. */
static void take_ciphertext(struct sherd__connection *connection, struct sherd_bytes in) {
  uint8_t *plain = sherd__loop_plain_buffer(connection->loop);
  size_t len;
  do {
    enum sherd_status status = sherd__tls_stream_feed(connection->tls, &in, plain,
                                                      SHERD__READ_BYTES, &len, &connection->queued);
    if (connection->step == SHERD__CONNECTION_HANDSHAKE &&
        sherd__tls_stream_is_open(connection->tls)) {
      sherd__connection_send(connection);
      sherd__connection_up(connection);
      if (connection->step != SHERD__CONNECTION_OPEN)
        return;
    }
    if (status) {
      fail_tls(connection, status);
      return;
    }
    if (len)
      connection->events.received(connection->user, (struct sherd_bytes){plain, len});
    if (len && connection->step != SHERD__CONNECTION_OPEN)
      return;
  } while (len);
  if (sherd__tls_stream_is_ended(connection->tls))
    on_end(connection, UV_EOF);
  else
    sherd__connection_send(connection);
}

void sherd__connection_shake_hands(struct sherd__connection *connection) {
  take_ciphertext(connection, (struct sherd_bytes){NULL, 0});
}

/* Reads the proxy's reply off the front of `in`. True: the tunnel is open. */
static bool take_reply(struct sherd__connection *connection, struct sherd_bytes *in) {
  struct sherd__proxy_reply *reply = &connection->tunnel->reply;
  enum sherd_status status = sherd__proxy_reply_feed(reply, in);
  if (status == SHERD_EAGAIN)
    return false;
  if (status) {
    sherd__connection_fail(connection, &(struct sherd__failure){
                                           .status = status,
                                           .http_status = reply->http_status,
                                           .detail = reply->http_status ? NULL : "it spoke no HTTP",
                                       });
    return false;
  }
  sherd__connection_tunnelled(connection);
  return true;
}

static void take(struct sherd__connection *connection, struct sherd_bytes in) {
  if (connection->step == SHERD__CONNECTION_TUNNEL && (!take_reply(connection, &in) || !in.len))
    return;
  if (connection->step != SHERD__CONNECTION_OPEN && connection->step != SHERD__CONNECTION_HANDSHAKE)
    return;
  if (connection->tls)
    take_ciphertext(connection, in);
  else
    connection->events.received(connection->user, in);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out) {
  struct sherd__connection *connection = handle->data;
  (void)suggested;
  *out = uv_buf_init((char *)sherd__loop_raw_buffer(connection->loop), SHERD__READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf) {
  struct sherd__connection *connection = stream->data;
  sherd__loop_enter(connection->loop);
  if (got > 0)
    take(connection, (struct sherd_bytes){(const uint8_t *)buf->base, (size_t)got});
  else if (got < 0)
    on_end(connection, (int)got);
}

void sherd__connection_read(struct sherd__connection *connection) {
  int error = uv_read_start((uv_stream_t *)connection->tcp, on_alloc, on_read);
  if (error)
    on_end(connection, error);
}

void sherd__connection_pause(struct sherd__connection *connection, bool paused) {
  if (connection->step != SHERD__CONNECTION_OPEN || connection->is_paused == paused)
    return;
  connection->is_paused = paused;
  if (paused)
    uv_read_stop((uv_stream_t *)connection->tcp);
  else
    sherd__connection_read(connection);
}
