/* The demo: the simulator on this machine, two shards over verified TLS, a cut connection, and the
 * proof that what was sent is what was seen. Uses nothing but libsherd's public calls.
 *
 *   sherd-demo [path of the program sherd] */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sherd.h>

#include "ledger.h"
#include "say.h"
#include "seen.h"
#include "show.h"
#include "simulator.h"

#define SHARDS        2
#define GUILDS        12
#define STREAM_EVENTS 3000 /* for each shard */
#define RATE          750  /* events a second and shard */
#define CUT_AFTER     1500 /* events, for each shard once */
#define TIMEOUT_S     50
#define TOKEN         "sherd-sim-token" /* the simulator's; no secret */

static const struct {
  enum sherd_compression compression;
  const char *name;
} ways[SHARDS] = {{SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM, "zlib-stream"},
                  {SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM, "zstd-stream"}};

static volatile sig_atomic_t interrupted;

static void on_signal(int number) {
  interrupted = number;
}

static bool ask_gateway_bot(const struct simulator *simulator, struct sherd_gateway_bot *out) {
  struct sherd_rest_config config = {
      .token = TOKEN, .api_url = simulator->api_url, .ca_file = simulator->ca_file, .proxy = ""};
  struct sherd_error_info error;
  if (sherd_rest_gateway_bot(&config, out, &error)) {
    say_line("demo       GET /gateway/bot failed: %s", error.text);
    return false;
  }
  say_line("simulator  %s, with a certificate made for this run", out->url);
  say_line("simulator  advises %u shards; %u of %u session starts are left, %u at a time",
           (unsigned)out->shards, (unsigned)out->remaining, (unsigned)out->total,
           (unsigned)out->max_concurrency);
  return true;
}

static bool start_shard(struct seen *seen, size_t i, const struct simulator *simulator,
                        const struct sherd_gateway_bot *bot, struct sherd_runtime *runtime) {
  struct sherd_shard_config config = {.gateway = {.token = TOKEN,
                                                  .gateway_url = bot->url,
                                                  .shard_id = (uint32_t)i,
                                                  .shard_count = SHARDS,
                                                  .intents = SHERD_INTENTS_ALL,
                                                  .compression = ways[i].compression},
                                      .runtime = runtime,
                                      .on_event = seen_on_event,
                                      .user = seen,
                                      .ca_file = simulator->ca_file,
                                      .proxy = "",
                                      .start_timeout_ms = 20000};
  enum sherd_status status = sherd_shard_new(&config, &seen->shard);
  if (!status)
    status = sherd_shard_start(seen->shard);
  if (status)
    say_line("shard %zu    did not start: %s", i, sherd_strerror(status));
  return status == SHERD_OK;
}

static bool is_done(struct seen *seen) {
  for (size_t i = 0; i < SHARDS; i++)
    if (seen_count(&seen[i]) < seen_total(&seen[i], STREAM_EVENTS))
      return false;
  return true;
}

/* Shows how far it is until all has come: false when it takes too long. */
static bool watch(struct seen *seen) {
  time_t until = time(NULL) + TIMEOUT_S;
  while (!is_done(seen)) {
    if (interrupted || time(NULL) > until) {
      say_live_over();
      say_line("demo       %s before all events had come",
               interrupted ? "was interrupted" : "took too long");
      return false;
    }
    show_progress(seen, SHARDS, STREAM_EVENTS);
    poll(NULL, 0, 100);
  }
  show_progress(seen, SHARDS, STREAM_EVENTS);
  say_live_over();
  return true;
}

static bool is_without_fault(struct seen *seen) {
  bool good = true;
  for (size_t i = 0; i < SHARDS; i++) {
    struct sherd_engine_stats stats = {0};
    sherd_shard_stats(seen[i].shard, &stats);
    good &= seen[i].resumes == 1 && seen[i].holes == 0 && seen[i].repeats == 0 &&
            seen[i].sessions_lost == 0 && !seen[i].is_out_of_memory && stats.gaps == 0 &&
            stats.repeats == 0 && stats.identifies == 1;
  }
  return good;
}

/* Two loop threads, so that each shard's CPU time is its thread's. */
static bool run(struct simulator *simulator, struct seen *seen) {
  struct sherd_gateway_bot bot;
  struct sherd_runtime *runtime;
  if (!ask_gateway_bot(simulator, &bot))
    return false;
  struct sherd_runtime_config config = {.threads = SHARDS, .max_concurrency = bot.max_concurrency};
  if (sherd_runtime_new(&config, &runtime))
    return false;
  bool good = true;
  for (size_t i = 0; i < SHARDS && good; i++)
    good = start_shard(&seen[i], i, simulator, &bot, runtime);
  good = good && watch(seen);
  for (size_t i = 0; i < SHARDS; i++) /* a closed connection has none */
    seen[i].latency_s = sherd_shard_heartbeat_latency(seen[i].shard);
  for (size_t i = 0; i < SHARDS; i++)
    sherd_shard_close(seen[i].shard);
  bool ended = simulator_stop(simulator);
  if (!ended)
    say_line("demo       the simulator did not end well: see %s", simulator->log_file);
  if (good) {
    show_table(seen, SHARDS);
    good = ledger_agrees(simulator->ledger_file, seen, SHARDS) && is_without_fault(seen) && ended;
  }
  for (size_t i = 0; i < SHARDS; i++)
    sherd_shard_free(seen[i].shard);
  sherd_runtime_free(runtime);
  return good;
}

int main(int argc, char **argv) {
  const char *program = argc > 1 ? argv[1] : "build/sherd";
  struct simulator simulator;
  struct seen seen[SHARDS];
  signal(SIGINT, on_signal);
  signal(SIGTERM, on_signal);
  say_line("Sherd %s: two gateway shards against a simulated Discord on this machine.",
           sherd_version());
  for (size_t i = 0; i < SHARDS; i++)
    seen_init(&seen[i], (uint32_t)i, ways[i].name);
  bool good =
      simulator_start(&simulator, program, SHARDS, GUILDS, STREAM_EVENTS, RATE, CUT_AFTER) &&
      run(&simulator, seen);
  simulator_stop(&simulator);
  for (size_t i = 0; i < SHARDS; i++)
    seen_deinit(&seen[i]);
  if (good)
    simulator_clean(&simulator);
  say_line("%s", good ? "\nWhat the simulator sent is what the shards saw."
                      : "\nThe demo FAILED: see above.");
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
