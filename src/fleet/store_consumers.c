/* What a store's head tells: who takes, and when the process was last alive. */
#include <string.h>

#include "base/consumer_name.h"
#include "fleet/store_image.h"

/* The consumer of that name, or with NULL the first that is free; SHERD_STORE_CONSUMERS_MAX when
 * there is none. The caller holds the head's lock. */
static uint32_t find(const struct sherd__store_image *image, const char *name) {
  uint32_t i = 0;
  for (; i < SHERD_STORE_CONSUMERS_MAX; i++) {
    const struct sherd__store_consumer *consumer = &image->head.consumers[i];
    if (name ? consumer->key && strcmp(consumer->name, name) == 0 : !consumer->key)
      break;
  }
  return i;
}

static void add(struct sherd__store_image *image, uint32_t index, const char *name) {
  struct sherd__store_consumer *consumer = &image->head.consumers[index];
  memset(consumer->name, 0, sizeof consumer->name);
  memcpy(consumer->name, name, strlen(name));
  /* A new key each time: marks of whoever had this place before do not count. */
  sherd__store_image_dice(&consumer->key, sizeof consumer->key);
  consumer->key |= 1; /* never 0 */
  sherd__store_image_keep_head(image);
  atomic_store_explicit(&image->consumer_keys[index], consumer->key, memory_order_release);
}

enum sherd_status sherd__store_image_consumer(struct sherd_store *store, const char *name,
                                              uint32_t *out) {
  struct sherd__store_image *image = sherd__store_image_of(store);
  if (!sherd__consumer_is_name(name))
    return SHERD_EINVAL;
  enum sherd_status status = SHERD_OK;
  pthread_mutex_lock(&image->head_lock);
  uint32_t index = find(image, name);
  if (index == SHERD_STORE_CONSUMERS_MAX) {
    index = find(image, NULL);
    if (index == SHERD_STORE_CONSUMERS_MAX)
      status = SHERD_EQUEUEFULL;
    else
      add(image, index, name);
  }
  pthread_mutex_unlock(&image->head_lock);
  if (!status)
    *out = index;
  return status;
}

enum sherd_status sherd__store_image_drop_consumer(struct sherd_store *store, const char *name) {
  struct sherd__store_image *image = sherd__store_image_of(store);
  pthread_mutex_lock(&image->head_lock);
  uint32_t index = find(image, name);
  if (index < SHERD_STORE_CONSUMERS_MAX) {
    atomic_store_explicit(&image->consumer_keys[index], 0, memory_order_release);
    memset(&image->head.consumers[index], 0, sizeof image->head.consumers[index]);
    sherd__store_image_keep_head(image);
  }
  pthread_mutex_unlock(&image->head_lock);
  return index < SHERD_STORE_CONSUMERS_MAX ? SHERD_OK : SHERD_ENOTFOUND;
}

const char *sherd__store_image_consumer_name(const struct sherd_store *store, uint32_t consumer) {
  const struct sherd__store_image *image = sherd__store_image_of(store);
  if (consumer >= SHERD_STORE_CONSUMERS_MAX ||
      !atomic_load_explicit(&image->consumer_keys[consumer], memory_order_acquire))
    return NULL;
  return image->head.consumers[consumer].name;
}

uint32_t sherd__store_image_shard_count(const struct sherd_store *store) {
  return sherd__store_image_of(store)->shard_count;
}

uint64_t sherd__store_image_touched_ms(const struct sherd_store *store) {
  struct sherd__store_image *image = sherd__store_image_of(store);
  pthread_mutex_lock(&image->head_lock);
  uint64_t touched_ms = image->head.touched_ms;
  pthread_mutex_unlock(&image->head_lock);
  return touched_ms;
}

void sherd__store_image_touch(struct sherd__store_image *image, uint64_t now_unix_ms) {
  pthread_mutex_lock(&image->head_lock);
  image->head.touched_ms = now_unix_ms;
  sherd__store_image_keep_head(image);
  pthread_mutex_unlock(&image->head_lock);
}
