/* A store's calls, whoever is behind it; and the tag by which marks know their session. */
#include <sherd/store.h>

#include <string.h>

#include <nettle/sha2.h>

void sherd_store_free(struct sherd_store *store) {
  if (store)
    store->ops->free(store);
}

uint32_t sherd_store_shard_count(const struct sherd_store *store) {
  return store->ops->shard_count(store);
}

uint64_t sherd_store_touched_ms(const struct sherd_store *store) {
  return store->ops->touched_ms(store);
}

enum sherd_status sherd_store_consumer(struct sherd_store *store, const char *name, uint32_t *out) {
  return store->ops->consumer(store, name, out);
}

enum sherd_status sherd_store_drop_consumer(struct sherd_store *store, const char *name) {
  return store->ops->drop_consumer(store, name);
}

const char *sherd_store_consumer_name(const struct sherd_store *store, uint32_t consumer) {
  return store->ops->consumer_name(store, consumer);
}

enum sherd_status sherd_store_load(struct sherd_store *store, uint32_t shard_id,
                                   struct sherd_session *out) {
  return store->ops->load(store, shard_id, out);
}

enum sherd_status sherd_store_mark_of(struct sherd_store *store, uint32_t consumer,
                                      uint32_t shard_id, uint64_t *out) {
  return store->ops->mark_of(store, consumer, shard_id, out);
}

enum sherd_status sherd_store_begin(struct sherd_store *store,
                                    const struct sherd_session *session) {
  return store->ops->begin(store, session);
}

enum sherd_status sherd_store_forget(struct sherd_store *store, uint32_t shard_id) {
  return store->ops->forget(store, shard_id);
}

enum sherd_status sherd_store_mark(struct sherd_store *store, uint32_t consumer, uint32_t shard_id,
                                   uint64_t session_tag, uint64_t seq) {
  return store->ops->mark(store, consumer, shard_id, session_tag, seq);
}

enum sherd_status sherd_store_sync(struct sherd_store *store, uint64_t now_unix_ms) {
  return store->ops->sync(store, now_unix_ms);
}

enum sherd_status sherd_store_promote(struct sherd_store *store) {
  return store->ops->promote(store);
}

uint64_t sherd_session_tag(const char *session_id) {
  struct sha256_ctx sha;
  uint8_t digest[sizeof(uint64_t)];
  sha256_init(&sha);
  sha256_update(&sha, strlen(session_id), (const uint8_t *)session_id);
  sha256_digest(&sha, sizeof digest, digest);
  uint64_t tag = 0;
  for (size_t i = 0; i < sizeof digest; i++)
    tag = tag << 8 | digest[i];
  return tag ? tag : 1;
}
