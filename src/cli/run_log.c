#include <stdarg.h>
#include <stdio.h>

#include <unistd.h>

#include "cli/run.h"

#define CLEAR_LINE "\r\033[K"

/* On any thread. A status line is wiped first, and is there again with the next tick. */
static void take(void *user, const struct sherd_log_record *record) {
  struct sherd__run_log *log = user;
  if ((int)record->level > atomic_load_explicit(&log->level, memory_order_relaxed))
    return;
  if (atomic_exchange(&log->line_is_shown, false))
    (void)!write(STDERR_FILENO, CLEAR_LINE, sizeof CLEAR_LINE - 1);
  log->inner.fn(log->inner.user, record);
}

bool sherd__run_log_start(struct sherd__run_log *log, const struct sherd__run_settings *settings) {
  struct sherd__logs_config config = {.fd = STDERR_FILENO, .format = settings->log_format};
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
