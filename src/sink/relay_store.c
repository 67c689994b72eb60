/* What consumers have taken goes into the stores of the sets of shards. */
#include "base/logging.h"
#include "base/mem.h"
#include "sink/relay.h"

#include <string.h>

#define NO_INDEX UINT32_MAX

static void tell_failure(struct sherd__relay *relay, uint32_t shard_id, const char *what,
                         enum sherd_status status) {
  sherd__log(&relay->config.log, SHERD_LOG_ERROR, shard_id, "hub.store", "failed=%s status=%s",
             what, sherd_status_name(status));
}

/* --- Who is in a store --- */

static uint32_t index_of(const struct sherd_store *store, const char *name) {
  for (uint32_t i = 0; i < SHERD_STORE_CONSUMERS_MAX; i++) {
    const char *known = sherd_store_consumer_name(store, i);
    if (known && strcmp(known, name) == 0)
      return i;
  }
  return NO_INDEX;
}

static enum sherd_status set_index(struct sherd__relay *relay, struct sherd__consumer *consumer,
                                   uint32_t set, uint32_t index) {
  uint32_t old = consumer->set_count;
  if (set >= old) {
    uint32_t *indexes = sherd__realloc(relay->config.allocator, consumer->indexes,
                                       old * sizeof *indexes, (set + 1) * sizeof *indexes);
    if (!indexes)
      return SHERD_ENOMEM;
    for (uint32_t i = old; i <= set; i++)
      indexes[i] = NO_INDEX;
    consumer->indexes = indexes;
    consumer->set_count = set + 1;
  }
  consumer->indexes[set] = index;
  return SHERD_OK;
}

/* What one that the store knows has taken of each session that is in there. */
static enum sherd_status read_marks(struct sherd__relay *relay, struct sherd__consumer *consumer,
                                    uint32_t set, const struct sherd__marks *sessions) {
  struct sherd_store *store = relay->stores[set];
  uint32_t index = index_of(store, consumer->name);
  const struct sherd__mark_set *rows = &sessions->sets[set];
  enum sherd_status status = set_index(relay, consumer, set, index);
  if (!status)
    status = sherd__marks_make(&consumer->cursor.marks, set, rows->count);
  for (uint32_t i = 0; i < rows->count && !status; i++) {
    struct sherd__mark *mark = sherd__marks_at(&consumer->cursor.marks, set, i);
    if (rows->rows[i].tag && sherd_store_mark_of(store, index, i, &mark->seq) == SHERD_OK)
      mark->tag = rows->rows[i].tag;
  }
  return status;
}

/* One that is new to the store begins where the sessions do. */
static enum sherd_status write_marks(struct sherd__relay *relay, struct sherd__consumer *consumer,
                                     uint32_t set, const struct sherd__marks *sessions) {
  struct sherd_store *store = relay->stores[set];
  const struct sherd__mark_set *rows = &sessions->sets[set];
  uint32_t index = NO_INDEX;
  if (sherd__marks_make(&consumer->cursor.marks, set, rows->count) ||
      set_index(relay, consumer, set, NO_INDEX))
    return SHERD_ENOMEM;
  enum sherd_status status = sherd_store_consumer(store, consumer->name, &index);
  if (!status)
    status = set_index(relay, consumer, set, index);
  for (uint32_t i = 0; i < rows->count && !status; i++) {
    const struct sherd__mark *mark = &rows->rows[i];
    *sherd__marks_at(&consumer->cursor.marks, set, i) = *mark;
    if (mark->tag)
      status = sherd_store_mark(store, index, i, mark->tag, mark->seq);
  }
  return status;
}

/* The sessions in a store, each with the lowest mark of all, where `sessions` does not know them.
 * That is what the fleet has resumed from. */
static enum sherd_status load_sessions(struct sherd__relay *relay, uint32_t set,
                                       struct sherd__marks *sessions) {
  struct sherd_store *store = relay->stores[set];
  uint32_t count = sherd_store_shard_count(store);
  if (sherd__marks_make(sessions, set, count))
    return SHERD_ENOMEM;
  for (uint32_t i = 0; i < count; i++) {
    struct sherd__mark *mark = sherd__marks_at(sessions, set, i);
    struct sherd_session session;
    if (!mark->tag && !mark->seq && sherd_store_load(store, i, &session) == SHERD_OK)
      *mark = (struct sherd__mark){sherd_session_tag(session.id), session.seq};
  }
  return SHERD_OK;
}

/* --- Meeting a store --- */

