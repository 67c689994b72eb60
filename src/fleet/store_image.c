/* How a store's memory begins, and how it is taken up again. */
#include "fleet/store_image.h"

#include <inttypes.h>
#include <string.h>

#include <nettle/hmac.h>

#include "base/mem.h"
#include "base/random.h"

static void hash_token(const uint8_t *salt, const char *token, uint8_t *out) {
  struct hmac_sha256_ctx hmac;
  hmac_sha256_set_key(&hmac, SHERD__STORE_SALT_BYTES, salt);
  hmac_sha256_update(&hmac, strlen(token), (const uint8_t *)token);
  hmac_sha256_digest(&hmac, SHERD__STORE_SALT_BYTES, out);
  sherd__wipe(&hmac, sizeof hmac);
}

void sherd__store_image_dice(void *out, size_t len) {
  struct sherd__random random;
  sherd__random_init(&random, NULL, NULL);
  sherd__random_fill(&random, out, len);
}

void sherd__store_image_keep_head(struct sherd__store_image *image) {
  uint64_t body[SHERD__STORE_HEAD_WORDS];
  memcpy(body, &image->head, sizeof body);
  struct sherd__slots slots = sherd__store_head_slots(image->base);
  sherd__slots_write(&slots, body);
}

/* The rest of an image whose head is there. */
static void init(struct sherd__store_image *image, const struct sherd_store_ops *ops, void *base) {
  image->store.ops = ops;
  image->base = base;
  image->shard_count = image->head.shard_count;
  memcpy(&image->key, image->head.salt, sizeof image->key);
  for (uint32_t i = 0; i < SHERD_STORE_CONSUMERS_MAX; i++) {
    struct sherd__store_consumer *consumer = &image->head.consumers[i];
    consumer->name[SHERD_CONSUMER_NAME_MAX] = '\0';
    atomic_init(&image->consumer_keys[i], consumer->key);
  }
  pthread_mutex_init(&image->head_lock, NULL);
  for (size_t i = 0; i < SHERD__STORE_LOCKS; i++)
    pthread_mutex_init(&image->locks[i], NULL);
}

void sherd__store_image_deinit(struct sherd__store_image *image) {
  pthread_mutex_destroy(&image->head_lock);
  for (size_t i = 0; i < SHERD__STORE_LOCKS; i++)
    pthread_mutex_destroy(&image->locks[i]);
}

void sherd__store_image_make(struct sherd__store_image *image, const struct sherd_store_ops *ops,
                             void *base, uint32_t shard_count, uint32_t known_as,
                             const char *token) {
  struct sherd__store_note note = {.what = "Sherd's session store\n"};
  memcpy(base, &note, sizeof note);
  image->head = (struct sherd__store_head){
      .magic = SHERD__STORE_MAGIC,
      .version = SHERD__STORE_VERSION,
      .shard_count = shard_count,
      .known_as = known_as,
  };
  sherd__store_image_dice(image->head.salt, sizeof image->head.salt);
  hash_token(image->head.salt, token, image->head.bot);
  init(image, ops, base);
  sherd__store_image_keep_head(image); /* in both slots: a store can lose either */
  sherd__store_image_keep_head(image);
}

/* --- Taking up what another process left --- */

/* Says why neither slot of the head counts. */
static enum sherd_status explain_head(const struct sherd__slots *slots,
                                      struct sherd__store_trouble *trouble) {
  enum sherd_status status =
      sherd__store_trouble_say(trouble, SHERD_ESTOREDAMAGED, "is no session store");
  for (int i = 0; i < 2; i++) {
    struct sherd__store_head head;
    uint64_t front[offsetof(struct sherd__store_head, salt) / sizeof(uint64_t)];
    for (size_t j = 0; j < sizeof front / sizeof *front; j++)
      front[j] = sherd__word_get(&slots->slot[i][SHERD__SLOT_WORDS(j)]);
    memcpy(&head, front, sizeof front);
    if (head.magic == __builtin_bswap64(SHERD__STORE_MAGIC))
      return sherd__store_trouble_say(trouble, SHERD_ESTOREVERSION,
                                      "was written on a machine of another byte order");
    if (head.magic != SHERD__STORE_MAGIC)
      continue;
    if (head.version != SHERD__STORE_VERSION) {
      return sherd__store_trouble_say(trouble, SHERD_ESTOREVERSION,
                                      "has format %" PRIu32 ", this Sherd has %d", head.version,
                                      SHERD__STORE_VERSION);
    }
    status =
        sherd__store_trouble_say(trouble, SHERD_ESTOREDAMAGED, "has lost both copies of its head");
  }
  return status;
}

static enum sherd_status check_head(const struct sherd__store_head *head, uint64_t bytes,
                                    uint32_t shard_count, const char *token,
                                    struct sherd__store_trouble *trouble) {
  uint8_t bot[SHERD__STORE_SALT_BYTES];
  hash_token(head->salt, token, bot);
  if (memcmp(bot, head->bot, sizeof bot) != 0)
    return sherd__store_trouble_say(trouble, SHERD_ESTOREOTHER, "was made with another token");
  if (head->shard_count == 0 || head->shard_count > SHERD__STORE_SHARDS_MAX ||
      bytes != sherd__store_bytes(head->shard_count)) {
    return sherd__store_trouble_say(
        trouble, SHERD_ESTOREDAMAGED,
        "has %" PRIu64 " bytes, not the %" PRIu64 " of its %" PRIu32 " shards", bytes,
        sherd__store_bytes(head->shard_count), head->shard_count);
  }
  if (shard_count && shard_count != head->shard_count && shard_count != head->known_as) {
    return sherd__store_trouble_say(trouble, SHERD_ESTORECOUNT,
                                    "has %" PRIu32 " shards, not %" PRIu32, head->shard_count,
                                    shard_count);
  }
  return SHERD_OK;
}

enum sherd_status sherd__store_image_open(struct sherd__store_image *image,
                                          const struct sherd_store_ops *ops, void *base,
                                          uint64_t bytes, uint32_t shard_count, const char *token,
                                          struct sherd__store_trouble *trouble) {
  if (bytes < sherd__store_bytes(0))
    return sherd__store_trouble_say(trouble, SHERD_ESTOREDAMAGED,
                                    "is too short for a session store");
  uint64_t body[SHERD__STORE_HEAD_WORDS];
  struct sherd__slots slots = sherd__store_head_slots(base);
  if (sherd__slots_read(&slots, body))
    return explain_head(&slots, trouble);
  memcpy(&image->head, body, sizeof body);
  enum sherd_status status = check_head(&image->head, bytes, shard_count, token, trouble);
  if (status)
    return status;
  init(image, ops, base);
  return SHERD_OK;
}
