/* GET /gateway/bot, asked off the control thread, and the day's session starts. */
#include <signal.h>
#include <time.h>

#include "base/logging.h"
#include "fleet/fleet.h"
#include "net/rest.h"

#define PAUSE_MS     5000   /* after a question that came to nothing, doubled each time up to ... */
#define PAUSE_MAX_MS 300000 /* ... this */
#define PACE_MS      60000  /* between two questions about the day's starts */
#define SLACK_MS     1000   /* after the reset, which Discord counts at its own end */

/* --- The question, on a thread of libuv's pool --- */

/* A pause ends early when the fleet does. */
static void pause_asking(void *ctx, uint64_t pause_ms) {
  struct sherd_fleet *fleet = ctx;
  uint64_t deadline_ns = sherd__fleet_deadline_ns((int64_t)pause_ms);
  uv_mutex_lock(&fleet->mutex);
  while (!fleet->is_cancelled && sherd__fleet_wait(fleet, deadline_ns))
    ;
  uv_mutex_unlock(&fleet->mutex);
}

static bool is_cancelled(void *ctx) {
  struct sherd_fleet *fleet = ctx;
  uv_mutex_lock(&fleet->mutex);
  bool is_cancelled = fleet->is_cancelled;
  uv_mutex_unlock(&fleet->mutex);
  return is_cancelled;
}

/* A peer that has gone must be an error of the question, not the end of the process: OpenSSL writes
 * without asking for that. */
static void block_sigpipe(sigset_t *before) {
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, before);
}

