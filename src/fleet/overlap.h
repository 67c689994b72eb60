/* Two sets of shards hear the same events: which of them shows each one, so that all are shown
 * once.
 *
 * The rule pairs. What a set hears is remembered for a while; when the other hears it too, the two
 * are a pair, one of which is shown. Events that look alike are told apart by counting: the second
 * one of a set pairs with the second one of the other.
 *
 *   LISTEN   the new set starts; the old one shows everything, the new one nothing
 *   MERGE    each shows what the other has not shown; the new one begins to, guild by guild
 *   ALONE    the old set has ended; the new one shows what the old one had not
 *
 * To count together the two must begin together, and nobody says where they do: when a new shard
 * says READY the old set may be behind, and what it still hears from before is never heard by the
 * new one. `keep_ms` is at least twice the time by which one set may be behind the other. For the
 * first keep_ms after READY the old set's events are shown and not remembered. For the second all
 * is remembered that may be needed to know two events for one: that nothing else looked like them
 * in all that time. Each such pair shows where a guild stands in both sets, whatever was counted
 * before; so does a silence of keep_ms. From then on the new set shows what it is the first to
 * hear, unless it has left something of the guild to the old one, which comes before.
 *
 * Whoever re-shards: MERGE once all of the new set have said READY; end the old set when
 * sherd__overlap_is_settled() says that nothing depends on it any more; ALONE once its last event
 * was told; and free this keep_ms later. Then, with no set behind the other by over half of keep_ms
 * and each guild's events in one order for both: nothing is missing, nothing comes twice, and each
 * guild keeps its order.
 *
 * What it cannot know:
 *   - whether two events are the same one: overlap_event.c says what counts as that. Two sessions
 *     that are told of one event in different words both show it: a repeat.
 *   - that a set is further behind: its events may be shown again. Two sessions that hear a guild's
 *     events in different orders repeat some of them too.
 *   - what the old set never hears though the new one did, and left it to it: when an old shard
 *     loses its session meanwhile. SESSION_LOST says so, as always.
 *   - where a guild stands in which for ever and without a pause everything looks like something
 *     else that came within keep_ms. Such a guild is never settled. When the old set is ended all
 *     the same, what the new one has left to it is not shown.
 *   - a new shard's guild that becomes available again after an outage: it looks like those of its
 *     start, which are not shown while the old set is there. The old set shows its own.
 * When the table is full the counting begins anew, as if all of the new set had said READY: then
 * events may come twice, or out of order, and none is missing.
 *
 * Pure: time comes in as an argument, from any clock that never goes back. Not thread-safe by
 * itself: guard it, and give it what each shard hears in the order in which it hears it. */
#ifndef SHERD_FLEET_OVERLAP_H
#define SHERD_FLEET_OVERLAP_H

#include <stdbool.h>
#include <stdint.h>

#include <sherd/alloc.h>
#include <sherd/event.h>
#include <sherd/status.h>
#include <sherd/value.h>

struct sherd__overlap;

enum sherd__overlap_phase {
  SHERD__OVERLAP_LISTEN = 0,
  SHERD__OVERLAP_MERGE,
  SHERD__OVERLAP_ALONE
};

/* Whose an event is. The old set shows all of its own. */
enum sherd__overlap_kind {
  SHERD__OVERLAP_COMMON = 0, /* both sets hear it */
  SHERD__OVERLAP_OWN_SHOW,   /* one set's; the new set shows it too: an answer to a command */
  SHERD__OVERLAP_OWN_HIDE    /* one set's; the new set shows it once it is alone: its own life */
};

/* What the rule has to know of an event. */
struct sherd__overlap_event {
  enum sherd__overlap_kind kind;
  bool is_ready;            /* a READY: its shard listens from here on */
  uint32_t shard_id;        /* in its set */
  uint64_t key;             /* the same in both sets */
  sherd_snowflake guild_id; /* 0: none */
};

/* Says what an event is to the rule; `shard_id` is that of the shard that hears it. Thread-safe. */
void sherd__overlap_describe(const struct sherd_event *event, uint32_t shard_id,
                             struct sherd__overlap_event *out);

/* Makes one in LISTEN. It remembers up to `max_keys` events, with some 56 bytes each, which it
 * takes at once. Errors: SHERD_EINVAL for a count or max_keys of 0, or max_keys over 2^30;
 * SHERD_ENOMEM. */
enum sherd_status sherd__overlap_new(const struct sherd_allocator *allocator,
                                     uint32_t new_shard_count, uint32_t max_keys, uint64_t keep_ms,
                                     struct sherd__overlap **out);

/* NULL is allowed. */
void sherd__overlap_free(struct sherd__overlap *overlap);

void sherd__overlap_set_phase(struct sherd__overlap *overlap, enum sherd__overlap_phase phase);

/* Takes an event that a set has heard: true when it is to be shown, false when it is a shadow. */
bool sherd__overlap_shows(struct sherd__overlap *overlap, bool is_new_set,
                          const struct sherd__overlap_event *event, uint64_t now_ms);

/* Whether the old set may end without a loss: in MERGE, with all shards of the new set listening
 * for long enough, every guild that was heard of lately known in its place, and nothing left to the
 * old set that it has not shown yet. Once true in MERGE it stays true, unless a shard of the new
 * set loses its session or the table is full. */
bool sherd__overlap_is_settled(struct sherd__overlap *overlap, uint64_t now_ms);

#endif
