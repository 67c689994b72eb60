/* One that the hub talks with. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <sys/stat.h>
#include <unistd.h>

#include <sherd/config.h>

#include "base/mem.h"
#include "sink/hub_parts.h"

#define READ_BYTES 65536

#define READER_GONE "the reader of stdout has gone"

/* In one turn; then the others have theirs. */
#define PUMP_BYTES (1u << 20)

/* --- Handles --- */

/* The hub may be gone by then; its allocator is not. */
static void on_poll_closed(uv_handle_t *handle) {
  const struct sherd_allocator *allocator = handle->data;
  sherd__free(allocator, handle);
}

void sherd__hub_close_poll(struct sherd__hub *hub, uv_poll_t *poll) {
  if (!poll)
    return;
  poll->data = (void *)(uintptr_t)hub->allocator;
  uv_close((uv_handle_t *)poll, on_poll_closed);
}

uv_poll_t *sherd__peer_poll(struct sherd__hub *hub, int fd) {
  uv_poll_t *poll = sherd__malloc(hub->allocator, sizeof *poll);
  if (!poll)
    return NULL;
  /* libuv sets O_NONBLOCK, which others would see who have the same description. */
  int mode = fcntl(fd, F_GETFL);
  int failure = uv_poll_init(hub->config.loop, poll, fd);
  if (mode >= 0)
    (void)fcntl(fd, F_SETFL, mode);
  if (failure) {
    sherd__free(hub->allocator, poll);
    return NULL;
  }
  poll->data = hub;
  return poll;
}

/* --- Trouble of our own --- */

/* Where it is stdout, the owner is to know that it was no ordinary end. */
static void fail(struct sherd__peer *peer, const char *why, enum sherd_status status) {
  if (peer->is_std)
    sherd__hub_end(peer->hub, why, status);
  sherd__peer_close(peer, why);
}

/* --- In --- */

static void take_lines(struct sherd__peer *peer) {
  struct sherd_bytes line;
  enum sherd_status status;
  while (!peer->is_closing && sherd__lines_next(&peer->lines, &line, &status))
    sherd__peer_request(peer, line);
  if (peer->is_closing || status != SHERD_ETOOLONG)
    return;
  sherd__peer_refuse(peer, SHERD_ETOOLONG, "a request is at most 65536 bytes: shorten it");
  if (!peer->is_std) {
    sherd__peer_pump(peer); /* it shall read why */
    sherd__peer_close(peer, "its request was too long");
  } else {
    peer->is_deaf = true;
    sherd__log(&peer->hub->config.log, SHERD_LOG_WARN, SHERD_NEVER, "hub.stdin",
               "error=\"a request was too long; no more are read\"");
  }
}

/* That nobody asks any more is no reason to be silent, unless acknowledgements are waited for. */
static void end_of_input(struct sherd__peer *peer) {
  struct sherd__hub *hub = peer->hub;
  peer->is_deaf = true;
  if (!peer->is_std) {
    if (!peer->consumer || peer->consumer->has_acks || sherd__peer_is_dead(peer))
      sherd__peer_close(peer, "it has gone");
    return;
  }
  sherd__log(&hub->config.log, SHERD_LOG_INFO, SHERD_NEVER, "hub.stdin", "state=ended");
  if (peer->consumer && peer->consumer->has_acks)
    sherd__hub_end(hub, "stdin has ended, and with it the acknowledgements of what stdout shows",
                   SHERD_OK);
}

/* False: nothing more for now. A description that waits is asked only when there is something. */
static bool read_some(struct sherd__peer *peer) {
  uint8_t data[READ_BYTES];
  ssize_t len = read(peer->in_fd, data, sizeof data);
  if (len < 0)
    len = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? -1 : 0;
  if (len == 0)
    end_of_input(peer);
  if (len <= 0)
    return false;
  if (sherd__lines_feed(&peer->lines, data, (size_t)len))
    fail(peer, "out of memory", SHERD_ENOMEM);
  take_lines(peer);
  return !peer->is_closing && !peer->is_deaf;
}

void sherd__peer_read_file(struct sherd__peer *peer) {
  if (peer->is_std && peer->in_fd >= 0 && !peer->in_poll)
    while (!peer->is_deaf && read_some(peer))
      ;
}

/* --- The loop's callbacks --- */

