/* A store in memory: for one process's life. */
#include "base/mem.h"
#include "fleet/store_image.h"

struct memory_store {
  struct sherd__store_image image;
  const struct sherd_allocator *allocator;
};

static void free_store(struct sherd_store *store) {
  struct memory_store *memory = (struct memory_store *)store;
  sherd__store_image_deinit(&memory->image);
  sherd__free(memory->allocator, memory->image.base);
  sherd__free(memory->allocator, memory);
}

static enum sherd_status sync_store(struct sherd_store *store, uint64_t now_unix_ms) {
  sherd__store_image_touch(sherd__store_image_of(store), now_unix_ms);
  return SHERD_OK;
}

static enum sherd_status promote(struct sherd_store *store) {
  (void)store;
  return SHERD_ESTATE;
}

static const struct sherd_store_ops memory_ops = {
    .free = free_store, .sync = sync_store, .promote = promote, SHERD__STORE_IMAGE_OPS};

enum sherd_status sherd_store_memory_new(const struct sherd_allocator *allocator,
                                         uint32_t shard_count, struct sherd_store **out) {
  *out = NULL;
  if (shard_count == 0 || shard_count > SHERD__STORE_SHARDS_MAX)
    return SHERD_EINVAL;
  allocator = sherd__allocator_or_default(allocator);
  struct memory_store *store = sherd__calloc(allocator, sizeof *store);
  if (!store)
    return SHERD_ENOMEM;
  void *base = sherd__calloc(allocator, (size_t)sherd__store_bytes(shard_count));
  if (!base) {
    sherd__free(allocator, store);
    return SHERD_ENOMEM;
  }
  store->allocator = allocator;
  sherd__store_image_make(&store->image, &memory_ops, base, shard_count, 0, "");
  *out = &store->image.store;
  return SHERD_OK;
}
