#include "fleet/overlap.h"

#include <string.h>

#include "base/mem.h"

#define NOT_YET_MS   UINT64_MAX
#define MAX_KEYS_MAX (UINT32_C(1) << 30)

/* What a set has heard, for keep_ms. */
struct heard {
  uint64_t key;
  uint64_t at_ms;
  sherd_snowflake guild_id;
  uint32_t next_alike, next_there; /* in the lines of its key and of its guild */
  bool is_new;                     /* the new set has heard it */
  bool is_shown;
  bool is_paired; /* the other set has heard it too */
  bool is_sure;   /* all that was around it is remembered too */
};

/* Places of heard ones, the oldest first. They are counted from 1; 0 is none. */
struct line {
  uint32_t first, last;
};

/* A guild, or those few that share the place. */
struct lane {
  struct line line;
  uint32_t unshown;
  bool is_aligned; /* what the one set has heard more than the other is known exactly */
};

struct sherd__overlap {
  const struct sherd_allocator *allocator;
  enum sherd__overlap_phase phase;
  uint64_t keep_ms, now_ms;
  uint32_t shard_count;
  uint32_t max_keys, first, count; /* of the ring */
  uint32_t unshown;                /* unpaired ones of the new set that were left to the old one */
  uint32_t unaligned;              /* lanes that have something in them and are not aligned */
  uint32_t mask;                   /* of keys and of lanes */
  uint64_t *ready_ms;              /* a new shard's READY */
  struct line *alike;
  struct lane *lanes;
  struct heard *ring;
};

/* --- Life --- */

static uint32_t power_over(uint32_t count) {
  uint32_t power = 1;
  while (power < count)
    power *= 2;
  return power;
}

void sherd__overlap_free(struct sherd__overlap *overlap) {
  if (!overlap)
    return;
  const struct sherd_allocator *allocator = overlap->allocator;
  sherd__free(allocator, overlap->ready_ms);
  sherd__free(allocator, overlap->alike);
  sherd__free(allocator, overlap->lanes);
  sherd__free(allocator, overlap->ring);
  sherd__free(allocator, overlap);
}

static enum sherd_status allocate(struct sherd__overlap *overlap) {
  const struct sherd_allocator *allocator = overlap->allocator;
  size_t places = overlap->mask + (size_t)1;
  overlap->ready_ms = sherd__malloc(allocator, overlap->shard_count * sizeof *overlap->ready_ms);
  overlap->alike = sherd__calloc(allocator, places * sizeof *overlap->alike);
  overlap->lanes = sherd__calloc(allocator, places * sizeof *overlap->lanes);
  overlap->ring = sherd__malloc(allocator, overlap->max_keys * sizeof *overlap->ring);
  bool has_all = overlap->ready_ms && overlap->alike && overlap->lanes && overlap->ring;
  return has_all ? SHERD_OK : SHERD_ENOMEM;
}

enum sherd_status sherd__overlap_new(const struct sherd_allocator *allocator,
                                     uint32_t new_shard_count, uint32_t max_keys, uint64_t keep_ms,
                                     struct sherd__overlap **out) {
  *out = NULL;
  if (!new_shard_count || !max_keys || max_keys > MAX_KEYS_MAX)
    return SHERD_EINVAL;
  allocator = sherd__allocator_or_default(allocator);
  struct sherd__overlap *overlap = sherd__calloc(allocator, sizeof *overlap);
  if (!overlap)
    return SHERD_ENOMEM;
  overlap->allocator = allocator;
  overlap->keep_ms = keep_ms;
  overlap->shard_count = new_shard_count;
  overlap->max_keys = max_keys;
  overlap->mask = power_over(max_keys) - 1;
  if (allocate(overlap) != SHERD_OK) {
    sherd__overlap_free(overlap);
    return SHERD_ENOMEM;
  }
  for (uint32_t i = 0; i < new_shard_count; i++)
    overlap->ready_ms[i] = NOT_YET_MS;
  *out = overlap;
  return SHERD_OK;
}

void sherd__overlap_set_phase(struct sherd__overlap *overlap, enum sherd__overlap_phase phase) {
  overlap->phase = phase;
}

/* --- What is remembered --- */

static struct heard *at(const struct sherd__overlap *overlap, uint32_t place) {
  return &overlap->ring[place - 1];
}

static struct line *line_of(const struct sherd__overlap *overlap, uint64_t key) {
  return &overlap->alike[key & overlap->mask];
}

static struct lane *lane_of(const struct sherd__overlap *overlap, sherd_snowflake guild_id) {
  return &overlap->lanes[(guild_id >> 22) & overlap->mask];
}

