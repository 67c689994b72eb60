#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <time.h>

#include "base/mem.h"
#include "cli/run.h"
#include "watch/notify.h"

#define CHANGED(changed, member)                                                                   \
  ((changed)&sherd__setting_bit(offsetof(struct sherd__run_settings, member)))

/* systemd waits for the READY that follows. */
static void tell_systemd_begin(void) {
  struct timespec now;
  char state[64];
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  (void)snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
                 (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
  (void)sherd__notify(state);
}

/* Each line as a record of its own. */
static void log_notes(struct sherd__run *run, enum sherd_log_level level,
                      const struct sherd_buf *notes) {
  const char *at = (const char *)notes->data, *end = at + notes->len;
  while (at < end) {
    const char *feed = memchr(at, '\n', (size_t)(end - at));
    size_t len = (size_t)((feed ? feed : end) - at);
    sherd__run_log(run, level, "run.reload", "%.*s", (int)len, at);
    at += len + 1;
  }
}

static void take_presence(struct sherd__run *run) {
  struct sherd_command command = {.type = SHERD_COMMAND_PRESENCE};
  struct sherd_error_info error = {0};
  sherd__run_presence(&run->settings, &command.as.presence);
  enum sherd_status status = sherd_fleet_send(run->subject.fleet, SHERD_NEVER, &command, &error);
  if (status)
    sherd__run_log(run, SHERD_LOG_WARN, "run.reload", "presence status=%s %s",
                   sherd_status_name(status), error.text);
}

static void take_sinks(struct sherd__run *run) {
  struct sherd__hub_config config;
  sherd__run_hub_config(run, &config);
  enum sherd_status status = sherd__hub_reconfigure(run->subject.hub, &config);
  if (status)
    sherd__run_log(run, SHERD_LOG_WARN, "run.reload", "sinks status=%s", sherd_status_name(status));
}

static void take_log(struct sherd__run *run) {
  sherd__logs_set_format(run->log.logs, run->settings.log_format);
  atomic_store(&run->log.level, (int)run->settings.log_level);
  if (run->settings.log_level > run->log.reach)
    sherd__run_log(run, SHERD_LOG_WARN, "run.reload",
                   "level=%s takes a restart: the shards make no such records until then",
                   sherd_log_level_name(run->settings.log_level));
}

static void take_changes(struct sherd__run *run, uint64_t changed) {
  if (CHANGED(changed, log_level) || CHANGED(changed, log_format))
    take_log(run);
  if (CHANGED(changed, status) || CHANGED(changed, activity) || CHANGED(changed, activity_state) ||
      CHANGED(changed, activity_url) || CHANGED(changed, activity_type))
    take_presence(run);
  if (CHANGED(changed, queue_bytes) || CHANGED(changed, max_queue_bytes) ||
      CHANGED(changed, consumers))
    take_sinks(run);
}

void sherd__run_reload(struct sherd__run *run) {
  struct sherd_buf notes;
  uint64_t changed = 0;
  if (run->show.was_ready) /* else it would be so before its time */
    tell_systemd_begin();
  sherd__buf_init(&notes, sherd_allocator_default());
  int code = sherd__run_settings_reload(&run->settings, &run->sources, &changed, &notes);
  if (code)
    sherd__run_log(run, SHERD_LOG_ERROR, "run.reload",
                   "nothing has changed: the settings are wrong");
  log_notes(run, code ? SHERD_LOG_ERROR : SHERD_LOG_INFO, &notes);
  if (!code && !notes.len)
    sherd__run_log(run, SHERD_LOG_INFO, "run.reload", "nothing has changed");
  sherd__buf_deinit(&notes);
  take_changes(run, changed);
  if (run->show.was_ready)
    (void)sherd__notify("READY=1");
}
