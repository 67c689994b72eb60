#include "support/heap_count.h"

#include <errno.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif

static _Thread_local size_t requests;

size_t heap_count(void) {
  return requests;
}

#ifdef HAS_SANITIZER

/* The heap is the sanitizer's, which tells who wants to know. gcc does not come with the header
 * that declares it, sanitizer/allocator_interface.h. */
extern int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *ptr,
                                                                       size_t size),
                                                     void (*on_free)(const volatile void *ptr));

static void on_malloc(const volatile void *ptr, size_t size) {
  (void)ptr;
  (void)size;
  requests++;
}

static void on_free(const volatile void *ptr) {
  (void)ptr;
}

__attribute__((constructor)) static void install(void) {
  if (!__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free))
    abort();
}

#elif defined(__GLIBC__)

/* A program's own functions of these names come before libc's, for its libraries too; glibc has its
 * own under a second name for that. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *ptr, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size) {
  requests++;
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  requests++;
  return __libc_calloc(count, size);
}

void *realloc(void *ptr, size_t size) {
  requests++;
  return __libc_realloc(ptr, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  requests++;
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size) {
  requests++;
  void *ptr = __libc_memalign(alignment, size);
  if (ptr)
    *out = ptr;
  return ptr ? 0 : ENOMEM;
}

#endif
