#include "watch/human.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

const char *sherd__human_ms(uint64_t ms, char out[SHERD__HUMAN_SIZE]) {
  static const struct {
    uint64_t ms;
    const char *name;
  } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "min"}, {1000, "s"}};
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    if (ms < units[i].ms)
      continue;
    uint64_t rest = i + 1 < sizeof units / sizeof *units ? ms % units[i].ms / units[i + 1].ms : 0;
    if (rest)
      snprintf(out, SHERD__HUMAN_SIZE, "%" PRIu64 " %s %u %s", ms / units[i].ms, units[i].name,
               (unsigned)rest, units[i + 1].name);
    else
      snprintf(out, SHERD__HUMAN_SIZE, "%" PRIu64 " %s", ms / units[i].ms, units[i].name);
    return out;
  }
  snprintf(out, SHERD__HUMAN_SIZE, "%u ms", (unsigned)ms);
  return out;
}

const char *sherd__human_bytes(uint64_t bytes, char out[SHERD__HUMAN_SIZE]) {
  static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) {
    snprintf(out, SHERD__HUMAN_SIZE, "%u B", (unsigned)bytes);
    return out;
  }
  double number = (double)bytes / 1024;
  size_t unit = 0;
  for (; number >= 1023.95 && unit + 1 < sizeof units / sizeof *units; unit++)
    number /= 1024;
  snprintf(out, SHERD__HUMAN_SIZE, "%.1f %s", number, units[unit]);
  return out;
}

const char *sherd__human_count(uint64_t count, char out[SHERD__HUMAN_SIZE]) {
  char digits[24];
  int len = snprintf(digits, sizeof digits, "%" PRIu64, count);
  char *to = out;
  for (int i = 0; i < len; i++) {
    if (i && (len - i) % 3 == 0)
      *to++ = ',';
    *to++ = digits[i];
  }
  *to = '\0';
  return out;
}

const char *sherd__human_time(uint64_t unix_ms, char out[SHERD__HUMAN_SIZE]) {
  unsigned s = (unsigned)(unix_ms / 1000 % 86400);
  snprintf(out, SHERD__HUMAN_SIZE, "%02u:%02u:%02u UTC", s / 3600, s / 60 % 60, s % 60);
  return out;
}
