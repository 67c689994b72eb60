/* The hub without its ways out: the stream, who reads it, what is kept in the store, and when the
 * fleet is held. It knows neither sockets nor a clock.
 *
 * Offers come on any thread. All else is for one thread, the hub's, which does in turn:
 *
 *   look     what has come
 *   give     to each consumer what it can take in; ack: what has arrived
 *   keep     to the bounds: who has not taken in enough is moved on, or is to be disconnected
 *   settle   the store learns what all have taken, memory is freed, the fleet goes on
 *   sleep    until an offer calls `wake` */
#ifndef SHERD_SINK_RELAY_H
#define SHERD_SINK_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include <sherd/fleet.h>
#include <sherd/log.h>
#include <sherd/store.h>

#include "sink/cursor.h"
#include "sink/hub_stats.h"
#include "sink/stream.h"

/* Consumers that can drop are moved on in the hub's next turn. Beyond this much more the fleet is
 * held until it has come, so that memory is bounded whatever the hub's thread does. */
#define SHERD__RELAY_SLACK_BYTES (1u << 20)

struct sherd__consumer {
  struct sherd__consumer *next;
  struct sherd__cursor cursor;
  char name[SHERD_CONSUMER_NAME_MAX + 1]; /* "": it is gone when its connection is */
  uint64_t id;                            /* of the connection; 0: it is absent */
  enum sherd__consumer_policy policy;
  uint64_t queue_bytes;
  bool has_acks;
  bool has_own_queue; /* it said how long its queue may be */
  bool is_over;       /* its queue is at the bound, and its policy is to be disconnected */
  bool is_stuck;      /* it cannot take in more for now */
  uint32_t *indexes;  /* in the store of each set; UINT32_MAX: it is not in it */
  uint32_t set_count;
  struct sherd__consumer_stats stats; /* as of the last settling; under the mutex */
};

struct sherd__relay_config {
  const struct sherd_allocator *allocator;
  struct sherd_log log;
  uint64_t queue_bytes; /* of consumers that do not say */
  void (*hold)(void *ctx, bool held);
  struct sherd_store *(*store)(void *ctx, uint32_t set); /* may be NULL */
  void (*wake)(void *ctx);                               /* any thread */
  void *ctx;
};

struct sherd__relay {
  struct sherd__relay_config config;

  uv_mutex_t mutex; /* guards the following, and the list and the stats of consumers */
  struct sherd__stream stream;
  struct sherd__marks latest; /* what was offered last */
  uint64_t hold_at_bytes, wake_at_bytes;
  bool wants_hold;
  bool has_failed; /* an event was lost for want of memory */
  struct sherd__hub_stats stats;
  struct sherd__consumer *consumers;

  uv_mutex_t hold_mutex; /* orders the calls of hold() */
  bool is_held;          /* as it was told */

  /* The hub's thread. */
  struct sherd__place end;     /* as of the last look */
  struct sherd__place floor;   /* what all with a name have taken */
  struct sherd_store **stores; /* of each set that was met */
  uint32_t set_count;
};

/* Errors: SHERD_ENOMEM, SHERD_ESYSTEM. */
enum sherd_status sherd__relay_init(struct sherd__relay *relay,
                                    const struct sherd__relay_config *config);
void sherd__relay_deinit(struct sherd__relay *relay);

/* Takes an event. Any thread. */
void sherd__relay_offer(struct sherd__relay *relay, const struct sherd_fleet_event *event);

/* Adds a consumer, absent, that blocks and sees everything that comes from now on. Set the filter
 * and the rest afterwards. Its name is in the store when it returns. Errors: SHERD_EINVAL for a
 * name that cannot be; SHERD_EQUEUEFULL when there are SHERD_STORE_CONSUMERS_MAX with names;
 * SHERD_ESTOREWRITE; SHERD_ENOMEM. */
enum sherd_status sherd__relay_add(struct sherd__relay *relay, const char *name,
                                   struct sherd__consumer **out);

