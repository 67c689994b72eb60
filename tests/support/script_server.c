#include "support/script_server.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include <sherd/value.h>

#include "base/buf.h"
#include "engine/frames.h"
#include "engine/upgrade.h"
#include "support/broken_pipe.h"

#define WAIT_NS     UINT64_C(10000000000)
#define MESSAGE_MAX ((size_t)1 << 20)
#define OP_BEAT     1

struct record {
  int op;
  char *text;
  struct record *next;
};

struct link {
  uv_tcp_t tcp; /* must be the first member */
  struct script_server *server;
  const struct script_step *step;
  struct sherd__frames *frames; /* NULL before the upgrade */
  struct sherd_buf in;          /* the request, then the message so far */
  bool has_request;
  bool is_deaf;
  bool is_closing;
  char read_bytes[16384];
  struct link *next;
};

struct script_server {
  const struct script_step *const *scripts;
  const struct script_step *one[1];
  size_t script_count;
  char url[64];
  uv_loop_t loop;
  uv_tcp_t listener;
  uv_async_t stop, signal;
  uv_thread_t thread;
  struct link *links;
  unsigned accepted;
  atomic_uint signals; /* given and not taken */
  uint64_t seq;

  uv_mutex_t mutex; /* for the records */
  uv_cond_t recorded;
  struct record *first;
  struct record **last;
};

/* --- Records --- */

static void record(struct script_server *server, int op, const char *text, size_t len) {
  struct record *made = calloc(1, sizeof *made);
  made->op = op;
  made->text = calloc(1, len + 1);
  memcpy(made->text, text, len);
  uv_mutex_lock(&server->mutex);
  *server->last = made;
  server->last = &made->next;
  uv_cond_broadcast(&server->recorded);
  uv_mutex_unlock(&server->mutex);
}

static const char *find(const struct script_server *server, int op, unsigned n) {
  for (const struct record *at = server->first; at; at = at->next)
    if (at->op == op && n-- == 0)
      return at->text;
  return NULL;
}

const char *script_server_wait(struct script_server *server, int op, unsigned n) {
  uint64_t deadline_ns = uv_hrtime() + WAIT_NS;
  uv_mutex_lock(&server->mutex);
  const char *text;
  while (!(text = find(server, op, n)) && uv_hrtime() < deadline_ns)
    uv_cond_timedwait(&server->recorded, &server->mutex, deadline_ns - uv_hrtime());
  uv_mutex_unlock(&server->mutex);
  return text;
}

unsigned script_server_count(struct script_server *server, int op) {
  unsigned count = 0;
  uv_mutex_lock(&server->mutex);
  for (const struct record *at = server->first; at; at = at->next)
    count += at->op == op;
  uv_mutex_unlock(&server->mutex);
  return count;
}

/* --- Sending --- */

static void advance(struct link *link);

struct sending {
  uv_write_t request; /* must be the first member */
  struct sherd_buf bytes;
};

static void on_sent(uv_write_t *request, int status) {
  struct sending *sending = (struct sending *)(void *)request;
  (void)status;
  sherd__buf_deinit(&sending->bytes);
  free(sending);
}

/* Takes the bytes over. */
static void send_all(struct link *link, struct sherd_buf *bytes) {
  struct sending *sending = calloc(1, sizeof *sending);
  sending->bytes = *bytes;
  uv_buf_t buf = uv_buf_init((char *)bytes->data, (unsigned)bytes->len);
  if (uv_write(&sending->request, (uv_stream_t *)&link->tcp, &buf, 1, on_sent))
    on_sent(&sending->request, 0);
}

static void send_bytes(struct link *link, const void *data, size_t len) {
  struct sherd_buf bytes;
  sherd__buf_init(&bytes, sherd_allocator_default());
  sherd__buf_append(&bytes, data, len);
  send_all(link, &bytes);
}

static void on_link_gone(uv_handle_t *handle) {
  struct link *link = (struct link *)(void *)handle;
  struct link **at = &link->server->links;
  while (*at != link)
    at = &(*at)->next;
  *at = link->next;
  sherd__frames_free(link->frames);
  sherd__buf_deinit(&link->in);
  free(link);
}

