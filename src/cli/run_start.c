#include <sysexits.h>

#include <sherd/version.h>

#include "base/mem.h"
#include "cli/run.h"
#include "watch/render.h"

/* --- What others ask of it --- */

static enum sherd_status render_status(void *ctx, struct sherd_buf *out) {
  const struct sherd__run *run = ctx;
  struct sherd__snapshot *snapshot = sherd__snapshot_take(&run->subject, false);
  if (!snapshot)
    return SHERD_ENOMEM;
  enum sherd_status status = sherd__render_status_json(snapshot, out);
  sherd__snapshot_release(snapshot);
  return status;
}

static const struct sherd__snapshot *take_for_http(void *ctx) {
  const struct sherd__run *run = ctx;
  return sherd__snapshot_take(&run->subject, false);
}

static void release_from_http(void *ctx, const struct sherd__snapshot *snapshot) {
  (void)ctx;
  sherd__snapshot_release((struct sherd__snapshot *)(uintptr_t)snapshot);
}

/* --- The parts --- */

static int fail(enum sherd_status status, const struct sherd_error_info *error) {
  sherd__cli_complain(SHERD__RUN_VERB, "%s", *error->text ? error->text : sherd_strerror(status));
  return sherd__run_exit_code(status);
}

static int make_fleet(struct sherd__run *run) {
  struct sherd_fleet_config config;
  struct sherd_error_info error = {0};
  sherd__run_fleet_config(run, &config);
  enum sherd_status status = sherd_fleet_new(&config, &run->subject.fleet);
  run->doer = (struct sherd__request_doer){.send = sherd_fleet_send,
                                           .reshard = sherd_fleet_reshard,
                                           .fleet = run->subject.fleet,
                                           .render_status = render_status,
                                           .ctx = run};
  return status ? fail(status, &error) : EX_OK;
}

/* A socket that nobody asked for by name is no reason not to run. */
static int make_hub(struct sherd__run *run) {
  struct sherd__hub_config config;
  struct sherd_error_info error = {0};
  sherd__run_hub_config(run, &config);
  enum sherd_status status = sherd__hub_new(&config, &run->subject.hub, &error);
  if (status && config.unix_path && run->settings.is_socket_default) {
    sherd__run_log(run, SHERD_LOG_WARN, "run.control", "none, because %s", error.text);
    config.unix_path = NULL;
    status = sherd__hub_new(&config, &run->subject.hub, &error);
  }
  return status ? fail(status, &error) : EX_OK;
}

static int make_http(struct sherd__run *run) {
  const struct sherd__run_settings *settings = &run->settings;
  struct sherd_error_info error = {0};
  if (!*settings->metrics.host)
    return EX_OK;
  struct sherd__watch_http_config config = {.host = settings->metrics.host,
                                            .port = settings->metrics.port,
                                            .max_shard_rows = settings->metrics_shards,
                                            .take = take_for_http,
                                            .release = release_from_http,
                                            .ctx = run};
  enum sherd_status status = sherd__watch_http_new(&config, &run->http, &error);
  if (status)
    return fail(status, &error);
  sherd__run_log(run, SHERD_LOG_INFO, "run.metrics", "host=%s port=%u", settings->metrics.host,
                 (unsigned)sherd__watch_http_port(run->http));
  return EX_OK;
}

static int start_fleet(struct sherd__run *run) {
  struct sherd_error_info error = {0};
  enum sherd_status status = sherd_fleet_start(run->subject.fleet);
  if (status)
    return fail(status, &error);
  return sherd__run_watch_fleet(run) ? EX_OK : EX_OSERR;
}

int sherd__run_start(struct sherd__run *run) {
  int failure = uv_loop_init(&run->loop);
  run->has_loop = !failure;
  if (!failure)
    failure = sherd__run_watch(run);
  if (!failure && !sherd__run_log_start(&run->log, &run->settings))
    failure = UV_ENOMEM;
  if (failure) {
    sherd__cli_complain(SHERD__RUN_VERB, "cannot begin: %s", uv_strerror(failure));
    return EX_OSERR;
  }
  run->subject.started_unix_ms = sherd__unix_ms();
  sherd__run_log(run, SHERD_LOG_INFO, "run.start", "version=%s", sherd_version());
  int code = make_fleet(run);
  if (!code)
    code = make_hub(run);
  if (!code)
    code = make_http(run);
  if (!code)
    code = sherd__run_show_start(run);
  if (!code)
    code = start_fleet(run);
  return code;
}

/* --- And back --- */

static void close_what_is_left(uv_handle_t *handle, void *ctx) {
  (void)ctx;
  if (!uv_is_closing(handle))
    uv_close(handle, NULL);
}

void sherd__run_free(struct sherd__run *run) {
  sherd__watch_http_free(run->http); /* it looks at the fleet and the hub */
  sherd_fleet_free(run->subject.fleet);
  if (run->has_joiner) /* of a start that failed; the fleet's end has let it go */
    (void)uv_thread_join(&run->joiner);
  sherd__snapshot_release(run->show.before);
  if (run->has_loop) {
    sherd__hub_abandon(run->subject.hub); /* of a start that failed */
    uv_walk(&run->loop, close_what_is_left, NULL);
    (void)uv_run(&run->loop, UV_RUN_DEFAULT);
    sherd__hub_free(run->subject.hub); /* its handles are in it */
    (void)uv_loop_close(&run->loop);
  }
  sherd__run_log_end(&run->log);
  sherd__wipe(run->token, sizeof run->token);
}
