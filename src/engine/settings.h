/* An engine's own copy of its configuration, checked, with the defaults filled in. */
#ifndef SHERD_ENGINE_SETTINGS_H
#define SHERD_ENGINE_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

#include <sherd/config.h>
#include <sherd/status.h>

#include "base/buf.h"

/* The token, in a type that no log or error function takes. */
struct sherd__secret {
  char *text;
  size_t len;
};

struct sherd__settings {
  struct sherd__secret token;
  char *gateway_url;
  char *os;
  char *browser;
  char *device;
  uint64_t intents;
  uint64_t capabilities;
  uint32_t shard_id;
  uint32_t shard_count;
  enum sherd_compression compression;
  enum sherd_data_format format;
  uint32_t large_threshold;
  size_t max_message_bytes;
  uint32_t max_queued_commands;
  uint32_t max_attempts; /* 0: no limit */
  uint32_t upgrade_timeout_ms;
  uint32_t hello_timeout_ms;
  uint32_t ready_timeout_ms; /* SHERD_NEVER: none */
  uint32_t close_timeout_ms;
  enum sherd_inflater inflater;
};

/* Errors: SHERD_EINVAL, SHERD_EUNSUPPORTED, SHERD_EURL, SHERD_ENOMEM; `settings` is then empty. */
enum sherd_status sherd__settings_init(struct sherd__settings *settings,
                                       const struct sherd_gateway_config *config,
                                       const struct sherd_allocator *allocator);

/* Wipes the token, and frees all. */
void sherd__settings_deinit(struct sherd__settings *settings,
                            const struct sherd_allocator *allocator);

#endif
