/* The stream of what happens in the world: one event after another, each of which changes the world
 * as it says.
 *
 * A lane is the stream of one shard's guilds (of direct messages too, on shard 0). A lane has dice
 * and a time of its own, so that what happens on it depends on the seed and on nothing else: not
 * on other lanes, not on the clock, not on who is connected. */
#ifndef SHERD_SIM_STREAM_H
#define SHERD_SIM_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include <sherd/status.h>

#include "sim/dispatch.h"
#include "sim/print.h"
#include "sim/world.h"

struct sherd__lane {
  struct sherd__world *world;
  struct sherd__dice dice;
  uint32_t shard;
  uint32_t *guilds; /* indexes into the world's guilds */
  uint32_t guild_count;
  uint64_t now_us;  /* the lane's own time, unix microseconds */
  uint32_t counter; /* of ids */
};

/* Errors: SHERD_ENOMEM. */
enum sherd_status sherd__lane_init(struct sherd__lane *lane, struct sherd__world *world,
                                   uint32_t shard);
void sherd__lane_deinit(struct sherd__lane *lane);

/* Whether anything can happen on it: it has guilds, or direct messages. */
bool sherd__lane_is_alive(const struct sherd__lane *lane);

/* The next event, `step_us` after the one before. `print` is used to write it. With `with_blank`
 * messages come with the form that has no content. Errors: SHERD_ENOTFOUND when nothing happens
 * just now, since a guild is away; SHERD_ENOMEM. Lifetime: *out has one reference, the caller's. */
enum sherd_status sherd__lane_next(struct sherd__lane *lane, uint64_t step_us, bool with_blank,
                                   struct sherd__print *print, struct sherd__dispatch **out);

/* An event that somebody wants. */
struct sherd__lane_wish {
  enum sherd_event_type type;
  struct sherd__guild *guild; /* of the lane; NULL: any of it, or none if the event has none */
  bool is_dm;                 /* in a direct message */
  bool with_blank;
  bool with_poll;           /* MESSAGE_CREATE */
  struct sherd__dice *dice; /* other than the lane's, whose stream shall not depend on wishes */
};

/* Makes one event as it is wanted; messages are by people, not by the bot.
 * Errors: SHERD_EUNSUPPORTED for one that the stream does not have; SHERD_ENOTFOUND when there is
 * nothing that it can happen to; SHERD_ENOMEM.
 * Lifetime: *out has one reference, the caller's. */
enum sherd_status sherd__lane_make(struct sherd__lane *lane, const struct sherd__lane_wish *wish,
                                   struct sherd__print *print, struct sherd__dispatch **out);

#endif