static uint32_t shard_of(const struct sherd__overlap *overlap, sherd_snowflake guild_id) {
  return (uint32_t)((guild_id >> 22) % overlap->shard_count);
}

/* Whether the new shard of a guild has listened for some times keep_ms. */
static bool has_listened(const struct sherd__overlap *overlap, uint32_t shard, unsigned times) {
  uint64_t ready_ms = overlap->ready_ms[shard];
  return ready_ms != NOT_YET_MS && overlap->now_ms - ready_ms >= times * overlap->keep_ms;
}

static bool is_unshown(const struct heard *heard) {
  return heard->is_new && !heard->is_shown && !heard->is_paired;
}

/* Whether the other set has heard it, or is known not to be going to. */
static void set_paired(struct sherd__overlap *overlap, struct heard *heard, bool is_paired) {
  struct lane *lane = lane_of(overlap, heard->guild_id);
  bool was_unshown = is_unshown(heard);
  heard->is_paired = is_paired;
  overlap->unshown += (uint32_t)is_unshown(heard) - was_unshown;
  lane->unshown += (uint32_t)is_unshown(heard) - was_unshown;
}

static void set_aligned(struct sherd__overlap *overlap, struct lane *lane, bool is_aligned) {
  overlap->unaligned += lane->is_aligned && !is_aligned;
  overlap->unaligned -= !lane->is_aligned && is_aligned;
  lane->is_aligned = is_aligned;
}

static void forget_oldest(struct sherd__overlap *overlap) {
  struct heard *oldest = &overlap->ring[overlap->first];
  struct lane *lane = lane_of(overlap, oldest->guild_id);
  struct line *alike = line_of(overlap, oldest->key);
  set_paired(overlap, oldest, true);
  alike->first = oldest->next_alike;
  lane->line.first = oldest->next_there;
  if (!lane->line.first)
    set_aligned(overlap, lane, true); /* see remember() for what that is worth */
  overlap->first = (overlap->first + 1) % overlap->max_keys;
  overlap->count--;
}

static void forget_all(struct sherd__overlap *overlap) {
  while (overlap->count)
    forget_oldest(overlap);
  for (uint32_t i = 0; i < overlap->shard_count; i++)
    if (overlap->ready_ms[i] != NOT_YET_MS)
      overlap->ready_ms[i] = overlap->now_ms;
}

static void append(struct sherd__overlap *overlap, struct line *line, uint32_t place,
                   bool is_lane) {
  if (!line->first)
    line->first = place;
  else if (is_lane)
    at(overlap, line->last)->next_there = place;
  else
    at(overlap, line->last)->next_alike = place;
  line->last = place;
}

/* A guild of which neither set has heard anything for keep_ms is aligned: whatever there was has
 * reached both. */
static void remember(struct sherd__overlap *overlap, const struct heard *what) {
  struct lane *lane = lane_of(overlap, what->guild_id);
  uint32_t place = (overlap->first + overlap->count++) % overlap->max_keys + 1;
  *at(overlap, place) = *what;
  if (!lane->line.first) {
    lane->is_aligned = what->is_sure;
    overlap->unaligned += !what->is_sure;
  }
  append(overlap, line_of(overlap, what->key), place, false);
  append(overlap, &lane->line, place, true);
  if (is_unshown(what)) {
    overlap->unshown++;
    lane->unshown++;
  }
}

/* The new shard has heard nothing before this. */
static void begin_to_listen(struct sherd__overlap *overlap, uint32_t shard) {
  bool is_first = overlap->ready_ms[shard] == NOT_YET_MS;
  overlap->ready_ms[shard] = overlap->now_ms;
  for (uint32_t i = 0; i < overlap->count && !is_first; i++) {
    struct heard *heard = &overlap->ring[(overlap->first + i) % overlap->max_keys];
    if (shard_of(overlap, heard->guild_id) != shard)
      continue;
    heard->is_sure = false;
    set_aligned(overlap, lane_of(overlap, heard->guild_id), false);
    if (!heard->is_new)
      set_paired(overlap, heard, true);
  }
}

/* --- Pairs --- */

/* What there is in the other set that looks like an event. */
struct alike {
  struct heard *partner; /* the oldest one that has no pair yet; NULL: there is none */
  uint32_t theirs, ours; /* all of them */
};

