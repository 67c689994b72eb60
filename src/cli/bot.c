#include "cli/bot.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 2000

extern char **environ;

/* Whether `entry` says the same variable as one of the others. */
static bool is_among(const char *entry, char *const *variables, size_t count) {
  size_t len = strcspn(entry, "=");
  for (size_t i = 0; i < count; i++)
    if (strncmp(entry, variables[i], len) == 0 && variables[i][len] == '=')
      return true;
  return false;
}

char **sherd__bot_environment(char *const *variables, size_t count) {
  size_t own = 0, used = 0;
  while (environ[own])
    own++;
  char **environment = calloc(own + count + 1, sizeof *environment);
  if (!environment)
    return NULL;
  for (size_t i = 0; i < own; i++)
    if (!is_among(environ[i], variables, count))
      environment[used++] = environ[i];
  memcpy(environment + used, variables, count * sizeof *variables);
  return environment;
}

static void on_exit_of(uv_process_t *process, int64_t status, int signal_number) {
  struct sherd__bot *bot = process->data;
  bot->is_running = false;
  (void)uv_timer_stop(&bot->patience);
  bot->on_exit(bot->ctx, signal_number ? 128 + (unsigned)signal_number : (unsigned)status & 0xff);
}

int sherd__bot_start(struct sherd__bot *bot, uv_loop_t *loop, char **argv, char **environment,
                     int output_fd, sherd__bot_exit_fn on_exit, void *ctx) {
  uv_stdio_container_t stdio[] = {
      {.flags = UV_IGNORE},
      {.flags = UV_INHERIT_FD, .data.fd = output_fd},
      {.flags = UV_INHERIT_FD, .data.fd = output_fd},
  };
  uv_process_options_t options = {
      .exit_cb = on_exit_of,
      .file = *argv,
      .args = argv,
      .env = environment,
      .flags = UV_PROCESS_DETACHED, /* a group of its own, so that what it starts ends with it */
      .stdio_count = 3,
      .stdio = stdio,
  };
  *bot = (struct sherd__bot){.on_exit = on_exit, .ctx = ctx};
  (void)uv_timer_init(loop, &bot->patience);
  int error = uv_spawn(loop, &bot->process, &options);
  bot->process.data = bot->patience.data = bot;
  bot->has_handles = true;
  bot->is_running = error == 0;
  return error;
}

static void signal_group(const struct sherd__bot *bot, int number) {
  (void)kill(-bot->process.pid, number);
}

static void on_impatience(uv_timer_t *timer) {
  signal_group(timer->data, SIGKILL);
}

bool sherd__bot_terminate(struct sherd__bot *bot) {
  if (!bot->is_running)
    return false;
  signal_group(bot, SIGTERM);
  (void)uv_timer_start(&bot->patience, on_impatience, PATIENCE_MS, 0);
  return true;
}

void sherd__bot_close(struct sherd__bot *bot) {
  if (!bot->has_handles)
    return;
  bot->has_handles = false;
  if (bot->process.pid > 0)
    signal_group(bot, SIGKILL); /* what it left behind */
  uv_close((uv_handle_t *)&bot->process, NULL);
  uv_close((uv_handle_t *)&bot->patience, NULL);
}
