/* A directory of a test's own, for stores in files. */
#ifndef SHERD_TESTS_SCRATCH_DIR_H
#define SHERD_TESTS_SCRATCH_DIR_H

#include <stddef.h>

/* Makes it anew: empty. */
void scratch_dir_make(void);

/* Removes it, with what is in it. Goes on wherever it can. */
void scratch_dir_remove(void);

/* The path of a file in it. Lifetime: for 8 calls. */
const char *scratch_path(const char *name);

/* How many files are in it. */
size_t scratch_count(void);

#endif
