/* UTF-8 checked sixteen bytes at a time, where the processor can look up sixteen bytes at once. */
#ifndef SHERD_BASE_UTF8_BLOCKS_H
#define SHERD_BASE_UTF8_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether sherd__utf8_blocks_are_valid() may be called here: x86-64 with SSSE3, which all have had
 * since 2006, but which no compiler may take for granted. */
bool sherd__utf8_has_blocks(void);

/* What sherd__utf8_is_valid() says, without the place of the fault. */
bool sherd__utf8_blocks_are_valid(const uint8_t *data, size_t len);

#endif
