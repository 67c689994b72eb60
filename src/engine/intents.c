#include <sherd/intents.h>

#include <stddef.h>

const char *sherd_intent_name(uint64_t intent) {
  switch (intent) {
#define CASE(name, bit)                                                                            \
  case SHERD_INTENT_##name:                                                                        \
    return #name;
    SHERD_INTENT_MAP(CASE)
#undef CASE
  default:
    return NULL;
  }
}
