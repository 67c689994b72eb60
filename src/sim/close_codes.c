#include "sim/close_codes.h"

#include <stddef.h>

const char *sherd__sim_close_text(uint16_t code) {
  switch (code) {
#define CASE(name, number, text)                                                                   \
  case number:                                                                                     \
    return text;
    SHERD__SIM_CLOSE_MAP(CASE)
#undef CASE
  }
  return NULL;
}
