#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/ioctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/run.h"
#include "watch/notify.h"
#include "watch/render.h"

#define TICK_MS       250
#define STATUS_MS     5000       /* how often systemd is told how far it is */
#define EXTENSION_US  "30000000" /* what a start may take until the next word of ours */
#define WIDTH_WITHOUT 80
#define CLEAR_TO_END  "\033[K"
#define RATE_MS       1000 /* events a second are counted over this at least */

/* --- The terminal --- */

static bool wants_line(const struct sherd__run_settings *settings) {
  switch (settings->progress) {
  case SHERD__PROGRESS_ALWAYS:
    return true;
  case SHERD__PROGRESS_NEVER:
    return false;
  case SHERD__PROGRESS_AUTO:
    break;
  }
  /* Events on the same terminal would run into it. */
  bool has_events = settings->sink_kind == SHERD__SINK_STDOUT && isatty(STDOUT_FILENO);
  return isatty(STDERR_FILENO) && !has_events;
}

static size_t terminal_width(void) {
  struct winsize size;
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2)
    return WIDTH_WITHOUT;
  return (size_t)size.ws_col - 1; /* a full line would wrap */
}

static void draw(struct sherd__run *run, const struct sherd__snapshot *snapshot) {
  struct sherd_buf out;
  sherd__buf_init(&out, sherd_allocator_default());
  if (sherd__buf_append_byte(&out, '\r') == SHERD_OK &&
      sherd__render_progress(snapshot, run->show.before, terminal_width(), &out) == SHERD_OK &&
      sherd__buf_append(&out, CLEAR_TO_END, sizeof CLEAR_TO_END - 1) == SHERD_OK) {
    sherd__run_log_show(&run->log, out.data, out.len);
    atomic_store(&run->log.line_is_shown, true);
  }
  sherd__buf_deinit(&out);
}

static void wipe(struct sherd__run *run) {
  if (atomic_exchange(&run->log.line_is_shown, false))
    sherd__run_log_show(&run->log, "\r" CLEAR_TO_END, sizeof "\r" CLEAR_TO_END - 1);
}

/* --- systemd --- */

static void tell_systemd(struct sherd__run *run, const struct sherd__snapshot *snapshot) {
  struct sherd__run_show *show = &run->show;
  uint64_t now_ms = uv_now(&run->loop);
  char state[256];
  if (show->watchdog_ms && now_ms >= show->next_watchdog_ms) {
    show->next_watchdog_ms = now_ms + show->watchdog_ms;
    (void)sherd__notify("WATCHDOG=1");
  }
  bool is_running = snapshot->fleet.phase == SHERD_FLEET_RUNNING;
  bool is_first = is_running && !show->was_ready;
  if (now_ms < show->next_status_ms && !is_first)
    return;
  show->next_status_ms = now_ms + STATUS_MS;
  show->was_ready |= is_running;
  (void)snprintf(state, sizeof state, "%sSTATUS=%s: %" PRIu32 "/%" PRIu32 " shards connected",
                 is_first           ? "READY=1\n"
                 : !show->was_ready ? "EXTEND_TIMEOUT_USEC=" EXTENSION_US "\n"
                                    : "",
                 sherd_fleet_phase_name(snapshot->fleet.phase), snapshot->fleet.connected,
                 snapshot->fleet.shards);
  (void)sherd__notify(state);
}

/* --- Both --- */

static void keep_for_rates(struct sherd__run_show *show, struct sherd__snapshot *snapshot) {
  if (show->before && snapshot->unix_ms - show->before->unix_ms < RATE_MS) {
    sherd__snapshot_release(snapshot);
    return;
  }
  sherd__snapshot_release(show->before);
  show->before = snapshot;
}

static void on_tick(uv_timer_t *timer) {
  struct sherd__run *run = timer->data;
  struct sherd__snapshot *snapshot = sherd__snapshot_take(&run->subject, !run->show.has_line);
  if (!snapshot)
    return;
  tell_systemd(run, snapshot);
  if (run->show.has_line)
    draw(run, snapshot);
  keep_for_rates(&run->show, snapshot);
}

int sherd__run_show_start(struct sherd__run *run) {
  struct sherd__run_show *show = &run->show;
  show->has_line = wants_line(&run->settings);
  show->watchdog_ms = sherd__notify_watchdog_ms();
  (void)uv_timer_init(&run->loop, &show->timer);
  show->timer.data = run;
  if (show->has_line || getenv("NOTIFY_SOCKET")) /* else nobody looks */
    (void)uv_timer_start(&show->timer, on_tick, TICK_MS, TICK_MS);
  return EX_OK;
}

void sherd__run_show_stop(struct sherd__run *run) {
  wipe(run);
  if (!uv_is_closing((uv_handle_t *)&run->show.timer))
    uv_close((uv_handle_t *)&run->show.timer, NULL);
}
