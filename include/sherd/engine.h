/* The gateway without I/O: one shard's whole protocol as a state machine.
 *
 * The host has sockets, a clock and dice; the engine has facts and decisions. The host tells what
 * happened (the transport opened, bytes came, time passed), and pulls what to do (connect there,
 * write these bytes, hand this event to the user) with sherd_engine_next() after every call, until
 * it says that there is no more. Whoever has an event loop drives an engine so:
 *
 *   sherd_engine_start(e, now_ms);
 *   for (;;) {
 *     while (sherd_engine_next(e, &out))
 *       ... do what `out` says ...
 *     ... wait for the socket, until sherd_engine_deadline(e) at the most ...
 *     sherd_engine_opened / _feed / _lost / _granted / _tick(e, ..., now_ms);
 *   }
 *
 * Time is milliseconds on any clock that never goes back; it is passed in and never read.
 * Threads: an engine may be used by one thread at a time; different engines that share a scratch
 * must be used by the same thread, and one must be drained before the next is called.
 * Errors: each call that can cause outputs gives SHERD_ESTATE, and does nothing, while too many
 * wait to be taken; what else a call gives stands with it. */
#ifndef SHERD_ENGINE_H
#define SHERD_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/alloc.h>
#include <sherd/bytes.h>
#include <sherd/command.h>
#include <sherd/config.h>
#include <sherd/error.h>
#include <sherd/event.h>
#include <sherd/log.h>
#include <sherd/session.h>
#include <sherd/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sherd_engine;

/* Where messages are inflated to: one for all engines of a thread, so that an idle shard holds no
 * buffer. It grows to the largest message and shrinks again. */
struct sherd_scratch;

/* Makes a scratch. `allocator` may be NULL for the default. Errors: SHERD_ENOMEM. */
enum sherd_status sherd_scratch_new(const struct sherd_allocator *allocator,
                                    struct sherd_scratch **out);

/* Frees a scratch, once no engine uses it any more. NULL is allowed. */
void sherd_scratch_free(struct sherd_scratch *scratch);

/* What an engine needs from its host. Zeroed, everything has its default. */
struct sherd_engine_host {
  const struct sherd_allocator *allocator; /* NULL: sherd_allocator_default() */
  struct sherd_scratch *scratch;           /* NULL: one of the engine's own */
  struct sherd_log log;                    /* zeroed: silence */
  /* Fills `out` with `len` random bytes that nobody can predict: masks, the handshake's key, and
   * jitter. NULL: the operating system's. Tests give constants. */
  void (*random)(void *ctx, void *out, size_t len);
  void *random_ctx;
};

/* Each state names what is awaited. */
enum sherd_engine_state {
  SHERD_ENGINE_IDLE = 0,      /* not started, or ended by sherd_engine_close() */
  SHERD_ENGINE_AWAIT_RETRY,   /* backing off before the next attempt */
  SHERD_ENGINE_CONNECTING,    /* the host is to open the transport */
  SHERD_ENGINE_AWAIT_UPGRADE, /* the HTTP request is sent */
  SHERD_ENGINE_AWAIT_HELLO,
  SHERD_ENGINE_AWAIT_PERMIT, /* HELLO came; the host is to allow an IDENTIFY */
  SHERD_ENGINE_AWAIT_READY,
  SHERD_ENGINE_AWAIT_RESUMED,
  SHERD_ENGINE_ACTIVE,  /* READY or RESUMED came */
  SHERD_ENGINE_CLOSING, /* our close frame is sent; the peer's is awaited */
  SHERD_ENGINE_FATAL    /* ended by itself; sherd_engine_last_error() says why */
};

/* Names a state, as in "AWAIT_HELLO". Thread-safe. Lifetime: static. */
const char *sherd_engine_state_name(enum sherd_engine_state state);

