/* What the files of the hub share. All of it is for the hub's thread. */
#ifndef SHERD_SINK_HUB_PARTS_H
#define SHERD_SINK_HUB_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include <sys/types.h>

#include "base/logging.h"
#include "sink/hub.h"
#include "sink/lines.h"
#include "sink/out.h"
#include "sink/relay.h"
#include "sink/subscribe.h"

#define SHERD__HUB_QUEUE_BYTES     (16u << 20)
#define SHERD__HUB_QUEUE_BYTES_MAX (256u << 20)
#define SHERD__HUB_QUEUE_BYTES_MIN 4096
#define SHERD__HUB_PEERS_MAX       256
#define SHERD__HUB_RESULT_BYTES    (1u << 20) /* that wait for a slow reader */
#define SHERD__HUB_LOOK_MS         20         /* has the reader of stdout read more? */
#define SHERD__HUB_HOLD_LOG_MS     10000      /* and then twice as much, and so on */

/* One that we talk with: a connection, or stdout and stdin together. */
struct sherd__peer {
  struct sherd__hub *hub;
  struct sherd__peer *next;
  uint64_t id;
  bool is_std;
  bool is_closing; /* to be closed at the end of the turn */
  bool wants_room; /* writing has to wait */
  bool is_deaf;    /* nothing comes in any more */
  int in_fd;       /* a connection's only one; -1: none */
  struct sherd__out out;
  struct sherd__lines lines;
  struct sherd__consumer *consumer; /* NULL: not subscribed */
  uv_poll_t *in_poll, *out_poll;    /* the same for a connection; NULL: a file, or none */
};

struct sherd__hub {
  struct sherd__hub_config config; /* with texts of our own */
  const struct sherd_allocator *allocator;
  struct sherd__relay relay;
  uv_async_t async;
  uv_timer_t timer;
  struct sherd__peer *peers;
  uint32_t peer_count;
  uint64_t last_id;
  bool is_turning, has_relay;

  /* The listening socket. */
  int listen_fd; /* -1: none */
  uv_poll_t *listen_poll;
  dev_t socket_dev;
  ino_t socket_ino;
  bool is_accepting;

  /* Holding, for the log. */
  bool is_held, is_hold_told;
  uint64_t held_since_ms, hold_log_at_ms, hold_log_step_ms;

  /* The end. */
  bool is_finishing, is_finished, has_ended;
  uint64_t finish_at_ms;
  void (*done)(void *ctx, uint64_t untaken);
  void *done_ctx;
};

/* --- hub_turn.c --- */

/* Everything that there is to do now. Called at the end of each callback of the loop. */
void sherd__hub_turn(struct sherd__hub *hub);

/* Tells the owner that it is time to stop; once. */
void sherd__hub_end(struct sherd__hub *hub, const char *why, enum sherd_status status);

/* --- hub_peer.c --- */

/* Makes one for a connection, which it owns, or with `fd` -1 for stdin and stdout. NULL: no memory,
 * or the loop cannot watch it; a connection is then closed. */
struct sherd__peer *sherd__peer_new(struct sherd__hub *hub, int fd);

/* Writes what there is for it, and sees what has arrived. */
void sherd__peer_pump(struct sherd__peer *peer);

/* Ends it at the end of the turn. `why` is for the log. */
void sherd__peer_close(struct sherd__peer *peer, const char *why);

/* Whether nobody is at its other end any more. */
bool sherd__peer_is_dead(const struct sherd__peer *peer);

/* Reads a stdin that cannot be watched (a file, /dev/null), and so is always ready, to its end. */
void sherd__peer_read_file(struct sherd__peer *peer);

/* Says what the loop shall watch. */
void sherd__peer_watch(struct sherd__peer *peer);

/* Frees it; its handles follow. */
void sherd__peer_free(struct sherd__peer *peer);

/* A handle in memory of its own, that leaves the mode of the descriptor as it is. NULL: no memory,
 * or it cannot be watched. */
uv_poll_t *sherd__peer_poll(struct sherd__hub *hub, int fd);

/* Closes such a handle; NULL is allowed. */
void sherd__hub_close_poll(struct sherd__hub *hub, uv_poll_t *poll);

/* --- hub_request.c --- */

/* Does what a line asks for, and answers it. */
void sherd__peer_request(struct sherd__peer *peer, struct sherd_bytes line);

/* Puts in a line that answers no request that could be read. */
void sherd__peer_refuse(struct sherd__peer *peer, enum sherd_status status, const char *text);

/* --- hub_unix.c --- */

/* Listens. Errors: as for sherd__hub_new(). */
enum sherd_status sherd__hub_listen(struct sherd__hub *hub, struct sherd_error_info *error);

/* Goes on accepting after there was no descriptor left. */
void sherd__hub_accept_again(struct sherd__hub *hub);

/* Ends it, and removes the socket if it is still ours. */
void sherd__hub_unlisten(struct sherd__hub *hub);

#endif
