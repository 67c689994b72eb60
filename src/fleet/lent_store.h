/* A store that can be given back while others still know it: that of a new set of shards, which may
 * be given up. Its file is free then for the next try; what is still told to it goes nowhere. */
#ifndef SHERD_FLEET_LENT_STORE_H
#define SHERD_FLEET_LENT_STORE_H

#include <sherd/store.h>

/* Stands before `real`, and owns it from now on. Errors: SHERD_ENOMEM, SHERD_ESYSTEM. */
enum sherd_status sherd__lent_store_new(const struct sherd_allocator *allocator,
                                        struct sherd_store *real, struct sherd_store **out);

/* Frees the real one, of a store that was made here. From now on there is nothing in it: loads give
 * SHERD_ENOTFOUND, everything else is well. Thread-safe. */
void sherd__lent_store_give_back(struct sherd_store *store);

#endif