static void drop(struct link *link) {
  if (link->is_closing)
    return;
  link->is_closing = true;
  record(link->server, SCRIPT_OP_GONE, "", 0);
  uv_close((uv_handle_t *)&link->tcp, on_link_gone);
}

static void on_shut_down(uv_shutdown_t *request, int status) {
  (void)status;
  drop(request->data);
  free(request);
}

/* Ends it once all has been sent. */
static void shut_down(struct link *link) {
  uv_shutdown_t *request = calloc(1, sizeof *request);
  request->data = link;
  if (uv_shutdown(request, (uv_stream_t *)&link->tcp, on_shut_down)) {
    free(request);
    drop(link);
  }
}

static void send_frame(struct link *link, enum sherd__frames_opcode opcode, const void *data,
                       size_t len) {
  struct sherd_buf bytes;
  sherd__buf_init(&bytes, sherd_allocator_default());
  sherd__frames_write(link->frames, opcode, (struct sherd_bytes){data, len}, &bytes);
  send_all(link, &bytes);
}

/* Appends a text with its variables filled in. */
static void expand(struct script_server *server, const char *text, struct sherd_buf *out) {
  char number[24];
  while (*text) {
    if (strncmp(text, "$S", 2) == 0) {
      int len = snprintf(number, sizeof number, "%llu", (unsigned long long)++server->seq);
      sherd__buf_append(out, number, (size_t)len);
      text += 2;
    } else if (strncmp(text, "$URL", 4) == 0) {
      sherd__buf_append(out, server->url, strlen(server->url));
      text += 4;
    } else {
      sherd__buf_append_byte(out, (uint8_t)*text++);
    }
  }
}

static void send_text(struct link *link, const char *text) {
  struct sherd_buf message;
  sherd__buf_init(&message, sherd_allocator_default());
  if (strstr(text, "\"READY\""))
    link->server->seq = 0;
  expand(link->server, text, &message);
  send_frame(link, SHERD__FRAMES_TEXT, message.data, message.len);
  sherd__buf_deinit(&message);
}

/* Made at one go, and fast: meanwhile no heartbeat is answered. */
static void send_flood(struct link *link, uint32_t count, const char *content) {
  size_t size = strlen(content) + 128;
  char *message = malloc(size);
  struct sherd_buf bytes;
  sherd__buf_init(&bytes, sherd_allocator_default());
  for (uint32_t i = 0; i < count; i++) {
    int len = snprintf(message, size,
                       "{\"t\":\"MESSAGE_CREATE\",\"s\":%llu,\"op\":0,\"d\":{\"content\":\"%s\"}}",
                       (unsigned long long)++link->server->seq, content);
    struct sherd_bytes text = {(const uint8_t *)message, (size_t)len};
    sherd__frames_write(link->frames, SHERD__FRAMES_TEXT, text, &bytes);
  }
  free(message);
  send_all(link, &bytes);
}

static void send_fill(struct link *link, uint32_t count) {
  struct sherd_buf bytes;
  sherd__buf_init(&bytes, sherd_allocator_default());
  sherd__buf_reserve(&bytes, count);
  memset(bytes.data, 'a', count);
  bytes.len = count;
  send_all(link, &bytes);
}

/* --- The script --- */

static bool upgrade(struct link *link) {
  static const char header[] = "Sec-WebSocket-Key: ";
  const char *key = strstr((const char *)link->in.data, header);
  if (!key)
    return false;
  char accept[SHERD__WEBSOCKET_ACCEPT_SIZE + 1], response[256];
  sherd__websocket_accept(key + sizeof header - 1, SHERD__WEBSOCKET_KEY_SIZE, accept);
  int len = snprintf(response, sizeof response,
                     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                     accept);
  send_bytes(link, response, (size_t)len);
  return true;
}

static void become_websocket(struct link *link) {
  if (!link->frames)
    sherd__frames_new(sherd_allocator_default(), SHERD__FRAMES_SERVER, NULL, MESSAGE_MAX,
                      &link->frames);
  link->in.len = 0;
}

