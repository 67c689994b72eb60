/* Watches a live shard from a test: each event becomes a line that the test can wait for.
 *
 *   CONNECTING            CONNECTING resuming
 *   READY 1               a dispatch and its sequence number
 *   DISCONNECTED SHERD_ELOST 0 reconnecting resuming
 *   SESSION_LOST SHERD_EINVALIDSESSION last=3
 *   CLOSED SHERD_OK
 */
#ifndef SHERD_TESTS_WATCH_H
#define SHERD_TESTS_WATCH_H

#include <stdbool.h>

#include <uv.h>

#include <sherd.h>

#include "support/script_server.h"

#define WATCH_TOKEN "MTQzNDgzNzAwNTEwNzMzMTA3Mw.GtEsTs.a-token-that-must-not-show"

#define WATCH_LINES 512
#define WATCH_TEXT  128

struct watch {
  uv_mutex_t mutex;
  uv_cond_t changed;
  char lines[WATCH_LINES][WATCH_TEXT];
  unsigned count; /* those over WATCH_LINES are counted and not kept */

  /* Called on the loop's thread after the line is there; may be NULL. */
  void (*hook)(struct watch *, struct sherd_shard *, const struct sherd_event *);
  void *user;

  /* Outcomes of sherd_done_fn watch_done(). */
  unsigned done_count;
  enum sherd_status done_status;
};

void watch_init(struct watch *watch);
void watch_deinit(struct watch *watch);

/* A configuration for the server: WATCH_TOKEN, intents GUILDS and GUILD_MESSAGES, no proxy, events
 * to the watch (NULL: to be pulled), one second for the close handshake. */
struct sherd_shard_config watch_config(struct watch *watch, const struct script_server *server);

/* sherd_shard_new(), which must succeed. */
struct sherd_shard *watch_shard(const struct sherd_shard_config *config);

/* Waits, at most 10 s, for the n-th line, from 0, that begins with `prefix`. */
bool watch_wait_nth(struct watch *watch, const char *prefix, unsigned n);
bool watch_wait(struct watch *watch, const char *prefix);

/* How many lines begin with `prefix`. */
unsigned watch_count(struct watch *watch, const char *prefix);

/* Fails the test unless the lines are those of `expected`, which are separated by "\n". */
void watch_expect(struct watch *watch, const char *expected);

/* A sherd_done_fn; `user` is the watch. */
void watch_done(struct sherd_shard *shard, enum sherd_status status, void *user);
bool watch_wait_done(struct watch *watch, unsigned count);

/* An event as its line. */
void watch_describe(const struct sherd_event *event, char out[WATCH_TEXT]);

/* How many descriptors the process has open. */
unsigned watch_open_descriptors(void);

#endif
