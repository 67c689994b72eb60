#include <sherd/status.h>

const char *sherd_strerror(enum sherd_status status) {
  switch (status) {
  case SHERD_OK:
    return "success";
#define CASE(name, value, text, advice)                                                            \
  case SHERD_##name:                                                                               \
    return text ": " advice;
    SHERD_STATUS_MAP(CASE)
#undef CASE
  }
  return "unknown status";
}

const char *sherd_status_name(enum sherd_status status) {
  switch (status) {
  case SHERD_OK:
    return "SHERD_OK";
#define CASE(name, value, text, advice)                                                            \
  case SHERD_##name:                                                                               \
    return "SHERD_" #name;
    SHERD_STATUS_MAP(CASE)
#undef CASE
  }
  return "SHERD_UNKNOWN";
}