/* NULL: there is none. */
struct sherd__consumer *sherd__relay_find(const struct sherd__relay *relay, const char *name);

/* Frees it, and with `forever` has the store forget it. Errors: SHERD_ESTOREWRITE: the store still
 * has it, but we have not. */
enum sherd_status sherd__relay_remove(struct sherd__relay *relay, struct sherd__consumer *consumer,
                                      bool forever);

void sherd__relay_look(struct sherd__relay *relay);

/* The next line that the consumer is to be shown; NULL: none for now. */
const struct sherd__record *sherd__relay_give(struct sherd__relay *relay,
                                              struct sherd__consumer *consumer);

/* The consumer has taken everything up to `n`. Errors: those of sherd__cursor_ack(). */
enum sherd_status sherd__relay_ack(struct sherd__relay *relay, struct sherd__consumer *consumer,
                                   uint64_t n);

/* Its connection is gone: it goes on from what it has taken. */
void sherd__relay_absent(struct sherd__relay *relay, struct sherd__consumer *consumer);

/* Consumers that do not block, and are over the bound of their queues, are moved on
 * (`missed_events` of the cursor), or `is_over`. */
void sherd__relay_keep_bounds(struct sherd__relay *relay);

void sherd__relay_settle(struct sherd__relay *relay);

/* Has the next offer call `wake`: any one, or when all who read are stuck or absent, the first one
 * that makes work. False: there is something to do already. */
bool sherd__relay_sleep(struct sherd__relay *relay);

/* Who is the nearest to its bound, for the log; NULL: nobody is there. */
struct sherd__consumer *sherd__relay_slowest(const struct sherd__relay *relay);

/* Whether the fleet is to be held; whether an event was lost for want of memory. Any thread. */
bool sherd__relay_is_holding(struct sherd__relay *relay);
bool sherd__relay_has_failed(struct sherd__relay *relay);

/* Fills in *out and up to `cap` rows. Any thread. */
void sherd__relay_stats(struct sherd__relay *relay, struct sherd__hub_stats *out,
                        struct sherd__consumer_stats *consumers, size_t cap);

/* Tells the fleet whether it is held, when that has changed. Any thread, without the mutex. */
void sherd__relay_apply_hold(struct sherd__relay *relay);

/* --- relay_store.c, for relay.c --- */

/* Learns of the sets of shards up to `set_count`, and of who is in their stores. */
void sherd__relay_meet(struct sherd__relay *relay, uint32_t set_count);

/* Puts a consumer into the stores that were met. It has taken what `latest` says, which is filled
 * in where it says nothing: as the others have. Errors: as for sherd__relay_add(). */
enum sherd_status sherd__relay_join(struct sherd__relay *relay, struct sherd__consumer *consumer,
                                    struct sherd__marks *latest);

/* Has the stores forget it. Errors: SHERD_ESTOREWRITE. */
enum sherd_status sherd__relay_leave(struct sherd__relay *relay, struct sherd__consumer *consumer);

/* Tells the store what counts as taken by the consumer now. */
void sherd__relay_take(struct sherd__relay *relay, struct sherd__consumer *consumer);

/* Tells the store what all with a name have taken: moves `floor`. */
void sherd__relay_lift(struct sherd__relay *relay);

/* --- relay_consumer.c --- */

/* How many have names. */
uint32_t sherd__relay_count_named(const struct sherd__relay *relay);

/* Makes a consumer whose place is `at`, not yet in any list. NULL: no memory. */
struct sherd__consumer *sherd__consumer_new(struct sherd__relay *relay, const char *name,
                                            const struct sherd__place *at);
void sherd__consumer_free(struct sherd__relay *relay, struct sherd__consumer *consumer);

/* Puts it into the list. */
void sherd__relay_enlist(struct sherd__relay *relay, struct sherd__consumer *consumer);

#endif
