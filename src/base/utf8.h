/* Strict UTF-8. */
#ifndef SHERD_BASE_UTF8_H
#define SHERD_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether `len` bytes are UTF-8 without surrogates, overlong forms or code points over U+10FFFF. If
 * not, *error_offset, unless NULL, is the offset of the first byte of the first sequence at fault.
 * Source: RFC 3629. */
bool sherd__utf8_is_valid(const uint8_t *data, size_t len, size_t *error_offset);

/* Writes the 1 to 4 bytes of a code point (under 0x110000, no surrogate) and gives their number. */
size_t sherd__utf8_encode(uint32_t code_point, uint8_t out[4]);

#endif
