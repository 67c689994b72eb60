#include "fleet/lent_store.h"

#include <string.h>

#include <uv.h>

#include "base/mem.h"

struct lent {
  struct sherd_store base;
  const struct sherd_allocator *allocator;
  uint32_t shard_count;
  uv_rwlock_t lock; /* written by who gives it back */
  struct sherd_store *real;
  /* What was asked for, so that it stays good when the real store goes. */
  char names[SHERD_STORE_CONSUMERS_MAX][SHERD_CONSUMER_NAME_MAX + 1];
};

static struct lent *lent_of(const struct sherd_store *store) {
  return (struct lent *)(uintptr_t)store;
}

/* The value of a call on the real store, or, when it was given back, another. */
#define ASK(store, type, call, otherwise)                                                          \
  do {                                                                                             \
    struct lent *lent = lent_of(store);                                                            \
    uv_rwlock_rdlock(&lent->lock);                                                                 \
    type value = lent->real ? call : otherwise;                                                    \
    uv_rwlock_rdunlock(&lent->lock);                                                               \
    return value;                                                                                  \
  } while (0)
#define DO(store, call, otherwise) ASK(store, enum sherd_status, call, otherwise)

static void free_store(struct sherd_store *store) {
  struct lent *lent = lent_of(store);
  sherd_store_free(lent->real);
  uv_rwlock_destroy(&lent->lock);
  sherd__free(lent->allocator, lent);
}

static uint32_t shard_count(const struct sherd_store *store) {
  return lent_of(store)->shard_count;
}

static uint64_t touched_ms(const struct sherd_store *store) {
  ASK(store, uint64_t, sherd_store_touched_ms(lent->real), 0);
}

static enum sherd_status consumer(struct sherd_store *store, const char *name, uint32_t *out) {
  *out = 0;
  DO(store, sherd_store_consumer(lent->real, name, out), SHERD_OK);
}

static enum sherd_status drop_consumer(struct sherd_store *store, const char *name) {
  DO(store, sherd_store_drop_consumer(lent->real, name), SHERD_OK);
}

static const char *consumer_name(const struct sherd_store *store, uint32_t index) {
  struct lent *lent = lent_of(store);
  uv_rwlock_wrlock(&lent->lock);
  const char *name = lent->real ? sherd_store_consumer_name(lent->real, index) : NULL;
  if (name)
    name = strcpy(lent->names[index], name);
  uv_rwlock_wrunlock(&lent->lock);
  return name;
}

static enum sherd_status load(struct sherd_store *store, uint32_t shard_id,
                              struct sherd_session *out) {
  memset(out, 0, sizeof *out);
  DO(store, sherd_store_load(lent->real, shard_id, out), SHERD_ENOTFOUND);
}

static enum sherd_status mark_of(struct sherd_store *store, uint32_t index, uint32_t shard_id,
                                 uint64_t *out) {
  DO(store, sherd_store_mark_of(lent->real, index, shard_id, out), SHERD_ENOTFOUND);
}

static enum sherd_status begin(struct sherd_store *store, const struct sherd_session *session) {
  DO(store, sherd_store_begin(lent->real, session), SHERD_OK);
}

static enum sherd_status forget(struct sherd_store *store, uint32_t shard_id) {
  DO(store, sherd_store_forget(lent->real, shard_id), SHERD_OK);
}

static enum sherd_status mark(struct sherd_store *store, uint32_t index, uint32_t shard_id,
                              uint64_t session_tag, uint64_t seq) {
  DO(store, sherd_store_mark(lent->real, index, shard_id, session_tag, seq), SHERD_OK);
}

static enum sherd_status sync_all(struct sherd_store *store, uint64_t now_unix_ms) {
  DO(store, sherd_store_sync(lent->real, now_unix_ms), SHERD_OK);
}

static enum sherd_status promote(struct sherd_store *store) {
  DO(store, sherd_store_promote(lent->real), SHERD_ESTATE);
}

enum sherd_status sherd__lent_store_new(const struct sherd_allocator *allocator,
                                        struct sherd_store *real, struct sherd_store **out) {
  static const struct sherd_store_ops ops = {
      .free = free_store,
      .shard_count = shard_count,
      .touched_ms = touched_ms,
      .consumer = consumer,
      .drop_consumer = drop_consumer,
      .consumer_name = consumer_name,
      .load = load,
      .mark_of = mark_of,
      .begin = begin,
      .forget = forget,
      .mark = mark,
      .sync = sync_all,
      .promote = promote,
  };
  struct lent *lent = sherd__calloc(allocator, sizeof *lent);
  if (!lent)
    return SHERD_ENOMEM;
  if (uv_rwlock_init(&lent->lock) != 0) {
    sherd__free(allocator, lent);
    return SHERD_ESYSTEM;
  }
  lent->base.ops = &ops;
  lent->allocator = allocator;
  lent->shard_count = sherd_store_shard_count(real);
  lent->real = real;
  *out = &lent->base;
  return SHERD_OK;
}

void sherd__lent_store_give_back(struct sherd_store *store) {
  struct lent *lent = lent_of(store);
  uv_rwlock_wrlock(&lent->lock);
  struct sherd_store *real = lent->real;
  lent->real = NULL;
  uv_rwlock_wrunlock(&lent->lock);
  sherd_store_free(real);
}
