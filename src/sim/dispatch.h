/* One event's `d`, made once and shared by all that it is sent to. */
#ifndef SHERD_SIM_DISPATCH_H
#define SHERD_SIM_DISPATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/alloc.h>
#include <sherd/bytes.h>
#include <sherd/event_types.h>
#include <sherd/value.h>

struct sherd__dispatch {
  const struct sherd_allocator *allocator;
  uint32_t refs;
  enum sherd_event_type type;
  uint64_t intents;         /* any one of these gives it; 0: everybody has it */
  sherd_snowflake guild_id; /* 0: not of a guild, which goes to shard 0 */
  uint32_t guild_index;     /* into the world's guilds */
  /* The same without a message's content, for sessions without MESSAGE_CONTENT; NULL when there is
   * no difference. Owned. */
  struct sherd__dispatch *blank;
  uint64_t hash; /* FNV-1a 64 of `data`; see sherd__dispatch_hash() */
  bool is_hashed;
  size_t len;
  uint8_t data[]; /* JSON */
};

/* Makes one that holds a copy of `data`, with one reference; NULL when there is no memory. */
struct sherd__dispatch *sherd__dispatch_new(const struct sherd_allocator *allocator,
                                            enum sherd_event_type type, struct sherd_bytes data);
struct sherd__dispatch *sherd__dispatch_retain(struct sherd__dispatch *dispatch);
void sherd__dispatch_release(struct sherd__dispatch *dispatch);

/* FNV-1a 64 of the bytes, made when it is first asked for. */
uint64_t sherd__dispatch_hash(struct sherd__dispatch *dispatch);

/* FNV-1a 64. Source: Fowler, Noll, Vo. */
uint64_t sherd__fnv1a(struct sherd_bytes bytes);

#endif
