/* The one replaceable allocator.
 *
 * An object that is given an allocator at its making keeps it and uses it for all memory of
 * Sherd's own. (OpenSSL, libuv, libcurl and wslay keep using their own.) */
#ifndef SHERD_ALLOC_H
#define SHERD_ALLOC_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sherd_allocator {
  /* Returns `size` bytes aligned for any type, or NULL. `size` is never 0. */
  void *(*malloc)(void *ctx, size_t size);
  /* Grows or shrinks `ptr`, which had `old_size` bytes; `ptr` is never NULL and `size` never 0.
   * On failure returns NULL and leaves `ptr` as it was. */
  void *(*realloc)(void *ctx, void *ptr, size_t old_size, size_t size);
  /* Frees `ptr`, which may be NULL. */
  void (*free)(void *ctx, void *ptr);
  void *ctx;
};

/* The C library's malloc, realloc and free; what NULL means wherever an allocator is asked for.
 * Thread-safe. Lifetime: static. */
const struct sherd_allocator *sherd_allocator_default(void);

#ifdef __cplusplus
}
#endif
#endif
