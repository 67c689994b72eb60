/* A fleet's own copy of its configuration, with every text in it. */
#ifndef SHERD_FLEET_FLEET_CONFIG_H
#define SHERD_FLEET_FLEET_CONFIG_H

#include <sherd/fleet.h>

#define SHERD__FLEET_SHARDS_MAX 1000000

struct sherd__fleet_config {
  struct sherd_fleet_config given; /* its texts are ours; defaults are filled in */
  /* What shards begin with: the first presence and what came since. shard.gateway.presence points
   * here when there is one. Under the fleet's mutex. */
  struct sherd_presence presence;
};

/* Copies to `config`, which must stay where it is. Errors: SHERD_EINVAL for what cannot be,
 * SHERD_ENOMEM; nothing is left then. */
enum sherd_status sherd__fleet_config_init(struct sherd__fleet_config *config,
                                           const struct sherd_fleet_config *from);

/* Frees the texts; the secret ones are overwritten. Zeroed is allowed. */
void sherd__fleet_config_deinit(struct sherd__fleet_config *config);

/* Takes what is set in `more` over what `presence` has, with texts of its own. Errors:
 * SHERD_ENOMEM, and nothing has changed. */
enum sherd_status sherd__fleet_presence_merge(const struct sherd_allocator *allocator,
                                              struct sherd_presence *presence,
                                              const struct sherd_presence *more);
void sherd__fleet_presence_deinit(const struct sherd_allocator *allocator,
                                  struct sherd_presence *presence);

#endif
