/* A second set of shards takes over from the first, without a moment in which nobody listens.
 *
 *   STARTING   the new set starts beside the old one, as the limits allow; the old one shows
 *              everything, the new one nothing
 *   MERGING    all of the new set listen; each shows what the other has not shown yet
 *   ENDING     the store is the new set's, commands go to it; the old one says goodbye, and what it
 *              still hears is shown
 *   TRAILING   the old one is gone; what it has shown last is not shown again
 *
 * When the new set fails before ENDING it is given up, and the old one goes on as if nothing had
 * been. */
#ifndef SHERD_FLEET_RESHARD_H
#define SHERD_FLEET_RESHARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include <sherd/fleet.h>

#include "fleet/overlap.h"

struct sherd__fleet_set;

enum sherd__reshard_stage {
  SHERD__RESHARD_NONE = 0,
  SHERD__RESHARD_STARTING,
  SHERD__RESHARD_MERGING,
  SHERD__RESHARD_ENDING,
  SHERD__RESHARD_GIVING_UP,
  SHERD__RESHARD_TRAILING
};

struct sherd__reshard {
  enum sherd__reshard_stage stage; /* the control thread's */
  uint64_t until_ms;               /* of MERGING and TRAILING; the control thread's. Times of
                                      sherd__fleet_reading_ms(): while nobody reads, a set is as
                                      far behind as it was */
  uint64_t limit_ms;               /* of MERGING: it is not waited for longer; likewise */

  uv_mutex_t
      mutex; /* for what the loop threads ask; taken for a moment, with no other lock in it */
  bool has_mutex;
  atomic_bool is_on; /* there is an overlap; changed with the mutex */
  struct sherd__overlap *overlap;
  uint32_t new_set; /* its number */

  struct sherd__overlap *wanted; /* of the set that is wanted; under the fleet's mutex */
};

/* Errors: SHERD_ESYSTEM. */
enum sherd_status sherd__reshard_init(struct sherd__reshard *reshard);
void sherd__reshard_deinit(struct sherd__reshard *reshard);

/* On the control thread: takes the next step when it is time; gives the next time. */
uint64_t sherd__reshard_follow(struct sherd_fleet *fleet);

/* On the control thread: the new set has failed. */
void sherd__reshard_give_up(struct sherd_fleet *fleet, const struct sherd_error_info *why);

/* Whether an event of a set is to be shown. Any thread. */
bool sherd__reshard_shows(struct sherd__reshard *reshard, const struct sherd__fleet_set *set,
                          uint32_t shard_id, const struct sherd_event *event);

#endif
