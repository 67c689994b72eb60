/* The log records of `sherd run`: one line each on a descriptor, as logfmt or as JSON.
 *
 *   ts=2026-11-24T14:03:05.123Z level=info shard=3 event=session.resume seq=42
 *   {"ts":"2026-11-24T14:03:05.123Z","level":"info","shard":3,"event":"session.resume","seq":42}
 *
 * A line is one write() of at most 4096 bytes, which a pipe takes whole or not at all. Where nobody
 * reads, lines are dropped and counted, and the next one that is written says how many. */
#ifndef SHERD_CLI_LOGS_H
#define SHERD_CLI_LOGS_H

#include <stddef.h>
#include <stdint.h>

#include <sherd/log.h>

#define SHERD__LOG_LINE_SIZE 4096

enum sherd__log_format {
  SHERD__LOG_LOGFMT = 0,
  SHERD__LOG_JSON
};

struct sherd__logs;

struct sherd__logs_config {
  int fd; /* stays the caller's */
  enum sherd__log_format format;
  uint64_t (*now_unix_ms)(void); /* NULL: the system's clock */
};

/* NULL for want of memory. */
struct sherd__logs *sherd__logs_new(const struct sherd__logs_config *config);

/* No record may come any more. NULL is allowed. */
void sherd__logs_free(struct sherd__logs *logs);

/* A sink of that level. Its function may be called on any thread, and does not wait for readers. */
struct sherd_log sherd__logs_sink(struct sherd__logs *logs, enum sherd_log_level level);

/* From the next line on. Any thread. */
void sherd__logs_set_format(struct sherd__logs *logs, enum sherd__log_format format);

/* How many lines have been dropped since the start. Any thread. */
uint64_t sherd__logs_dropped(struct sherd__logs *logs);

/* Writes the line of one record, line feed and NUL included, and gives its length without the NUL.
 * `shard_id` SHERD_NEVER means none. Pairs that do not fit are left out, and "cut" says so. What is
 * not key=value goes, in its order, into "text". Pure. */
size_t sherd__log_write(enum sherd__log_format format, uint64_t unix_ms,
                        const struct sherd_log_record *record, char out[SHERD__LOG_LINE_SIZE]);

#endif
