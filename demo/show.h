/* What the demo prints: a live line on a terminal, plain lines in a pipe, a table at the end. */
#ifndef SHERD_DEMO_SHOW_H
#define SHERD_DEMO_SHOW_H

#include <stddef.h>

#include "seen.h"

/* How far the shards are; `stream` events each. On a terminal it redraws; in a pipe it prints a
 * line each quarter of the way. */
void show_progress(struct seen *seen, size_t count, size_t stream);

/* A column for each shard: what it saw, and what it cost. */
void show_table(struct seen *seen, size_t count);

#endif
