/* Where what stands in a store: a note for people, the head, the sessions, the marks.
 *
 *     0                  64                    4096 + 64           8192
 *     | note             | head, first slot    | head, second slot | sessions: two slots a shard
 *     8192 + 1664 n                                                 8192 + 2176 n
 *     | marks: for each of 8 consumers, one of each of the n shards |
 *
 * Numbers are in the machine's own byte order. Marks of one consumer stand side by side, so that
 * the pages that change all the time are few. */
#ifndef SHERD_FLEET_STORE_LAYOUT_H
#define SHERD_FLEET_STORE_LAYOUT_H

#include <sherd/store.h>

#include "fleet/store_mark.h"
#include "fleet/store_slots.h"

#define SHERD__STORE_MAGIC      UINT64_C(0x3145524F54534853) /* "SHSTORE1" in little-endian order */
#define SHERD__STORE_VERSION    1
#define SHERD__STORE_SHARDS_MAX 1000000
#define SHERD__STORE_SALT_BYTES 32

/* What stands before everything else, for whoever looks into the file. It proves nothing. */
struct sherd__store_note {
  char what[24];
  uint64_t pid; /* who has the store, or had it last; 0: unknown */
};

/* What is known of all shards. Magic and version stand here in every version. */
struct sherd__store_head {
  uint64_t magic;
  uint32_t version;
  uint32_t shard_count;
  uint32_t known_as; /* another number by which it may be asked for; 0: none */
  uint32_t unused;
  uint8_t salt[SHERD__STORE_SALT_BYTES]; /* random */
  uint8_t bot[SHERD__STORE_SALT_BYTES];  /* HMAC-SHA256 of the token, the salt being the key */
  uint64_t touched_ms;                   /* when it was last synced, unix time; 0: never */
  struct sherd__store_consumer {
    uint64_t key; /* of its marks' checksums, random; 0: free */
    char name[SHERD_CONSUMER_NAME_MAX + 1];
  } consumers[SHERD_STORE_CONSUMERS_MAX];
};

#define SHERD__STORE_HEAD_WORDS    (sizeof(struct sherd__store_head) / sizeof(uint64_t))
#define SHERD__STORE_SESSION_WORDS (sizeof(struct sherd_session) / sizeof(uint64_t))

/* How many bytes a store of that many shards has. */
uint64_t sherd__store_bytes(uint32_t shard_count);

/* The head's slots, in a store that begins at `base`. */
struct sherd__slots sherd__store_head_slots(void *base);

/* The slots of a shard's session, a struct sherd_session; `key` is the store's own. */
struct sherd__slots sherd__store_session_slots(void *base, uint64_t key, uint32_t shard_id);

/* The mark of a consumer in a shard. */
struct sherd__mark *sherd__store_mark_at(void *base, uint32_t shard_count, uint32_t consumer,
                                         uint32_t shard_id);

#endif
