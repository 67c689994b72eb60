#include "engine/settings.h"

#include <string.h>

#include "base/mem.h"
#include "base/token.h"
#include "engine/url.h"

#define LARGE_THRESHOLD_MIN 50 /* Discord's documentation, Gateway Events, Identify */
#define LARGE_THRESHOLD_MAX 250

#if defined(__linux__)
#define SYSTEM_NAME "linux"
#elif defined(__APPLE__)
#define SYSTEM_NAME "darwin"
#elif defined(_WIN32)
#define SYSTEM_NAME "windows"
#elif defined(__FreeBSD__)
#define SYSTEM_NAME "freebsd"
#else
#define SYSTEM_NAME "unix"
#endif

static uint32_t or_default(uint32_t value, uint32_t fallback) {
  return value ? value : fallback;
}

static enum sherd_status check(const struct sherd_gateway_config *config) {
  if (!sherd__token_is_good(config->token))
    return SHERD_ETOKEN;
  if (config->shard_id >= or_default(config->shard_count, 1))
    return SHERD_EINVAL;
  if (config->large_threshold && (config->large_threshold < LARGE_THRESHOLD_MIN ||
                                  config->large_threshold > LARGE_THRESHOLD_MAX))
    return SHERD_EINVAL;
  if ((unsigned)config->compression > (unsigned)SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM ||
      (unsigned)config->format > (unsigned)SHERD_FORMAT_ETF ||
      (unsigned)config->inflater > (unsigned)SHERD_INFLATER_ZLIB)
    return SHERD_EINVAL;
  /* Discord's documentation, Gateway, ETF: payload compression is for JSON only. */
  if (config->compression == SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM &&
      config->format == SHERD_FORMAT_ETF)
    return SHERD_EUNSUPPORTED;
  struct sherd__url url;
  return sherd__url_parse(config->gateway_url ? config->gateway_url : SHERD_GATEWAY_URL,
                          config->format, config->compression, &url);
}

static enum sherd_status copy_texts(struct sherd__settings *settings,
                                    const struct sherd_gateway_config *config,
                                    const struct sherd_allocator *allocator) {
  settings->token.text = sherd__strdup(allocator, config->token);
  settings->token.len = strlen(config->token);
  settings->gateway_url =
      sherd__strdup(allocator, config->gateway_url ? config->gateway_url : SHERD_GATEWAY_URL);
  settings->os = sherd__strdup(allocator, config->os ? config->os : SYSTEM_NAME);
  settings->browser = sherd__strdup(allocator, config->browser ? config->browser : "sherd");
  settings->device = sherd__strdup(allocator, config->device ? config->device : "sherd");
  if (!settings->token.text || !settings->gateway_url || !settings->os || !settings->browser ||
      !settings->device)
    return SHERD_ENOMEM;
  return SHERD_OK;
}

enum sherd_status sherd__settings_init(struct sherd__settings *settings,
                                       const struct sherd_gateway_config *config,
                                       const struct sherd_allocator *allocator) {
  *settings = (struct sherd__settings){0};
  enum sherd_status status = check(config);
  if (!status)
    status = copy_texts(settings, config, allocator);
  if (status) {
    sherd__settings_deinit(settings, allocator);
    return status;
  }
  settings->intents = config->intents;
  settings->capabilities = config->capabilities;
  settings->shard_id = config->shard_id;
  settings->shard_count = or_default(config->shard_count, 1);
  settings->compression = config->compression;
  settings->format = config->format;
  settings->large_threshold = or_default(config->large_threshold, LARGE_THRESHOLD_MAX);
  settings->max_message_bytes =
      config->max_message_bytes ? config->max_message_bytes : (size_t)64 * 1024 * 1024;
  settings->max_queued_commands = or_default(config->max_queued_commands, 128);
  settings->max_attempts = config->max_attempts;
  settings->upgrade_timeout_ms = or_default(config->upgrade_timeout_ms, 10000);
  settings->hello_timeout_ms = or_default(config->hello_timeout_ms, 20000);
  settings->ready_timeout_ms = or_default(config->ready_timeout_ms, 600000);
  settings->close_timeout_ms = or_default(config->close_timeout_ms, 5000);
  settings->inflater = config->inflater;
  return SHERD_OK;
}

void sherd__settings_deinit(struct sherd__settings *settings,
                            const struct sherd_allocator *allocator) {
  if (settings->token.text)
    sherd__wipe(settings->token.text, settings->token.len);
  sherd__free(allocator, settings->token.text);
  sherd__free(allocator, settings->gateway_url);
  sherd__free(allocator, settings->os);
  sherd__free(allocator, settings->browser);
  sherd__free(allocator, settings->device);
  *settings = (struct sherd__settings){0};
}
