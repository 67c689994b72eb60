/* sherd run: all of a bot's shards in one process.
 *
 *   run.c         the verb: settings in, exit code out
 *   run_config.c  from settings to what fleet and hub want
 *   run_start.c   makes the parts, and gives them back
 *   run_stop.c    signals, and the way out: shards first, then sinks, all within a second
 *   run_reload.c  SIGHUP
 *   run_show.c    what a terminal, systemd and Prometheus are shown
 *   run_log.c     where log lines go
 *
 * Everything here is on the main thread, whose loop has the sinks; but what says otherwise. */
#ifndef SHERD_CLI_RUN_H
#define SHERD_CLI_RUN_H

#include <stdatomic.h>
#include <stdbool.h>

#include <uv.h>

#include "cli/cli.h"
#include "cli/requests.h"
#include "cli/run_snapshot.h"
#include "cli/settings.h"
#include "watch/http.h"

#define SHERD__RUN_VERB "run"

/* From SIGTERM to the end: both together stay under a second. */
#define SHERD__RUN_CLOSE_MS  350 /* for the servers' goodbyes; the sinks are drained meanwhile */
#define SHERD__RUN_FINISH_MS 250 /* for what then still waits in the sinks */

/* Log lines: to stderr, past a line that is being shown there. */
struct sherd__run_log {
  int fd; /* stderr; of a pipe or a terminal a description of our own, that does not wait */
  struct sherd__logs *logs;
  struct sherd_log inner;     /* the writer */
  _Atomic int level;          /* what is wanted now; enum sherd_log_level */
  enum sherd_log_level reach; /* the most urgent that records are made for at all */
  atomic_bool line_is_shown;  /* a status line stands on stderr */
};

/* The status line and systemd. */
struct sherd__run_show {
  uv_timer_t timer;
  bool has_line; /* stderr is a terminal, and wants one */
  bool was_ready;
  struct sherd__snapshot *before;
  uint64_t watchdog_ms, next_watchdog_ms, next_status_ms;
};

struct sherd__run {
  struct sherd__run_sources sources;
  struct sherd__run_settings settings;
  char token[SHERD__TOKEN_SIZE];
  struct sherd_presence presence;                   /* the first one */
  const char *consumers[SHERD_STORE_CONSUMERS_MAX]; /* of the settings */

  uv_loop_t loop;
  struct sherd__run_log log;
  struct sherd__subject subject; /* fleet and hub */
  struct sherd__watch_http *http;
  struct sherd__request_doer doer;
  struct sherd__run_show show;

  uv_signal_t terminate, interrupt, hangup;
  uv_async_t fleet_joined, fleet_closed;
  uv_thread_t joiner, closer;
  bool has_joiner, has_closer;
  bool has_loop;
  bool is_stopping;
  uint64_t stop_ms;          /* since when, on the loop's clock */
  const char *why;           /* we stop; for the log */
  enum sherd_status outcome; /* of the fleet */
  int code;                  /* the exit code */
};

/* --- run_config.c --- */

/* Lifetime of what they point to: that of the run. */
void sherd__run_fleet_config(struct sherd__run *run, struct sherd_fleet_config *out);
void sherd__run_hub_config(struct sherd__run *run, struct sherd__hub_config *out);

void sherd__run_presence(const struct sherd__run_settings *settings, struct sherd_presence *out);

/* The exit code that tells a service manager what went wrong. */
int sherd__run_exit_code(enum sherd_status status);

/* --- run_start.c --- */

/* Makes and starts everything. Gives EX_OK, or an exit code once it has said why. */
int sherd__run_start(struct sherd__run *run);

/* Gives everything back; the loop runs its last turns. */
void sherd__run_free(struct sherd__run *run);

/* --- run_stop.c --- */

/* Has signals, and the fleet's end, heard on the loop. Gives 0, or libuv's error. */
int sherd__run_watch(struct sherd__run *run);

/* Waits, on a thread, for a fleet that ends by itself. False when there is no thread. */
bool sherd__run_watch_fleet(struct sherd__run *run);

/* Begins the end: only the first call counts. `status` SHERD_OK: as it was asked for. */
void sherd__run_stop(struct sherd__run *run, const char *why, enum sherd_status status);

/* --- run_reload.c --- */

void sherd__run_reload(struct sherd__run *run);

/* --- run_show.c --- */

int sherd__run_show_start(struct sherd__run *run);
void sherd__run_show_stop(struct sherd__run *run);

/* --- run_log.c --- */

/* False for want of memory. */
bool sherd__run_log_start(struct sherd__run_log *log, const struct sherd__run_settings *settings);
void sherd__run_log_end(struct sherd__run_log *log);

/* Writes a part of the status line, or as much of it as there is room for: nobody waits for a
 * terminal. */
void sherd__run_log_show(const struct sherd__run_log *log, const void *text, size_t len);

/* What everybody is given. */
struct sherd_log sherd__run_log_sink(struct sherd__run_log *log);

/* Writes a record of the program's own. */
__attribute__((format(printf, 4, 5))) void sherd__run_log(struct sherd__run *run,
                                                          enum sherd_log_level level,
                                                          const char *event, const char *format,
                                                          ...);

#endif
