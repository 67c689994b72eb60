/* A fleet: all the shards of a bot that one process has, as one thing.
 *
 * It asks Discord how many shards there shall be, resumes at once whatever sessions its store has,
 * and begins the others as fast as Discord's limits allow and no faster: max_concurrency buckets,
 * and the day's session starts, for which it waits rather than burn them.
 *
 * Life: new, start, (events come), close, free. All calls are thread-safe, but for
 * sherd_fleet_free(), which must be the last one. Calls that block return SHERD_EDEADLK on a loop
 * thread of the fleet; all others may be made from a callback. */
#ifndef SHERD_FLEET_H
#define SHERD_FLEET_H

#include <stdbool.h>
#include <stdint.h>

#include <sherd/error.h>
#include <sherd/event.h>
#include <sherd/rest.h>
#include <sherd/shard.h>
#include <sherd/store.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sherd_fleet;

/* One event of one shard, as a fleet tells it. */
struct sherd_fleet_event {
  const struct sherd_event *event;
  uint32_t set;         /* which set of shards: 0, and one more with each re-sharding */
  uint32_t shard_id;    /* within that set */
  uint32_t shard_count; /* of that set */
  /* Not to be shown: the other set of a re-sharding has shown it or will. It still has to be taken
   * in its turn, so that the marks of its set go on. */
  bool is_shadow;
  const struct sherd_session *session; /* READY: the session that begins here; NULL otherwise */
};

/* Called on the shard's loop thread; events of one shard come in their order, those of different
 * shards at the same time on different threads. Besides what shards tell (sherd/event.h) a fleet
 * tells SHERD_EVENT_SESSION_LOST of stored sessions that cannot be resumed any more, before the
 * shard starts, and SHERD_EVENT_RESHARDED once, when the new set has taken over (set and count are
 * the new ones', shard_id is 0). */
typedef void (*sherd_fleet_event_fn)(struct sherd_fleet *fleet,
                                     const struct sherd_fleet_event *event, void *user);

/* Zeroed but for shard.gateway.token, everything has its default. Texts are copied. */
struct sherd_fleet_config {
  /* What each shard is like. shard_id, shard_count, session, on_event, user and runtime are the
   * fleet's own and ignored; gateway_url NULL: as /gateway/bot says. */
  struct sherd_shard_config shard;
  uint32_t shard_count; /* 0: as the store has it, or as Discord advises */
  uint32_t first_shard; /* a part of them only: first to last, both included ... */
  uint32_t last_shard;  /* ... when is_range; the whole otherwise */
  bool is_range;
  uint32_t threads;              /* loop threads; 0: as many as the machine has cores */
  struct sherd_rest_config rest; /* token, ca_file and proxy NULL: the shard's */
  uint32_t max_session_age_s;    /* stored sessions that were left alone for longer are given
                                    up; 0: 600 */
  uint32_t reshard_overlap_ms;   /* both sets listen for this long before the old one ends;
                                    0: 10 s */
  sherd_fleet_event_fn on_event; /* required */
  void *user;
  /* What has been taken goes into the store by itself when on_event returns (as consumer
   * "callback"), or, with takes_itself, is told to sherd_fleet_store() by whoever takes it. */
  bool takes_itself;
  struct sherd_log log;                    /* the fleet's own and its shards' */
  const struct sherd_allocator *allocator; /* NULL: the default; must be thread-safe */
  /* Opens the store: once at the start, and once for each re-sharding, then with `beside` true.
   * shard_count 0 asks for the one that is there: SHERD_ENOTFOUND when there is none. NULL: in
   * memory. The fleet frees what it was given. */
  enum sherd_status (*open_store)(void *ctx, uint32_t shard_count, bool beside,
                                  struct sherd_store **out, struct sherd_error_info *error);
  void *open_store_ctx;
};

enum sherd_fleet_phase {
  SHERD_FLEET_IDLE = 0,
  SHERD_FLEET_PLANNING,   /* opening the store, asking Discord */
  SHERD_FLEET_STARTING,   /* some shards have not been connected yet */
  SHERD_FLEET_RUNNING,    /* all were connected at least once */
  SHERD_FLEET_RESHARDING, /* and a second set is on its way */
  SHERD_FLEET_CLOSING,
  SHERD_FLEET_CLOSED,
  SHERD_FLEET_FAILED /* a shard, or the plan, failed for good: sherd_fleet_last_error() */
};

/* Names a phase in lower case, as in "starting". Thread-safe. Lifetime: static. */
const char *sherd_fleet_phase_name(enum sherd_fleet_phase phase);

