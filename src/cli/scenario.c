#include "cli/scenario.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sysexits.h>
#include <uv.h>

#include "base/mem.h"
#include "cli/bot.h"
#include "cli/cli.h"
#include "cli/scenario_find.h"
#include "sim/certificates.h"
#include "sim/scenario_host.h"
#include "sim/scenario_report.h"

#define VERB           "sim"
#define FILE_BYTES_MAX (1u << 20)
#define TAIL_LINES     40
#define OUTPUT_BYTES   (256u << 10) /* of the command's output, its end, for the reports */
#define PATH_SIZE      512

#define EXIT_BROKEN 1

struct stage {
  const struct sherd__cli_scenario *options;
  struct sherd__scenario *scenario;
  struct sherd__scenario_run *run;
  struct sherd__scenario_doer doer;
  struct sherd__scenario_host host;
  struct sherd__sim_server *server;
  struct sherd__bot bot;
  uv_loop_t loop;
  uv_prepare_t prepare;
  uv_check_t check;
  uv_timer_t timer;
  uv_signal_t interrupt, terminate;
  bool is_ending;
  char dir[PATH_SIZE]; /* a directory of its own for certificates and output */
  char log[PATH_SIZE];
  int log_fd;
  bool keeps_log; /* it tells of a failure */
};

/* --- The run --- */

static void end(struct stage *stage) {
  uv_handle_t *handles[] = {
      (uv_handle_t *)&stage->prepare,   (uv_handle_t *)&stage->check,
      (uv_handle_t *)&stage->timer,     (uv_handle_t *)&stage->interrupt,
      (uv_handle_t *)&stage->terminate,
  };
  if (stage->is_ending)
    return;
  stage->is_ending = true;
  for (size_t i = 0; i < sizeof handles / sizeof *handles; i++)
    uv_close(handles[i], NULL);
  sherd__bot_close(&stage->bot);
  sherd__sim_server_stop(stage->server);
}

static void on_timer(uv_timer_t *timer) {
  (void)timer; /* it has woken the loop, which goes on to advance() */
}

/* The bot is ended before the server, so that it can say goodbye. */
static void advance(struct stage *stage) {
  uint64_t now_ms = uv_now(&stage->loop);
  if (stage->is_ending)
    return;
  sherd__scenario_run_advance(stage->run, now_ms);
  if (sherd__scenario_run_is_over(stage->run)) {
    if (!stage->bot.is_running)
      end(stage);
    else if (!uv_is_active((const uv_handle_t *)&stage->bot.patience))
      (void)sherd__bot_terminate(&stage->bot);
    return;
  }
  uint64_t due_ms = sherd__scenario_run_deadline(stage->run);
  if (due_ms != UINT64_MAX)
    (void)uv_timer_start(&stage->timer, on_timer, due_ms > now_ms ? due_ms - now_ms : 0, 0);
}

/* Timers come before this, sockets after it. */
static void on_prepare(uv_prepare_t *prepare) {
  advance(prepare->data);
}

static void on_check(uv_check_t *check) {
  advance(check->data);
}

static void on_sight(void *ctx, const struct sherd__sight *sight) {
  struct stage *stage = ctx;
  uint64_t now_ms = uv_now(&stage->loop);
  if (!stage->run || sherd__scenario_run_is_over(stage->run))
    return;
  sherd__scenario_run_see(stage->run, sight, now_ms);
  /* A bot that is started by hand starts the clock when it comes. */
  if (!sherd__scenario_run_has_started(stage->run))
    sherd__scenario_run_start(stage->run, now_ms);
}

static void on_bot_exit(void *ctx, unsigned code) {
  struct sherd__sight sight = {SHERD__SIGHT_EXIT, code, NULL};
  on_sight(ctx, &sight);
}

static bool terminate_bot(void *ctx) {
  struct stage *stage = ctx;
  return sherd__bot_terminate(&stage->bot);
}

static void on_signal(uv_signal_t *handle, int number) {
  struct stage *stage = handle->data;
  (void)number;
  sherd__scenario_run_stop(stage->run, "interrupted", uv_now(&stage->loop));
}

/* --- The bot --- */

