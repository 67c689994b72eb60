/* A scripted client for the simulator, in memory: bytes through the client's side of frames.h, and
 * a fake clock. */
#ifndef SHERD_TESTS_SIM_PEER_H
#define SHERD_TESTS_SIM_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/config.h>
#include <sherd/value.h>

#include "base/random.h"
#include "engine/frames.h"
#include "engine/inflate.h"
#include "sim/gateway.h"

/* A simulator, its clock, and those who are connected to it. */
struct net {
  struct sherd__sim *sim;
  uint64_t now_ms;
};

struct peer {
  struct net *net;
  struct sherd__sim_client *client; /* NULL once the connection is gone */
  struct sherd__random random;
  struct sherd__frames *frames;
  struct sherd__inflater *inflater; /* NULL: text frames */
  bool payload_zlib;                /* binary frames are whole zlib streams */
  struct sherd_buf http;            /* the answer's head */
  bool is_upgraded;
  struct sherd_buf whole;    /* the message that comes */
  struct sherd_buf messages; /* those that came: length, text, NUL */
  size_t taken;
  int http_status;
  int close_code;
  char close_reason[128];
  bool is_gone; /* the server let go */
  uint64_t seq; /* the newest that was taken */
  uint32_t text_frames, binary_frames;
};

/* Makes a simulator at time 0. */
void net_open(struct net *net, const struct sherd__sim_config *config);
void net_close(struct net *net);

/* Lets time pass, with every deadline met to the millisecond. */
void net_wait(struct net *net, uint64_t ms);
/* Brings all that is to be sent to where it is going. */
void net_flush(struct net *net);

/* Connects, and says nothing yet; `query` is what will be asked with. */
void peer_begin(struct peer *peer, struct net *net, const char *query);
/* Connects with that query, as in "v=10&encoding=json", and takes the answer to the upgrade. */
void peer_open(struct peer *peer, struct net *net, const char *query);
/* The same through another host. */
void peer_open_at(struct peer *peer, struct net *net, const char *host, const char *query);
/* The transport is lost, without a word. */
void peer_lose(struct peer *peer);
/* Frees what is left. */
void peer_free(struct peer *peer);

/* Sends one message, in a text frame. */
void peer_say(struct peer *peer, const char *json);
void peer_sayf(struct peer *peer, const char *format, ...) __attribute__((format(printf, 2, 3)));
void peer_frame(struct peer *peer, enum sherd__frames_opcode opcode, const void *data, size_t len);
void peer_raw(struct peer *peer, const void *data, size_t len);

/* The next message that came, whatever is in it; no data when none came. Lifetime: as below. */
struct sherd_bytes peer_next_bytes(struct peer *peer);

/* The next message that came, NUL-terminated, or NULL. Lifetime: until the next flush. */
const char *peer_next(struct peer *peer);

/* Takes the next message, which must have this op, and gives its `d`. */
struct sherd_value peer_expect_op(struct peer *peer, int op);
/* Takes messages up to a dispatch of this name, and gives its `d`; fails when none comes. */
struct sherd_value peer_expect(struct peer *peer, const char *name);
/* Takes messages up to the last. Gives how many were dispatches of this name (NULL: of any). */
uint32_t peer_drain(struct peer *peer, const char *name);
void peer_expect_close(struct peer *peer, int code, const char *reason);

/* Connects, takes HELLO, identifies as `[id, count]` and takes READY; gives the session id. */
void peer_login(struct peer *peer, struct net *net, uint32_t id, uint32_t count, uint64_t intents,
                char session_id[64]);

#define IDENTIFY(fields)                                                                           \
  "{\"op\":2,\"d\":{\"token\":\"sherd-sim-token\",\"properties\":{\"os\":\"linux\","               \
  "\"browser\":\"x\",\"device\":\"x\"}," fields "}}"

#endif
