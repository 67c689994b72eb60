/* A shard: one gateway session, kept alive over every connection that it takes.
 *
 * The calls below work on any shard: the live one that sherd_shard_new() makes, and those that
 * others write (sherd/shard_ops.h).
 *
 * Life: new, start, (events come), close, join, free. A closed or failed shard can be started
 * again. All calls are thread-safe, but for sherd_shard_free(), which must be the last one. Calls
 * that block return SHERD_EDEADLK on the shard's own loop thread, which is where callbacks run;
 * everything else may be called from a callback. */
#ifndef SHERD_SHARD_H
#define SHERD_SHARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/command.h>
#include <sherd/config.h>
#include <sherd/engine.h>
#include <sherd/error.h>
#include <sherd/event.h>
#include <sherd/runtime.h>
#include <sherd/session.h>
#include <sherd/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sherd_shard;

/* Waits for ever, as a timeout. */
#define SHERD_FOREVER (-1)

/* Takes one event, on the shard's loop thread. Lifetime: the event and its data end with the call
 * unless sherd_event_retain() keeps them. */
typedef void (*sherd_event_fn)(struct sherd_shard *shard, const struct sherd_event *event,
                               void *user);

/* Takes the outcome of an asynchronous start or close, once, on the shard's loop thread. */
typedef void (*sherd_done_fn)(struct sherd_shard *shard, enum sherd_status status, void *user);

/* Zeroed but for gateway.token, everything has its default. Texts are copied. */
struct sherd_shard_config {
  struct sherd_gateway_config gateway; /* what is said to the gateway, and the protocol's limits */
  struct sherd_runtime *runtime; /* where it runs; NULL: a runtime of its own, with 1 thread */

  /* Delivery: a callback, or, when it is NULL, sherd_shard_next(). */
  sherd_event_fn on_event;
  void *user;
  uint32_t max_pending_events; /* for sherd_shard_next(): events kept before the shard stops
                                  reading from its socket (what was read already still goes in),
                                  until half of them are taken; 0: 1024 */
  size_t max_pending_bytes;    /* the same in bytes; 0: 16 MiB */

  struct sherd_log log; /* zeroed: the runtime's */

  /* The transport. */
  const char *ca_file; /* PEM file of the authorities to trust instead of the system's; NULL:
                          those, or what SSL_CERT_FILE and SSL_CERT_DIR name */
  const char *proxy;   /* http://[user:password@]host[:port] for CONNECT; NULL: from https_proxy,
                          http_proxy and no_proxy; "": none */
  uint32_t dns_timeout_ms;     /* 0: 10 s */
  uint32_t connect_timeout_ms; /* all of TCP, with every address tried; 0: 10 s */
  uint32_t proxy_timeout_ms;   /* 0: 10 s */
  uint32_t tls_timeout_ms;     /* 0: 10 s */
  uint32_t start_timeout_ms;   /* start gives up with SHERD_ETIMEDOUT after this; 0: never */
};

/* Makes a live shard, not yet started.
 * Errors: those of sherd_engine_new(); SHERD_EINVAL for a malformed proxy URL; SHERD_ETLSCAFILE;
 * SHERD_ESYSTEM. *out is NULL on any of them. */
enum sherd_status sherd_shard_new(const struct sherd_shard_config *config,
                                  struct sherd_shard **out);

/* Frees a shard; a live one is closed first, without waiting for its peer's answer (a second at the
 * most goes into a goodbye on a connection that is deaf). From the shard's own callback it takes
 * effect when the callback has returned. No event comes once it has returned elsewhere, CLOSED
 * neither; each `done` that is still owed is called once: SHERD_ECLOSED for a start, SHERD_OK for a
 * close. NULL is allowed. */
void sherd_shard_free(struct sherd_shard *shard);

/* Starts and waits until READY (or RESUMED, with a session given). Trouble that may pass (no
 * network, refused connections, closes that allow a reconnect) is retried with growing pauses.
 * Errors, after which the shard is not alive: a permanent failure's status (SHERD_EAUTH,
 * SHERD_EDISALLOWEDINTENTS, ..., an untrusted certificate on the first connection, or the last
 * failure once max_attempts have passed); SHERD_ETIMEDOUT after start_timeout_ms; SHERD_ECLOSED
 * when it is closed meanwhile. SHERD_EALREADY when it is alive, SHERD_EDEADLK.
 * With events pulled it also returns once the queue is full: RESUMED may lie behind more events
 * than fit, and who waits here does not pull. Whoever gives up by start_timeout_ms keeps the
 * session: the close code is 4000. */
enum sherd_status sherd_shard_start(struct sherd_shard *shard);

/* Starts, and calls `done` (which may be NULL) with what sherd_shard_start() would have returned.
 * Errors: SHERD_EALREADY, SHERD_ENOMEM; `done` is then not called. */
enum sherd_status sherd_shard_start_async(struct sherd_shard *shard, sherd_done_fn done,
                                          void *user);

/* Waits until the shard has ended: `timeout_ms` at most, SHERD_FOREVER without end, 0 just asks.
 * Any number of threads may wait; giving up changes nothing. Returns SHERD_OK after an orderly
 * close, the failure when it ended by one, also long after.
 * Errors: SHERD_ETIMEDOUT (also of a shard that ended by start_timeout_ms; sherd_shard_is_alive()
 * tells them apart), SHERD_ENOTALIVE when it was never started, SHERD_EDEADLK. */
enum sherd_status sherd_shard_join(struct sherd_shard *shard, int64_t timeout_ms);

