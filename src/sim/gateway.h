/* Discord's gateway without I/O: the server's side of every connection, as a state machine.
 *
 * Like the engine, it is given bytes and the time and gives bytes back, so that a test lets the
 * engine and the simulator talk in memory with a fake clock, and the same seed gives the same
 * bytes. The host makes a client for each connection, feeds it what came in, and asks
 * sherd__sim_next_ready() after every call which clients have something to send.
 *
 * Each rule follows Discord's documentation; where that is silent, the choice is argued at its
 * place. */
#ifndef SHERD_SIM_GATEWAY_H
#define SHERD_SIM_GATEWAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/alloc.h>
#include <sherd/bytes.h>
#include <sherd/status.h>

#include "base/buf.h"
#include "sim/dispatch.h"
#include "sim/sight.h"

#define SHERD__SIM_TOKEN "sherd-sim-token"

struct sherd__sim;
struct sherd__sim_client;

/* A dispatch that was produced for a session, whether its connection is there or not. */
struct sherd__sim_produced {
  uint32_t shard_id;
  uint32_t shard_count;
  const char *session_id;
  uint64_t seq;
  struct sherd__dispatch *dispatch;
};

/* Zeroed, every field has its default. */
struct sherd__sim_config {
  const struct sherd_allocator *allocator; /* NULL: sherd_allocator_default() */
  uint64_t seed;
  uint32_t shards;                /* advised, and what the world is spread over; 0: 1 */
  uint32_t guilds;                /* up to SHERD__WORLD_GUILDS_MAX */
  uint32_t rate;                  /* events a second on each shard's stream; 0: none */
  uint32_t max_events;            /* of the stream, for each session; 0: without end */
  const char *token;              /* NULL: SHERD__SIM_TOKEN */
  uint32_t heartbeat_interval_ms; /* 0: 41250 */
  uint32_t drop_after;            /* cuts a shard's connection once, in the middle of the dispatch
                                     with this sequence number; 0: never */
  uint32_t max_concurrency;       /* IDENTIFYs in 5 s; 0: 1 */
  uint32_t starts_a_day;          /* IDENTIFYs in 24 h; 0: 1000 */
  uint32_t session_ttl_ms;        /* how long a session lives without a connection; 0: 3 min */
  uint32_t session_age_ms;        /* how long a session lives at all; 0: without end */
  bool strict_resume_url;         /* close who resumes elsewhere, or identifies where one resumes */
  uint64_t disallowed_intents;    /* privileged ones that are not enabled */
  bool etf_integers;              /* snowflakes of ETF are integers; false: binaries */
  uint32_t guild_pause_ms;        /* between two GUILD_CREATEs; 0: 5 ms */
  uint32_t replay_events;         /* kept for a RESUME; 0: 65536 */
  size_t replay_bytes;            /* 0: 64 MiB */
  void (*produced)(void *ctx, const struct sherd__sim_produced *it); /* may be NULL */
  void *produced_ctx;
  sherd__sight_fn watch; /* may be NULL; must not call back into the simulator */
  void *watch_ctx;
};

/* Counters; they only rise. */
struct sherd__sim_stats {
  uint64_t connections;
  uint64_t sessions;
  uint64_t resumes;              /* RESUMED sent */
  uint64_t resumes_refused;      /* answered with op 9 or 4007 */
  uint64_t resumes_elsewhere;    /* came to another host than resume_gateway_url says */
  uint64_t identifies_elsewhere; /* came to the host of resume_gateway_url */
  uint64_t invalid_sessions;     /* op 9 sent */
  uint64_t drops;                /* connections cut because of drop_after */
  uint64_t closes;               /* close frames that began with us */
  uint64_t dispatches;           /* produced, summed over sessions */
  uint64_t dispatched_bytes;     /* their `d`, summed over sessions */
  uint64_t messages_in;
  uint64_t heartbeats;
  uint64_t bytes_out; /* WebSocket frames and HTTP heads */
};

/* Makes a world and nobody in it. `config` is copied. Errors: SHERD_EINVAL for numbers out of
 * range; SHERD_ENOMEM. */
