/* A store's sessions, and the marks in them. */
#include <string.h>

#include "fleet/store_image.h"

static pthread_mutex_t *lock(struct sherd__store_image *image, uint32_t shard_id) {
  pthread_mutex_t *mutex = &image->locks[shard_id % SHERD__STORE_LOCKS];
  pthread_mutex_lock(mutex);
  return mutex;
}

/* A consumer's key of the marks in a shard; 0 when there is no such consumer. */
static uint64_t mark_key(const struct sherd__store_image *image, uint32_t consumer,
                         uint32_t shard_id) {
  if (consumer >= SHERD_STORE_CONSUMERS_MAX)
    return 0;
  uint64_t key = atomic_load_explicit(&image->consumer_keys[consumer], memory_order_acquire);
  return key ? sherd__check_end(sherd__check_add(key, shard_id)) : 0;
}

static bool has_end(const char *text, size_t size) {
  return memchr(text, '\0', size) != NULL;
}

static bool is_sound(const struct sherd__store_image *image, const struct sherd_session *session) {
  return session->shard_count == image->shard_count && session->shard_id < image->shard_count &&
         has_end(session->id, sizeof session->id) &&
         has_end(session->resume_url, sizeof session->resume_url);
}

/* The shard's session, with READY's own number. The caller holds the shard's lock. */
static enum sherd_status read_session(struct sherd__store_image *image, uint32_t shard_id,
                                      struct sherd_session *out) {
  uint64_t body[SHERD__STORE_SESSION_WORDS];
  struct sherd__slots slots = sherd__store_session_slots(image->base, image->key, shard_id);
  enum sherd_status status = sherd__slots_read(&slots, body);
  if (status)
    return status;
  struct sherd_session session;
  memcpy(&session, body, sizeof session);
  if (!is_sound(image, &session) || session.shard_id != shard_id)
    return SHERD_ESTOREDAMAGED;
  if (!sherd_session_is_set(&session))
    return SHERD_ENOTFOUND; /* forgotten */
  *out = session;
  return SHERD_OK;
}

/* The caller holds the shard's lock. */
static void write_session(struct sherd__store_image *image, const struct sherd_session *session) {
  uint64_t body[SHERD__STORE_SESSION_WORDS];
  memcpy(body, session, sizeof body);
  struct sherd__slots slots =
      sherd__store_session_slots(image->base, image->key, session->shard_id);
  sherd__slots_write(&slots, body);
}

/* What has been taken of the session. The caller holds the shard's lock. */
static uint64_t read_mark(const struct sherd__store_image *image, uint64_t key, uint32_t consumer,
                          const struct sherd_session *session, uint64_t tag) {
  const struct sherd__mark *mark =
      sherd__store_mark_at(image->base, image->shard_count, consumer, session->shard_id);
  uint64_t seq;
  if (!sherd__mark_read(mark, key, tag, &seq) || seq < session->seq)
    return session->seq;
  return seq;
}

enum sherd_status sherd__store_image_load(struct sherd_store *store, uint32_t shard_id,
                                          struct sherd_session *out) {
  struct sherd__store_image *image = sherd__store_image_of(store);
  *out = (struct sherd_session){0};
  if (shard_id >= image->shard_count)
    return SHERD_EINVAL;
  pthread_mutex_t *mutex = lock(image, shard_id);
  enum sherd_status status = read_session(image, shard_id, out);
  uint64_t tag = sherd_session_tag(out->id), lowest = UINT64_MAX;
  for (uint32_t i = 0; !status && i < SHERD_STORE_CONSUMERS_MAX; i++) {
    uint64_t key = mark_key(image, i, shard_id);
    uint64_t seq = key ? read_mark(image, key, i, out, tag) : UINT64_MAX;
    if (seq < lowest)
      lowest = seq;
  }
  pthread_mutex_unlock(mutex);
  if (!status && lowest != UINT64_MAX)
    out->seq = lowest;
  return status;
}

enum sherd_status sherd__store_image_mark_of(struct sherd_store *store, uint32_t consumer,
                                             uint32_t shard_id, uint64_t *out) {
  struct sherd__store_image *image = sherd__store_image_of(store);
  uint64_t key = mark_key(image, consumer, shard_id);
  if (!key || shard_id >= image->shard_count)
    return SHERD_EINVAL;
  struct sherd_session session;
  pthread_mutex_t *mutex = lock(image, shard_id);
  enum sherd_status status = read_session(image, shard_id, &session);
  if (!status)
    *out = read_mark(image, key, consumer, &session, sherd_session_tag(session.id));
  pthread_mutex_unlock(mutex);
  return status;
}

enum sherd_status sherd__store_image_begin(struct sherd_store *store,
                                           const struct sherd_session *session) {
  struct sherd__store_image *image = sherd__store_image_of(store);
  if (!is_sound(image, session) || !sherd_session_is_set(session))
    return SHERD_EINVAL;
  /* Nothing of what stood behind the texts' ends goes along. */
  struct sherd_session clean = {.seq = session->seq,
                                .user_id = session->user_id,
                                .shard_id = session->shard_id,
                                .shard_count = session->shard_count};
  memcpy(clean.id, session->id, strlen(session->id));
  memcpy(clean.resume_url, session->resume_url, strlen(session->resume_url));
  pthread_mutex_t *mutex = lock(image, session->shard_id);
  write_session(image, &clean);
  pthread_mutex_unlock(mutex);
  return SHERD_OK;
}

enum sherd_status sherd__store_image_forget(struct sherd_store *store, uint32_t shard_id) {
  struct sherd__store_image *image = sherd__store_image_of(store);
  if (shard_id >= image->shard_count)
    return SHERD_EINVAL;
  struct sherd_session session;
  struct sherd_session none = {.shard_id = shard_id, .shard_count = image->shard_count};
  pthread_mutex_t *mutex = lock(image, shard_id);
  if (read_session(image, shard_id, &session) != SHERD_ENOTFOUND)
    write_session(image, &none);
  pthread_mutex_unlock(mutex);
  return SHERD_OK;
}

enum sherd_status sherd__store_image_mark(struct sherd_store *store, uint32_t consumer,
                                          uint32_t shard_id, uint64_t session_tag, uint64_t seq) {
  struct sherd__store_image *image = sherd__store_image_of(store);
  uint64_t key = mark_key(image, consumer, shard_id);
  if (!key || shard_id >= image->shard_count)
    return SHERD_EINVAL;
  struct sherd__mark *mark =
      sherd__store_mark_at(image->base, image->shard_count, consumer, shard_id);
  pthread_mutex_t *mutex = lock(image, shard_id);
  sherd__mark_write(mark, key, session_tag, seq);
  pthread_mutex_unlock(mutex);
  return SHERD_OK;
}
