#include <signal.h>

#include <unistd.h>

#include "base/mem.h"
#include "cli/run.h"
#include "watch/notify.h"

/* --- The last step: nothing runs any more --- */

static void close_handle(void *handle) {
  if (!uv_is_closing(handle))
    uv_close(handle, NULL);
}

static void on_finished(void *ctx, uint64_t untaken) {
  struct sherd__run *run = ctx;
  if (untaken)
    sherd__run_log(run, SHERD_LOG_WARN, "run.untaken",
                   "events=%llu they come again with the next start", (unsigned long long)untaken);
  if (run->has_joiner) /* or it would wake a loop that has gone */
    (void)uv_thread_join(&run->joiner);
  run->has_joiner = false;
  sherd__run_show_stop(run);
  close_handle(&run->terminate);
  close_handle(&run->interrupt);
  close_handle(&run->hangup);
  close_handle(&run->fleet_joined);
  close_handle(&run->fleet_closed);
}

/* --- The sinks, once no event comes any more --- */

static void on_fleet_closed(uv_async_t *async) {
  struct sherd__run *run = async->data;
  (void)uv_thread_join(&run->closer);
  run->has_closer = false;
  sherd__hub_finish(run->subject.hub, SHERD__RUN_FINISH_MS, on_finished, run);
}

/* --- The shards: on a thread of its own, so that the sinks are drained meanwhile --- */

static void close_fleet(void *ctx) {
  struct sherd__run *run = ctx;
  (void)sherd_fleet_close(run->subject.fleet, true, SHERD__RUN_CLOSE_MS);
  (void)uv_async_send(&run->fleet_closed);
}

void sherd__run_stop(struct sherd__run *run, const char *why, enum sherd_status status) {
  if (run->is_stopping)
    return;
  run->is_stopping = true;
  uv_update_time(&run->loop);
  run->stop_ms = uv_now(&run->loop);
  run->code = sherd__run_exit_code(status);
  (void)sherd__notify("STOPPING=1");
  sherd__run_log(run, status ? SHERD_LOG_ERROR : SHERD_LOG_INFO, "run.stop", "why=\"%s\"", why);
  run->has_closer = uv_thread_create(&run->closer, close_fleet, run) == 0;
  if (!run->has_closer) { /* then without the drain meanwhile */
    (void)sherd_fleet_close(run->subject.fleet, true, SHERD__RUN_CLOSE_MS);
    sherd__hub_finish(run->subject.hub, SHERD__RUN_FINISH_MS, on_finished, run);
  }
}

/* --- A fleet that ends by itself --- */

static void join_fleet(void *ctx) {
  struct sherd__run *run = ctx;
  run->outcome = sherd_fleet_join(run->subject.fleet, SHERD_FOREVER);
  (void)uv_async_send(&run->fleet_joined);
}

/* Why it has failed, the fleet has said itself. */
static void on_fleet_joined(uv_async_t *async) {
  struct sherd__run *run = async->data;
  if (run->has_joiner)
    (void)uv_thread_join(&run->joiner);
  run->has_joiner = false;
  sherd__run_stop(run, "the fleet has ended", run->outcome);
}

/* --- Signals --- */

static void on_signal(uv_signal_t *handle, int number) {
  struct sherd__run *run = handle->data;
  if (number == SIGHUP && !run->is_stopping)
    sherd__run_reload(run);
  else if (number == SIGHUP)
    return; /* it is too late for that */
  else if (!run->is_stopping)
    sherd__run_stop(run, number == SIGTERM ? "SIGTERM" : "SIGINT", SHERD_OK);
  else /* somebody is in a hurry; the marks of what was taken are kept as they are */
    _exit(128 + number);
}

static int watch_signal(struct sherd__run *run, uv_signal_t *handle, int number) {
  int failure = uv_signal_init(&run->loop, handle);
  handle->data = run;
  return failure ? failure : uv_signal_start(handle, on_signal, number);
}

int sherd__run_watch(struct sherd__run *run) {
  int failure = watch_signal(run, &run->terminate, SIGTERM);
  if (!failure)
    failure = watch_signal(run, &run->interrupt, SIGINT);
  if (!failure)
    failure = watch_signal(run, &run->hangup, SIGHUP);
  if (!failure)
    failure = uv_async_init(&run->loop, &run->fleet_joined, on_fleet_joined);
  if (!failure)
    failure = uv_async_init(&run->loop, &run->fleet_closed, on_fleet_closed);
  run->fleet_joined.data = run->fleet_closed.data = run;
  return failure;
}

bool sherd__run_watch_fleet(struct sherd__run *run) {
  run->has_joiner = uv_thread_create(&run->joiner, join_fleet, run) == 0;
  return run->has_joiner;
}
