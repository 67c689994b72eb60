#include "client.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "measure.h"

void client_start(struct client *client, char **command) {
  int ends[2];
  pid_t parent = getpid();
  measure_must(pipe(ends) == 0, "pipe");
  client->pid = fork();
  measure_must(client->pid >= 0, "fork");
  if (client->pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    measure_must(getppid() == parent, "too late");
    if (!client->has_all_cores)
      measure_stay_on(1);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    execvp(command[0], command);
    measure_must(false, command[0]);
  }
  close(ends[1]);
  client->told = ends[0];
  measure_must(fcntl(client->told, F_SETFL, O_NONBLOCK) == 0, "fcntl");
  measure_stay_on(0);
}

void client_end(const struct client *client) {
  kill(client->pid, SIGKILL);
  waitpid(client->pid, NULL, 0);
}

static void take_line(struct client *client, const char *line) {
  if (sscanf(line, "{\"events\":%" SCNu64 "}", &client->events) != 1)
    fprintf(stderr, "%s\n", line);
}

void client_hear(struct client *client) {
  size_t room = sizeof client->line - 1 - client->line_len;
  ssize_t got = read(client->told, client->line + client->line_len, room);
  if (got < 0 && errno == EAGAIN)
    return;
  if (got <= 0) {
    fprintf(stderr, "the client ended before it had seen all\n");
    client_end(client);
    exit(EXIT_FAILURE);
  }
  client->line_len += (size_t)got;
  client->line[client->line_len] = '\0';
  char *line = client->line;
  for (char *end; (end = strchr(line, '\n')); line = end + 1) {
    *end = '\0';
    take_line(client, line);
  }
  client->line_len = strlen(line);
  if (client->line_len == sizeof client->line - 1)
    client->line_len = 0; /* no line of ours is as long */
  memmove(client->line, line, client->line_len);
}

double client_cpu_s(const struct client *client) {
  clockid_t clock;
  measure_must(clock_getcpuclockid(client->pid, &clock) == 0, "the client's clock");
  return measure_s(clock);
}

uint64_t client_kb(const struct client *client, const char *name) {
  char path[64], line[256];
  uint64_t kb = 0;
  snprintf(path, sizeof path, "/proc/%d/status", (int)client->pid);
  FILE *file = fopen(path, "r");
  measure_must(file, path);
  while (fgets(line, sizeof line, file))
    if (strncmp(line, name, strlen(name)) == 0)
      sscanf(line + strlen(name), ": %" SCNu64, &kb);
  fclose(file);
  return kb;
}
