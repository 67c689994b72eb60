/* The envelope as Discord writes it: found at once, without a walk. */
#ifndef SHERD_PAYLOAD_ENVELOPE_JSON_H
#define SHERD_PAYLOAD_ENVELOPE_JSON_H

#include <stdbool.h>

#include "payload/envelope.h"

/* What sherd__envelope_scan() gives, for a document without white space before a key or a value,
 * whose keys are among the four, each at most once, and whose numbers are plain. False for any
 * other one, be it good or bad: that is for the walk to say. */
bool sherd__envelope_find_json(struct sherd_bytes in, struct sherd__extents *extents,
                               struct sherd__envelope *out);

#endif
