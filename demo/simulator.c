#include "simulator.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "say.h"
#include "sim/authority.h"

#define LISTEN_TIMEOUT_MS 15000
#define STOP_TIMEOUT_MS   10000

static void name_files(struct simulator *simulator) {
  const char *folder = simulator->folder;
  snprintf(simulator->ca_file, sizeof simulator->ca_file, "%s/ca.pem", folder);
  snprintf(simulator->cert_file, sizeof simulator->cert_file, "%s/cert.pem", folder);
  snprintf(simulator->key_file, sizeof simulator->key_file, "%s/key.pem", folder);
  snprintf(simulator->ledger_file, sizeof simulator->ledger_file, "%s/ledger.ndjson", folder);
  snprintf(simulator->log_file, sizeof simulator->log_file, "%s/sim.log", folder);
}

static bool make_certificate(const struct simulator *simulator) {
  struct sherd__authority *authority = sherd__authority_new("Sherd demo");
  bool made = authority && sherd__authority_write(authority, simulator->ca_file) &&
              sherd__authority_issue(authority, "DNS:localhost,IP:127.0.0.1", -3600, 86400,
                                     simulator->cert_file, simulator->key_file);
  sherd__authority_free(authority);
  return made;
}

static bool make_files(struct simulator *simulator) {
  const char *temporary = getenv("TMPDIR");
  snprintf(simulator->folder, sizeof simulator->folder, "%s/sherd-demo-XXXXXX",
           temporary && strlen(temporary) < 30 ? temporary : "/tmp");
  if (!mkdtemp(simulator->folder)) {
    say_line("demo       no temporary folder can be made at %s: %s", simulator->folder,
             strerror(errno));
    simulator->folder[0] = '\0';
    return false;
  }
  name_files(simulator);
  if (!make_certificate(simulator)) {
    say_line("demo       no certificate can be made in %s", simulator->folder);
    return false;
  }
  return true;
}

/* Becomes the simulator. Its first line of output goes to `out`. */
static void become(const struct simulator *simulator, const char *program, const char *const *args,
                   int out) {
  int log = open(simulator->log_file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (log >= 0)
    dup2(log, STDERR_FILENO);
  dup2(out, STDOUT_FILENO);
  unsetenv("SHERD_TOKEN");
  execv(program, (char *const *)(uintptr_t)args);
  fprintf(stderr, "%s: %s\n", program, strerror(errno));
  _exit(127);
}

static long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reads "listening on wss://... (api https://...)". */
static bool read_listening(struct simulator *simulator, int from) {
  char line[256];
  size_t len = 0;
  long until_ms = now_ms() + LISTEN_TIMEOUT_MS;
  while (len + 1 < sizeof line && !memchr(line, '\n', len)) {
    long left_ms = until_ms - now_ms();
    struct pollfd ready = {.fd = from, .events = POLLIN};
    if (left_ms <= 0 || poll(&ready, 1, (int)left_ms) <= 0)
      return false;
    ssize_t got = read(from, line + len, sizeof line - 1 - len);
    if (got <= 0)
      return false;
    len += (size_t)got;
  }
  line[len] = '\0';
  const char *api = strstr(line, "(api ");
  return api && sscanf(api, "(api %127[^)]", simulator->api_url) == 1;
}

bool simulator_start(struct simulator *simulator, const char *program, unsigned shards,
                     unsigned guilds, size_t stream, size_t rate, size_t cut_after) {
  *simulator = (struct simulator){0};
  if (!make_files(simulator))
    return false;
  char shards_text[24], guilds_text[24], stream_text[24], rate_text[24], cut_text[24];
  snprintf(shards_text, sizeof shards_text, "%u", shards);
  snprintf(guilds_text, sizeof guilds_text, "%u", guilds);
  snprintf(stream_text, sizeof stream_text, "%zu", stream);
  snprintf(rate_text, sizeof rate_text, "%zu", rate);
  snprintf(cut_text, sizeof cut_text, "%zu", cut_after);
  const char *const args[] = {program,
                              "sim",
                              "--listen",
                              "127.0.0.1:0",
                              "--tls-cert",
                              simulator->cert_file,
                              "--tls-key",
                              simulator->key_file,
                              "--ledger",
                              simulator->ledger_file,
                              "--shards",
                              shards_text,
                              "--guilds",
                              guilds_text,
                              "--events",
                              stream_text,
                              "--rate",
                              rate_text,
                              "--drop-after",
                              cut_text,
                              "--seed",
                              "2026",
                              "--heartbeat-interval",
                              "1000",
                              "--max-concurrency",
                              "2",
                              NULL};
  int out[2];
  if (pipe(out) != 0)
    return false;
  simulator->pid = fork();
  if (simulator->pid == 0) {
    close(out[0]);
    become(simulator, program, args, out[1]);
  }
  close(out[1]);
  bool listening = simulator->pid > 0 && read_listening(simulator, out[0]);
  close(out[0]);
  if (!listening)
    say_line("demo       the simulator did not come up: see %s", simulator->log_file);
  return listening;
}

bool simulator_stop(struct simulator *simulator) {
  if (simulator->pid <= 0)
    return false;
  int status = 0;
  long until_ms = now_ms() + STOP_TIMEOUT_MS;
  kill(simulator->pid, SIGTERM);
  while (waitpid(simulator->pid, &status, WNOHANG) == 0) {
    if (now_ms() > until_ms)
      kill(simulator->pid, SIGKILL);
    poll(NULL, 0, 10);
  }
  simulator->pid = 0;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void simulator_clean(struct simulator *simulator) {
  if (!simulator->folder[0])
    return;
  const char *const files[] = {simulator->ca_file, simulator->cert_file, simulator->key_file,
                               simulator->ledger_file, simulator->log_file};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++)
    unlink(files[i]);
  rmdir(simulator->folder);
}
