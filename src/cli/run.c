#include "cli/run.h"

#include <signal.h>
#include <stdio.h>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include <sherd/version.h>

extern char **environ;

/* Ten thousand shards are ten thousand sockets; the soft limit is 1024 as a rule, for programs that
 * still use select(). */
static void raise_file_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* The token shall be in no core file, and in no other process's reach. */
static void keep_memory_private(void) {
  (void)prctl(PR_SET_DUMPABLE, 0);
}

static void print(FILE *file, const struct sherd_buf *text) {
  if (text->len)
    (void)fwrite(text->data, 1, text->len, file);
}

static int show_help(struct sherd_buf *text) {
  if (sherd__run_settings_help(text))
    return EX_OSERR;
  print(stdout, text);
  return EX_OK;
}

/* Says what would run, and touches nothing. */
static int check(const struct sherd__run *run, struct sherd_buf *text) {
  if (sherd__run_settings_describe(&run->settings, text))
    return EX_OSERR;
  print(stdout, text);
  return EX_OK;
}

static int load_token(struct sherd__run *run) {
  int code =
      sherd__cli_token(SHERD__RUN_VERB, sherd__run_settings_token_file(&run->settings), run->token);
  if (code == EX_OK && !*run->token) {
    sherd__cli_complain(SHERD__RUN_VERB,
                        "there is no token; put the bot's bare token into SHERD_TOKEN, or into a "
                        "file and give --token-file");
    code = EX_USAGE;
  }
  return code;
}

/* Servers that have not said goodbye by now would be waited for once more, connection by
 * connection. What matters is done: the sinks are drained, the store is synced. */
static bool is_in_haste(const struct sherd__run *run) {
  return run->is_stopping && uv_now(&run->loop) - run->stop_ms >= SHERD__RUN_CLOSE_MS;
}

static int run_it(struct sherd__run *run) {
  raise_file_limit();
  keep_memory_private();
  (void)signal(SIGPIPE, SIG_IGN);
  run->code = EX_OK;
  int code = sherd__run_start(run);
  if (code == EX_OK) {
    (void)uv_run(&run->loop, UV_RUN_DEFAULT);
    code = run->code;
  }
  if (is_in_haste(run))
    _exit(code);
  sherd__run_free(run);
  return code;
}

int sherd__cli_run(int argc, char **argv) {
  static struct sherd__run run;
  struct sherd_buf text;
  run.sources = (struct sherd__run_sources){.argc = argc, .argv = argv, .environment = environ};
  sherd__buf_init(&text, sherd_allocator_default());
  int code = sherd__run_settings_load(&run.sources, &run.settings, &text);
  print(stderr, &text);
  text.len = 0;
  if (code == EX_OK && run.settings.help)
    code = show_help(&text);
  else if (code == EX_OK && run.settings.version)
    printf("sherd %s\n", sherd_version());
  else if (code == EX_OK) {
    code = load_token(&run);
    if (code == EX_OK)
      code = run.settings.check ? check(&run, &text) : run_it(&run);
  }
  sherd__buf_deinit(&text);
  sherd__run_settings_free(&run.settings);
  return code;
}
