#include "sender_peer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <sherd/value.h>

#include "engine/upgrade.h"
#include "sim/http_head.h"

#define MESSAGE_BYTES_MAX (SENDER_HEAD_BYTES - 1)
#define WRITE_BYTES_MAX   (1u << 20)
#define UPGRADE_PAUSE_MS  20
#define OP_IDENTIFY       2

void sender_peer_open(struct sender_peer *peer, int fd) {
  memset(peer, 0, sizeof *peer);
  peer->fd = fd;
}

void sender_peer_close(struct sender_peer *peer) {
  sherd__frames_free(peer->frames);
  close(peer->fd);
}

/* --- HTTP --- */

__attribute__((format(printf, 3, 4))) static void
answer(struct sender_peer *peer, const char *status, const char *format, ...) {
  char body[1024];
  va_list arguments;
  va_start(arguments, format);
  int len = vsnprintf(body, sizeof body, format, arguments);
  va_end(arguments);
  len = snprintf(peer->answer, sizeof peer->answer,
                 "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                 status, len, body);
  peer->answer_len = (size_t)len;
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

/* The little of the API that libraries ask before they connect. */
static void answer_request(struct sender_peer *peer, struct sherd_bytes target,
                           const struct sender_place *place) {
  if (ends_with(target, "/gateway/bot"))
    answer(peer, "200 OK",
           "{\"url\":\"ws://127.0.0.1:%u\",\"shards\":%" PRIu32
           ",\"session_start_limit\":{\"total\":1000,\"remaining\":1000,\"reset_after\":0,"
           "\"max_concurrency\":%" PRIu32 "}}",
           (unsigned)place->port, place->shards, place->shards);
  else if (ends_with(target, "/gateway"))
    answer(peer, "200 OK", "{\"url\":\"ws://127.0.0.1:%u\"}", (unsigned)place->port);
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
                    const struct stream_file *stream) {
  char accept[SHERD__WEBSOCKET_ACCEPT_SIZE + 1];
  sherd__websocket_accept((const char *)key.data, key.len, accept);
  int len = snprintf(peer->answer, sizeof peer->answer,
                     "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                     accept);
  peer->answer_len = (size_t)len;
  peer->next[0] = stream->hello;
  return sherd__frames_new(sherd_allocator_default(), SHERD__FRAMES_SERVER, NULL, MESSAGE_BYTES_MAX,
                           &peer->frames) == SHERD_OK;
}

static enum sender_peer_result take_head(struct sender_peer *peer, const struct sender_place *place,
                                         const struct stream_file *stream) {
  struct sherd_bytes all = {(const uint8_t *)peer->head, peer->head_len};
  struct sherd__http_head head;
  size_t size = sherd__http_head_size(all);
  if (size == 0)
    return peer->head_len < sizeof peer->head ? SENDER_PEER_GOES_ON : SENDER_PEER_GONE;
  all.len = size;
  sherd__http_head_read(all, &head);
  peer->answer_at = 0;
  peer->head_len = 0; /* nobody sends more before the answer has come */
  if (!head.is_websocket)
    answer_request(peer, head.target, place);
  else if (!head.is_good || !upgrade(peer, head.key, stream))
    return SENDER_PEER_GONE;
  return SENDER_PEER_GOES_ON;
}

/* --- The WebSocket --- */

/* Some send a heartbeat before they identify, so the opcode is looked at, in either format. */
static bool is_identify(const struct sender_peer *peer) {
  uint64_t op = 0;
  struct sherd_value value;
  enum sherd_data_format format =
      peer->message_len && peer->message[0] == 131 ? SHERD_FORMAT_ETF : SHERD_FORMAT_JSON;
  return sherd_value_open(format, peer->message, peer->message_len, &value) == SHERD_OK &&
         sherd_value_as_u64(sherd_value_get(value, "op"), &op) == SHERD_OK && op == OP_IDENTIFY;
}

static void gather(struct sender_peer *peer, const struct sherd__frame_part *part) {
  if (part->is_first)
    peer->message_len = 0;
  memcpy(peer->message + peer->message_len, part->data.data, part->data.len);
  peer->message_len += part->data.len;
}

static enum sender_peer_result take_frames(struct sender_peer *peer, struct sherd_bytes in,
                                           const struct stream_file *stream) {
  struct sherd__frame_part part;
  enum sender_peer_result result = SENDER_PEER_GOES_ON;
  sherd__frames_input(peer->frames, in);
  do {
    if (sherd__frames_next(peer->frames, &part) || part.kind == SHERD__FRAME_CLOSE)
      return SENDER_PEER_GONE;
    if (part.kind != SHERD__FRAME_DATA || peer->is_identified)
      continue;
    gather(peer, &part);
    if (part.is_last && is_identify(peer)) {
      peer->is_identified = true;
      peer->next[1] = stream->rest;
      result = SENDER_PEER_IDENTIFIED;
    }
  } while (part.kind != SHERD__FRAME_NONE);
  return result;
}

enum sender_peer_result sender_peer_read(struct sender_peer *peer, const struct sender_place *place,
                                         const struct stream_file *stream) {
  uint8_t in[SENDER_HEAD_BYTES];
  size_t room = peer->frames ? sizeof in : sizeof peer->head - peer->head_len;
  ssize_t got = recv(peer->fd, in, room, 0);
  if (got < 0 && errno == EAGAIN)
    return SENDER_PEER_GOES_ON;
  if (got <= 0)
    return SENDER_PEER_GONE;
  if (peer->frames)
    return take_frames(peer, (struct sherd_bytes){in, (size_t)got}, stream);
  memcpy(peer->head + peer->head_len, in, (size_t)got);
  peer->head_len += (size_t)got;
  return take_head(peer, place, stream);
}

/* --- Writing --- */

bool sender_peer_has_more(const struct sender_peer *peer) {
  return peer->answer_at < peer->answer_len || peer->next[0].len || peer->next[1].len;
}

/* Gives how much went; less than `len` when the socket is full, -1 when it is gone. */
static ssize_t put(int fd, const void *data, size_t len) {
  ssize_t sent = send(fd, data, len < WRITE_BYTES_MAX ? len : WRITE_BYTES_MAX, MSG_NOSIGNAL);
  return sent < 0 && errno == EAGAIN ? 0 : sent;
}

/* There are clients that lose what comes together with the answer to their upgrade. */
static void let_it_upgrade(void) {
  nanosleep(&(struct timespec){.tv_nsec = UPGRADE_PAUSE_MS * 1000000}, NULL);
}

bool sender_peer_write(struct sender_peer *peer) {
  if (peer->answer_at < peer->answer_len) {
    ssize_t sent =
        put(peer->fd, peer->answer + peer->answer_at, peer->answer_len - peer->answer_at);
    if (sent < 0)
      return false;
    peer->answer_at += (size_t)sent;
    if (peer->next[0].len)
      let_it_upgrade();
  }
  for (size_t i = 0; i < 2 && peer->answer_at == peer->answer_len; i++) {
    struct sherd_bytes *next = &peer->next[i];
    if (next->len == 0)
      continue;
    ssize_t sent = put(peer->fd, next->data, next->len);
    if (sent < 0)
      return false;
    next->data += sent;
    next->len -= (size_t)sent;
    if (next->len)
      break;
  }
  return true;
}