/* Takes one step; false when it has to wait, or there is none. */
static bool take_step(struct link *link) {
  const struct script_step *step = link->step;
  switch (step->act) {
  case SCRIPT_ACT_END:
  case SCRIPT_ACT_EXPECT: /* on_message() goes on */
    return false;
  case SCRIPT_ACT_REQUEST:
    return link->has_request;
  case SCRIPT_ACT_UPGRADE:
    if (!link->has_request || !upgrade(link))
      return false;
    become_websocket(link);
    return true;
  case SCRIPT_ACT_RAW:
    send_bytes(link, step->text, step->len);
    return true;
  case SCRIPT_ACT_FILL:
    send_fill(link, step->number);
    return true;
  case SCRIPT_ACT_TEXT:
    send_text(link, step->text);
    return true;
  case SCRIPT_ACT_BINARY:
    send_frame(link, SHERD__FRAMES_BINARY, step->text, step->len);
    return true;
  case SCRIPT_ACT_FLOOD:
    send_flood(link, step->number, step->text);
    return true;
  case SCRIPT_ACT_SIGNAL:
    if (!atomic_load(&link->server->signals))
      return false;
    atomic_fetch_sub(&link->server->signals, 1);
    return true;
  case SCRIPT_ACT_DEAF:
    link->is_deaf = true;
    return true;
  case SCRIPT_ACT_CLOSE: {
    struct sherd_buf bytes;
    sherd__buf_init(&bytes, sherd_allocator_default());
    sherd__frames_write_close(link->frames, (uint16_t)step->number, "as scripted", &bytes);
    send_all(link, &bytes);
    return true;
  }
  case SCRIPT_ACT_DROP:
    shut_down(link);
    return true;
  }
  return false;
}

static void advance(struct link *link) {
  while (!link->is_closing && take_step(link))
    link->step++;
}

/* --- Receiving --- */

static int opcode_of(struct sherd_bytes message) {
  struct sherd_value value;
  int64_t op = -99;
  if (sherd_value_open(SHERD_FORMAT_JSON, message.data, message.len, &value) == SHERD_OK)
    sherd_value_as_i64(sherd_value_get(value, "op"), &op);
  return (int)op;
}

static void on_message(struct link *link) {
  int op = opcode_of(sherd__buf_bytes(&link->in));
  record(link->server, op, (const char *)link->in.data, link->in.len);
  link->in.len = 0;
  if (link->is_deaf)
    return;
  if (op == OP_BEAT)
    send_text(link, "{\"t\":null,\"s\":null,\"op\":11,\"d\":null}");
  if (link->step->act == SCRIPT_ACT_EXPECT && op == (int)link->step->number) {
    link->step++;
    advance(link);
  }
}

static void on_close_frame(struct link *link, uint16_t code) {
  char text[8];
  int len = snprintf(text, sizeof text, "%u", code);
  record(link->server, SCRIPT_OP_CLOSE, text, (size_t)len);
  if (link->is_deaf)
    return;
  struct sherd_buf bytes;
  sherd__buf_init(&bytes, sherd_allocator_default());
  sherd__frames_write_close(link->frames, code, NULL, &bytes);
  send_all(link, &bytes);
  shut_down(link);
}

static void take_frames(struct link *link, const char *data, size_t len) {
  struct sherd__frame_part part;
  sherd__frames_input(link->frames, (struct sherd_bytes){(const uint8_t *)data, len});
  while (sherd__frames_next(link->frames, &part) == SHERD_OK && part.kind != SHERD__FRAME_NONE) {
    if (part.kind == SHERD__FRAME_CLOSE)
      on_close_frame(link, part.close_code);
    if (part.kind != SHERD__FRAME_DATA)
      continue;
    sherd__buf_append(&link->in, part.data.data, part.data.len);
    if (part.is_last)
      on_message(link);
  }
}

static void take_request(struct link *link, const char *data, size_t len) {
  sherd__buf_append(&link->in, data, len);
  sherd__buf_append_byte(&link->in, '\0');
  link->in.len--;
  if (link->has_request || !strstr((const char *)link->in.data, "\r\n\r\n"))
    return;
  record(link->server, SCRIPT_OP_REQUEST, (const char *)link->in.data, link->in.len);
  link->has_request = true;
  advance(link);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out) {
  struct link *link = (struct link *)(void *)handle;
  (void)suggested;
  *out = uv_buf_init(link->read_bytes, sizeof link->read_bytes);
}