static struct sherd__peer *find_peer(const struct sherd__hub *hub, const uv_poll_t *poll) {
  struct sherd__peer *peer = hub->peers;
  while (peer && peer->in_poll != poll && peer->out_poll != poll)
    peer = peer->next;
  return peer;
}

/* `status` is an error when the other end of a pipe is closed, `events` say so of a terminal: what
 * waits then finds it out by itself. */
static void on_ready(uv_poll_t *poll, int status, int events) {
  struct sherd__hub *hub = poll->data;
  struct sherd__peer *peer = find_peer(hub, poll);
  if (!peer)
    return;
  bool is_gone = status < 0 || events & UV_DISCONNECT;
  if (poll == peer->out_poll && (is_gone || events & UV_WRITABLE))
    peer->wants_room = false;
  if (poll == peer->out_poll && peer->is_std && is_gone && !sherd__out_waiting(&peer->out))
    sherd__peer_close(peer, READER_GONE);
  if (poll == peer->in_poll && (is_gone || events & UV_READABLE) && !peer->is_deaf)
    (void)read_some(peer);
  sherd__hub_turn(hub);
}

static void watch(uv_poll_t *poll, int events) {
  if (poll && events)
    uv_poll_start(poll, events, on_ready);
  else if (poll)
    uv_poll_stop(poll);
}

void sherd__peer_watch(struct sherd__peer *peer) {
  int in = peer->in_fd >= 0 && !peer->is_deaf ? UV_READABLE : 0;
  int out = peer->wants_room ? UV_WRITABLE : 0;
  if (peer->is_std) {
    /* A socket that is half closed would be told of without end. */
    if (peer->out.kind != SHERD__OUT_SOCKET)
      out |= UV_DISCONNECT;
    watch(peer->out_poll, out);
    out = 0;
  }
  watch(peer->in_poll, in | out);
}

/* --- Out --- */

static bool put_missed(struct sherd__peer *peer) {
  struct sherd__cursor *cursor = &peer->consumer->cursor;
  char line[128];
  if (!cursor->missed_events)
    return true;
  int len = snprintf(line, sizeof line,
                     "{\"shard\":null,\"s\":null,\"t\":\"DROPPED\",\"d\":{\"events\":%" PRIu64
                     ",\"bytes\":%" PRIu64 "}}\n",
                     cursor->missed_events, cursor->missed_bytes);
  if (sherd__out_lines(&peer->out, (struct sherd_bytes){(const uint8_t *)line, (size_t)len}))
    return false;
  cursor->missed_events = cursor->missed_bytes = 0;
  return true;
}

/* False: there is nothing more to put in. */
static bool fill(struct sherd__peer *peer) {
  struct sherd__relay *relay = &peer->hub->relay;
  struct sherd__consumer *consumer = peer->consumer;
  const struct sherd__record *record;
  if (!put_missed(peer)) {
    fail(peer, "out of memory", SHERD_ENOMEM);
    return false;
  }
  while (sherd__out_waiting(&peer->out) < SHERD__OUT_BYTES) {
    record = sherd__relay_give(relay, consumer);
    if (!record)
      return false;
    if (sherd__out_event(&peer->out, record, consumer->has_acks)) {
      fail(peer, "out of memory", SHERD_ENOMEM);
      return false;
    }
  }
  return true;
}

/* What a pipe still holds is not taken, if that is what is asked for. */
static void take_arrived(struct sherd__peer *peer) {
  struct sherd__consumer *consumer = peer->consumer;
  const struct sherd__hub *hub = peer->hub;
  bool is_read = peer->is_std && hub->config.stdout_taken == SHERD__STDOUT_READ;
  uint64_t n = sherd__out_arrived(&peer->out, is_read ? sherd__out_unread(&peer->out) : 0);
  if (n && !consumer->has_acks)
    (void)sherd__relay_ack(&peer->hub->relay, consumer, n);
}

static void write_out(struct sherd__peer *peer) {
  enum sherd_status status = sherd__out_write(&peer->out);
  peer->wants_room = status == SHERD_EAGAIN;
  if (status == SHERD_OK || status == SHERD_EAGAIN)
    return;
  if (peer->is_std && status == SHERD_ELOST) {
    sherd__peer_close(peer, READER_GONE);
  } else if (peer->is_std) {
    char why[128];
    (void)snprintf(why, sizeof why, "stdout cannot be written: %s", strerror(errno));
    fail(peer, why, SHERD_ESYSTEM);
  } else {
    sherd__peer_close(peer, "it has gone");
  }
}

