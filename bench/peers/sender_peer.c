#include "sender_peer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <sherd/value.h>

#include "engine/upgrade.h"
#include "measure.h"
#include "sim/http_head.h"

#define MESSAGE_BYTES_MAX (SENDER_HEAD_BYTES - 1)
#define WRITE_BYTES_MAX   (1u << 20)
#define UPGRADE_PAUSE_MS  20
#define OP_HEARTBEAT      1
#define OP_IDENTIFY       2

struct sender_peer *sender_peer_new(int fd, const struct sender_place *place) {
  struct sender_peer *peer = calloc(1, sizeof *peer);
  measure_must(peer, "out of memory");
  peer->fd = fd;
  sherd__buf_init(&peer->said, sherd_allocator_default());
  measure_must(!place->tls || sherd__tls_stream_new(place->tls, NULL, &peer->tls) == SHERD_OK,
               "no TLS");
  return peer;
}

void sender_peer_free(struct sender_peer *peer) {
  sherd__tls_stream_free(peer->tls);
  sherd__frames_free(peer->frames);
  sherd__buf_deinit(&peer->said);
  close(peer->fd);
  free(peer);
}

/* --- What it says --- */

/* Says what is not to be kept by whoever has it; with TLS in records of 16 kB. */
static void say_copy(struct sender_peer *peer, struct sherd_bytes bytes) {
  if (bytes.len == 0)
    return;
  enum sherd_status status = peer->tls ? sherd__tls_stream_write(peer->tls, bytes, &peer->said)
                                       : sherd__buf_append(&peer->said, bytes.data, bytes.len);
  measure_must(status == SHERD_OK, "out of memory");
}

/* All is encrypted before any of it goes out, so that with TLS too it costs nothing to send. */
void sender_peer_say(struct sender_peer *peer, const struct sender_place *place,
                     struct sherd_bytes bytes) {
  if (!peer->tls) {
    peer->next[peer->next[0].len > 0] = bytes;
    return;
  }
  if (!place->has_small_records) {
    say_copy(peer, bytes);
    return;
  }
  for (const uint8_t *frame; frame = bytes.data, stream_file_next(&bytes).len;)
    say_copy(peer, (struct sherd_bytes){frame, (size_t)(bytes.data - frame)});
}

/* --- HTTP --- */

