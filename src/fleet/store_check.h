/* The checksum of all that a store keeps, and how words are put where a killed process leaves them.
 *
 * What a store keeps is made of words of 64 bits in memory that may be a file's. Each word is
 * written at once, and the words in the order of the program: a process that is killed leaves a
 * front part of its writes, never some of them without the ones before. */
#ifndef SHERD_FLEET_STORE_CHECK_H
#define SHERD_FLEET_STORE_CHECK_H

#include <stdatomic.h>
#include <stdint.h>

_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "a word must be written at once");

/* Reads a word. */
static inline uint64_t sherd__word_get(const _Atomic uint64_t *word) {
  return atomic_load_explicit(word, memory_order_relaxed);
}

/* Writes a word after all that were written before it. */
static inline void sherd__word_put(_Atomic uint64_t *word, uint64_t value) {
  atomic_store_explicit(word, value, memory_order_release);
}

/* Adds a word to a checksum, which begins as a key. Different words give different sums, so that
 * damage within one word is seen for certain; other damage but for a chance of 1 in 2^64.
 * Source: the output step of SplitMix64, a bijection (Steele, Lea and Flood, "Fast splittable
 * pseudorandom number generators", 2014). */
static inline uint64_t sherd__check_add(uint64_t check, uint64_t word) {
  check = (check ^ word) + UINT64_C(0x9E3779B97F4A7C15);
  check = (check ^ (check >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  check = (check ^ (check >> 27)) * UINT64_C(0x94D049BB133111EB);
  return check ^ (check >> 31);
}

/* A finished checksum lies at or above this: in its place, lower numbers say something else. */
#define SHERD__CHECK_MIN 16

/* The checksum as it is written. */
static inline uint64_t sherd__check_end(uint64_t check) {
  return check < SHERD__CHECK_MIN ? check + SHERD__CHECK_MIN : check;
}

#endif
