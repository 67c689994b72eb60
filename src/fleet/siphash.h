/* SipHash-2-4: 64 bits of any bytes, under a key of 128. Source: Aumasson and Bernstein, "SipHash:
 * a fast short-input PRF". */
#ifndef SHERD_FLEET_SIPHASH_H
#define SHERD_FLEET_SIPHASH_H

#include <stdint.h>

#include <sherd/bytes.h>

uint64_t sherd__siphash(uint64_t key0, uint64_t key1, struct sherd_bytes bytes);

#endif
