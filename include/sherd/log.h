/* Where log records go.
 *
 * Sherd never prints. It hands each record to the one sink that its configuration names, or to
 * nobody. No record ever holds the token, nor the body of a payload. */
#ifndef SHERD_LOG_H
#define SHERD_LOG_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum sherd_log_level {
  SHERD_LOG_OFF = 0, /* nothing at all; the default of a zeroed configuration */
  SHERD_LOG_ERROR,   /* the shard has ended and will not come back by itself */
  SHERD_LOG_WARN,    /* something was lost, refused or retried */
  SHERD_LOG_INFO,    /* a handful of lines per connection */
  SHERD_LOG_DEBUG    /* every message's op, s and t */
};

struct sherd_log_record {
  enum sherd_log_level level;
  uint32_t shard_id; /* UINT32_MAX: of no shard, as what a fleet says of itself */
  const char *event; /* a static name, as in "session.resume" */
  const char *text;  /* key=value pairs separated by spaces; never NULL, may be "" */
};

/* Takes one record. Called on the thread that caused it; must not call back into the object that
 * logs. Lifetime: the record and its texts end with the call. */
typedef void (*sherd_log_fn)(void *user, const struct sherd_log_record *record);

/* A sink and the least urgent level that it wants; zeroed means silence. */
struct sherd_log {
  sherd_log_fn fn;
  void *user;
  enum sherd_log_level level;
};

/* Names a level in lower case, as in "warn". Thread-safe. Lifetime: static. */
const char *sherd_log_level_name(enum sherd_log_level level);

#ifdef __cplusplus
}
#endif
#endif
