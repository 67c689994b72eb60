/* The name that somebody may have meant who wrote another. */
#ifndef SHERD_BASE_NEAREST_H
#define SHERD_BASE_NEAREST_H

#include <stddef.h>

/* Of `count` names, each the first member of an item `stride` bytes long, the one that is the
 * fewest slips of the pen away from `word`: letters added, lost, exchanged, or swapped with the
 * next. When none is near, the first that begins with `word`; NULL when none does. Names that are
 * NULL are passed over. Lifetime: the name's. */
const char *sherd__nearest(const char *word, const void *names, size_t count, size_t stride);

#endif
