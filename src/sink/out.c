#include "sink/out.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct step {
  uint64_t end_bytes;
  uint64_t n;
};

void sherd__out_init(struct sherd__out *out, const struct sherd_allocator *allocator, int fd) {
  *out = (struct sherd__out){.fd = fd, .kind = SHERD__OUT_SOCKET};
  sherd__buf_init(&out->buf, allocator);
  sherd__buf_init(&out->way, allocator);
}

int sherd__out_open_anew(int fd) {
  char path[64];
  (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

static void open_anew(struct sherd__out *out, int fd) {
  out->kind = SHERD__OUT_SHARED;
  int own = sherd__out_open_anew(fd);
  if (own < 0)
    return;
  out->kind = SHERD__OUT_OWN;
  out->fd = own;
  out->owns_fd = true;
}

void sherd__out_open(struct sherd__out *out, const struct sherd_allocator *allocator, int fd) {
  struct stat stat = {0};
  sherd__out_init(out, allocator, fd);
  if (fd < 0 || fstat(fd, &stat) < 0 || S_ISSOCK(stat.st_mode))
    return;
  out->is_pipe = S_ISFIFO(stat.st_mode);
  if (out->is_pipe || isatty(fd))
    open_anew(out, fd);
  else
    out->kind = SHERD__OUT_FILE;
}

void sherd__out_deinit(struct sherd__out *out) {
  if (out->owns_fd)
    close(out->fd);
  sherd__buf_deinit(&out->buf);
  sherd__buf_deinit(&out->way);
  out->owns_fd = false;
  out->fd = -1;
}

/* --- In --- */

/* Gives up the front of a buffer when that costs little. */
static void compact(struct sherd_buf *buf, size_t *at) {
  if (*at < buf->len && *at < SHERD__OUT_BYTES)
    return;
  sherd__buf_consume(buf, *at);
  *at = 0;
}

static enum sherd_status put(struct sherd__out *out, const void *data, size_t len) {
  enum sherd_status status = sherd__buf_append(&out->buf, data, len);
  if (!status)
    out->put_bytes += len;
  return status;
}

enum sherd_status sherd__out_lines(struct sherd__out *out, struct sherd_bytes lines) {
  if (out->fd < 0)
    return SHERD_OK;
  compact(&out->buf, &out->at);
  return put(out, lines.data, lines.len);
}

enum sherd_status sherd__out_event(struct sherd__out *out, const struct sherd__record *record,
                                   bool with_n) {
  struct sherd_bytes line = sherd__record_line(record);
  struct step step = {.n = record->n};
  char prefix[32];
  size_t prefix_len = 0;
  compact(&out->buf, &out->at);
  compact(&out->way, &out->way_at);
  if (with_n)
    prefix_len = (size_t)snprintf(prefix, sizeof prefix, "{\"n\":%" PRIu64 ",", record->n);
  if (sherd__buf_reserve(&out->buf, prefix_len + line.len) ||
      sherd__buf_reserve(&out->way, sizeof step))
    return SHERD_ENOMEM;
  out->line_bytes = prefix_len + line.len;
  (void)put(out, prefix, prefix_len);
  /* The prefix has the brace. */
  (void)put(out, line.data + (with_n ? 1 : 0), line.len - (with_n ? 1 : 0));
  step.end_bytes = out->put_bytes;
  return sherd__buf_append(&out->way, &step, sizeof step);
}

/* --- Out --- */

static ssize_t write_some(const struct sherd__out *out) {
  const uint8_t *data = out->buf.data + out->at;
  size_t len = sherd__out_waiting(out);
  struct pollfd room = {.fd = out->fd, .events = POLLOUT};
  if (out->kind == SHERD__OUT_SOCKET)
    return send(out->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (out->kind == SHERD__OUT_SHARED) {
    if (poll(&room, 1, 0) == 0) {
      errno = EAGAIN;
      return -1;
    }
    len = len < PIPE_BUF ? len : PIPE_BUF;
  }
  return write(out->fd, data, len);
}

enum sherd_status sherd__out_write(struct sherd__out *out) {
  while (out->fd >= 0 && sherd__out_waiting(out)) {
    ssize_t written = write_some(out);
    if (written >= 0)
      out->at += (size_t)written;
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
      return SHERD_EAGAIN;
    else if (errno == EPIPE || errno == ECONNRESET)
      return SHERD_ELOST;
    else if (errno != EINTR)
      return SHERD_ESYSTEM;
  }
  /* A large line was an exception: its memory need not stay. */
  if (out->buf.cap > 4 * SHERD__OUT_BYTES) {
    sherd__buf_deinit(&out->buf);
    out->at = 0;
  }
  return SHERD_OK;
}

uint64_t sherd__out_unread(const struct sherd__out *out) {
  int unread = 0;
  if (!out->is_pipe || ioctl(out->fd, FIONREAD, &unread) < 0 || unread < 0)
    return 0;
  return (uint64_t)unread;
}

uint64_t sherd__out_arrived(struct sherd__out *out, uint64_t unread) {
  uint64_t written = out->put_bytes - sherd__out_waiting(out), n = 0;
  uint64_t arrived = unread < written ? written - unread : 0;
  while (sherd__out_is_busy(out)) {
    struct step step;
    memcpy(&step, out->way.data + out->way_at, sizeof step);
    if (step.end_bytes > arrived)
      break;
    n = step.n;
    out->way_at += sizeof step;
  }
  return n;
}