enum sherd_output_type {
  SHERD_OUTPUT_CONNECT = 1,   /* open a transport to as.connect, then call _opened or _lost */
  SHERD_OUTPUT_WRITE,         /* send as.write on the transport, all of it, in order */
  SHERD_OUTPUT_DISCONNECT,    /* flush what was written, close the transport, forget it; do not call
                                 _lost for it */
  SHERD_OUTPUT_PERMIT,        /* ask for the permission to IDENTIFY, then call _granted */
  SHERD_OUTPUT_PERMIT_CANCEL, /* the permission that was asked for is not needed any more */
  SHERD_OUTPUT_EVENT,         /* hand as.event to the user */
  SHERD_OUTPUT_SESSION,       /* as.session changed: keep it; "not set" means forget it */
  SHERD_OUTPUT_ENDED          /* the engine has come to rest: as.ended is SHERD_OK after a close, or
                                 why it gave up. It can be started again */
};

struct sherd_output {
  enum sherd_output_type type;
  union {
    struct {
      const char *host; /* a name or an address, without brackets; NUL-terminated */
      uint16_t port;
      bool tls;
    } connect;
    struct sherd_bytes write;
    struct sherd_event event;
    const struct sherd_session *session;
    enum sherd_status ended;
  } as;
};

/* Counters since the engine was made; they only rise. */
struct sherd_engine_stats {
  uint64_t bytes_in;       /* given to sherd_engine_feed() */
  uint64_t bytes_out;      /* given out as SHERD_OUTPUT_WRITE */
  uint64_t bytes_inflated; /* of messages, after inflation */
  uint64_t messages;       /* of any opcode */
  uint64_t dispatches;     /* handed to the user */
  uint64_t repeats;        /* dispatches dropped because their sequence number had come already */
  uint64_t gaps;           /* SHERD_EVENT_SEQUENCE_GAP */
  uint64_t missed;         /* sequence numbers inside the gaps */
  uint64_t connects;       /* transports that opened */
  uint64_t identifies;     /* IDENTIFYs sent */
  uint64_t resumes_sent;   /* RESUMEs sent */
  uint64_t resumes;        /* RESUMED received */
  uint64_t sessions_lost;  /* SHERD_EVENT_SESSION_LOST */
  uint64_t heartbeats;     /* sent */
  uint64_t acks;           /* heartbeat ACKs received */
  uint64_t zombies;        /* connections given up for a missing ACK */
  uint64_t commands;       /* commands sent: ops 3, 4, 8, 31, 43 */
};

/* Makes an engine, in state IDLE. `config` is copied; `host` may be NULL.
 * Errors: SHERD_ETOKEN for a missing or malformed token; SHERD_EINVAL for a shard id not under the
 * count, a large_threshold out of range, a session that is damaged or another shard's;
 * SHERD_EUNSUPPORTED for payload zlib with ETF, which Discord does not have; SHERD_EURL;
 * SHERD_EUTF8 for a text that is not; SHERD_ETOOLONG when IDENTIFY would pass 4096 bytes;
 * SHERD_ENOMEM. *out is NULL on any of them. */
enum sherd_status sherd_engine_new(const struct sherd_gateway_config *config,
                                   const struct sherd_engine_host *host, struct sherd_engine **out);

/* Frees an engine in any state, without a word to the peer. NULL is allowed. */
void sherd_engine_free(struct sherd_engine *engine);

/* Begins: the first attempt is due at once. Errors: SHERD_EALREADY unless IDLE or FATAL. */
enum sherd_status sherd_engine_start(struct sherd_engine *engine, uint64_t now_ms);

/* Ends. Without `resumable` the close frame carries 1000, which ends the session; with it 4000, and
 * sherd_engine_session() stays good for another process. SHERD_OUTPUT_ENDED follows, at the latest
 * after close_timeout_ms. Allowed in every state; where there is nothing to end, nothing happens.
 * Source: Discord's documentation, Gateway, disconnecting. */
enum sherd_status sherd_engine_close(struct sherd_engine *engine, bool resumable, uint64_t now_ms);

/* The transport that was asked for (TLS included) is open. Errors: SHERD_ESTATE. */
enum sherd_status sherd_engine_opened(struct sherd_engine *engine, uint64_t now_ms);

/* Bytes came. `in` may end anywhere, also inside a frame. They are consumed by
 * sherd_engine_next(), one message at a time.
 * Errors: SHERD_ESTATE when there is no transport, or earlier bytes are not drained yet.
 * Lifetime: `in` must stay good until sherd_engine_next() has returned false. */