/* A fleet at one moment. */
struct sherd_fleet_status {
  enum sherd_fleet_phase phase;
  uint32_t set, shard_count, first_shard, last_shard;
  uint32_t shards;          /* here: last - first + 1 */
  uint32_t started;         /* of them, those that were connected at least once */
  uint32_t connected;       /* of them, those that are now */
  uint32_t failed;          /* ended for good */
  uint32_t resumes_pending; /* stored sessions that are being resumed */
  uint32_t reshard_count;   /* the new set's count; 0: no re-sharding */
  uint32_t reshard_started;
  bool is_held;              /* nobody reads: the consumer is slow */
  uint64_t held_ms;          /* for how long in sum, since the start */
  uint64_t holds;            /* how often */
  uint32_t max_concurrency;  /* of identifies, as Discord says; 0: not asked yet */
  uint32_t starts_remaining; /* of the day's, as far as known */
  uint32_t starts_total;
  uint64_t waits_until_unix_ms;  /* the day's starts are used up until then; 0: no */
  uint64_t eta_ms;               /* about how long until all have started; 0: they have */
  struct sherd_engine_stats sum; /* of all shards that are and were */
};

/* Makes a fleet, not yet started. Errors: SHERD_EINVAL for what cannot be (a range without a
 * count that it lies in, no on_event); those of sherd_engine_new() for the shard's template;
 * SHERD_ENOMEM; SHERD_ESYSTEM. *out is NULL on any of them. */
enum sherd_status sherd_fleet_new(const struct sherd_fleet_config *config,
                                  struct sherd_fleet **out);

/* Begins, and returns at once: sherd_fleet_status() shows how far it is. Trouble that may pass is
 * tried again; what is final ends in SHERD_FLEET_FAILED. Errors: SHERD_EALREADY. */
enum sherd_status sherd_fleet_start(struct sherd_fleet *fleet);

/* Waits until it has closed or failed, `timeout_ms` at most. SHERD_OK after a close, the failure
 * otherwise. Errors: SHERD_ETIMEDOUT, SHERD_ENOTALIVE when never started, SHERD_EDEADLK. */
enum sherd_status sherd_fleet_join(struct sherd_fleet *fleet, int64_t timeout_ms);

/* Ends all shards at once: resumably, or with the sessions (the bot goes offline at once), and
 * waits at most `timeout_ms` for the servers' answers. No event comes after it has returned. A
 * resumable close leaves the store as it is: its marks follow what is taken, also afterwards.
 * Errors: SHERD_EDEADLK. */
enum sherd_status sherd_fleet_close(struct sherd_fleet *fleet, bool resumable, int64_t timeout_ms);

/* Frees it; it is closed resumably first, without waiting. NULL is allowed. */
void sherd_fleet_free(struct sherd_fleet *fleet);

/* Stops, or goes on, reading from all sockets; heartbeats go on. What was read already still comes.
 * When it is called in a callback no further read of that loop thread comes in between. */
void sherd_fleet_hold(struct sherd_fleet *fleet, bool held);

/* Goes over to another number of shards without a moment in which nobody listens; returns once
 * it is under way. Errors: SHERD_EINVAL (0, or over 1,000,000), SHERD_ESTATE unless RUNNING;
 * SHERD_EUNSUPPORTED for a fleet that has a part of the shards only; those of open_store. */
enum sherd_status sherd_fleet_reshard(struct sherd_fleet *fleet, uint32_t shard_count,
                                      struct sherd_error_info *error);

void sherd_fleet_status(struct sherd_fleet *fleet, struct sherd_fleet_status *out);

/* Calls `fn` with each shard of the present set, in the order of ids. Lifetime: the shard ends with
 * the call. `fn` must not call the fleet. */
void sherd_fleet_each(struct sherd_fleet *fleet, void (*fn)(struct sherd_shard *shard, void *user),
                      void *user);

/* Sends a command: by its guild to the shard that has it, or (a presence) to each shard, or to
 * `shard_id` when it is not SHERD_NEVER. Guilds of soundboard requests are parted among the
 * shards. Errors: SHERD_ENOTFOUND when the shard is not one of ours; those of the shard's call:
 * with several shards, the first. */
enum sherd_status sherd_fleet_send(struct sherd_fleet *fleet, uint32_t shard_id,
                                   const struct sherd_command *command,
                                   struct sherd_error_info *error);

/* The store of a set; NULL before the plan, and for a set that never was. Lifetime: the fleet's. */
struct sherd_store *sherd_fleet_store(struct sherd_fleet *fleet, uint32_t set);

void sherd_fleet_last_error(const struct sherd_fleet *fleet, struct sherd_error_info *out);

#ifdef __cplusplus
}
#endif
#endif
