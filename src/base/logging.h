/* Hands log records to the sink. */
#ifndef SHERD_BASE_LOGGING_H
#define SHERD_BASE_LOGGING_H

#include <stdbool.h>
#include <stdint.h>

#include <sherd/log.h>

/* Whether a record of this level would be wanted: ask before costly formatting. */
static inline bool sherd__log_wants(const struct sherd_log *log, enum sherd_log_level level) {
  return log->fn && level <= log->level;
}

/* Formats key=value text (cut at 511 bytes) and hands it over, if it is wanted. Never give it the
 * token, nor bytes of a payload. */
__attribute__((format(printf, 5, 6))) void sherd__log(const struct sherd_log *log,
                                                      enum sherd_log_level level, uint32_t shard_id,
                                                      const char *event, const char *format, ...);

#endif
