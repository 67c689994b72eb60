/* A command that runs beside the simulator: somebody's bot. */
#ifndef SHERD_CLI_BOT_H
#define SHERD_CLI_BOT_H

#include <stdbool.h>

#include <uv.h>

/* `code`: as a shell has it, 128 and more for a signal. */
typedef void (*sherd__bot_exit_fn)(void *ctx, unsigned code);

struct sherd__bot {
  uv_process_t process;
  uv_timer_t patience;
  bool is_running;
  bool has_handles; /* process and patience are on the loop */
  sherd__bot_exit_fn on_exit;
  void *ctx;
};

/* The environment of this program with `count` variables "NAME=value" put over it. NULL when there
 * is no memory; to be freed as one block. Lifetime: that of `variables` and of the environment. */
char **sherd__bot_environment(char *const *variables, size_t count);

/* Starts `argv` in a process group of its own, with its output going to `output_fd` and no input.
 * Gives 0, or libuv's error. */
int sherd__bot_start(struct sherd__bot *bot, uv_loop_t *loop, char **argv, char **environment,
                     int output_fd, sherd__bot_exit_fn on_exit, void *ctx);

/* Asks it to end (SIGTERM), and after two seconds has it ended (SIGKILL), with all that it started.
 * False when it does not run. */
bool sherd__bot_terminate(struct sherd__bot *bot);

/* Gives its handles back to the loop, once it has ended or was never started. */
void sherd__bot_close(struct sherd__bot *bot);

#endif
