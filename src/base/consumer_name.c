#include "base/consumer_name.h"

#include <string.h>

#include <sherd/store.h>

bool sherd__consumer_is_name(const char *name) {
  size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.");
  return len >= 1 && len <= SHERD_CONSUMER_NAME_MAX && name[len] == '\0';
}
