/* The ledger: one line of JSON for each dispatch that was produced, so that what clients saw can be
 * held against what was sent. */
#ifndef SHERD_SIM_LEDGER_H
#define SHERD_SIM_LEDGER_H

#include <stdbool.h>

#include "sim/gateway.h"

struct sherd__ledger;

/* Opens, or empties, the file. NULL when it cannot be, and errno says why. */
struct sherd__ledger *sherd__ledger_open(const char *path);

/* Writes a line, as in
 *   {"shard":0,"session":"…","s":3,"t":"MESSAGE_CREATE","bytes":812,"hash":"9e3779b97f4a7c15"}
 * where the hash is FNV-1a 64 of the `d`'s JSON. Fits struct sherd__sim_config. */
void sherd__ledger_add(void *ledger, const struct sherd__sim_produced *it);

/* Writes out what is left and closes; false when something could not be written. */
bool sherd__ledger_close(struct sherd__ledger *ledger);

#endif
