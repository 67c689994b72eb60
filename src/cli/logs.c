#include "cli/logs.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sherd/config.h>

#include "base/mem.h"

/* How often, and for how many milliseconds each, the rest of a line that was written in part is
 * waited for: on a pipe there is no such thing. */
#define REST_TRIES   10
#define REST_WAIT_MS 10

struct sherd__logs {
  int fd;
  _Atomic(enum sherd__log_format) format;
  uint64_t (*now_unix_ms)(void);
  pthread_mutex_t lock; /* of what follows, and of the order of lines */
  uint64_t dropped;     /* since the start */
  uint64_t untold;      /* of them, those that no line has told of yet */
  bool is_torn;         /* the last line has no end */
};

static uint64_t now_unix_ms(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_REALTIME, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

struct sherd__logs *sherd__logs_new(const struct sherd__logs_config *config) {
  struct sherd__logs *logs = sherd__calloc(sherd_allocator_default(), sizeof *logs);
  if (!logs)
    return NULL;
  logs->fd = config->fd;
  atomic_init(&logs->format, config->format);
  logs->now_unix_ms = config->now_unix_ms ? config->now_unix_ms : now_unix_ms;
  (void)pthread_mutex_init(&logs->lock, NULL);
  return logs;
}

void sherd__logs_free(struct sherd__logs *logs) {
  if (!logs)
    return;
  (void)pthread_mutex_destroy(&logs->lock);
  sherd__free(sherd_allocator_default(), logs);
}

/* --- Writing --- */

/* A pipe that poll() calls writable takes 4096 bytes at once, so a blocking descriptor (which may
 * be shared with other processes, and stays as it is) does not block. */
static bool is_writable(int fd, int wait_ms) {
  struct pollfd poller = {.fd = fd, .events = POLLOUT};
  return poll(&poller, 1, wait_ms) == 1 && (poller.revents & POLLOUT);
}

static size_t write_some(int fd, const char *text, size_t len) {
  ssize_t written;
  do
    written = write(fd, text, len);
  while (written < 0 && errno == EINTR);
  return written < 0 ? 0 : (size_t)written;
}

/* False when nothing was written. */
static bool write_line(struct sherd__logs *logs, const char *line, size_t len) {
  if (!is_writable(logs->fd, 0))
    return false;
  if (logs->is_torn && write_some(logs->fd, "\n", 1) != 1)
    return false;
  logs->is_torn = false;
  size_t done = write_some(logs->fd, line, len);
  if (!done)
    return false;
  for (int i = 0; i < REST_TRIES && done < len; i++)
    if (is_writable(logs->fd, REST_WAIT_MS))
      done += write_some(logs->fd, line + done, len - done);
  logs->is_torn = done < len;
  return true;
}

/* False when it cannot be told yet. */
static bool tell_dropped(struct sherd__logs *logs, uint64_t unix_ms) {
  char text[64], line[SHERD__LOG_LINE_SIZE];
  struct sherd_log_record record = {SHERD_LOG_WARN, SHERD_NEVER, "log.dropped", text};
  if (!logs->untold)
    return true;
  (void)snprintf(text, sizeof text, "lines=%" PRIu64, logs->untold);
  size_t len = sherd__log_write(atomic_load(&logs->format), unix_ms, &record, line);
  if (!write_line(logs, line, len))
    return false;
  logs->untold = 0;
  return true;
}

static void take_record(void *user, const struct sherd_log_record *record) {
  struct sherd__logs *logs = user;
  char line[SHERD__LOG_LINE_SIZE];
  uint64_t unix_ms = logs->now_unix_ms();
  size_t len = sherd__log_write(atomic_load(&logs->format), unix_ms, record, line);
  (void)pthread_mutex_lock(&logs->lock);
  if (!tell_dropped(logs, unix_ms) || !write_line(logs, line, len)) {
    logs->dropped++;
    logs->untold++;
  }
  (void)pthread_mutex_unlock(&logs->lock);
}

struct sherd_log sherd__logs_sink(struct sherd__logs *logs, enum sherd_log_level level) {
  return (struct sherd_log){take_record, logs, level};
}

void sherd__logs_set_format(struct sherd__logs *logs, enum sherd__log_format format) {
  atomic_store(&logs->format, format);
}

uint64_t sherd__logs_dropped(struct sherd__logs *logs) {
  (void)pthread_mutex_lock(&logs->lock);
  uint64_t dropped = logs->dropped;
  (void)pthread_mutex_unlock(&logs->lock);
  return dropped;
}
