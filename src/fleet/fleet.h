/* The inside of a fleet.
 *
 *   fleet.c           making and freeing it, start, join, the readings
 *   fleet_config.c    its own copy of the configuration
 *   fleet_control.c   the control thread: what is due, and when it is called again
 *   fleet_plan.c      opening the store, who resumes and who identifies, starting those who are due
 *   fleet_limits.c    GET /gateway/bot, and the day's starts
 *   fleet_set.c       a set of shards, and one of them
 *   fleet_shard.c     what a shard tells: counted, shown, taken
 *   fleet_close.c     ending shards; the end of the fleet
 *   fleet_hold.c, fleet_send.c, fleet_status.c, fleet_sync.c
 *   reshard.c         a second set takes over
 *
 * Threads: the control thread plans, starts and ends; shards call on the runtime's loop threads;
 * users call on any. What they share stands under `mutex`, which is never held while a callback of
 * the user's runs, nor while something blocks. Order of locks: the fleet's, then a shard's. */
#ifndef SHERD_FLEET_FLEET_H
#define SHERD_FLEET_FLEET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include <sherd/fleet.h>
#include <sherd/log.h>

#include "fleet/fleet_config.h"
#include "fleet/plan.h"
#include "fleet/reshard.h"
#include "net/loop.h"

#define SHERD__FLEET_NEVER_MS UINT64_MAX

/* The shard id of the fleet's own log lines. */
#define SHERD__FLEET_LOG_ID SHERD_NEVER

struct sherd__fleet_set;

/* One shard's place in its set. */
struct sherd__fleet_slot {
  struct sherd__fleet_set *set;
  struct sherd_shard *shard; /* under the mutex; NULL: not begun, or gone */
  bool is_closing;           /* under the mutex */

  /* The control thread's until the shard starts, then its loop thread's. */
  bool is_resuming;       /* counted in resumes_pending */
  bool was_connected;     /* counted in started */
  bool is_connected;      /* counted in connected */
  enum sherd_status lost; /* why the stored session cannot be resumed: to be told first; or OK */
  /* What "callback" had taken of the stored session: up to there nothing is shown again. */
  uint64_t taken_tag, taken_seq;
};

/* All shards of one number. Sets live as long as the fleet. */
struct sherd__fleet_set {
  struct sherd_fleet *fleet;
  uint32_t number;
  uint32_t shard_count;
  uint32_t first_shard, count; /* those that are here */
  struct sherd_store *store;
  uint32_t consumer; /* "callback" in the store; unless takes_itself */

  atomic_uint started, connected, failed, resumes_pending;
  atomic_bool has_lost; /* a session since the last look: somebody will IDENTIFY */

  /* The control thread's. */
  bool is_planned;                /* its sessions are known */
  bool is_timed;                  /* its shards have times ... */
  uint32_t timed_with;            /* ... by this version of the limits */
  struct sherd__plan_shard *plan; /* by place */

  /* Under the mutex. */
  bool is_ending;                  /* none of it may start any more */
  uint64_t last_turn_ms;           /* when the last one will have started */
  uint32_t closing;                /* shards whose end is awaited */
  struct sherd_engine_stats gone;  /* of shards that are gone */
  struct sherd_error_info failure; /* the first for good */

  struct sherd__task told; /* RESHARDED, of a set that has taken over */

  struct sherd__fleet_slot slots[];
};

/* What fleet_limits.c knows: the control thread's, but for what the question writes while it is
 * under way. */
struct sherd__fleet_limits {
  uint32_t version; /* of what the runtime was told; 0: nothing yet */
  bool is_known;    /* `bot` is an answer */
  struct sherd_gateway_bot bot;
  bool is_new; /* the runtime has not been told yet */
  bool is_asking;
  bool has_waited;   /* for the day's starts, and has said so */
  bool has_looked;   /* has asked again after the starts ran out */
  uint64_t ask_ms;   /* when to ask next; NEVER */
  uint64_t asked_ms; /* when the newest answer came */
  uint64_t pause_ms; /* the last one after a failure; 0: the last question was answered */

