/* The client whose cost is measured: a process that is started here and measured from the outside,
 * so that all are measured alike. It prints {"events":N} once it has seen so many. */
#ifndef BENCH_PEERS_CLIENT_H
#define BENCH_PEERS_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/types.h>

struct client {
  pid_t pid;
  int told; /* what it prints comes from there */
  char line[4096];
  size_t line_len;
  bool has_all_cores; /* is not kept on the second */
  uint64_t events;    /* that it says it has seen; 0: it has said nothing yet */
};

/* Starts it on the machine's second core, if it is not to have all, with this process's
 * environment, and this one stays on the first. It ends when this process does. */
void client_start(struct client *client, char **command);
void client_end(const struct client *client);

/* Takes what it printed, if it has; a line that is not ours goes to stderr. Exits when it has
 * ended. */
void client_hear(struct client *client);

/* The processor time of all its threads, user's and system's. */
double client_cpu_s(const struct client *client);

/* A number of /proc/PID/status, as VmRSS. */
uint64_t client_kb(const struct client *client, const char *name);

#endif
