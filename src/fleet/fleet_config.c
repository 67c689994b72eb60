#include "fleet/fleet_config.h"

#include <string.h>

#include "base/mem.h"

#define SESSION_AGE_S 600
#define OVERLAP_MS    10000

/* --- Texts --- */

/* Those of a configuration; the secret ones first: a proxy's URL may have a password. */
#define SECRETS 4
#define TEXTS   11

static void find_texts(struct sherd_fleet_config *config, const char **out[TEXTS]) {
  struct sherd_gateway_config *gateway = &config->shard.gateway;
  struct sherd_rest_config *rest = &config->rest;
  const char **all[TEXTS] = {
      &gateway->token,        &rest->token,   &config->shard.proxy, &rest->proxy,
      &gateway->gateway_url,  &gateway->os,   &gateway->browser,    &gateway->device,
      &config->shard.ca_file, &rest->ca_file, &rest->api_url,
  };
  memcpy(out, all, sizeof all);
}

static void free_text(const struct sherd_allocator *allocator, const char *text, bool is_secret) {
  char *ours = (char *)(uintptr_t)text;
  if (ours && is_secret)
    sherd__wipe(ours, strlen(ours));
  sherd__free(allocator, ours);
}

/* Copies a text in its place; NULL stays. */
static bool own(const struct sherd_allocator *allocator, const char **text) {
  const char *from = *text;
  *text = from ? sherd__strdup(allocator, from) : NULL;
  return !from || *text;
}

static enum sherd_status own_texts(struct sherd_fleet_config *config) {
  const char **texts[TEXTS];
  bool is_whole = true;
  find_texts(config, texts);
  for (size_t i = 0; i < TEXTS; i++) /* all of them, so that all of them are ours to free */
    is_whole = own(config->allocator, texts[i]) && is_whole;
  return is_whole ? SHERD_OK : SHERD_ENOMEM;
}

/* --- Presence --- */

void sherd__fleet_presence_deinit(const struct sherd_allocator *allocator,
                                  struct sherd_presence *presence) {
  free_text(allocator, presence->activity.name, false);
  free_text(allocator, presence->activity.state, false);
  free_text(allocator, presence->activity.url, false);
  *presence = (struct sherd_presence){0};
}

static enum sherd_status own_activity(const struct sherd_allocator *allocator,
                                      struct sherd_activity *activity) {
  bool has_name = own(allocator, &activity->name);
  bool has_state = own(allocator, &activity->state);
  bool has_url = own(allocator, &activity->url);
  return has_name && has_state && has_url ? SHERD_OK : SHERD_ENOMEM;
}

static void take_numbers(struct sherd_presence *merged, const struct sherd_presence *more) {
  if (more->status_is != SHERD_FIELD_UNSET) {
    merged->status_is = more->status_is;
    merged->status = more->status;
  }
  if (more->idle_since_is != SHERD_FIELD_UNSET) {
    merged->idle_since_is = more->idle_since_is;
    merged->idle_since_ms = more->idle_since_ms;
  }
  if (more->afk_is != SHERD_FIELD_UNSET) {
    merged->afk_is = more->afk_is;
    merged->afk = more->afk;
  }
}

enum sherd_status sherd__fleet_presence_merge(const struct sherd_allocator *allocator,
                                              struct sherd_presence *presence,
                                              const struct sherd_presence *more) {
  struct sherd_presence merged = *presence;
  take_numbers(&merged, more);
  if (more->activity_is != SHERD_FIELD_UNSET) {
    merged.activity_is = more->activity_is;
    merged.activity =
        more->activity_is == SHERD_FIELD_VALUE ? more->activity : (struct sherd_activity){0};
  }
  if (own_activity(allocator, &merged.activity) != SHERD_OK) {
    sherd__fleet_presence_deinit(allocator, &merged);
    return SHERD_ENOMEM;
  }
  sherd__fleet_presence_deinit(allocator, presence);
  *presence = merged;
  return SHERD_OK;
}

/* --- The whole --- */

static bool is_possible(const struct sherd_fleet_config *config) {
  if (!config->on_event || config->shard_count > SHERD__FLEET_SHARDS_MAX)
    return false;
  return !config->is_range ||
         (config->first_shard <= config->last_shard && config->last_shard < config->shard_count);
}

/* What is NULL for REST is the shards', and each of them copies its own. */
static void fill_in(struct sherd_fleet_config *given) {
  given->allocator = sherd__allocator_or_default(given->allocator);
  if (!given->rest.token)
    given->rest.token = given->shard.gateway.token;
  if (!given->rest.ca_file)
    given->rest.ca_file = given->shard.ca_file;
  if (!given->rest.proxy)
    given->rest.proxy = given->shard.proxy;
  if (!given->max_session_age_s)
    given->max_session_age_s = SESSION_AGE_S;
  if (!given->reshard_overlap_ms)
    given->reshard_overlap_ms = OVERLAP_MS;
  given->shard.gateway.session = NULL;
  given->shard.log = given->log;
}

enum sherd_status sherd__fleet_config_init(struct sherd__fleet_config *config,
                                           const struct sherd_fleet_config *from) {
  *config = (struct sherd__fleet_config){0};
  if (!is_possible(from))
    return SHERD_EINVAL;
  struct sherd_fleet_config *given = &config->given;
  *given = *from;
  fill_in(given);
  const struct sherd_presence *first = given->shard.gateway.presence;
  enum sherd_status status = own_texts(given);
  given->shard.gateway.presence = NULL;
  if (status == SHERD_OK && first) {
    status = sherd__fleet_presence_merge(given->allocator, &config->presence, first);
    given->shard.gateway.presence = &config->presence;
  }
  if (status != SHERD_OK)
    sherd__fleet_config_deinit(config);
  return status;
}

void sherd__fleet_config_deinit(struct sherd__fleet_config *config) {
  if (!config->given.allocator)
    return;
  const char **texts[TEXTS];
  find_texts(&config->given, texts);
  for (size_t i = 0; i < TEXTS; i++)
    free_text(config->given.allocator, *texts[i], i < SECRETS);
  sherd__fleet_presence_deinit(config->given.allocator, &config->presence);
  *config = (struct sherd__fleet_config){0};
}
