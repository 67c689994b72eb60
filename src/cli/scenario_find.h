/* Where the file of `sherd sim --scenario NAME` is. */
#ifndef SHERD_CLI_SCENARIO_FIND_H
#define SHERD_CLI_SCENARIO_FIND_H

#include <stdbool.h>

#define SHERD__SCENARIO_PATH_SIZE 4096 /* Linux opens none that is longer */

/* Gives the path to open: `name` itself when it has a slash or is a file here; else that of the
 * scenario which is installed by that name, with or without ".scenario". When there is none, false,
 * and `out` has the directory where it would be. */
bool sherd__scenario_find(const char *name, char out[SHERD__SCENARIO_PATH_SIZE]);

#endif
