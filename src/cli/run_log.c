#include <stdarg.h>
#include <stdio.h>

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/run.h"
#include "sink/out.h"

#define CLEAR_LINE "\r\033[K"

void sherd__run_log_show(const struct sherd__run_log *log, const void *text, size_t len) {
  struct pollfd room = {.fd = log->fd, .events = POLLOUT};
  if (poll(&room, 1, 0) == 1)
    (void)!write(log->fd, text, len);
}

/* A terminal that is stopped, or that nobody shows, would take a whole line only at its own time,
 * however much room poll() sees. */
static int open_stderr(void) {
  struct stat stat;
  bool may_wait =
      fstat(STDERR_FILENO, &stat) == 0 && (S_ISFIFO(stat.st_mode) || isatty(STDERR_FILENO));
  int own = may_wait ? sherd__out_open_anew(STDERR_FILENO) : -1;
  return own < 0 ? STDERR_FILENO : own;
}

/* On any thread. A status line is wiped first, and is there again with the next tick. */
static void take(void *user, const struct sherd_log_record *record) {
  struct sherd__run_log *log = user;
  if ((int)record->level > atomic_load_explicit(&log->level, memory_order_relaxed))
    return;
  if (atomic_exchange(&log->line_is_shown, false))
    sherd__run_log_show(log, CLEAR_LINE, sizeof CLEAR_LINE - 1);
  log->inner.fn(log->inner.user, record);
}

bool sherd__run_log_start(struct sherd__run_log *log, const struct sherd__run_settings *settings) {
  log->fd = open_stderr();
  struct sherd__logs_config config = {.fd = log->fd, .format = settings->log_format};
  log->logs = sherd__logs_new(&config);
  if (!log->logs)
    return false;
  log->inner = sherd__logs_sink(log->logs, SHERD_LOG_DEBUG);
  log->reach = settings->log_level > SHERD_LOG_INFO ? settings->log_level : SHERD_LOG_INFO;
  atomic_store(&log->level, (int)settings->log_level);
  return true;
}

void sherd__run_log_end(struct sherd__run_log *log) {
  sherd__logs_free(log->logs);
  log->logs = NULL;
  if (log->fd > STDERR_FILENO)
    close(log->fd);
}

struct sherd_log sherd__run_log_sink(struct sherd__run_log *log) {
  return (struct sherd_log){.fn = take, .user = log, .level = log->reach};
}

void sherd__run_log(struct sherd__run *run, enum sherd_log_level level, const char *event,
                    const char *format, ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);
  va_end(args);
  struct sherd_log_record record = {level, SHERD_NEVER, event, text};
  take(&run->log, &record);
}
