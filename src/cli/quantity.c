#include "cli/quantity.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
  const char *name;
  uint64_t factor;
};

/* From the smallest to the largest of those that are written. */
static const struct unit time_units[] = {
    {"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {NULL, 0}};
static const struct unit size_units[] = {{"", 1},
                                         {"K", UINT64_C(1) << 10},
                                         {"M", UINT64_C(1) << 20},
                                         {"G", UINT64_C(1) << 30},
                                         {NULL, 0}};
static const struct unit long_size_units[] = {
    {"KiB", UINT64_C(1) << 10}, {"MiB", UINT64_C(1) << 20}, {"GiB", UINT64_C(1) << 30}, {NULL, 0}};

/* Reads digits, as far as there are some. */
static const char *read_digits(const char *at, unsigned base, uint64_t *out) {
  uint64_t number = 0;
  const char *start = at;
  for (; isxdigit((unsigned char)*at); at++) {
    unsigned digit = isdigit((unsigned char)*at)
                         ? (unsigned)(*at - '0')
                         : (unsigned)(tolower((unsigned char)*at) - 'a' + 10);
    if (digit >= base)
      break;
    if (number > (UINT64_MAX - digit) / base)
      return NULL;
    number = number * base + digit;
  }
  *out = number;
  return at == start ? NULL : at;
}

bool sherd__quantity_number(const char *text, uint64_t *out) {
  bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  const char *end = read_digits(is_hex ? text + 2 : text, is_hex ? 16 : 10, out);
  return end && !*end;
}

static bool read_with(const char *text, const struct unit *units, uint64_t *out) {
  uint64_t number;
  const char *end = read_digits(text, 10, &number);
  if (!end)
    return false;
  while (*end == ' ')
    end++;
  while (units->name && strcmp(units->name, end) != 0)
    units++;
  if (!units->name || number > UINT64_MAX / units->factor)
    return false;
  *out = number * units->factor;
  return true;
}

bool sherd__quantity_time(const char *text, uint64_t *out_ms) {
  if (strcmp(text, "0") != 0)
    return read_with(text, time_units, out_ms);
  *out_ms = 0;
  return true;
}

bool sherd__quantity_size(const char *text, uint64_t *out_bytes) {
  return read_with(text, size_units, out_bytes) || read_with(text, long_size_units, out_bytes);
}

static void write_with(const struct unit *units, uint64_t number, char out[SHERD__QUANTITY_SIZE]) {
  const struct unit *best = units;
  for (; units->name; units++)
    if (number && number % units->factor == 0)
      best = units;
  (void)snprintf(out, SHERD__QUANTITY_SIZE, "%" PRIu64 "%s", number / best->factor, best->name);
}

void sherd__quantity_write_time(uint64_t ms, char out[SHERD__QUANTITY_SIZE]) {
  write_with(time_units, ms, out);
}

void sherd__quantity_write_size(uint64_t bytes, char out[SHERD__QUANTITY_SIZE]) {
  write_with(size_units, bytes, out);
}
