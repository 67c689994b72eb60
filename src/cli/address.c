#include "cli/address.h"

#include <string.h>

#include "cli/quantity.h"

bool sherd__address_read(const char *text, char *host, size_t host_size, uint16_t *port) {
  const char *colon = strrchr(text, ':');
  uint64_t number;
  if (!colon || !sherd__quantity_number(colon + 1, &number) || number > UINT16_MAX)
    return false;
  size_t len = (size_t)(colon - text);
  bool is_bracketed = len > 2 && text[0] == '[' && text[len - 1] == ']';
  if (is_bracketed) {
    text++;
    len -= 2;
  }
  if (!len || len >= host_size || memchr(text, ' ', len) ||
      (!is_bracketed && memchr(text, ':', len)))
    return false;
  memcpy(host, text, len);
  host[len] = '\0';
  *port = (uint16_t)number;
  return true;
}