enum sherd_status sherd__sim_new(const struct sherd__sim_config *config, uint64_t now_ms,
                                 struct sherd__sim **out);

/* Frees it, once its clients are freed. NULL is allowed. */
void sherd__sim_free(struct sherd__sim *sim);

/* Says where it is reached: at `host` and `port` for new sessions, and at `resume_host` and
 * `resume_port`, of which one at least is another, in resume_gateway_url (the other way round for a
 * client that came through that one). Texts are copied. Errors: SHERD_EINVAL when they are too
 * long.
 */
enum sherd_status sherd__sim_set_address(struct sherd__sim *sim, bool tls, const char *host,
                                         uint16_t port, const char *resume_host,
                                         uint16_t resume_port);

/* Has bots told to come, and to come back, by the name that they asked with: for a listener that
 * others reach under names which we cannot know. */
void sherd__sim_set_public(struct sherd__sim *sim);

/* The base URL for new sessions, as in "ws://127.0.0.1:4000". Lifetime: until the address is set
 * again. */
const char *sherd__sim_url(const struct sherd__sim *sim);

/* Does all that is due: events, heartbeats that were missed, sessions that have lived. */
void sherd__sim_tick(struct sherd__sim *sim, uint64_t now_ms);

/* When something is due next; UINT64_MAX when nothing is. */
uint64_t sherd__sim_deadline(const struct sherd__sim *sim);

/* A client that has bytes to send or whose state has changed since it was last given here, or
 * NULL. */
struct sherd__sim_client *sherd__sim_next_ready(struct sherd__sim *sim);

const struct sherd__sim_stats *sherd__sim_stats(const struct sherd__sim *sim);

/* What GET /gateway/bot tells. */
struct sherd__sim_start_info {
  uint32_t shards, total, remaining, max_concurrency;
  uint64_t reset_after_ms;
};
struct sherd__sim_start_info sherd__sim_start_info(struct sherd__sim *sim, uint64_t now_ms);

/* Whether `token`, bare or after "Bot ", is the right one. */
bool sherd__sim_is_token(const struct sherd__sim *sim, struct sherd_bytes token);

/* Tells whoever watches of what the host saw, and the simulator could not. */
void sherd__sim_see(const struct sherd__sim *sim, enum sherd__sight_kind kind, uint32_t number,
                    const char *text);

/* --- One connection --- */

enum sherd__sim_client_state {
  SHERD__SIM_AWAIT_HEAD = 0, /* of the HTTP request */
  SHERD__SIM_HTTP,           /* it is no WebSocket: sherd__sim_client_head() has what came */
  SHERD__SIM_OPEN,           /* a WebSocket */
  SHERD__SIM_CLOSED,         /* send what is there, then say goodbye in good order */
  SHERD__SIM_CUT             /* send what is there, then let go without a word */
};

/* The transport has opened. `user` is the host's. Errors: SHERD_ENOMEM. */
enum sherd_status sherd__sim_client_new(struct sherd__sim *sim, void *user, uint64_t now_ms,
                                        struct sherd__sim_client **out);

/* The transport is gone. The session, if there is one, lives on unless a close frame ended it. */
void sherd__sim_client_free(struct sherd__sim_client *client, uint64_t now_ms);

void *sherd__sim_client_user(const struct sherd__sim_client *client);
enum sherd__sim_client_state sherd__sim_client_state(const struct sherd__sim_client *client);

/* In state HTTP: all that came so far. Lifetime: that of the client. */
struct sherd_bytes sherd__sim_client_head(const struct sherd__sim_client *client);

/* Bytes came; `in` may end anywhere. In the last three states they are dropped. */
void sherd__sim_client_feed(struct sherd__sim_client *client, struct sherd_bytes in,
                            uint64_t now_ms);

/* In state CUT: whether to let go with a reset. */
bool sherd__sim_client_is_reset(const struct sherd__sim_client *client);

/* Gives back the memory of an empty buffer that was a large one. */
void sherd__sim_buf_rest(struct sherd_buf *buf);

/* Moves what is to be sent to `out`, which must be empty, and makes more if there is more. */
void sherd__sim_client_take(struct sherd__sim_client *client, struct sherd_buf *out);

#endif
