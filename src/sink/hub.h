/* Where a fleet's events meet those who take them: stdout, and consumers on a unix socket.
 *
 *   loop threads --offer--> [stream: one log of lines in memory] --cursors--> stdout, consumers
 *
 *   stream.h      the log: records in blocks, shared by all who read; pure
 *   cursor.h      one consumer's place in it: filter, what is given and what is taken; pure
 *   relay.h       strings them together: bounds, holding, marks in the stores; no sockets, no clock
 *   subscribe.h   what a consumer asks for, as a line; pure
 *   out.h         lines on their way out of a descriptor
 *   hub.c         its life; hub_turn.c the loop's turns, hub_peer.c one that is talked with,
 *                 hub_request.c its requests, hub_unix.c the socket that they come to
 *
 * SIGPIPE is the program's to ignore.
 *
 * A line is written once and read by all. A consumer's lag is bounded (queue_bytes), and its policy
 * says what happens at the bound: `block` holds the whole fleet, `drop_oldest` moves it on and
 * tells it how many it missed (a line DROPPED), `disconnect` ends its connection.
 *
 * Taken: what a consumer has read (stdout: see enum sherd__stdout_taken; a consumer on the socket:
 * once its line is written to the socket, or, with acks, once it acknowledges). What a consumer
 * with a name has taken goes into the store as its mark; what all of them have taken makes and ends
 * the store's sessions. Consumers without a name see what comes while they are connected, and leave
 * no mark. Records at or under a consumer's mark of the same session are not shown to it again.
 *
 * Threads: everything on the loop's thread, but for _offer() and _stats(). */
#ifndef SHERD_SINK_HUB_H
#define SHERD_SINK_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include <sherd/bytes.h>
#include <sherd/fleet.h>
#include <sherd/log.h>

#include "base/buf.h"
#include "sink/hub_stats.h"

struct sherd__hub;

enum sherd__stdout_taken {
  SHERD__STDOUT_READ = 0, /* when the reader has read it from the pipe (what the pipe still holds
                             is not taken); where that cannot be known, as WRITTEN */
  SHERD__STDOUT_WRITTEN,  /* when it was written */
  SHERD__STDOUT_ACKED     /* when stdin acknowledges it: lines carry "n" */
};

struct sherd__hub_config {
  uv_loop_t *loop;
  int stdout_fd; /* -1: none. Consumer "stdout", policy block */
  enum sherd__stdout_taken stdout_taken;
  int stdin_fd;                 /* requests and acks come here; -1: none */
  const char *unix_path;        /* NULL: none. Made with mode 0600, removed at the end */
  size_t queue_bytes;           /* a consumer's lag, where it asks for none; 0: 16 MiB */
  size_t max_queue_bytes;       /* the most that it may ask for; 0: 256 MiB */
  const char *const *consumers; /* names whose events are kept from the start */
  size_t consumer_count;
  struct sherd_log log;
  const struct sherd_allocator *allocator; /* NULL: the default; must be thread-safe */

  /* What it needs of the fleet. */
  void (*hold)(void *ctx, bool held); /* any thread; see sherd_fleet_hold() */
  struct sherd_store *(*store)(void *ctx, uint32_t set);
  /* Answers a request that is not the hub's own (not subscribe, unsubscribe, ack): appends one
   * line, or none. */
  void (*answer)(void *ctx, struct sherd_bytes line, struct sherd_buf *out);
  /* Time to stop: stdout or stdin has ended (SHERD_OK), stdout cannot be written (SHERD_ESYSTEM),
   * or an event was lost for want of memory (SHERD_ENOMEM). May be NULL. */
  void (*ended)(void *ctx, const char *why, enum sherd_status status);
  void *ctx;
};

/* Errors, *error saying more: SHERD_EINVAL, SHERD_ENOMEM, SHERD_ESYSTEM (as for a path that is too
 * long, or on which another process listens; a socket that nobody listens on any more is replaced).
 */
enum sherd_status sherd__hub_new(const struct sherd__hub_config *config, struct sherd__hub **out,
                                 struct sherd_error_info *error);

/* Takes an event of the fleet: any thread. Never blocks on a consumer: at the bound it calls `hold`
 * in this same call. */
void sherd__hub_offer(struct sherd__hub *hub, const struct sherd_fleet_event *event);

/* Changes what may be changed while it runs (a new queue bound, more declared consumers). */
enum sherd_status sherd__hub_reconfigure(struct sherd__hub *hub,
                                         const struct sherd__hub_config *config);

/* Tries to have everything taken for at most `timeout_ms`, then closes all connections and calls
 * `done` with what is left untaken (which the gateway will send again). No offer may come any
 * more. */
void sherd__hub_finish(struct sherd__hub *hub, uint64_t timeout_ms,
                       void (*done)(void *ctx, uint64_t untaken), void *ctx);

/* Closes everything at once, in place of sherd__hub_finish(): for a start that failed. Does nothing
 * after `done`. NULL is allowed. */
void sherd__hub_abandon(struct sherd__hub *hub);

/* After `done` or sherd__hub_abandon(), and once the loop has run its last turns. NULL is allowed.
 */
void sherd__hub_free(struct sherd__hub *hub);

/* Fills in *out and up to `cap` rows of consumers. Any thread. */
void sherd__hub_stats(struct sherd__hub *hub, struct sherd__hub_stats *out,
                      struct sherd__consumer_stats *consumers, size_t cap);

#endif
