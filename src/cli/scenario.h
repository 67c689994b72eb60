/* sherd sim --scenario: runs a scenario against somebody's bot. */
#ifndef SHERD_CLI_SCENARIO_H
#define SHERD_CLI_SCENARIO_H

#include "sim/server.h"

struct sherd__cli_scenario {
  const char *file;  /* its path, or the name of one that is installed */
  const char *junit; /* NULL: none */
  const char *log;   /* where the command's output goes; NULL: a file of its own, kept on failure */
  char **command;    /* NULL: somebody starts it by hand */
};

/* Gives an exit code: 0 when every step was as it should be, 1 when one was broken. The file's
 * settings are put over the server's. */
int sherd__cli_scenario_run(const struct sherd__cli_scenario *scenario,
                            struct sherd__sim_server_options *server);

#endif
