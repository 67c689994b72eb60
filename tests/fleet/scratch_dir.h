/* A directory of a test's own, for stores in files. */
#ifndef SHERD_TESTS_SCRATCH_DIR_H
#define SHERD_TESTS_SCRATCH_DIR_H

#include <stddef.h>

#include <sherd/store.h>

#define SCRATCH_TOKEN "scratch.token.of-a-bot"

/* Makes it anew: empty. */
void scratch_dir_make(void);

/* Removes it, with what is in it. Goes on wherever it can. */
void scratch_dir_remove(void);

/* The path of a file in it. Lifetime: for 8 calls. */
const char *scratch_path(const char *name);

/* How many files are in it. */
size_t scratch_count(void);

/* Opens the store in the file of that name, for SCRATCH_TOKEN. */
enum sherd_status scratch_open(const char *name, uint32_t shard_count, struct sherd_store **out,
                               struct sherd_error_info *error);

/* The bytes of a file; the caller frees them. */
unsigned char *scratch_read(const char *name, size_t *size);

/* Puts bytes into a file, in the place of what is there. */
void scratch_write(const char *name, const void *bytes, size_t size);

#endif
