#include "base/token.h"

#include <stddef.h>

bool sherd__token_is_good(const char *token) {
  size_t len = 0;
  if (!token)
    return false;
  for (; token[len]; len++)
    if (token[len] <= ' ' || token[len] > '~' || len == SHERD__TOKEN_BYTES_MAX)
      return false;
  return len > 0;
}
