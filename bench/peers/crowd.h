/* A gateway on loopback and the client that is measured on it: what all senders are made of.
 *
 * The client finds in its environment where it is to go (PEER_API, PEER_GATEWAY, PEER_TOKEN, and
 * with TLS SSL_CERT_FILE), how many dispatches there are (PEER_EVENTS) and how many shards it is to
 * be (PEER_SHARDS). */
#ifndef BENCH_PEERS_CROWD_H
#define BENCH_PEERS_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client.h"
#include "sender_peer.h"
#include "stream_file.h"

struct crowd {
  struct sender_place place;
  struct stream_file stream; /* what each connection is given */
  struct client client;
  struct sender_peer **shards; /* the connections that have identified, in that order */
  uint32_t identified;
  uint32_t wanted; /* as many shards as there are to be */
  int listener, epoll;
  double moved_s; /* when anything last happened */

  /* Told of what has been read from a connection, before anything is written in answer; NULL:
   * nobody is. */
  void (*heard)(struct crowd *crowd, struct sender_peer *peer, enum sender_peer_result result);
};

/* Listens, and starts the client. To be set before: stream, wanted, heard, and of place what is not
 * the sender's own address. */
void crowd_open(struct crowd *crowd, uint64_t events, char **command);

/* Serves what is ready, and waits for it `timeout_ms` at the most. Exits when nothing has happened
 * for two minutes, or the client has ended. */
void crowd_turn(struct crowd *crowd, int timeout_ms);

/* How long nothing has happened. */
double crowd_silence_s(const struct crowd *crowd);

#endif
