/* The program's verbs: one function, in one file, each. */
#ifndef SHERD_CLI_CLI_H
#define SHERD_CLI_CLI_H

#include <stdint.h>
#include <stdio.h>

#include "base/token.h"

/* `argv[0]` is the verb. Each gives an exit code of sysexits.h. */
int sherd__cli_run(int argc, char **argv);
int sherd__cli_sim(int argc, char **argv);
int sherd__cli_status(int argc, char **argv);
int sherd__cli_reshard(int argc, char **argv);

/* Says "sherd VERB: ..." on one line of stderr. */
__attribute__((format(printf, 2, 3))) void sherd__cli_complain(const char *verb, const char *format,
                                                               ...);

/* Reads a whole number from `min` to `max`; complains and gives false when it is none. */
int sherd__cli_number(const char *verb, const char *option, const char *text, uint64_t min,
                      uint64_t max, uint64_t *out);

/* Takes the token from the file, or from SHERD_TOKEN when `file` is NULL; "" when there is none.
 * The token never comes from argv, which every user of a machine can read. Gives EX_OK, or
 * complains. */
int sherd__cli_token(const char *verb, const char *file, char out[SHERD__TOKEN_SIZE]);

#endif
