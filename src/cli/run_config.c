#include <sysexits.h>

#include <unistd.h>

#include "cli/run.h"

/* --- The fleet --- */

static void on_event(struct sherd_fleet *fleet, const struct sherd_fleet_event *event, void *user) {
  struct sherd__run *run = user;
  (void)fleet;
  sherd__hub_offer(run->subject.hub, event);
}

/* A restart before somebody has changed the configuration shall go on with what a re-sharding has
 * made. */
static enum sherd_status open_file(struct sherd__run *run, uint32_t shard_count, bool beside,
                                   struct sherd_store **out, struct sherd_error_info *error) {
  struct sherd_store_file_config config = {.path = run->settings.store_path,
                                           .token = run->token,
                                           .shard_count = shard_count,
                                           .known_as = beside ? run->settings.shards : 0,
                                           .beside = beside};
  enum sherd_status status = sherd_store_file_open(&config, out, error);
  if (!status && shard_count && sherd_store_shard_count(*out) != shard_count)
    sherd__run_log(run, SHERD_LOG_WARN, "run.shards",
                   "count=%u given=%u there are as many since a re-sharding: change the setting",
                   (unsigned)sherd_store_shard_count(*out), (unsigned)shard_count);
  return status;
}

static enum sherd_status open_store(void *ctx, uint32_t shard_count, bool beside,
                                    struct sherd_store **out, struct sherd_error_info *error) {
  struct sherd__run *run = ctx;
  if (run->settings.store_path)
    return open_file(run, shard_count, beside, out, error);
  *out = NULL;
  return shard_count ? sherd_store_memory_new(NULL, shard_count, out) : SHERD_ENOTFOUND;
}

static void put_gateway(struct sherd__run *run, struct sherd_gateway_config *out) {
  const struct sherd__run_settings *settings = &run->settings;
  out->token = run->token;
  out->gateway_url = settings->gateway;
  out->intents = settings->intents;
  out->capabilities = settings->capabilities;
  out->compression = settings->compression;
  out->format = settings->format;
  out->large_threshold = settings->large_threshold;
  out->max_message_bytes = settings->max_message_bytes;
  out->hello_timeout_ms = settings->hello_timeout_ms;
  out->ready_timeout_ms = settings->ready_timeout_ms;
  out->close_timeout_ms = SHERD__RUN_CLOSE_MS;
}

void sherd__run_presence(const struct sherd__run_settings *settings, struct sherd_presence *out) {
  *out = (struct sherd_presence){.activity_is = SHERD_FIELD_NULL};
  out->status_is = SHERD_FIELD_VALUE;
  out->status = settings->status;
  if (!settings->activity)
    return;
  out->activity_is = SHERD_FIELD_VALUE;
  out->activity = (struct sherd_activity){.name = settings->activity,
                                          .state = settings->activity_state,
                                          .url = settings->activity_url,
                                          .type = settings->activity_type};
}

void sherd__run_fleet_config(struct sherd__run *run, struct sherd_fleet_config *out) {
  const struct sherd__run_settings *settings = &run->settings;
  *out = (struct sherd_fleet_config){
      .shard_count = settings->shards,
      .first_shard = settings->range.first,
      .last_shard = settings->range.last,
      .is_range = settings->range.is_set,
      .threads = settings->threads,
      .rest = {.api_url = settings->api},
      .max_session_age_s = settings->max_session_age_ms / 1000,
      .reshard_overlap_ms = settings->reshard_overlap_ms,
      .on_event = on_event,
      .user = run,
      .takes_itself = true,
      .log = sherd__run_log_sink(&run->log),
      .open_store = open_store,
      .open_store_ctx = run,
  };
  put_gateway(run, &out->shard.gateway);
  sherd__run_presence(settings, &run->presence);
  out->shard.gateway.presence = &run->presence;
  out->shard.ca_file = settings->ca_file;
  out->shard.proxy = settings->proxy;
  out->shard.connect_timeout_ms = settings->connect_timeout_ms;
  out->shard.tls_timeout_ms = settings->tls_timeout_ms;
}

/* --- The hub --- */

static void hold(void *ctx, bool held) {
  struct sherd__run *run = ctx;
  sherd_fleet_hold(run->subject.fleet, held);
}

static struct sherd_store *find_store(void *ctx, uint32_t set) {
  struct sherd__run *run = ctx;
  return sherd_fleet_store(run->subject.fleet, set);
}

static void answer(void *ctx, struct sherd_bytes line, struct sherd_buf *out) {
  struct sherd__run *run = ctx;
  sherd__cli_answer(&run->doer, line, out);
}

static void on_sink_ended(void *ctx, const char *why, enum sherd_status status) {
  sherd__run_stop(ctx, why, status);
}

void sherd__run_hub_config(struct sherd__run *run, struct sherd__hub_config *out) {
  const struct sherd__run_settings *settings = &run->settings;
  for (uint32_t i = 0; i < settings->consumers.count; i++)
    run->consumers[i] = settings->consumers.names[i];
  *out = (struct sherd__hub_config){
      .loop = &run->loop,
      .stdout_fd = settings->sink_kind == SHERD__SINK_STDOUT ? STDOUT_FILENO : -1,
      .stdout_taken = settings->stdout_taken,
      .stdin_fd = settings->has_stdin ? STDIN_FILENO : -1,
      .unix_path = settings->socket_path,
      .queue_bytes = settings->queue_bytes,
      .max_queue_bytes = settings->max_queue_bytes,
      .consumers = run->consumers,
      .consumer_count = settings->consumers.count,
      .log = sherd__run_log_sink(&run->log),
      .hold = hold,
      .store = find_store,
      .answer = answer,
      .ended = on_sink_ended,
      .ctx = run,
  };
}

/* --- The exit code --- */

int sherd__run_exit_code(enum sherd_status status) {
  switch (status) {
  case SHERD_OK:
    return EX_OK;
  case SHERD_EAUTH:
  case SHERD_ERESTAUTH:
  case SHERD_ETOKEN:
  case SHERD_EDISALLOWEDINTENTS:
    return EX_NOPERM;
  case SHERD_EINVAL:
  case SHERD_EURL:
  case SHERD_EUNSUPPORTED:
  case SHERD_EBADINTENTS:
  case SHERD_EBADSHARD:
  case SHERD_EBADVERSION:
  case SHERD_ESHARDINGREQUIRED:
  case SHERD_ETLSCAFILE:
  case SHERD_ESTOREDAMAGED:
  case SHERD_ESTOREVERSION:
  case SHERD_ESTOREOTHER:
  case SHERD_ESTORECOUNT:
  case SHERD_ESTOREOWNER:
    return EX_CONFIG;
  case SHERD_ESTOREFULL:
  case SHERD_ESTOREWRITE:
    return EX_CANTCREAT;
  case SHERD_ENOMEM:
  case SHERD_ESYSTEM:
    return EX_OSERR;
  case SHERD_ESTOREBUSY:
    return EX_TEMPFAIL;
  default:
    return EX_UNAVAILABLE;
  }
}