enum sherd_status sherd_engine_feed(struct sherd_engine *engine, struct sherd_bytes in,
                                    uint64_t now_ms);

/* The transport could not be opened, or ended by itself. `why` is a status of the transport band,
 * SHERD_ELOST for an orderly end of file. `details` may be NULL, or says more: its http_status,
 * os_error and text go into the last error. Errors: SHERD_ESTATE when there is no transport. */
enum sherd_status sherd_engine_lost(struct sherd_engine *engine, enum sherd_status why,
                                    const struct sherd_error_info *details, uint64_t now_ms);

/* The host allows the IDENTIFY that was asked for. Errors: SHERD_ESTATE when none is awaited (any
 * more): give the permission to another shard. */
enum sherd_status sherd_engine_granted(struct sherd_engine *engine, uint64_t now_ms);

/* Time passed: does what is due. Harmless when nothing is. */
enum sherd_status sherd_engine_tick(struct sherd_engine *engine, uint64_t now_ms);

/* Takes a command: checks it, encodes it, and queues it until the send limit allows it.
 * A presence is remembered in every state (and goes out with the next IDENTIFY); everything else
 * needs a session that is up. What was accepted survives reconnects; if it is never to be sent,
 * SHERD_EVENT_COMMAND_DROPPED says so.
 * Errors: SHERD_ENOTCONNECTED; SHERD_EINVAL for a value out of its range, which the last error
 * names; SHERD_EMISSINGINTENT; SHERD_EUTF8; SHERD_ETOOLONG; SHERD_EQUEUEFULL; SHERD_ERATELIMITED
 * for all members of a guild before Discord's RATE_LIMITED has run out; SHERD_ENOMEM. On any of
 * them nothing has changed. Source: Discord's documentation, Gateway Events, send events. */
enum sherd_status sherd_engine_send(struct sherd_engine *engine,
                                    const struct sherd_command *command, uint64_t now_ms);

/* The host stops reading (the user is slow), or goes on. While it is held, a missing ACK or answer
 * is not held against the server: it may lie unread in the socket. Heartbeats go on. */
enum sherd_status sherd_engine_hold(struct sherd_engine *engine, bool held, uint64_t now_ms);

/* Takes the next thing to do: false when there is none (any more). Call it after every other call
 * until it says so.
 * Lifetime: what *out points to is good until the next call on this engine, or on any that shares
 * its scratch. */
bool sherd_engine_next(struct sherd_engine *engine, struct sherd_output *out);

/* When sherd_engine_tick() is due, on the caller's clock; UINT64_MAX for never. */
uint64_t sherd_engine_deadline(const struct sherd_engine *engine);

/* Readings. */
enum sherd_engine_state sherd_engine_state(const struct sherd_engine *engine);
/* From start until the end, by whatever cause. */
bool sherd_engine_is_alive(const struct sherd_engine *engine);
/* READY or RESUMED was seen on the connection that is up now. */
bool sherd_engine_is_connected(const struct sherd_engine *engine);
/* Seconds from the sending of a heartbeat to its ACK, the newest such pair of this connection; NaN
 * until there is one. */
double sherd_engine_heartbeat_latency(const struct sherd_engine *engine);
/* The bot's user id. Errors: SHERD_ENOTCONNECTED before the first READY (a session that was given
 * counts); *out is then untouched. */
enum sherd_status sherd_engine_user_id(const struct sherd_engine *engine, sherd_snowflake *out);
/* The session as it is now. Errors: SHERD_ENOTFOUND when there is none; *out is then zeroed. */
enum sherd_status sherd_engine_session(const struct sherd_engine *engine,
                                       struct sherd_session *out);
/* The last failure of a call or of the connection; zeroed when there was none. */
void sherd_engine_last_error(const struct sherd_engine *engine, struct sherd_error_info *out);
/* Lifetime: that of the engine. */
const struct sherd_engine_stats *sherd_engine_stats(const struct sherd_engine *engine);

#ifdef __cplusplus
}
#endif
#endif
