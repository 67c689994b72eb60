/* Memory through the one allocator. */
#ifndef SHERD_BASE_MEM_H
#define SHERD_BASE_MEM_H

#include <stddef.h>

#include <sherd/alloc.h>

/* The allocator to use for one that may be NULL. */
const struct sherd_allocator *sherd__allocator_or_default(const struct sherd_allocator *allocator);

/* `size` bytes, or NULL; `size` of 0 gives NULL. */
void *sherd__malloc(const struct sherd_allocator *allocator, size_t size);

/* The same, zeroed. */
void *sherd__calloc(const struct sherd_allocator *allocator, size_t size);

/* `ptr` may be NULL when `old_size` is 0. On failure NULL, and `ptr` is as it was. */
void *sherd__realloc(const struct sherd_allocator *allocator, void *ptr, size_t old_size,
                     size_t size);

void sherd__free(const struct sherd_allocator *allocator, void *ptr);

/* A copy of a NUL-terminated text, or NULL. */
char *sherd__strdup(const struct sherd_allocator *allocator, const char *text);

/* Overwrites `size` bytes in a way that the compiler cannot leave out; for the token. */
void sherd__wipe(void *ptr, size_t size);

#endif
