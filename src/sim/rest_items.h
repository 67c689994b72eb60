/* JSON objects that bots have made through the HTTP API, and may ask for again: a short list,
 * oldest first. */
#ifndef SHERD_SIM_REST_ITEMS_H
#define SHERD_SIM_REST_ITEMS_H

#include <stddef.h>
#include <stdint.h>

#include <sherd/alloc.h>
#include <sherd/bytes.h>
#include <sherd/status.h>
#include <sherd/value.h>

struct sherd__rest_item {
  sherd_snowflake scope; /* what it is in: a guild, a channel; 0: in none */
  sherd_snowflake id;
  uint8_t *json;
  size_t len;
};

struct sherd__rest_items {
  const struct sherd_allocator *allocator;
  struct sherd__rest_item *items;
  uint32_t count, cap;
};

void sherd__rest_items_init(struct sherd__rest_items *items,
                            const struct sherd_allocator *allocator);
void sherd__rest_items_deinit(struct sherd__rest_items *items);

/* Keeps a copy of `json`, in place of what has that scope and id. Errors: SHERD_ENOMEM, and nothing
 * has changed. */
enum sherd_status sherd__rest_items_put(struct sherd__rest_items *items, sherd_snowflake scope,
                                        sherd_snowflake id, struct sherd_bytes json);

/* The one with that scope and id, or NULL. Lifetime: until the list changes. */
struct sherd__rest_item *sherd__rest_items_find(const struct sherd__rest_items *items,
                                                sherd_snowflake scope, sherd_snowflake id);
void sherd__rest_items_remove(struct sherd__rest_items *items, struct sherd__rest_item *item);

/* Removes all of a scope. */
void sherd__rest_items_clear(struct sherd__rest_items *items, sherd_snowflake scope);

uint32_t sherd__rest_items_count(const struct sherd__rest_items *items, sherd_snowflake scope);

/* A view on an item's JSON. Lifetime: that of the item. */
struct sherd_value sherd__rest_item_value(const struct sherd__rest_item *item);

#endif
