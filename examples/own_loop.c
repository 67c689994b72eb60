/* A shard on a libuv loop that the program already has: no thread of ours is started, and callbacks
 * run between the program's own. Ctrl-C closes the shard; the loop then has nothing left and ends.
 *
 *   cc own_loop.c $(pkg-config --cflags --libs sherd libuv) */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <uv.h>

#include <sherd.h>

struct bot {
  uv_loop_t loop;
  uv_signal_t interrupt;
  uv_timer_t report;
  struct sherd_shard *shard;
  enum sherd_status status;
};

static void on_event(struct sherd_shard *shard, const struct sherd_event *event, void *user) {
  struct bot *bot = user;
  (void)shard;
  if (event->type == SHERD_EVENT_DISCONNECTED)
    fprintf(stderr, "disconnected: %s\n", sherd_strerror(event->status));
  if (event->type != SHERD_EVENT_CLOSED)
    return;
  bot->status = event->status;
  uv_close((uv_handle_t *)&bot->interrupt, NULL);
  uv_close((uv_handle_t *)&bot->report, NULL);
}

static void on_interrupt(uv_signal_t *handle, int signum) {
  const struct bot *bot = handle->data;
  (void)signum;
  sherd_shard_close_async(bot->shard, NULL, NULL);
}

static void on_report(uv_timer_t *handle) {
  const struct bot *bot = handle->data;
  struct sherd_engine_stats stats;
  if (sherd_shard_stats(bot->shard, &stats) == SHERD_OK)
    printf("%llu events, %llu bytes in, heartbeat %.0f ms\n", (unsigned long long)stats.dispatches,
           (unsigned long long)stats.bytes_in, sherd_shard_heartbeat_latency(bot->shard) * 1000);
}

static void watch(struct bot *bot) {
  uv_signal_init(&bot->loop, &bot->interrupt);
  uv_timer_init(&bot->loop, &bot->report);
  bot->interrupt.data = bot;
  bot->report.data = bot;
  uv_signal_start(&bot->interrupt, on_interrupt, SIGINT);
  uv_timer_start(&bot->report, on_report, 1000, 1000);
}

static enum sherd_status run(struct bot *bot, struct sherd_runtime *runtime) {
  struct sherd_shard_config config = {.runtime = runtime, .on_event = on_event, .user = bot};
  config.gateway.token = getenv("SHERD_TOKEN");
  config.gateway.gateway_url = getenv("SHERD_GATEWAY_URL");
  config.gateway.intents = SHERD_INTENTS_ALL_UNPRIVILEGED;
  config.gateway.compression = SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM;

  enum sherd_status status = sherd_shard_new(&config, &bot->shard);
  if (status == SHERD_OK)
    status = sherd_shard_start_async(bot->shard, NULL, NULL);
  if (status == SHERD_OK) {
    watch(bot);
    uv_run(&bot->loop, UV_RUN_DEFAULT);
    status = bot->status;
  }
  sherd_shard_free(bot->shard);
  return status;
}

int main(void) {
  struct bot bot = {0};
  uv_loop_init(&bot.loop);
  struct sherd_runtime *runtime = NULL;
  const struct sherd_runtime_config config = {.loop = &bot.loop};
  enum sherd_status status = sherd_runtime_new(&config, &runtime);
  if (status == SHERD_OK)
    status = run(&bot, runtime);
  sherd_runtime_free(runtime);
  uv_loop_close(&bot.loop);
  if (status != SHERD_OK)
    fprintf(stderr, "%s\n", sherd_strerror(status));
  return status == SHERD_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
