#include "sim/dispatch.h"

#include <string.h>

#include "base/mem.h"

struct sherd__dispatch *sherd__dispatch_new(const struct sherd_allocator *allocator,
                                            enum sherd_event_type type, struct sherd_bytes data) {
  struct sherd__dispatch *dispatch = sherd__malloc(allocator, sizeof *dispatch + data.len);
  if (!dispatch)
    return NULL;
  *dispatch =
      (struct sherd__dispatch){.allocator = allocator, .refs = 1, .type = type, .len = data.len};
  memcpy(dispatch->data, data.data, data.len);
  return dispatch;
}

struct sherd__dispatch *sherd__dispatch_retain(struct sherd__dispatch *dispatch) {
  dispatch->refs++;
  return dispatch;
}

void sherd__dispatch_release(struct sherd__dispatch *dispatch) {
  if (!dispatch || --dispatch->refs)
    return;
  sherd__dispatch_release(dispatch->blank);
  sherd__free(dispatch->allocator, dispatch);
}

uint64_t sherd__dispatch_hash(struct sherd__dispatch *dispatch) {
  if (!dispatch->is_hashed) {
    dispatch->hash = sherd__fnv1a((struct sherd_bytes){dispatch->data, dispatch->len});
    dispatch->is_hashed = true;
  }
  return dispatch->hash;
}

uint64_t sherd__fnv1a(struct sherd_bytes bytes) {
  uint64_t hash = UINT64_C(0xCBF29CE484222325);
  for (size_t i = 0; i < bytes.len; i++)
    hash = (hash ^ bytes.data[i]) * UINT64_C(0x100000001B3);
  return hash;
}