static void ask(uv_work_t *work) {
  struct sherd_fleet *fleet = work->data;
  sigset_t before;
  struct sherd__rest_host host = {
      .pause = pause_asking, .is_cancelled = is_cancelled, .ctx = fleet};
  sherd__random_init(&host.random, NULL, NULL);
  struct sherd__fleet_limits *limits = &fleet->limits;
  block_sigpipe(&before);
  limits->status =
      sherd__rest_gateway_bot(&fleet->config.given.rest, &host, &limits->answer, &limits->error);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* --- The answer --- */

static bool is_of_the_token(enum sherd_status status) {
  return status == SHERD_ETOKEN || status == SHERD_ERESTAUTH;
}

/* Another try cannot help, unless somebody changes what was given. (403 is also what a crowded
 * address gets for a while.) */
static bool is_final(const struct sherd_error_info *error) {
  if (error->status == SHERD_EREST)
    return error->http_status >= 400 && error->http_status < 500 && error->http_status != 403 &&
           error->http_status != 408 && error->http_status != 429;
  return is_of_the_token(error->status) || error->status == SHERD_EINVAL ||
         error->status == SHERD_ETLSCAFILE;
}

/* Sessions that have been resumed go on, even if an address of the API is wrong. */
static bool is_fatal(const struct sherd_fleet *fleet, const struct sherd_error_info *error) {
  return is_final(error) && (is_of_the_token(error->status) || !fleet->present ||
                             !atomic_load(&fleet->present->started));
}

static void take_failure(struct sherd_fleet *fleet) {
  struct sherd__fleet_limits *limits = &fleet->limits;
  if (is_fatal(fleet, &limits->error)) {
    sherd__fleet_fail(fleet, &limits->error);
    return;
  }
  limits->pause_ms = limits->pause_ms ? limits->pause_ms * 2 : PAUSE_MS;
  if (limits->pause_ms > PAUSE_MAX_MS)
    limits->pause_ms = PAUSE_MAX_MS;
  limits->ask_ms = sherd__fleet_now_ms(fleet) + limits->pause_ms;
  sherd__log(&fleet->log, SHERD_LOG_WARN, SHERD__FLEET_LOG_ID, "fleet.rest",
             "status=%s again_in_ms=%llu why=\"%s\"", sherd_status_name(limits->status),
             (unsigned long long)limits->pause_ms, limits->error.text);
}

/* Whoever has a time gets a new one. */
static void set_limits(struct sherd_fleet *fleet) {
  const struct sherd_gateway_bot *bot = &fleet->limits.bot;
  const struct sherd_identify_limits limits = {.max_concurrency = bot->max_concurrency,
                                               .remaining = bot->remaining,
                                               .total = bot->total,
                                               .reset_after_ms = bot->reset_after_ms};
  fleet->limits.is_new = sherd_runtime_set_identify_limits(fleet->runtime, &limits) != SHERD_OK;
  fleet->limits.version += !fleet->limits.is_new;
}

static void take_answer(struct sherd_fleet *fleet) {
  struct sherd__fleet_limits *limits = &fleet->limits;
  uint64_t now_ms = sherd__fleet_now_ms(fleet);
  uint64_t reset_ms = now_ms + limits->answer.reset_after_ms + SLACK_MS;
  uv_mutex_lock(&fleet->mutex);
  limits->bot = limits->answer;
  limits->is_known = true;
  fleet->max_concurrency = limits->bot.max_concurrency ? limits->bot.max_concurrency : 1;
  uv_mutex_unlock(&fleet->mutex);
  limits->pause_ms = 0;
  limits->asked_ms = now_ms;
  limits->ask_ms = reset_ms > now_ms + PACE_MS ? reset_ms : now_ms + PACE_MS;
  limits->has_looked = !limits->bot.remaining;
  limits->is_new = true;
  sherd__log(&fleet->log, SHERD_LOG_INFO, SHERD__FLEET_LOG_ID, "fleet.limits",
             "advised_shards=%u max_concurrency=%u remaining=%u total=%u reset_after_s=%llu",
             (unsigned)limits->bot.shards, (unsigned)limits->bot.max_concurrency,
             (unsigned)limits->bot.remaining, (unsigned)limits->bot.total,
             (unsigned long long)(limits->bot.reset_after_ms / 1000));
}

static void on_answer(uv_work_t *work, int cancelled) {
  struct sherd_fleet *fleet = work->data;
  fleet->limits.is_asking = false;
  if (cancelled || !sherd__fleet_goes_on(fleet))
    return;
  if (fleet->limits.status == SHERD_OK)
    take_answer(fleet);
  else
    take_failure(fleet);
  sherd__fleet_wake(fleet);
}

static void begin_asking(struct sherd_fleet *fleet) {
  struct sherd__fleet_limits *limits = &fleet->limits;
  limits->ask_ms = SHERD__FLEET_NEVER_MS;
  limits->work.data = fleet;
  limits->is_asking =
      uv_queue_work(sherd__loop_uv(fleet->control), &limits->work, ask, on_answer) == 0;
}

void sherd__fleet_ask(struct sherd_fleet *fleet) {
  struct sherd__fleet_limits *limits = &fleet->limits;
  if (!limits->is_asking && !limits->pause_ms)
    limits->ask_ms = 0;
}

/* --- The day --- */

static bool is_anybody_waiting(struct sherd__fleet_set *set) {
  return set && atomic_load(&set->started) < set->count;
}

static void tell_wait(struct sherd_fleet *fleet, uint64_t until_unix_ms) {
  char when[32] = "";
  time_t seconds = (time_t)(until_unix_ms / 1000);
  struct tm utc;
  if (gmtime_r(&seconds, &utc))
    (void)strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
  sherd__log(&fleet->log, SHERD_LOG_WARN, SHERD__FLEET_LOG_ID, "fleet.wait",
             "until=%s why=\"the day's session starts are used up\"", when);
}

static void show_wait(struct sherd_fleet *fleet, const struct sherd_identify_limits *left) {
  struct sherd__fleet_limits *limits = &fleet->limits;
  bool waits = left->remaining == 0 &&
               (is_anybody_waiting(fleet->present) || is_anybody_waiting(fleet->next));
  uint64_t until_unix_ms = waits ? sherd__fleet_unix_ms() + left->reset_after_ms : 0;
  if (waits && !limits->has_waited)
    tell_wait(fleet, until_unix_ms);
  limits->has_waited = waits;
  uv_mutex_lock(&fleet->mutex);
  fleet->waits_until_unix_ms = until_unix_ms;
  uv_mutex_unlock(&fleet->mutex);
}

/* When the starts run out by our own count, Discord may count otherwise. */
static void look_again(struct sherd_fleet *fleet, const struct sherd_identify_limits *left) {
  struct sherd__fleet_limits *limits = &fleet->limits;
  if (left->remaining || limits->has_looked || limits->is_asking)
    return;
  limits->has_looked = true;
  if (limits->asked_ms + PACE_MS < limits->ask_ms)
    limits->ask_ms = limits->asked_ms + PACE_MS;
}

void sherd__fleet_follow_limits(struct sherd_fleet *fleet) {
  struct sherd__fleet_limits *limits = &fleet->limits;
  struct sherd_identify_limits left;
  if (!limits->is_known || !fleet->runtime)
    return;
  if (limits->is_new)
    set_limits(fleet);
  sherd_runtime_identify_limits(fleet->runtime, &left);
  show_wait(fleet, &left);
  look_again(fleet, &left);
}

uint64_t sherd__fleet_ask_if_due(struct sherd_fleet *fleet) {
  struct sherd__fleet_limits *limits = &fleet->limits;
  if (!limits->is_asking && limits->ask_ms <= sherd__fleet_now_ms(fleet))
    begin_asking(fleet);
  return limits->ask_ms;
}
