/* The simulator as a child process: `sherd sim` on loopback, with a certificate made for this run.
 */
#ifndef SHERD_DEMO_SIMULATOR_H
#define SHERD_DEMO_SIMULATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct simulator {
  pid_t pid;
  char folder[64];   /* a temporary one, for the files below */
  char ca_file[128]; /* the authority that signed its certificate */
  char cert_file[128];
  char key_file[128];
  char ledger_file[128];
  char log_file[128]; /* its stderr */
  char api_url[128];  /* where GET /gateway/bot is */
};

/* Starts `program sim` with `stream` events for each session, and waits until it listens. Each
 * connection is cut once after `cut_after` events. Says why and returns false when it cannot. */
bool simulator_start(struct simulator *simulator, const char *program, unsigned shards,
                     unsigned guilds, size_t stream, size_t rate, size_t cut_after);

/* Ends it and waits for it: false when it did not end well. */
bool simulator_stop(struct simulator *simulator);

/* Removes its files. */
void simulator_clean(struct simulator *simulator);

#endif