  uv_work_t work;
  enum sherd_status status;
  struct sherd_gateway_bot answer;
  struct sherd_error_info error;
};

/* One of the runtime's loops. */
struct sherd__fleet_loop {
  struct sherd_fleet *fleet;
  struct sherd__loop *loop;
  struct sherd__task free_rest; /* its shards that have not ended in time */
};

struct sherd_fleet {
  const struct sherd_allocator *allocator;
  struct sherd__fleet_config config;
  struct sherd_log log;
  struct sherd_engine *probe; /* never started: tells whether template and presences are good */
  struct sherd__loop *control;

  /* The control thread's. */
  bool has_timer, is_stopping;
  uv_timer_t timer;
  struct sherd__fleet_limits limits;
  struct sherd__reshard reshard;
  bool is_syncing;
  uint64_t sync_ms; /* when the stores are synced next */
  uv_work_t sync_work;
  enum sherd_status sync_status;
  bool has_told_sync; /* that it fails */

  atomic_bool wake_posted;
  struct sherd__task wake, stop;

  /* Under the mutex. */
  uv_mutex_t mutex;
  uv_cond_t changed;
  enum sherd_fleet_phase phase;
  bool is_failing;   /* the phase that follows CLOSING is FAILED */
  bool is_freeing;   /* what has not ended in time */
  bool is_cancelled; /* a question to REST is to come to its end */
  struct sherd_error_info error;
  struct sherd_runtime *runtime; /* NULL before the plan */
  struct sherd__fleet_loop *loops;
  uint32_t loop_count;
  struct sherd__fleet_set **sets; /* by number; those of before included */
  uint32_t set_count;
  struct sherd__fleet_set *wanted; /* a re-sharding that was asked for */

  /* Changed by the control thread, with the mutex. */
  struct sherd__fleet_set *present; /* NULL before the plan */
  struct sherd__fleet_set *next;    /* that starts beside it; NULL: none */
  struct sherd__fleet_set *old;     /* that ends; NULL: none */

  /* Under the mutex. */
  uint32_t tasks;           /* posted to loop threads, and not yet done */
  uint32_t max_concurrency; /* 0: not asked yet */
  uint64_t waits_until_unix_ms;
  uint64_t holds;

  /* Changed under the mutex. */
  atomic_bool is_held;
  _Atomic uint64_t held_since_ms, held_ms; /* NEVER: not held now; in sum, but for the hold that
                                              there is */
};

/* --- fleet.c --- */

/* Milliseconds of the control loop's clock, and of the world's. Thread-safe. */
uint64_t sherd__fleet_now_ms(const struct sherd_fleet *fleet);
uint64_t sherd__fleet_unix_ms(void);

/* The same of a clock that stands while the fleet is held: for whatever waits until something has
 * been heard. It may go back by as much as a hold has taken, when that ends meanwhile. */
uint64_t sherd__fleet_reading_ms(const struct sherd_fleet *fleet);

/* Whether the caller is on one of the fleet's threads: blocking would be for ever. */
bool sherd__fleet_is_own_thread(struct sherd_fleet *fleet);

/* Waits, with the mutex, for a change until *deadline_ns of uv_hrtime(): false once it has passed.
 */
bool sherd__fleet_wait(struct sherd_fleet *fleet, uint64_t deadline_ns);
uint64_t sherd__fleet_deadline_ns(int64_t timeout_ms);

/* Sets *error, unless NULL, to `status` and one line; gives `status`. */
__attribute__((format(printf, 3, 4))) enum sherd_status
sherd__fleet_error(struct sherd_error_info *error, enum sherd_status status, const char *format,
                   ...);

/* --- fleet_control.c --- */

/* Has the control thread look. Thread-safe, needs no lock. */
void sherd__fleet_wake(struct sherd_fleet *fleet);

/* On the control thread: whether the fleet is neither closing nor over. */
bool sherd__fleet_goes_on(struct sherd_fleet *fleet);

