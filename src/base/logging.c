#include "base/logging.h"

#include <stdarg.h>
#include <stdio.h>

#define TEXT_SIZE 512

const char *sherd_log_level_name(enum sherd_log_level level) {
  switch (level) {
  case SHERD_LOG_OFF:
    return "off";
  case SHERD_LOG_ERROR:
    return "error";
  case SHERD_LOG_WARN:
    return "warn";
  case SHERD_LOG_INFO:
    return "info";
  case SHERD_LOG_DEBUG:
    return "debug";
  }
  return "unknown";
}

void sherd__log(const struct sherd_log *log, enum sherd_log_level level, uint32_t shard_id,
                const char *event, const char *format, ...) {
  if (!sherd__log_wants(log, level))
    return;
  char text[TEXT_SIZE];
  va_list args;
  va_start(args, format);
  int written = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (written < 0)
    text[0] = '\0';
  struct sherd_log_record record = {level, shard_id, event, text};
  log->fn(log->user, &record);
}