/* Those that only the store knows are absent: their events are kept from the start. */
static void enlist_absent(struct sherd__relay *relay, uint32_t set) {
  struct sherd_store *store = relay->stores[set];
  for (uint32_t i = 0; i < SHERD_STORE_CONSUMERS_MAX; i++) {
    const char *name = sherd_store_consumer_name(store, i);
    if (!name || sherd__relay_find(relay, name))
      continue;
    struct sherd__consumer *consumer = sherd__consumer_new(relay, name, &relay->floor);
    if (!consumer) {
      tell_failure(relay, 0, name, SHERD_ENOMEM);
      continue;
    }
    sherd__relay_enlist(relay, consumer);
    sherd__log(&relay->config.log, SHERD_LOG_INFO, 0, "hub.absent", "consumer=%s", name);
  }
}

static void meet_store(struct sherd__relay *relay, uint32_t set) {
  struct sherd__marks sessions = {.allocator = relay->config.allocator};
  enum sherd_status status = load_sessions(relay, set, &sessions);
  enlist_absent(relay, set);
  /* First those that the store knows: with a new one in it, the lowest mark is not known. */
  for (struct sherd__consumer *c = relay->consumers; c && !status; c = c->next)
    if (c->name[0] && index_of(relay->stores[set], c->name) != NO_INDEX)
      status = read_marks(relay, c, set, &sessions);
  for (struct sherd__consumer *c = relay->consumers; c && !status; c = c->next) {
    if (!c->name[0] || index_of(relay->stores[set], c->name) != NO_INDEX)
      continue;
    enum sherd_status refused = write_marks(relay, c, set, &sessions);
    if (refused)
      tell_failure(relay, 0, c->name, refused);
  }
  if (status)
    tell_failure(relay, 0, "meeting", status);
  sherd__marks_deinit(&sessions);
}

void sherd__relay_meet(struct sherd__relay *relay, uint32_t set_count) {
  while (relay->set_count < set_count && relay->config.store) {
    uint32_t set = relay->set_count;
    struct sherd_store *store = relay->config.store(relay->config.ctx, set);
    if (!store)
      return; /* it is asked for again */
    struct sherd_store **stores = sherd__realloc(relay->config.allocator, relay->stores,
                                                 set * sizeof *stores, (set + 1) * sizeof *stores);
    if (!stores) {
      tell_failure(relay, 0, "meeting", SHERD_ENOMEM);
      return;
    }
    stores[set] = store;
    relay->stores = stores;
    relay->set_count = set + 1;
    meet_store(relay, set);
  }
}

enum sherd_status sherd__relay_join(struct sherd__relay *relay, struct sherd__consumer *consumer,
                                    struct sherd__marks *latest) {
  enum sherd_status status = SHERD_OK;
  for (uint32_t set = 0; set < relay->set_count && !status; set++) {
    status = load_sessions(relay, set, latest);
    if (!status)
      status = write_marks(relay, consumer, set, latest);
  }
  return status;
}

enum sherd_status sherd__relay_leave(struct sherd__relay *relay, struct sherd__consumer *consumer) {
  enum sherd_status status = SHERD_OK;
  for (uint32_t set = 0; set < consumer->set_count; set++)
    if (consumer->indexes[set] != NO_INDEX &&
        sherd_store_drop_consumer(relay->stores[set], consumer->name))
      status = SHERD_ESTOREWRITE;
  return status;
}

/* --- Taking --- */

static void mark(struct sherd__relay *relay, const struct sherd__consumer *consumer,
                 const struct sherd__record *record) {
  uint32_t set = record->set;
  if (!record->has_seq || !record->tag || set >= consumer->set_count ||
      consumer->indexes[set] == NO_INDEX)
    return;
  enum sherd_status status = sherd_store_mark(relay->stores[set], consumer->indexes[set],
                                              record->shard_id, record->tag, record->seq);
  if (status)
    tell_failure(relay, record->shard_id, "mark", status);
}

void sherd__relay_take(struct sherd__relay *relay, struct sherd__consumer *consumer) {
  const struct sherd__record *record;
  while ((record = sherd__cursor_take(&consumer->cursor, &relay->end)))
    mark(relay, consumer, record);
}

static void lift_over(struct sherd__relay *relay, const struct sherd__record *record) {
  bool is_lost = record->type == SHERD_EVENT_SESSION_LOST;
  if ((!is_lost && !record->has_session) || record->set >= relay->set_count)
    return;
  struct sherd_session session;
  enum sherd_status status;
  if (is_lost) {
    status = sherd_store_forget(relay->stores[record->set], record->shard_id);
  } else {
    sherd__record_session(record, &session);
    status = sherd_store_begin(relay->stores[record->set], &session);
  }
  if (status)
    tell_failure(relay, record->shard_id, is_lost ? "forget" : "begin", status);
}

void sherd__relay_lift(struct sherd__relay *relay) {
  struct sherd__place until = relay->end;
  for (const struct sherd__consumer *c = relay->consumers; c; c = c->next)
    if (c->name[0] && c->cursor.taken.n < until.n)
      until = c->cursor.taken;
  const struct sherd__record *record;
  while ((record = sherd__place_next(&relay->floor, &until)))
    lift_over(relay, record);
}
