/* What the parser's files share, and nobody else sees. */
#ifndef SHERD_SIM_SCENARIO_PARTS_H
#define SHERD_SIM_SCENARIO_PARTS_H

#include "sim/scenario.h"
#include "sim/scenario_words.h"

#define SHERD__COUNT(array) (sizeof(array) / sizeof *(array))

/* Each reads to `step`; false with the error said, or, for want of memory, without. */

/* What can be waited for and expected: "resume", "close 4xxx", "op 8". */
bool sherd__wanted_read(struct sherd__words *words, const struct sherd_allocator *allocator,
                        struct sherd__step *step);

/* What can be done: "drop", "close 4009", "rest 429 for 2 requests". */
bool sherd__act_read(struct sherd__words *words, const struct sherd_allocator *allocator,
                     struct sherd__step *step);

#endif
