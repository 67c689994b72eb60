/* The live shard: an engine, a connection and a timer on one loop, and the calls that threads make.
 *
 *   live.c        making it, the readings, the commands, the table of operations
 *   live_loop.c   on the loop's thread: feeds the engine and does what it says
 *   live_wait.c   start, join, close: who waits for what, and who is told
 *   live_queue.c  delivery by pulling
 *   live_hold.c   what stops the reading, and lets it go on
 *   live_free.c   the way out
 *
 * Threads: the engine changes its state on the loop's thread alone. Other threads may queue a
 * command in it and read from it, and leave wishes (start, close) for the loop's thread, always
 * under `mutex`. The mutex is never held while a callback of the user's runs, so that a callback
 * may call whatever does not wait. Order of locks: a shard's, then the runtime's or the loop's. */
#ifndef SHERD_SHARD_LIVE_H
#define SHERD_SHARD_LIVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <sherd/shard_ops.h>

#include "net/connection.h"
#include "net/loop.h"
#include "shard/event_queue.h"
#include "shard/identify_queue.h"
#include "shard/runtime.h"

#define SHERD__NEVER_MS UINT64_MAX

enum sherd__waiter_kind {
  SHERD__WAITER_START,
  SHERD__WAITER_JOIN,
  SHERD__WAITER_CLOSE,
  SHERD__WAITER_CLOSE_RESUMABLE
};

/* Somebody who waits for a start or an end: on the stack of a thread that blocks, or on the heap
 * with a callback. */
struct sherd__waiter {
  enum sherd__waiter_kind kind;
  bool is_async;
  sherd_done_fn done; /* async only; may be NULL */
  void *user;
  struct sherd_session *session; /* CLOSE_RESUMABLE: where it goes; NULL: not wanted */
  enum sherd_status status;      /* good when it has finished */
  bool has_finished;
  struct sherd__waiter *next;
};

/* First come, first served. */
struct sherd__waiters {
  struct sherd__waiter *first, *last;
};

struct sherd__live {
  struct sherd_shard base;
  const struct sherd_allocator *allocator;
  struct sherd_runtime *runtime;
  bool owns_runtime;
  struct sherd__loop *loop;

  /* As configured; the engine has its own copy of the rest, and nobody else has the token. */
  uint32_t id, count;
  uint64_t intents, capabilities;
  sherd_event_fn on_event; /* NULL: events are pulled */
  void *user;
  char *ca_file, *proxy;
  uint32_t dns_timeout_ms, connect_timeout_ms, proxy_timeout_ms, tls_timeout_ms, start_timeout_ms;

  /* Under the mutex. */
  uv_mutex_t mutex;
  uv_cond_t changed; /* a waiter has finished, a callback has returned, the loop has let go */
  uv_cond_t arrived; /* the queue has grown, or will not grow any more */
  struct sherd_engine *engine;
  bool was_started;                /* ever */
  bool is_alive;                   /* from the wish to start until CLOSED is about to be told */
  bool is_running;                 /* from the engine's start until ENDED: overlaps with the next */
  bool start_wanted, close_wanted; /* for the loop's thread to do */
  bool close_resumable;
  bool has_been_ready;       /* in this run */
  enum sherd_status gave_up; /* why we close this run, where it is us: SHERD_ETIMEDOUT for a start
                                that took too long, SHERD_ENOMEM for an event that could not be
                                kept for pulling */
  bool in_callback;
  bool is_quiet;   /* no further callback may begin */
  bool is_freeing; /* the loop's thread is to let go */
  bool free_waits; /* for the loop's thread to have let go */
  bool is_gone;    /* it has */
  enum sherd_status end_status;
  struct sherd_error_info own_error; /* a failure that is not the engine's; zeroed: none */
  struct sherd__waiters starters;    /* of the run that is alive */
  struct sherd__waiters enders;      /* of the run that is alive */
  struct sherd__waiters ending;      /* of the run that has told CLOSED */
  struct sherd__waiters finished;    /* async ones that are to be called */
  struct sherd__event_queue queue;
  struct sherd_event *closed_event; /* kept beforehand, so that CLOSED always fits; NULL: used */
  bool hold_wanted;                 /* with a callback: sherd_shard_hold() */
  bool is_paused;                   /* held, or the queue is full: nothing is read */

  atomic_bool was_woken; /* ever: the loop's thread may know this shard */
  atomic_bool wake_posted;
  struct sherd__task wake;

  /* The loop thread's own. */
  bool has_timer, timer_is_closing;
  uv_timer_t timer;
  uint64_t armed_ms; /* when the timer goes off; SHERD__NEVER_MS: it is stopped */
  uint64_t start_deadline_ms;
  uint64_t permit_ms; /* when to ask the identify queue again; SHERD__NEVER_MS: not waiting */
  struct sherd__identify_ticket ticket;
  struct sherd__connection *connection;
  struct sherd__tls *tls;   /* got when it is first needed */
  bool has_stopped_reading; /* the connection knows that it is paused */
  char *late_host;          /* a connection that waits for reading to go on; NULL: none */
  uint16_t late_port;
  bool late_tls;
  bool is_held;    /* the engine knows that it is paused */
  bool told_ready; /* the event before was READY or RESUMED */
  bool is_torn_down;
  uint32_t closing; /* handles and connections that still have to leave the loop */
};

