/* Counts what a thread asks the heap for, whoever asks: Sherd, and the libraries below it. Link
 * heap_count.c into the test. Without glibc and without a sanitizer nothing is counted. */
#ifndef SHERD_TESTS_HEAP_COUNT_H
#define SHERD_TESTS_HEAP_COUNT_H

#include <stddef.h>

/* The requests of the calling thread so far; frees are none. */
size_t heap_count(void);

#endif