/* Ends the session (close code 1000: the bot goes offline) and waits until the shard has ended.
 * Idempotent: SHERD_OK also when it was never started or has ended, by whatever cause.
 * Errors: SHERD_EDEADLK. */
enum sherd_status sherd_shard_close(struct sherd_shard *shard);

/* The same without waiting; `done` may be NULL. Errors: SHERD_ENOMEM. */
enum sherd_status sherd_shard_close_async(struct sherd_shard *shard, sherd_done_fn done,
                                          void *user);

/* Ends the shard but not its session (close code 4000), waits, and gives the session for
 * config.gateway.session of a later shard, which may be in another process. This one keeps it too:
 * started again, it resumes.
 * Errors: SHERD_ENOTFOUND when there is no session to keep (the shard is closed all the same, and
 * *out zeroed); SHERD_EDEADLK. */
enum sherd_status sherd_shard_close_resumable(struct sherd_shard *shard, struct sherd_session *out);

/* The same without waiting; `done` may be NULL, and sherd_shard_session() has the session when it
 * is called. A shard that is freed meanwhile keeps its session too. Errors: SHERD_ENOMEM. */
enum sherd_status sherd_shard_close_resumable_async(struct sherd_shard *shard, sherd_done_fn done,
                                                    void *user);

/* Stops, or goes on, reading from the shard's socket: for a callback whose consumer is slow. What
 * was read already still comes; heartbeats go on, and an ACK that cannot be seen is not missed. A
 * connection that is made meanwhile is made when reading goes on. Made in the shard's own callback
 * it takes effect before the next read. Holding does not nest. A close ends it. Does nothing with
 * events that are pulled, which hold by themselves. */
void sherd_shard_hold(struct sherd_shard *shard, bool held);

/* Takes the next event when no callback was given: waits `timeout_ms` at most (SHERD_FOREVER, or 0
 * to just ask). *out must be released with sherd_event_release(). Several threads may call it; each
 * event goes to one of them. After the shard has ended the events left still come, the last one
 * being SHERD_EVENT_CLOSED.
 * Errors, with *out NULL: SHERD_ETIMEDOUT (SHERD_EAGAIN when timeout_ms is 0); SHERD_ECLOSED when
 * the shard has ended and nothing is left; SHERD_ENOTALIVE when it was never started;
 * SHERD_ESTATE when a callback was given; SHERD_EDEADLK. */
enum sherd_status sherd_shard_next(struct sherd_shard *shard, int64_t timeout_ms,
                                   struct sherd_event **out);

/* What it was made with. */
uint32_t sherd_shard_id(const struct sherd_shard *shard);
uint32_t sherd_shard_count(const struct sherd_shard *shard);
uint64_t sherd_shard_intents(const struct sherd_shard *shard);
uint64_t sherd_shard_capabilities(const struct sherd_shard *shard);

/* From the first moment of start until the shard has ended, by whatever cause. */
bool sherd_shard_is_alive(const struct sherd_shard *shard);

/* READY or RESUMED was seen on the connection that is up now. True already inside the callback that
 * gets that event. */
bool sherd_shard_is_connected(const struct sherd_shard *shard);

/* Seconds from the newest acknowledged heartbeat's sending to its ACK; NaN until the first ACK of
 * each connection. */
double sherd_shard_heartbeat_latency(const struct sherd_shard *shard);

/* The bot's user id, known from the first READY on, whatever happens later.
 * Errors: SHERD_ENOTCONNECTED before that; *out is then untouched. */
enum sherd_status sherd_shard_get_user_id(const struct sherd_shard *shard, sherd_snowflake *out);

/* The commands. They return once the command is accepted, not once it is sent or obeyed: see
 * sherd_engine_send() for their errors and for what becomes of them.
 * update_presence is remembered in every state, also before start, and goes out with IDENTIFY. */
enum sherd_status sherd_shard_update_presence(struct sherd_shard *shard,
                                              const struct sherd_presence *presence);
enum sherd_status sherd_shard_update_voice_state(struct sherd_shard *shard,
                                                 sherd_snowflake guild_id,
                                                 const struct sherd_voice_state *voice_state);
enum sherd_status sherd_shard_request_guild_members(struct sherd_shard *shard,
                                                    sherd_snowflake guild_id,
                                                    const struct sherd_members_request *request);
/* `fields` is a sum of SHERD_CHANNEL_INFO_...; the answer is the event CHANNEL_INFO. */
enum sherd_status sherd_shard_request_channel_info(struct sherd_shard *shard,
                                                   sherd_snowflake guild_id, unsigned fields);
/* The answer is one event SOUNDBOARD_SOUNDS a guild. */
enum sherd_status sherd_shard_request_soundboard_sounds(struct sherd_shard *shard,
                                                        const sherd_snowflake *guild_ids,
                                                        size_t count);

/* The session as it is now. Errors: SHERD_ENOTFOUND when there is none; *out is then zeroed. */
enum sherd_status sherd_shard_session(const struct sherd_shard *shard, struct sherd_session *out);

/* The counters as they are now. */
enum sherd_status sherd_shard_stats(const struct sherd_shard *shard,
                                    struct sherd_engine_stats *out);

/* The last failure: of a command that was refused, of a connection, or of the shard. Zeroed when
 * there was none. A pointer that must not be NULL is refused before the shard sees the call, which
 * leaves this as it was: SHERD_EINVAL says all there is to say. */
void sherd_last_error(const struct sherd_shard *shard, struct sherd_error_info *out);

#ifdef __cplusplus
}
#endif
#endif
