/* One connection of the sender's: a request of the HTTP API, or a WebSocket. */
#ifndef BENCH_PEERS_SENDER_PEER_H
#define BENCH_PEERS_SENDER_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/frames.h"
#include "stream_file.h"

#define SENDER_HEAD_BYTES 16384

/* Where the sender is, and what it tells of the bot. */
struct sender_place {
  uint16_t port;
  uint64_t user_id;
  uint32_t shards; /* that it advises */
};

struct sender_peer {
  int fd;
  struct sherd__frames *frames; /* once it is a WebSocket */
  char head[SENDER_HEAD_BYTES]; /* of a request */
  size_t head_len;
  uint8_t message[SENDER_HEAD_BYTES]; /* that comes in */
  size_t message_len;
  char answer[2048]; /* goes out first */
  size_t answer_len, answer_at;
  struct sherd_bytes next[2]; /* then these, which are the stream's */
  bool is_identified;
};

enum sender_peer_result {
  SENDER_PEER_GOES_ON = 0,
  SENDER_PEER_IDENTIFIED, /* its IDENTIFY came; what answers it is not sent yet */
  SENDER_PEER_GONE
};

/* Takes over `fd`, which does not wait. */
void sender_peer_open(struct sender_peer *peer, int fd);
void sender_peer_close(struct sender_peer *peer);

/* Reads what is there, and says what is to be written in answer. */
enum sender_peer_result sender_peer_read(struct sender_peer *peer, const struct sender_place *place,
                                         const struct stream_file *stream);

/* Writes what can be written without waiting; false when the connection is gone. */
bool sender_peer_write(struct sender_peer *peer);

/* Whether there is anything to write. */
bool sender_peer_has_more(const struct sender_peer *peer);

#endif
