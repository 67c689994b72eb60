/* One connection of a sender's: a request of the HTTP API, or a WebSocket. */
#ifndef BENCH_PEERS_SENDER_PEER_H
#define BENCH_PEERS_SENDER_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "engine/frames.h"
#include "net/tls_stream.h"
#include "stream_file.h"

#define SENDER_HEAD_BYTES 16384

/* Where the sender is, and what it tells of the bot. */
struct sender_place {
  uint16_t port;
  uint64_t user_id;
  uint32_t shards; /* that it advises */

  struct sherd__tls *tls;    /* NULL: without */
  bool has_small_records;    /* with TLS: each message in records of its own */
  bool has_patience;         /* waits a little between an upgrade's answer and HELLO: there are
                                clients that lose what comes together with it */
  struct sherd_bytes answer; /* to a heartbeat, a frame; empty: there is none */
};

struct sender_peer {
  int fd;
  struct sherd__tls_stream *tls; /* NULL: without */
  struct sherd__frames *frames;  /* once it is a WebSocket */
  struct sherd_buf said;         /* goes out first; with TLS all of it */
  size_t said_len;               /* of it, what is out already */
  struct sherd_bytes next[2];    /* then these, which are borrowed */
  bool is_upgrading;             /* HELLO is not out yet */
  bool is_identified;
  uint32_t index; /* among those that have identified */
  uint64_t beats; /* heartbeats that have come */
  size_t in_len;
  uint8_t in[SENDER_HEAD_BYTES]; /* a request's head, or a message, that comes in */
};

enum sender_peer_result {
  SENDER_PEER_GOES_ON = 0,
  SENDER_PEER_IDENTIFIED, /* its IDENTIFY came; what answers it is not sent yet */
  SENDER_PEER_GONE
};

/* Takes over `fd`, which does not wait. Exits when there is no memory. */
struct sender_peer *sender_peer_new(int fd, const struct sender_place *place);
void sender_peer_free(struct sender_peer *peer);

/* Reads what is there, and says what is to be written in answer. */
enum sender_peer_result sender_peer_read(struct sender_peer *peer, const struct sender_place *place,
                                         const struct stream_file *stream);

/* Says `bytes`, frames, behind what it says already. Without TLS they are borrowed until they are
 * out, and there must be nothing that was said so before. */
void sender_peer_say(struct sender_peer *peer, const struct sender_place *place,
                     struct sherd_bytes bytes);

/* Writes what can be written without waiting; false when the connection is gone. */
bool sender_peer_write(struct sender_peer *peer, const struct sender_place *place);

/* Whether there is anything to write. */
bool sender_peer_has_more(const struct sender_peer *peer);

#endif