static void on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf) {
  struct link *link = (struct link *)(void *)stream;
  if (got < 0) {
    drop(link);
  } else if (got > 0 && link->frames) {
    take_frames(link, buf->base, (size_t)got);
  } else if (got > 0) {
    take_request(link, buf->base, (size_t)got);
  }
}

static void on_connection(uv_stream_t *stream, int status) {
  struct script_server *server = stream->data;
  if (status)
    return;
  struct link *link = calloc(1, sizeof *link);
  size_t which = server->accepted++;
  link->server = server;
  link->step = server->scripts[which < server->script_count ? which : server->script_count - 1];
  sherd__buf_init(&link->in, sherd_allocator_default());
  uv_tcp_init(&server->loop, &link->tcp);
  link->next = server->links;
  server->links = link;
  uv_accept(stream, (uv_stream_t *)&link->tcp);
  uv_tcp_nodelay(&link->tcp, 1);
  uv_read_start((uv_stream_t *)&link->tcp, on_alloc, on_read);
  advance(link);
}

/* --- Life --- */

static void on_stop(uv_async_t *handle) {
  struct script_server *server = handle->data;
  uv_close((uv_handle_t *)&server->listener, NULL);
  uv_close((uv_handle_t *)&server->stop, NULL);
  uv_close((uv_handle_t *)&server->signal, NULL);
  for (struct link *link = server->links; link; link = link->next)
    drop(link);
}

static void on_signal(uv_async_t *handle) {
  struct script_server *server = handle->data;
  for (struct link *link = server->links; link; link = link->next)
    advance(link);
}

static void run(void *arg) {
  struct script_server *server = arg;
  block_broken_pipe();
  uv_run(&server->loop, UV_RUN_DEFAULT);
}

static void listen_somewhere(struct script_server *server) {
  struct sockaddr_in address;
  int len = sizeof address;
  uv_ip4_addr("127.0.0.1", 0, &address);
  uv_tcp_init(&server->loop, &server->listener);
  server->listener.data = server;
  uv_tcp_bind(&server->listener, (const struct sockaddr *)&address, 0);
  uv_listen((uv_stream_t *)&server->listener, 128, on_connection);
  uv_tcp_getsockname(&server->listener, (struct sockaddr *)&address, &len);
  snprintf(server->url, sizeof server->url, "ws://127.0.0.1:%u", ntohs(address.sin_port));
}

static struct script_server *start(const struct script_step *const *scripts, size_t count,
                                   const struct script_step *only) {
  struct script_server *server = calloc(1, sizeof *server);
  if (!server)
    return NULL;
  server->one[0] = only;
  server->scripts = only ? server->one : scripts;
  server->script_count = count;
  server->last = &server->first;
  uv_mutex_init(&server->mutex);
  uv_cond_init(&server->recorded);
  uv_loop_init(&server->loop);
  uv_async_init(&server->loop, &server->stop, on_stop);
  uv_async_init(&server->loop, &server->signal, on_signal);
  server->stop.data = server->signal.data = server;
  listen_somewhere(server);
  uv_thread_create(&server->thread, run, server);
  return server;
}

struct script_server *script_server_start(const struct script_step *const *scripts, size_t count) {
  return start(scripts, count, NULL);
}

struct script_server *script_server_start_one(const struct script_step *script) {
  return start(NULL, 1, script);
}

void script_server_stop(struct script_server *server) {
  uv_async_send(&server->stop);
  uv_thread_join(&server->thread);
  uv_loop_close(&server->loop);
  while (server->first) {
    struct record *gone = server->first;
    server->first = gone->next;
    free(gone->text);
    free(gone);
  }
  uv_cond_destroy(&server->recorded);
  uv_mutex_destroy(&server->mutex);
  free(server);
}

const char *script_server_url(const struct script_server *server) {
  return server->url;
}

void script_server_signal(struct script_server *server) {
  atomic_fetch_add(&server->signals, 1);
  uv_async_send(&server->signal);
}
