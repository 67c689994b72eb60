/* JSON objects laid over each other. */
#ifndef SHERD_SIM_REST_MERGE_H
#define SHERD_SIM_REST_MERGE_H

#include <stdbool.h>

#include <sherd/value.h>

#include "sim/print.h"

/* Writes a value as it stands in its document. */
void sherd__merge_raw(struct sherd__print *print, struct sherd_value value);

/* Writes `base` with `patch` laid over it: objects key by key, at every depth; null takes a key
 * away; anything else replaces. Both must be valid. Source: RFC 7396, JSON Merge Patch. */
void sherd__merge_patch(struct sherd__print *print, struct sherd_value base,
                        struct sherd_value patch);

/* Writes the pairs of `object` whose keys are in `keys` (NULL at its end; `chosen` true) or are not
 * (false), each with a comma before it where one is due. */
void sherd__merge_pairs(struct sherd__print *print, struct sherd_value object,
                        const char *const *keys, bool chosen);

#endif