__attribute__((format(printf, 3, 4))) static void
answer(struct sender_peer *peer, const char *status, const char *format, ...) {
  char body[1024];
  va_list arguments;
  va_start(arguments, format);
  int len = vsnprintf(body, sizeof body, format, arguments);
  va_end(arguments);
  char all[2048];
  len = snprintf(all, sizeof all,
                 "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                 status, len, body);
  say_copy(peer, (struct sherd_bytes){(const uint8_t *)all, (size_t)len});
}

static bool ends_with(struct sherd_bytes target, const char *path) {
  const uint8_t *query = memchr(target.data, '?', target.len);
  size_t len = query ? (size_t)(query - target.data) : target.len;
  size_t path_len = strlen(path);
  return len >= path_len && memcmp(target.data + len - path_len, path, path_len) == 0;
}

#define USER                                                                                       \
  "\"id\":\"%" PRIu64 "\",\"username\":\"bench\",\"discriminator\":\"0\",\"avatar\":null,"         \
  "\"global_name\":null,\"bot\":true,\"flags\":0,\"public_flags\":0"

static const char *scheme(const struct sender_place *place) {
  return place->tls ? "wss" : "ws";
}

/* The little of the API that libraries ask before they connect. */
static void answer_request(struct sender_peer *peer, struct sherd_bytes target,
                           const struct sender_place *place) {
  if (ends_with(target, "/gateway/bot"))
    answer(peer, "200 OK",
           "{\"url\":\"%s://127.0.0.1:%u\",\"shards\":%" PRIu32
           ",\"session_start_limit\":{\"total\":1000,\"remaining\":1000,\"reset_after\":0,"
           "\"max_concurrency\":%" PRIu32 "}}",
           scheme(place), (unsigned)place->port, place->shards, place->shards);
  else if (ends_with(target, "/gateway"))
    answer(peer, "200 OK", "{\"url\":\"%s://127.0.0.1:%u\"}", scheme(place), (unsigned)place->port);
  else if (ends_with(target, "/applications/@me"))
    answer(peer, "200 OK",
           "{\"id\":\"%" PRIu64 "\",\"name\":\"bench\",\"icon\":null,\"description\":\"\","
           "\"bot_public\":true,\"bot_require_code_grant\":false,\"verify_key\":\"\",\"flags\":0,"
           "\"team\":null,\"owner\":{" USER "}}",
           place->user_id, place->user_id);
  else if (ends_with(target, "/users/@me"))
    answer(peer, "200 OK", "{" USER ",\"verified\":true,\"mfa_enabled\":false,\"locale\":\"en\"}",
           place->user_id);
  else
    answer(peer, "404 Not Found", "{\"message\":\"404: Not Found\",\"code\":0}");
}

static bool upgrade(struct sender_peer *peer, struct sherd_bytes key,
                    const struct sender_place *place, const struct stream_file *stream) {
  char accept[SHERD__WEBSOCKET_ACCEPT_SIZE + 1], head[256];
  sherd__websocket_accept((const char *)key.data, key.len, accept);
  int len = snprintf(head, sizeof head,
                     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                     accept);
  say_copy(peer, (struct sherd_bytes){(const uint8_t *)head, (size_t)len});
  sender_peer_say(peer, place, stream->hello);
  peer->is_upgrading = true;
  return sherd__frames_new(sherd_allocator_default(), SHERD__FRAMES_SERVER, NULL, MESSAGE_BYTES_MAX,
                           &peer->frames) == SHERD_OK;
}

static enum sender_peer_result take_head(struct sender_peer *peer, struct sherd_bytes bytes,
                                         const struct sender_place *place,
                                         const struct stream_file *stream) {
  if (bytes.len > sizeof peer->in - peer->in_len)
    return SENDER_PEER_GONE;
  memcpy(peer->in + peer->in_len, bytes.data, bytes.len);
  peer->in_len += bytes.len;
  struct sherd_bytes all = {peer->in, peer->in_len};
  struct sherd__http_head head;
  all.len = sherd__http_head_size(all);
  if (all.len == 0)
    return SENDER_PEER_GOES_ON;
  sherd__http_head_read(all, &head);
  peer->in_len = 0; /* nobody sends more before the answer has come */
  if (!head.is_websocket)
    answer_request(peer, head.target, place);
  else if (!head.is_good || !upgrade(peer, head.key, place, stream))
    return SENDER_PEER_GONE;
  return SENDER_PEER_GOES_ON;
}

/* --- The WebSocket --- */

/* In either format. */
static uint64_t opcode(const struct sender_peer *peer) {
  uint64_t op = 0;
  struct sherd_value value;
  enum sherd_data_format format =
      peer->in_len && peer->in[0] == 131 ? SHERD_FORMAT_ETF : SHERD_FORMAT_JSON;
  return sherd_value_open(format, peer->in, peer->in_len, &value) == SHERD_OK &&
                 sherd_value_as_u64(sherd_value_get(value, "op"), &op) == SHERD_OK
             ? op
             : 0;
}

static void gather(struct sender_peer *peer, const struct sherd__frame_part *part) {
  if (part->is_first)
    peer->in_len = 0;
  memcpy(peer->in + peer->in_len, part->data.data, part->data.len);
  peer->in_len += part->data.len;
}

static enum sender_peer_result take_message(struct sender_peer *peer,
                                            const struct sender_place *place,
                                            const struct stream_file *stream) {
  uint64_t op = opcode(peer);
  if (op == OP_IDENTIFY && !peer->is_identified) {
    peer->is_identified = true;
    sender_peer_say(peer, place, stream->rest);
    return SENDER_PEER_IDENTIFIED;
  }
  if (op == OP_HEARTBEAT) {
    peer->beats++;
    say_copy(peer, place->answer);
  }
  return SENDER_PEER_GOES_ON;
}

static enum sender_peer_result take_frames(struct sender_peer *peer, struct sherd_bytes in,
                                           const struct sender_place *place,
                                           const struct stream_file *stream) {
  struct sherd__frame_part part;
  enum sender_peer_result result = SENDER_PEER_GOES_ON;
  sherd__frames_input(peer->frames, in);
  do {
    if (sherd__frames_next(peer->frames, &part) || part.kind == SHERD__FRAME_CLOSE)
      return SENDER_PEER_GONE;
    if (part.kind != SHERD__FRAME_DATA)
      continue;
    gather(peer, &part);
    if (part.is_last && take_message(peer, place, stream) == SENDER_PEER_IDENTIFIED)
      result = SENDER_PEER_IDENTIFIED;
  } while (part.kind != SHERD__FRAME_NONE);
  return result;
}

/* --- Reading --- */

static enum sender_peer_result take(struct sender_peer *peer, struct sherd_bytes in,
                                    const struct sender_place *place,
                                    const struct stream_file *stream) {
  return peer->frames ? take_frames(peer, in, place, stream) : take_head(peer, in, place, stream);
}

static enum sender_peer_result take_ciphertext(struct sender_peer *peer, struct sherd_bytes in,
                                               const struct sender_place *place,
                                               const struct stream_file *stream) {
  uint8_t plain[SENDER_HEAD_BYTES];
  enum sender_peer_result result = SENDER_PEER_GOES_ON;
  for (;;) {
    size_t len;
    if (sherd__tls_stream_feed(peer->tls, &in, plain, sizeof plain, &len, &peer->said))
      return SENDER_PEER_GONE;
    if (len == 0)
      return result;
    enum sender_peer_result of = take(peer, (struct sherd_bytes){plain, len}, place, stream);
    if (of != SENDER_PEER_GOES_ON)
      result = of;
    if (of == SENDER_PEER_GONE)
      return of;
  }
}

enum sender_peer_result sender_peer_read(struct sender_peer *peer, const struct sender_place *place,
                                         const struct stream_file *stream) {
  uint8_t bytes[SENDER_HEAD_BYTES];
  enum sender_peer_result result = SENDER_PEER_GOES_ON;
  ssize_t got;
  do {
    got = recv(peer->fd, bytes, sizeof bytes, 0);
    if (got < 0 && errno == EAGAIN)
      break;
    if (got <= 0)
      return SENDER_PEER_GONE;
    struct sherd_bytes in = {bytes, (size_t)got};
    enum sender_peer_result of =
        peer->tls ? take_ciphertext(peer, in, place, stream) : take(peer, in, place, stream);
    if (of != SENDER_PEER_GOES_ON)
      result = of;
  } while (result != SENDER_PEER_GONE && got == sizeof bytes);
  return result;
}

/* --- Writing --- */

bool sender_peer_has_more(const struct sender_peer *peer) {
  return peer->said_len < peer->said.len || peer->next[0].len || peer->next[1].len;
}

/* Takes off what went: all, or as much as the socket took. False when the connection is gone. */
static bool put(int fd, struct sherd_bytes *bytes) {
  ssize_t sent = 0;
  for (size_t len = 0; bytes->len && sent == (ssize_t)len;) {
    len = bytes->len < WRITE_BYTES_MAX ? bytes->len : WRITE_BYTES_MAX;
    sent = send(fd, bytes->data, len, MSG_NOSIGNAL);
    if (sent < 0)
      return errno == EAGAIN;
    bytes->data += sent;
    bytes->len -= (size_t)sent;
  }
  return true;
}

static bool put_said(struct sender_peer *peer) {
  struct sherd_bytes left = {peer->said.data + peer->said_len, peer->said.len - peer->said_len};
  bool is_there = put(peer->fd, &left);
  peer->said_len = peer->said.len - left.len;
  if (left.len == 0)
    peer->said.len = peer->said_len = 0;
  return is_there;
}

static void let_it_upgrade(void) {
  nanosleep(&(struct timespec){.tv_nsec = UPGRADE_PAUSE_MS * 1000000}, NULL);
}

bool sender_peer_write(struct sender_peer *peer, const struct sender_place *place) {
  if (peer->said.len && !put_said(peer))
    return false;
  if (peer->said.len || !peer->next[0].len)
    return true;
  if (peer->is_upgrading && place->has_patience)
    let_it_upgrade();
  peer->is_upgrading = false;
  if (!put(peer->fd, &peer->next[0]))
    return false;
  if (peer->next[0].len || !peer->next[1].len)
    return true;
  peer->next[0] = peer->next[1];
  peer->next[1].len = 0;
  return put(peer->fd, &peer->next[0]);
}