/* On the control thread: the whole fleet has failed. The others end resumably. */
void sherd__fleet_fail(struct sherd_fleet *fleet, const struct sherd_error_info *error);

void sherd__fleet_on_wake(struct sherd__task *task);
void sherd__fleet_on_stop(struct sherd__task *task);

/* --- fleet_plan.c: on the control thread --- */

/* Opens the store, once it is known for how many shards, and makes the first set. */
void sherd__fleet_open(struct sherd_fleet *fleet);

/* Opens a store by the user's call, or in memory. Any thread. */
enum sherd_status sherd__fleet_open_store(struct sherd_fleet *fleet, uint32_t shard_count,
                                          bool beside, struct sherd_store **out,
                                          struct sherd_error_info *error);

/* Who resumes and who identifies: from the store. */
enum sherd_status sherd__fleet_look(struct sherd__fleet_set *set, struct sherd_error_info *error);

/* Gives those that have not begun their times, when the limits have changed; those that IDENTIFY
 * have none before the limits are known. */
void sherd__fleet_time(struct sherd__fleet_set *set);

/* Starts those whose time has come, and gives the next time. */
uint64_t sherd__fleet_start_due(struct sherd__fleet_set *set);

/* --- fleet_limits.c: on the control thread --- */

/* Asks the API as soon as it may. */
void sherd__fleet_ask(struct sherd_fleet *fleet);

/* Tells the runtime of a new answer, and shows what is left. */
void sherd__fleet_follow_limits(struct sherd_fleet *fleet);

/* Asks when it is time; gives the next time. */
uint64_t sherd__fleet_ask_if_due(struct sherd_fleet *fleet);

/* --- fleet_set.c --- */

/* Makes a set, which owns the store then, and counts it among the fleet's. Errors: SHERD_ENOMEM,
 * and the store is still the caller's. Any thread, without the mutex. */
enum sherd_status sherd__fleet_set_new(struct sherd_fleet *fleet, uint32_t shard_count,
                                       struct sherd_store *store, struct sherd__fleet_set **out);
void sherd__fleet_set_free(struct sherd__fleet_set *set);

uint32_t sherd__fleet_slot_id(const struct sherd__fleet_slot *slot);

/* Adds counters. */
void sherd__fleet_add_stats(struct sherd_engine_stats *sum, const struct sherd_engine_stats *more);

/* Makes and starts the shard of a slot. On the control thread. */
enum sherd_status sherd__fleet_slot_start(struct sherd__fleet_slot *slot);

/* --- fleet_shard.c: on the shard's loop thread --- */

/* A sherd_event_fn; `user` is the slot. */
void sherd__fleet_on_event(struct sherd_shard *shard, const struct sherd_event *event, void *user);

/* Whether a shard that ends so shows what is wrong for all: the token, the intents, the numbers. */
bool sherd__fleet_concerns_all(enum sherd_status status);

/* Shows an event of a set to the user, and notes that it was taken. */
void sherd__fleet_tell(struct sherd__fleet_set *set, const struct sherd_fleet_event *event);

/* --- fleet_close.c --- */

/* Has all shards of a set end. Those that have ended are gone from their slots. Any thread, without
 * the mutex. */
void sherd__fleet_set_close(struct sherd__fleet_set *set, bool resumable);

/* A task that was posted to a loop thread, and counted in `tasks`, is done. */
void sherd__fleet_task_done(struct sherd_fleet *fleet);

/* Has all sets end, and whatever else is under way. */
void sherd__fleet_close_sets(struct sherd_fleet *fleet, bool resumable);

/* Whether an end is still awaited. With the mutex. */
bool sherd__fleet_is_closing(const struct sherd_fleet *fleet);

/* --- fleet_sync.c: on the control thread --- */

/* Syncs the stores when it is time, off this thread too; gives the next time. */
uint64_t sherd__fleet_follow_sync(struct sherd_fleet *fleet);

/* Does so here and now. Any thread. */
void sherd__fleet_sync_now(struct sherd_fleet *fleet);

#endif
