/* What a bot's token may look like: the one rule for whoever takes one in. */
#ifndef SHERD_BASE_TOKEN_H
#define SHERD_BASE_TOKEN_H

#include <stdbool.h>

/* Discord's have some 70 bytes. */
#define SHERD__TOKEN_BYTES_MAX 512

/* Room for a token and its NUL. */
#define SHERD__TOKEN_SIZE (SHERD__TOKEN_BYTES_MAX + 1)

/* Whether it is 1 to SHERD__TOKEN_BYTES_MAX bytes of visible ASCII: one with a space or a line end,
 * as in "Bot ...", was pasted wrong, and would make a header of its own. NULL is none. */
bool sherd__token_is_good(const char *token);

#endif