static struct alike look(const struct sherd__overlap *overlap, uint64_t key, bool is_new) {
  struct alike alike = {NULL, 0, 0};
  for (uint32_t place = line_of(overlap, key)->first; place;
       place = at(overlap, place)->next_alike) {
    struct heard *heard = at(overlap, place);
    if (heard->key != key)
      continue;
    alike.theirs += heard->is_new != is_new;
    alike.ours += heard->is_new == is_new;
    if (!alike.partner && heard->is_new != is_new && !heard->is_paired)
      alike.partner = heard;
  }
  return alike;
}

/* Both sets have now heard one and the same event, and all that was before it in its guild; what
 * the partner's set has heard after it the other has not. Pairs that say otherwise were none. */
static void align(struct sherd__overlap *overlap, const struct heard *partner) {
  struct lane *lane = lane_of(overlap, partner->guild_id);
  bool is_after = false;
  for (uint32_t place = lane->line.first; place; place = at(overlap, place)->next_there) {
    struct heard *heard = at(overlap, place);
    is_after = is_after || heard == partner;
    if (heard->guild_id == partner->guild_id)
      set_paired(overlap, heard, !is_after || heard->is_new != partner->is_new);
  }
  set_aligned(overlap, lane, true);
}

/* That two events look alike does not make them one. They are one if nothing else looks like them
 * in all the time in which a set can be behind the other: twice that is remembered. */
static bool is_one(const struct sherd__overlap *overlap, const struct alike *alike) {
  return alike->theirs == 1 && alike->ours == 0 && alike->partner->is_sure &&
         overlap->now_ms - alike->partner->at_ms <= overlap->keep_ms / 2;
}

/* --- The rule --- */

/* Whether the new set shows what it is the first to hear. Once it has left something of a guild to
 * the old set it leaves to it what comes after that. */
static bool may_lead(const struct sherd__overlap *overlap, const struct heard *heard) {
  const struct lane *lane = lane_of(overlap, heard->guild_id);
  bool is_aligned = lane->line.first ? lane->is_aligned : heard->is_sure;
  return overlap->phase == SHERD__OVERLAP_ALONE ||
         (overlap->phase == SHERD__OVERLAP_MERGE && heard->is_sure && is_aligned && !lane->unshown);
}

static bool show_common(struct sherd__overlap *overlap, bool is_new_set,
                        const struct sherd__overlap_event *event) {
  uint32_t shard = shard_of(overlap, event->guild_id);
  if (!is_new_set && !has_listened(overlap, shard, 1))
    return true;
  if (overlap->count == overlap->max_keys)
    forget_all(overlap);
  struct heard heard = {.key = event->key,
                        .at_ms = overlap->now_ms,
                        .guild_id = event->guild_id,
                        .is_new = is_new_set,
                        .is_sure = has_listened(overlap, shard, 2)};
  struct alike alike = look(overlap, event->key, is_new_set);
  bool shows;
  if (alike.partner) {
    shows = !is_new_set && !alike.partner->is_shown;
    if (is_one(overlap, &alike))
      align(overlap, alike.partner);
    set_paired(overlap, alike.partner, true);
    heard.is_paired = true;
  } else {
    shows = !is_new_set || may_lead(overlap, &heard);
  }
  heard.is_shown = shows;
  if (overlap->phase != SHERD__OVERLAP_ALONE)
    remember(overlap, &heard);
  return shows;
}

static void go_on_to(struct sherd__overlap *overlap, uint64_t now_ms) {
  if (now_ms > overlap->now_ms)
    overlap->now_ms = now_ms;
  while (overlap->count &&
         overlap->now_ms - overlap->ring[overlap->first].at_ms >= overlap->keep_ms)
    forget_oldest(overlap);
}

bool sherd__overlap_shows(struct sherd__overlap *overlap, bool is_new_set,
                          const struct sherd__overlap_event *event, uint64_t now_ms) {
  go_on_to(overlap, now_ms);
  if (is_new_set && event->is_ready && event->shard_id < overlap->shard_count)
    begin_to_listen(overlap, event->shard_id);
  if (event->kind == SHERD__OVERLAP_COMMON)
    return show_common(overlap, is_new_set, event);
  return !is_new_set || event->kind == SHERD__OVERLAP_OWN_SHOW ||
         overlap->phase == SHERD__OVERLAP_ALONE;
}

bool sherd__overlap_is_settled(struct sherd__overlap *overlap, uint64_t now_ms) {
  go_on_to(overlap, now_ms);
  if (overlap->phase != SHERD__OVERLAP_MERGE || overlap->unshown || overlap->unaligned)
    return false;
  for (uint32_t i = 0; i < overlap->shard_count; i++)
    if (!has_listened(overlap, i, 2))
      return false;
  return true;
}
