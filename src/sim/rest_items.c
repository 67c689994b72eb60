#include "sim/rest_items.h"

#include <string.h>

#include "base/mem.h"

void sherd__rest_items_init(struct sherd__rest_items *items,
                            const struct sherd_allocator *allocator) {
  *items = (struct sherd__rest_items){.allocator = allocator};
}

void sherd__rest_items_deinit(struct sherd__rest_items *items) {
  while (items->count)
    sherd__rest_items_remove(items, &items->items[items->count - 1]);
  if (items->items)
    sherd__free(items->allocator, items->items);
  sherd__rest_items_init(items, items->allocator);
}

static enum sherd_status make_room(struct sherd__rest_items *items) {
  if (items->count < items->cap)
    return SHERD_OK;
  uint32_t cap = items->cap ? items->cap * 2 : 16;
  struct sherd__rest_item *grown = sherd__realloc(items->allocator, items->items,
                                                  items->cap * sizeof *grown, cap * sizeof *grown);
  if (!grown)
    return SHERD_ENOMEM;
  items->items = grown;
  items->cap = cap;
  return SHERD_OK;
}

enum sherd_status sherd__rest_items_put(struct sherd__rest_items *items, sherd_snowflake scope,
                                        sherd_snowflake id, struct sherd_bytes json) {
  struct sherd__rest_item *item = sherd__rest_items_find(items, scope, id);
  uint8_t *copy = sherd__malloc(items->allocator, json.len);
  if (!copy || (!item && make_room(items))) {
    sherd__free(items->allocator, copy);
    return SHERD_ENOMEM;
  }
  memcpy(copy, json.data, json.len);
  if (item)
    sherd__free(items->allocator, item->json);
  else
    item = &items->items[items->count++];
  *item = (struct sherd__rest_item){scope, id, copy, json.len};
  return SHERD_OK;
}

struct sherd__rest_item *sherd__rest_items_find(const struct sherd__rest_items *items,
                                                sherd_snowflake scope, sherd_snowflake id) {
  for (uint32_t i = 0; i < items->count; i++)
    if (items->items[i].scope == scope && items->items[i].id == id)
      return &items->items[i];
  return NULL;
}

void sherd__rest_items_remove(struct sherd__rest_items *items, struct sherd__rest_item *item) {
  sherd__free(items->allocator, item->json);
  items->count--;
  memmove(item, item + 1, (size_t)(items->items + items->count - item) * sizeof *item);
}

void sherd__rest_items_clear(struct sherd__rest_items *items, sherd_snowflake scope) {
  for (uint32_t i = items->count; i--;)
    if (items->items[i].scope == scope)
      sherd__rest_items_remove(items, &items->items[i]);
}

uint32_t sherd__rest_items_count(const struct sherd__rest_items *items, sherd_snowflake scope) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < items->count; i++)
    count += items->items[i].scope == scope;
  return count;
}

struct sherd_value sherd__rest_item_value(const struct sherd__rest_item *item) {
  struct sherd_value value;
  (void)sherd_value_open(SHERD_FORMAT_JSON, item->json, item->len, &value);
  return value;
}