static bool open_log(struct stage *stage) {
  const char *path = stage->options->log;
  if (path)
    (void)snprintf(stage->log, sizeof stage->log, "%s", path);
  else
    (void)snprintf(stage->log, sizeof stage->log, "%.480s/output.txt", stage->dir);
  stage->log_fd = open(stage->log, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (stage->log_fd < 0)
    sherd__cli_complain(VERB, "cannot write %s: %s", stage->log, strerror(errno));
  return stage->log_fd >= 0;
}

#define VARIABLES  8
#define VALUE_SIZE (PATH_SIZE + SHERD__TOKEN_SIZE)

/* OpenSSL's variable for the authority, and those of others who do not heed it. */
static size_t set_variables(const struct stage *stage, const char *token, bool has_own_tls,
                            char values[VARIABLES][VALUE_SIZE], char *variables[VARIABLES]) {
  static const char *const ca_names[] = {"SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS",
                                         "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"};
  char api[256];
  size_t count = 0;
  sherd__sim_server_api_url(stage->server, api, sizeof api);
  (void)snprintf(values[count++], VALUE_SIZE, "SHERD_GATEWAY_URL=%s",
                 sherd__sim_server_url(stage->server));
  (void)snprintf(values[count++], VALUE_SIZE, "SHERD_API_URL=%s", api);
  (void)snprintf(values[count++], VALUE_SIZE, "SHERD_TOKEN=%s", token);
  (void)snprintf(values[count++], VALUE_SIZE, "DISCORD_TOKEN=%s", token);
  for (size_t i = 0; i < sizeof ca_names / sizeof *ca_names && has_own_tls; i++)
    (void)snprintf(values[count++], VALUE_SIZE, "%s=%s/ca.pem", ca_names[i], stage->dir);
  for (size_t i = 0; i < count; i++)
    variables[i] = values[i];
  return count;
}

static int start_bot(struct stage *stage, const char *token) {
  char values[VARIABLES][VALUE_SIZE], *variables[VARIABLES];
  char **command = stage->options->command;
  size_t count =
      set_variables(stage, token, stage->doer.certificate_dir != NULL, values, variables);
  char **environment = sherd__bot_environment(variables, count);
  if (!environment || !open_log(stage)) {
    free(environment);
    return environment ? EX_CANTCREAT : EX_OSERR;
  }
  int error = sherd__bot_start(&stage->bot, &stage->loop, command, environment, stage->log_fd,
                               on_bot_exit, stage);
  free(environment);
  for (size_t i = 0; i < count; i++)
    sherd__wipe(values[i], VALUE_SIZE);
  if (error)
    sherd__cli_complain(VERB, "cannot start %s: %s", *command, uv_strerror(error));
  return error ? EX_UNAVAILABLE : EX_OK;
}

/* --- The report --- */

/* The end of the command's output; "" when there is none. To be freed. */
static char *read_output(const struct stage *stage) {
  char *output = calloc(1, OUTPUT_BYTES + 1);
  off_t size = stage->log_fd < 0 ? 0 : lseek(stage->log_fd, 0, SEEK_END);
  off_t from = size > (off_t)OUTPUT_BYTES ? size - (off_t)OUTPUT_BYTES : 0;
  if (!output || size <= 0)
    return output;
  ssize_t got = pread(stage->log_fd, output, OUTPUT_BYTES, from);
  output[got > 0 ? got : 0] = '\0';
  for (ssize_t i = 0; i < got; i++)
    if (!output[i])
      output[i] = '?';
  return output;
}

static const char *last_lines(const char *text, int lines) {
  const char *at = text + strlen(text);
  if (at > text && at[-1] == '\n')
    at--;
  while (at > text && (at[-1] != '\n' || --lines > 0))
    at--;
  return at;
}

static void show_output(const struct stage *stage, const char *output) {
  fprintf(stderr, "the command's output is in %s%s\n", stage->log,
          *output ? "; its end:" : ", and is empty");
  const char *tail = last_lines(output, TAIL_LINES);
  fprintf(stderr, "%s%s", tail, *tail && tail[strlen(tail) - 1] != '\n' ? "\n" : "");
}

static int write_junit(const struct stage *stage, const char *output) {
  FILE *file = fopen(stage->options->junit, "we");
  if (file) {
    sherd__scenario_report_junit(stage->run, stage->options->file, output, file);
    bool is_written = !ferror(file);
    if (fclose(file) == 0 && is_written)
      return EX_OK;
  }
  sherd__cli_complain(VERB, "cannot write %s: %s", stage->options->junit, strerror(errno));
  return EX_CANTCREAT;
}

static int report(struct stage *stage) {
  bool has_passed = sherd__scenario_run_has_passed(stage->run);
  char *output = stage->options->command ? read_output(stage) : NULL;
  int code = has_passed ? EX_OK : EXIT_BROKEN;
  sherd__scenario_report(stage->run, stage->options->file, stdout);
  (void)fflush(stdout);
  if (!has_passed && output)
    show_output(stage, output);
  if (stage->options->junit && write_junit(stage, output) && has_passed)
    code = EX_CANTCREAT;
  stage->keeps_log = !has_passed;
  free(output);
  return code;
}

/* --- Setting up, and away --- */

static int complain_of_file(const char *path, const char *what) {
  sherd__cli_complain(VERB, "%s: %s", path, what);
  return EX_NOINPUT;
}

/* Gives EX_OK with all of the file's text, to be freed, or complains. */
static int read_file(const char *path, struct sherd_bytes *out) {
  FILE *file = fopen(path, "re");
  if (!file)
    return complain_of_file(path, strerror(errno));
  uint8_t *text = malloc(FILE_BYTES_MAX + 1);
  size_t len = text ? fread(text, 1, FILE_BYTES_MAX + 1, file) : 0;
  bool is_read = text && !ferror(file);
  (void)fclose(file);
  *out = (struct sherd_bytes){text, len};
  if (is_read && len <= FILE_BYTES_MAX)
    return EX_OK;
  free(text);
  return complain_of_file(path, "it cannot be read, or has more than a megabyte");
}

static int load(struct stage *stage) {
  const char *name = stage->options->file;
  char path[SHERD__SCENARIO_PATH_SIZE];
  struct sherd_bytes text;
  struct sherd__scenario_error error;
  if (!sherd__scenario_find(name, path)) {
    sherd__cli_complain(VERB, "there is no scenario '%s', neither here nor in %s", name, path);
    return EX_NOINPUT;
  }
  int code = read_file(path, &text);
  if (code)
    return code;
  enum sherd_status status = sherd__scenario_new(NULL, text, &stage->scenario, &error);
  free((void *)(uintptr_t)text.data);
  if (status)
    sherd__cli_complain(VERB, "%s:%u: %s", path, error.line,
                        status == SHERD_EINVAL ? error.text : sherd_strerror(status));
  return status ? EX_DATAERR : EX_OK;
}

static int make_dir(struct stage *stage) {
  const char *tmp = getenv("TMPDIR");
  (void)snprintf(stage->dir, sizeof stage->dir, "%.400s/sherd-sim-XXXXXX",
                 tmp && *tmp ? tmp : "/tmp");
  if (mkdtemp(stage->dir))
    return EX_OK;
  sherd__cli_complain(VERB, "cannot make the directory %s: %s", stage->dir, strerror(errno));
  *stage->dir = '\0';
  return EX_CANTCREAT;
}

/* A certificate of the user's own is left alone; then there is no other one to choose. */
static int make_certificates(struct stage *stage, struct sherd__sim_server_options *server,
                             char cert[PATH_SIZE], char key[PATH_SIZE]) {
  if (stage->scenario->settings.tls != 1 || server->cert_file)
    return EX_OK;
  if (!sherd__certificates_make(stage->dir)) {
    sherd__cli_complain(VERB, "cannot make certificates in %s", stage->dir);
    return EX_CANTCREAT;
  }
  stage->doer.certificate_dir = stage->dir;
  (void)snprintf(cert, PATH_SIZE, "%.480s/good.pem", stage->dir);
  (void)snprintf(key, PATH_SIZE, "%.480s/good.key", stage->dir);
  server->cert_file = cert;
  server->key_file = key;
  return EX_OK;
}

static int make_server(struct stage *stage, struct sherd__sim_server_options *server) {
  char error[512];
  sherd__scenario_configure(stage->scenario, &server->sim);
  server->sim.watch = on_sight;
  server->sim.watch_ctx = stage;
  enum sherd_status status =
      sherd__sim_server_new(&stage->loop, server, &stage->server, error, sizeof error);
  if (status) {
    sherd__cli_complain(VERB, "%s", error);
    return status == SHERD_EINVAL ? EX_USAGE : EX_UNAVAILABLE;
  }
  stage->doer.server = stage->server;
  stage->doer.terminate = terminate_bot;
  stage->doer.terminate_ctx = stage;
  stage->host = (struct sherd__scenario_host){&stage->doer, sherd__scenario_doer_act,
                                              sherd__scenario_doer_events};
  return sherd__scenario_run_new(stage->scenario, &stage->host, &stage->run) ? EX_OSERR : EX_OK;
}

static void watch(struct stage *stage) {
  uv_loop_t *loop = &stage->loop;
  (void)uv_prepare_init(loop, &stage->prepare);
  (void)uv_check_init(loop, &stage->check);
  (void)uv_timer_init(loop, &stage->timer);
  (void)uv_signal_init(loop, &stage->interrupt);
  (void)uv_signal_init(loop, &stage->terminate);
  stage->prepare.data = stage->check.data = stage->timer.data = stage;
  stage->interrupt.data = stage->terminate.data = stage;
  (void)uv_prepare_start(&stage->prepare, on_prepare);
  (void)uv_check_start(&stage->check, on_check);
  (void)uv_signal_start(&stage->interrupt, on_signal, SIGINT);
  (void)uv_signal_start(&stage->terminate, on_signal, SIGTERM);
}

static void print_address(const struct stage *stage) {
  char api[256];
  sherd__sim_server_api_url(stage->server, api, sizeof api);
  printf("listening on %s (api %s)\n", sherd__sim_server_url(stage->server), api);
  if (stage->doer.certificate_dir)
    printf("the authority to trust is %s/ca.pem\n", stage->dir);
  (void)fflush(stdout);
}

/* From the server to the report. */
static int perform(struct stage *stage, const struct sherd__sim_server_options *server) {
  int code = EX_OK;
  watch(stage);
  if (!stage->options->command) {
    print_address(stage);
  } else {
    const char *token = server->sim.token ? server->sim.token : SHERD__SIM_TOKEN;
    code = start_bot(stage, token);
    sherd__scenario_run_start(stage->run, uv_now(&stage->loop));
  }
  if (code)
    end(stage);
  (void)uv_run(&stage->loop, UV_RUN_DEFAULT);
  return code ? code : report(stage);
}

static void clean(struct stage *stage) {
  sherd__scenario_run_free(stage->run);
  if (stage->server)
    sherd__sim_server_stop(stage->server);
  (void)uv_run(&stage->loop, UV_RUN_DEFAULT);
  sherd__sim_server_free(stage->server);
  (void)uv_loop_close(&stage->loop);
  if (stage->log_fd >= 0) {
    (void)close(stage->log_fd);
    if (!stage->keeps_log && !stage->options->log)
      (void)unlink(stage->log);
  }
  if (stage->doer.certificate_dir)
    sherd__certificates_remove(stage->dir);
  if (*stage->dir)
    (void)rmdir(stage->dir); /* stays while there is output in it */
}

int sherd__cli_scenario_run(const struct sherd__cli_scenario *options,
                            struct sherd__sim_server_options *server) {
  struct stage stage = {.options = options, .log_fd = -1};
  char cert[PATH_SIZE], key[PATH_SIZE];
  int code = load(&stage);
  if (code)
    return code;
  if (uv_loop_init(&stage.loop) < 0) {
    sherd__scenario_free(stage.scenario);
    return EX_OSERR;
  }
  code = make_dir(&stage);
  if (!code)
    code = make_certificates(&stage, server, cert, key);
  if (!code)
    code = make_server(&stage, server);
  if (!code)
    code = perform(&stage, server);
  clean(&stage);
  sherd__scenario_free(stage.scenario);
  return code;
}
