/* What one shard saw: every dispatch with its number, name, size and hash, for the comparison with
 * what the simulator says it sent. Filled on the shard's loop thread, read by the main thread. */
#ifndef SHERD_DEMO_SEEN_H
#define SHERD_DEMO_SEEN_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd.h>

struct seen_event {
  uint64_t seq;
  uint64_t hash; /* FNV-1a 64 of d's bytes */
  size_t bytes;
  char name[48];
};

struct seen {
  pthread_mutex_t lock;
  struct sherd_shard *shard;
  uint32_t id;
  const char *compression;
  struct seen_event *events;
  size_t count;
  size_t cap;
  size_t guilds; /* in READY */
  uint64_t repeats;
  uint64_t holes;
  uint64_t sessions_lost;
  unsigned cuts; /* connections that ended by themselves */
  unsigned resumes;
  double latency_s;   /* of the last heartbeat, while the connection was up */
  double cpu_begin_s; /* of the loop thread, at the first event and at the last */
  double cpu_end_s;
  bool is_out_of_memory;
};

void seen_init(struct seen *seen, uint32_t id, const char *compression);
void seen_deinit(struct seen *seen);

/* A sherd_event_fn; `user` is the struct seen. */
void seen_on_event(struct sherd_shard *shard, const struct sherd_event *event, void *user);

/* How many dispatches have come, and of how many that are to come: READY, the guilds, `stream`
 * events, and RESUMED where a connection was cut. */
size_t seen_count(struct seen *seen);
size_t seen_total(struct seen *seen, size_t stream);

#endif
