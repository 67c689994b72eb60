/* What a store keeps, in memory that is given: a process's own, or a file's. Both kinds of stores
 * are one of these, with their own ways of coming to be and to last. */
#ifndef SHERD_FLEET_STORE_IMAGE_H
#define SHERD_FLEET_STORE_IMAGE_H

#include <pthread.h>

#include "fleet/store_layout.h"
#include "fleet/store_trouble.h"

/* Shards with the same remainder share a lock. */
#define SHERD__STORE_LOCKS 64

struct sherd__store_image {
  struct sherd_store store; /* first: a store's operations are given this one */
  void *base;               /* the bytes that are kept */
  uint32_t shard_count;
  uint64_t key; /* of the checksums of sessions */
  /* Of each consumer's marks; 0 while there is none. */
  _Atomic uint64_t consumer_keys[SHERD_STORE_CONSUMERS_MAX];
  struct sherd__store_head head; /* as it is kept */
  pthread_mutex_t head_lock;     /* guards the head, both of them */
  pthread_mutex_t locks[SHERD__STORE_LOCKS];
};

/* Begins a store in zeroed memory of sherd__store_bytes(). */
void sherd__store_image_make(struct sherd__store_image *image, const struct sherd_store_ops *ops,
                             void *base, uint32_t shard_count, uint32_t known_as,
                             const char *token);

/* Takes up the store that an earlier process left in `bytes` bytes, which may be any; writes
 * nothing. `shard_count` of 0: as it is there.
 * Errors: SHERD_ESTOREDAMAGED, SHERD_ESTOREVERSION, SHERD_ESTOREOTHER, SHERD_ESTORECOUNT: *trouble
 * says how, and there is nothing to deinit. */
enum sherd_status sherd__store_image_open(struct sherd__store_image *image,
                                          const struct sherd_store_ops *ops, void *base,
                                          uint64_t bytes, uint32_t shard_count, const char *token,
                                          struct sherd__store_trouble *trouble);

/* The memory stays, with what is in it. */
void sherd__store_image_deinit(struct sherd__store_image *image);

/* Notes when the process was last alive. */
void sherd__store_image_touch(struct sherd__store_image *image, uint64_t now_unix_ms);

/* Has the head kept as image->head says. The caller holds the head's lock. */
void sherd__store_image_keep_head(struct sherd__store_image *image);

/* Fills in random bytes. */
void sherd__store_image_dice(void *out, size_t len);

/* The image of a store that is one. */
static inline struct sherd__store_image *sherd__store_image_of(const struct sherd_store *store) {
  return (struct sherd__store_image *)(uintptr_t)store;
}

/* The operations that both kinds share, for the tables of theirs. */
#define SHERD__STORE_IMAGE_OPS                                                                     \
  .shard_count = sherd__store_image_shard_count, .touched_ms = sherd__store_image_touched_ms,      \
  .consumer = sherd__store_image_consumer, .drop_consumer = sherd__store_image_drop_consumer,      \
  .consumer_name = sherd__store_image_consumer_name, .load = sherd__store_image_load,              \
  .mark_of = sherd__store_image_mark_of, .begin = sherd__store_image_begin,                        \
  .forget = sherd__store_image_forget, .mark = sherd__store_image_mark

uint32_t sherd__store_image_shard_count(const struct sherd_store *store);
uint64_t sherd__store_image_touched_ms(const struct sherd_store *store);
enum sherd_status sherd__store_image_consumer(struct sherd_store *store, const char *name,
                                              uint32_t *out);
enum sherd_status sherd__store_image_drop_consumer(struct sherd_store *store, const char *name);
const char *sherd__store_image_consumer_name(const struct sherd_store *store, uint32_t consumer);
enum sherd_status sherd__store_image_load(struct sherd_store *store, uint32_t shard_id,
                                          struct sherd_session *out);
enum sherd_status sherd__store_image_mark_of(struct sherd_store *store, uint32_t consumer,
                                             uint32_t shard_id, uint64_t *out);
enum sherd_status sherd__store_image_begin(struct sherd_store *store,
                                           const struct sherd_session *session);
enum sherd_status sherd__store_image_forget(struct sherd_store *store, uint32_t shard_id);
enum sherd_status sherd__store_image_mark(struct sherd_store *store, uint32_t consumer,
                                          uint32_t shard_id, uint64_t session_tag, uint64_t seq);

#endif
