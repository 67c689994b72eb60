/* The words of a scenario's line, and what to say of those that are none. */
#ifndef SHERD_SIM_SCENARIO_WORDS_H
#define SHERD_SIM_SCENARIO_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/scenario.h"

#define SHERD__WORD_SIZE 64

/* A line, of which words are taken from the front. */
struct sherd__words {
  const char *at;
  struct sherd__scenario_error *error;
};

/* Takes the next word; false when there is none. What is longer than a word is cut, and then is
 * none that anybody knows. */
bool sherd__words_next(struct sherd__words *words, char out[SHERD__WORD_SIZE]);

/* Takes the next word if it is that one. */
bool sherd__words_take(struct sherd__words *words, const char *word);

/* Takes all that is left. */
const char *sherd__words_rest(struct sherd__words *words);

/* Each says what is wrong if it is not the last thing of the line, a number, a time ("500ms", "2s",
 * "1m"), a size ("512", "64kB", "40MB"); and gives false. `what` says in the error what it is. */
bool sherd__words_end(struct sherd__words *words);
bool sherd__words_number(struct sherd__words *words, const char *what, uint64_t min, uint64_t max,
                         uint64_t *out);
bool sherd__words_time(struct sherd__words *words, const char *what, uint64_t *out_ms);
bool sherd__words_size(struct sherd__words *words, const char *what, uint64_t max,
                       uint64_t *out_bytes);

/* Writes the error; gives false. */
__attribute__((format(printf, 2, 3))) bool sherd__words_fail(struct sherd__words *words,
                                                             const char *format, ...);

/* The same for a word that is none of `count` names, `stride` bytes apart: names the nearest, or
 * all when none is near. */
bool sherd__words_fail_unknown(struct sherd__words *words, const char *what, const char *word,
                               const void *names, size_t count, size_t stride);

#endif