void sherd__peer_pump(struct sherd__peer *peer) {
  uint64_t until_bytes = peer->out.put_bytes + PUMP_BYTES;
  bool has_more = true;
  while (has_more && !peer->wants_room && !peer->is_closing && peer->out.put_bytes < until_bytes) {
    has_more = peer->consumer && fill(peer);
    if (!peer->is_closing)
      write_out(peer);
  }
  if (!peer->consumer)
    return;
  take_arrived(peer);
  peer->consumer->is_stuck = peer->wants_room;
}

/* --- Life --- */

bool sherd__peer_is_dead(const struct sherd__peer *peer) {
  struct pollfd state = {.fd = peer->in_fd};
  return peer->is_closing || (poll(&state, 1, 0) > 0 && state.revents & (POLLHUP | POLLERR));
}

/* False: no memory. A stdin that cannot be watched is a file. */
static bool open_std(struct sherd__hub *hub, struct sherd__peer *peer) {
  peer->is_std = true;
  peer->in_fd = hub->config.stdin_fd;
  sherd__out_open(&peer->out, hub->allocator, hub->config.stdout_fd);
  /* The loop watches a descriptor once. */
  if (peer->in_fd >= 0 && peer->out.fd == peer->in_fd) {
    peer->out.fd = fcntl(peer->in_fd, F_DUPFD_CLOEXEC, 0);
    peer->out.owns_fd = true;
  }
  if (peer->out.fd >= 0 && peer->out.kind != SHERD__OUT_FILE)
    peer->out_poll = sherd__peer_poll(hub, peer->out.fd);
  if (peer->in_fd >= 0)
    peer->in_poll = sherd__peer_poll(hub, peer->in_fd);
  return peer->out_poll || peer->out.fd < 0 || peer->out.kind == SHERD__OUT_FILE;
}

static bool open_connection(struct sherd__hub *hub, struct sherd__peer *peer, int fd) {
  sherd__out_init(&peer->out, hub->allocator, fd);
  peer->in_fd = fd;
  peer->in_poll = peer->out_poll = sherd__peer_poll(hub, fd);
  return peer->in_poll;
}

struct sherd__peer *sherd__peer_new(struct sherd__hub *hub, int fd) {
  struct sherd__peer *peer = sherd__calloc(hub->allocator, sizeof *peer);
  if (!peer) {
    if (fd >= 0)
      close(fd);
    return NULL;
  }
  peer->hub = hub;
  sherd__lines_init(&peer->lines, hub->allocator);
  peer->id = ++hub->last_id;
  peer->next = hub->peers;
  hub->peers = peer;
  hub->peer_count++;
  if (fd < 0 ? open_std(hub, peer) : open_connection(hub, peer, fd))
    return peer;
  sherd__peer_free(peer);
  return NULL;
}

void sherd__peer_close(struct sherd__peer *peer, const char *why) {
  if (peer->is_closing)
    return;
  peer->is_closing = true;
  sherd__log(&peer->hub->config.log, SHERD_LOG_INFO, SHERD_NEVER, "hub.disconnected",
             "id=%" PRIu64 " consumer=%s why=\"%s\"", peer->id,
             peer->consumer && peer->consumer->name[0] ? peer->consumer->name : "-", why);
  if (peer->is_std)
    sherd__hub_end(peer->hub, why, SHERD_OK);
}

void sherd__peer_free(struct sherd__peer *peer) {
  struct sherd__hub *hub = peer->hub;
  struct sherd__peer **at = &hub->peers;
  while (*at != peer)
    at = &(*at)->next;
  *at = peer->next;
  hub->peer_count--;
  if (peer->consumer && peer->consumer->name[0])
    sherd__relay_absent(&hub->relay, peer->consumer);
  else if (peer->consumer)
    (void)sherd__relay_remove(&hub->relay, peer->consumer, false);
  if (peer->in_poll != peer->out_poll)
    sherd__hub_close_poll(hub, peer->out_poll);
  sherd__hub_close_poll(hub, peer->in_poll);
  if (!peer->is_std)
    close(peer->in_fd);
  sherd__out_deinit(&peer->out);
  sherd__lines_deinit(&peer->lines);
  sherd__free(hub->allocator, peer);
}
