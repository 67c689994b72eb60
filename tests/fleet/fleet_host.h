/* A fleet from a test: the simulator on a thread of its own, what it produced, and what was shown.
 */
#ifndef SHERD_TESTS_FLEET_HOST_H
#define SHERD_TESTS_FLEET_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>
#include <uv.h>

#include <sherd.h>

#include "sim/faults.h"
#include "sim/server.h"

#define FLEET_HOST_WAIT_MS 30000

/* One dispatch: by session and number, and by what is in it. */
struct fleet_entry {
  uint64_t session, seq, hash;
  uint64_t kind; /* hash of its name */
  size_t place;  /* when it came */
};

struct fleet_book {
  struct fleet_entry *entries;
  size_t count, room;
};

struct fleet_host {
  uv_loop_t loop;
  uv_async_t call;
  pthread_t thread;
  struct sherd__sim_server *server;
  char api_url[128];

  pthread_mutex_t mutex;
  pthread_cond_t changed;
  void (*job)(struct fleet_host *host, void *arg);
  void *job_arg;
  struct fleet_book produced;

  /* What fleet_host_on_event() saw. */
  struct fleet_book shown;               /* shadows are not in it */
  uint64_t seen[SHERD_EVENT_TYPE_COUNT]; /* by type, shadows too */
  uint64_t shadows;
  uint64_t last_seq[SHERD_EVENT_TYPE_COUNT];
  enum sherd_status last_status[SHERD_EVENT_TYPE_COUNT];
  uint32_t out_of_order; /* SESSION_LOST of a stored session after the shard's CONNECTING */
  bool connecting[1024]; /* by shard of set 0 */
  /* Called after that; may be NULL. */
  void (*hook)(struct fleet_host *host, struct sherd_fleet *fleet,
               const struct sherd_fleet_event *event);
  void *hook_arg;

  /* What fleet_host_log() saw. */
  pthread_mutex_t log_mutex; /* shards log with locks of their own held */
  char log[1024][256];
  unsigned log_count;
};

/* Starts a simulator with this configuration; the hooks in it are the host's. */
void fleet_host_start(struct fleet_host *host, const struct sherd__sim_config *sim);
void fleet_host_stop(struct fleet_host *host);

/* Runs `job` on the simulator's thread, and waits for it. */
void fleet_host_do(struct fleet_host *host, void (*job)(struct fleet_host *host, void *arg),
                   void *arg);

/* Cuts all connections; refuses all requests of the HTTP API, or none. */
void fleet_host_cut(struct fleet_host *host);
void fleet_host_refuse_rest(struct fleet_host *host, bool refuses);

struct sherd__sim_stats fleet_host_stats(struct fleet_host *host);

/* A configuration for it: the token, both URLs, events and logs to the host. */
struct sherd_fleet_config fleet_host_config(struct fleet_host *host, uint32_t shard_count);

/* sherd_fleet_new() and _start(), which must succeed. */
struct sherd_fleet *fleet_host_fleet(const struct sherd_fleet_config *config);

/* An open_store for a configuration: the file "sessions" in the scratch directory. */
enum sherd_status fleet_host_open_file(void *ctx, uint32_t shard_count, bool beside,
                                       struct sherd_store **out, struct sherd_error_info *error);

/* Forgets what was seen and produced. */
void fleet_host_forget(struct fleet_host *host);

/* Wait until it is so; fail the test when that takes FLEET_HOST_WAIT_MS. */
void fleet_wait_phase(struct sherd_fleet *fleet, enum sherd_fleet_phase phase);
void fleet_wait_seen(struct fleet_host *host, enum sherd_event_type type, uint64_t count);
/* As many dispatches shown as produced, and nothing more in 100 ms. */
void fleet_wait_all_shown(struct fleet_host *host);

uint64_t fleet_seen(struct fleet_host *host, enum sherd_event_type type);

uint64_t fleet_shadows(struct fleet_host *host);

/* How many log lines begin with `event`. */
unsigned fleet_logged(struct fleet_host *host, const char *event);

/* Fails the test unless each dispatch that was produced was shown once, in its session's order. */
void fleet_expect_ledger(struct fleet_host *host);

#endif
