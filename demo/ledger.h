/* The simulator's own account of what it sent, held against what a shard saw. */
#ifndef SHERD_DEMO_LEDGER_H
#define SHERD_DEMO_LEDGER_H

#include <stdbool.h>
#include <stddef.h>

#include "seen.h"

/* Reads the ledger at `path` and compares it with each shard's events: the same numbers, names and
 * bytes in the same order, and none besides. Prints a line for each shard, and the first
 * difference. False when there is one, or the ledger cannot be read. */
bool ledger_agrees(const char *path, struct seen *seen, size_t count);

#endif
