/* How consumers may be called. */
#ifndef SHERD_BASE_CONSUMER_NAME_H
#define SHERD_BASE_CONSUMER_NAME_H

#include <stdbool.h>

/* Whether `name` is one that a consumer may have in a store: 1 to SHERD_CONSUMER_NAME_MAX letters,
 * digits, '-', '_' and '.'. */
bool sherd__consumer_is_name(const char *name);

#endif
