#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static void *libc_malloc(void *ctx, size_t size) {
  (void)ctx;
  return malloc(size);
}

static void *libc_realloc(void *ctx, void *ptr, size_t old_size, size_t size) {
  (void)ctx;
  (void)old_size;
  return realloc(ptr, size);
}

static void libc_free(void *ctx, void *ptr) {
  (void)ctx;
  free(ptr);
}

const struct sherd_allocator *sherd_allocator_default(void) {
  static const struct sherd_allocator libc = {libc_malloc, libc_realloc, libc_free, NULL};
  return &libc;
}

const struct sherd_allocator *sherd__allocator_or_default(const struct sherd_allocator *allocator) {
  return allocator ? allocator : sherd_allocator_default();
}

void *sherd__malloc(const struct sherd_allocator *allocator, size_t size) {
  return size ? allocator->malloc(allocator->ctx, size) : NULL;
}

void *sherd__calloc(const struct sherd_allocator *allocator, size_t size) {
  void *ptr = sherd__malloc(allocator, size);
  if (ptr)
    memset(ptr, 0, size);
  return ptr;
}

void *sherd__realloc(const struct sherd_allocator *allocator, void *ptr, size_t old_size,
                     size_t size) {
  if (!ptr)
    return sherd__malloc(allocator, size);
  return allocator->realloc(allocator->ctx, ptr, old_size, size);
}

void sherd__free(const struct sherd_allocator *allocator, void *ptr) {
  if (ptr)
    allocator->free(allocator->ctx, ptr);
}

char *sherd__strdup(const struct sherd_allocator *allocator, const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = sherd__malloc(allocator, size);
  if (copy)
    memcpy(copy, text, size);
  return copy;
}

void sherd__wipe(void *ptr, size_t size) {
  volatile unsigned char *byte = ptr;
  while (size--)
    *byte++ = 0;
}