extern const struct sherd_shard_ops sherd__live_ops;

/* The live shard behind a shard; the mutex may be taken through a const one. */
struct sherd__live *sherd__live_of(const struct sherd_shard *shard);

uint64_t sherd__live_now_ms(const struct sherd__live *live);
bool sherd__live_is_own_thread(const struct sherd__live *live);

/* Has the loop's thread look after the shard. Thread-safe, needs no lock. */
void sherd__live_wake(struct sherd__live *live);

/* --- live_loop.c: on the loop's thread, without the mutex --- */

void sherd__live_on_wake(struct sherd__task *task);
void sherd__live_on_moved(struct sherd__identify_ticket *ticket);

/* Does what the engine says until it has no more to say. */
void sherd__live_drain(struct sherd__live *live);

/* Parts of it, for the way out; they may be called with the mutex too. */
void sherd__live_write(struct sherd__live *live, struct sherd_bytes bytes);
void sherd__live_disconnect(struct sherd__live *live);
enum sherd_status sherd__live_open_connection(struct sherd__live *live, const char *host,
                                              uint16_t port, bool tls);
void sherd__live_close_timer(struct sherd__live *live);

/* --- live_wait.c: with the mutex --- */

/* CLOSED is about to be told: the run is not alive any more. */
void sherd__live_note_closed(struct sherd__live *live);
/* The run has ended with `status`: all who waited for that are told. */
void sherd__live_note_ended(struct sherd__live *live, enum sherd_status status);
/* READY or RESUMED was told: all who waited for that are told. */
void sherd__live_note_started(struct sherd__live *live);
/* The start has taken too long. */
void sherd__live_give_up_start(struct sherd__live *live);

/* Takes the next async waiter that is to be called, or NULL. */
struct sherd__waiter *sherd__live_pop_finished(struct sherd__live *live);
/* Calls it and frees it: without the mutex. */
void sherd__live_call_done(struct sherd__live *live, struct sherd__waiter *waiter);

enum sherd_status sherd__live_start(struct sherd_shard *shard);
enum sherd_status sherd__live_start_async(struct sherd_shard *shard, sherd_done_fn done,
                                          void *user);
enum sherd_status sherd__live_join(struct sherd_shard *shard, int64_t timeout_ms);
enum sherd_status sherd__live_close(struct sherd_shard *shard);
enum sherd_status sherd__live_close_async(struct sherd_shard *shard, sherd_done_fn done,
                                          void *user);
enum sherd_status sherd__live_close_resumable(struct sherd_shard *shard, struct sherd_session *out);
enum sherd_status sherd__live_close_resumable_async(struct sherd_shard *shard, sherd_done_fn done,
                                                    void *user);

/* --- live_queue.c: with the mutex --- */

/* Before a start: reserves what CLOSED will need. Errors: SHERD_ENOMEM. */
enum sherd_status sherd__live_reserve_closed(struct sherd__live *live);
/* Keeps an event for whoever pulls. */
void sherd__live_enqueue(struct sherd__live *live, const struct sherd_event *event);

enum sherd_status sherd__live_next(struct sherd_shard *shard, int64_t timeout_ms,
                                   struct sherd_event **out);

/* Waits on a condition until *deadline_ns of uv_hrtime(), with UINT64_MAX as for ever: false once
 * that has passed. */
bool sherd__live_wait(struct sherd__live *live, uv_cond_t *cond, uint64_t deadline_ns);
/* The deadline of a timeout; negative is for ever. */
uint64_t sherd__live_deadline_ns(int64_t timeout_ms);

/* --- live_hold.c: on the loop's thread --- */

void sherd__live_hold(struct sherd_shard *shard, bool held); /* on any thread, without the mutex */
/* With the mutex: opens a connection, at once or when reading goes on. */
void sherd__live_dial(struct sherd__live *live, const char *host, uint16_t port, bool tls);
/* With the mutex: pauses or goes on, as is wanted now. */
void sherd__live_follow_hold(struct sherd__live *live);
/* With the mutex: a close is under way, and the peer's answer has to be read; messages before it do
 * not count any more. */
void sherd__live_end_hold(struct sherd__live *live);
void sherd__live_forget_late(struct sherd__live *live);
/* Without the mutex: has the connection follow. To go on reading may find that it is lost. */
void sherd__live_pause_or_go_on(struct sherd__live *live);

/* --- live_free.c --- */

void sherd__live_free(struct sherd_shard *shard);
/* Frees one that nothing refers to any more, or that was never whole. */
void sherd__live_destroy(struct sherd__live *live);
/* On the loop's thread: ends whatever is under way, without waiting for the peer. */
void sherd__live_tear_down(struct sherd__live *live);
/* On the loop's thread: lets the shard go once nothing of it is on the loop any more. The shard may
 * be gone when this returns. */
void sherd__live_try_let_go(struct sherd__live *live);

#endif
