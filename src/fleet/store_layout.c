#include "fleet/store_layout.h"

#define LINE_BYTES    64   /* a cache line: nothing that changes lies in two without need */
#define BLOCK_BYTES   4096 /* what a disk loses at once, and the head's slots must not share */
#define FRONT_BYTES   (2 * (uint64_t)BLOCK_BYTES)
#define SLOT_BYTES    832 /* of a session */
#define SESSION_BYTES (2 * (uint64_t)SLOT_BYTES)

/* Of the head's checksum, before its salt is known. Any number does. */
#define HEAD_KEY UINT64_C(0x53686572642D3031)

_Static_assert(sizeof(struct sherd__store_note) <= LINE_BYTES, "the note stands before the head");
_Static_assert(sizeof(struct sherd__store_head) == 672, "a head without gaps: format 1");
_Static_assert(sizeof(struct sherd_session) == 792, "a session without gaps: format 1");
_Static_assert(sizeof(struct sherd__mark) == LINE_BYTES, "a mark is a line: format 1");
_Static_assert(SHERD__SLOT_WORDS(SHERD__STORE_SESSION_WORDS) * 8 <= SLOT_BYTES, "a slot's room");
_Static_assert(SLOT_BYTES % LINE_BYTES == 0, "slots begin with a line");

static void *at(void *base, uint64_t offset) {
  return (uint8_t *)base + offset;
}

uint64_t sherd__store_bytes(uint32_t shard_count) {
  return FRONT_BYTES +
         shard_count * (SESSION_BYTES + SHERD_STORE_CONSUMERS_MAX * sizeof(struct sherd__mark));
}

struct sherd__slots sherd__store_head_slots(void *base) {
  return (struct sherd__slots){
      .slot = {at(base, LINE_BYTES), at(base, BLOCK_BYTES + LINE_BYTES)},
      .words = SHERD__STORE_HEAD_WORDS,
      .key = HEAD_KEY,
      /* At worst it names consumers whose marks do not count, and none that has any. */
      .keeps_older = true,
  };
}

struct sherd__slots sherd__store_session_slots(void *base, uint64_t key, uint32_t shard_id) {
  uint64_t offset = FRONT_BYTES + shard_id * SESSION_BYTES;
  return (struct sherd__slots){
      .slot = {at(base, offset), at(base, offset + SLOT_BYTES)},
      .words = SHERD__STORE_SESSION_WORDS,
      .key = key, /* the session itself says of which shard it is */
  };
}

struct sherd__mark *sherd__store_mark_at(void *base, uint32_t shard_count, uint32_t consumer,
                                         uint32_t shard_id) {
  uint64_t index = (uint64_t)consumer * shard_count + shard_id;
  return at(base, FRONT_BYTES + shard_count * SESSION_BYTES + index * sizeof(struct sherd__mark));
}
