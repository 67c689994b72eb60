#include "sim/print.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void sherd__print_init(struct sherd__print *print, const struct sherd_allocator *allocator) {
  *print = (struct sherd__print){0};
  sherd__buf_init(&print->out, allocator);
}

void sherd__print_deinit(struct sherd__print *print) {
  sherd__buf_deinit(&print->out);
}

void sherd__print_reset(struct sherd__print *print) {
  print->out.len = 0;
  print->is_ascii = false;
  print->status = SHERD_OK;
}

static void put(struct sherd__print *print, const void *data, size_t len) {
  if (!print->status)
    print->status = sherd__buf_append(&print->out, data, len);
}

static void put_number(struct sherd__print *print, uintmax_t number) {
  char digits[20];
  size_t at = sizeof digits;
  do
    digits[--at] = (char)('0' + number % 10);
  while (number /= 10);
  put(print, digits + at, sizeof digits - at);
}

static void put_signed(struct sherd__print *print, intmax_t number) {
  if (number < 0)
    put(print, "-", 1);
  put_number(print, number < 0 ? 0 - (uintmax_t)number : (uintmax_t)number);
}

static void put_decimal(struct sherd__print *print, double number) {
  char text[48];
  int len = snprintf(text, sizeof text, "%.3f", number);
  while (text[len - 1] == '0' && text[len - 2] != '.')
    len--;
  put(print, text, (size_t)len);
}

static void put_escape(struct sherd__print *print, uint32_t unit) {
  char text[8];
  int len = snprintf(text, sizeof text, "\\u%04x", unit & 0xFFFF);
  put(print, text, (size_t)len);
}

/* One code point of valid UTF-8; gives its length. */
static size_t decode(const uint8_t *at, uint32_t *code_point) {
  size_t len = at[0] < 0xE0 ? 2 : at[0] < 0xF0 ? 3 : 4;
  *code_point = at[0] & (0xFFu >> (len + 1));
  for (size_t i = 1; i < len; i++)
    *code_point = *code_point << 6 | (at[i] & 0x3F);
  return len;
}

static size_t put_escaped_code_point(struct sherd__print *print, const uint8_t *at) {
  uint32_t code_point;
  size_t len = decode(at, &code_point);
  if (code_point >= 0x10000) {
    code_point -= 0x10000;
    put_escape(print, 0xD800 + (code_point >> 10));
    code_point = 0xDC00 + (code_point & 0x3FF);
  }
  put_escape(print, code_point);
  return len;
}

static void put_special(struct sherd__print *print, uint8_t byte) {
  static const char names[] = "\"\"\\\\\nn\rr\tt\bb\ff";
  for (const char *row = names; *row; row += 2)
    if ((uint8_t)row[0] == byte) {
      char pair[2] = {'\\', row[1]};
      put(print, pair, sizeof pair);
      return;
    }
  put_escape(print, byte);
}

void sherd__print_text(struct sherd__print *print, const void *text, size_t len) {
  const uint8_t *at = text;
  put(print, "\"", 1);
  for (size_t i = 0; i < len;) {
    size_t run = i;
    while (run < len && at[run] >= 0x20 && at[run] != '"' && at[run] != '\\' &&
           !(print->is_ascii && at[run] >= 0x80))
      run++;
    put(print, at + i, run - i);
    i = run;
    if (i == len)
      break;
    if (at[i] >= 0x80)
      i += put_escaped_code_point(print, at + i);
    else
      put_special(print, at[i++]);
  }
  put(print, "\"", 1);
}

static void put_text_or_null(struct sherd__print *print, const char *text) {
  if (text)
    sherd__print_text(print, text, strlen(text));
  else
    put(print, "null", 4);
}

/* Fills one hole; gives what follows its conversion in the format. */
static const char *put_hole(struct sherd__print *print, const char *at, va_list *args) {
  if (strncmp(at, ".*s", 3) == 0) {
    int len = va_arg(*args, int);
    put(print, va_arg(*args, const char *), (size_t)len);
    return at + 3;
  }
  if (strncmp(at, "ju", 2) == 0 || strncmp(at, "jd", 2) == 0) {
    if (at[1] == 'u')
      put_number(print, va_arg(*args, uintmax_t));
    else
      put_signed(print, va_arg(*args, intmax_t));
    return at + 2;
  }
  switch (*at) {
  case 's':
    put_text_or_null(print, va_arg(*args, const char *));
    break;
  case 'i':
    if (va_arg(*args, int))
      put(print, "true", 4);
    else
      put(print, "false", 5);
    break;
  case 'd':
    put_signed(print, va_arg(*args, int));
    break;
  case 'u':
    put_number(print, va_arg(*args, unsigned));
    break;
  case 'f':
    put_decimal(print, va_arg(*args, double));
    break;
  default: /* no conversion of ours: a mistake in a template, which no test passes */
    print->status = SHERD_EINVAL;
  }
  return at + 1;
}

/* Copies up to the next hole or the end; gives where that is. */
static const char *put_literal(struct sherd__print *print, const char *at, const char *end) {
  struct sherd_buf *out = &print->out;
  if (!print->status)
    print->status = sherd__buf_reserve(out, (size_t)(end - at));
  if (print->status)
    return end;
  const char *hole = memchr(at, '%', (size_t)(end - at));
  size_t len = (size_t)((hole ? hole : end) - at);
  uint8_t *to = out->data + out->len;
  for (size_t i = 0; i < len; i++) /* no other way out: this is most of what is written */
    to[i] = at[i] == '\'' ? '"' : (uint8_t)at[i];
  out->len += len;
  return at + len;
}

void sherd__print(struct sherd__print *print, const char *format, ...) {
  const char *end = format + strlen(format);
  va_list args;
  va_start(args, format);
  for (const char *at = put_literal(print, format, end); at < end; at = put_literal(print, at, end))
    at = put_hole(print, at + 1, &args);
  va_end(args);
}

void sherd__print_comma(struct sherd__print *print) {
  if (print->out.len == 0)
    return;
  uint8_t last = print->out.data[print->out.len - 1];
  if (last != '[' && last != '{' && last != ':' && last != ',')
    put(print, ",", 1);
}

struct sherd_bytes sherd__print_since(const struct sherd__print *print, size_t start) {
  return (struct sherd_bytes){print->out.data + start, print->out.len - start};
}

static void put_digits(char *at, unsigned number, int digits) {
  while (digits--) {
    at[digits] = (char)('0' + number % 10);
    number /= 10;
  }
}

/* Days since 1970 to a date. Source: Howard Hinnant, "chrono-Compatible Low-Level Date
 * Algorithms". */
static void put_date(char *at, unsigned days) {
  days += 719468; /* since 0000-03-01 */
  unsigned era = days / 146097, day_of_era = days % 146097;
  unsigned year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  unsigned shifted = (5 * day_of_year + 2) / 153; /* March is 0 */
  unsigned month = shifted < 10 ? shifted + 3 : shifted - 9;
  put_digits(at, year_of_era + era * 400 + (month <= 2), 4);
  put_digits(at + 5, month, 2);
  put_digits(at + 8, day_of_year - (153 * shifted + 2) / 5 + 1, 2);
}

const char *sherd__timestamp(uint64_t unix_ms, char out[SHERD__TIMESTAMP_SIZE]) {
  memcpy(out, "0000-00-00T00:00:00.000000+00:00", SHERD__TIMESTAMP_SIZE);
  unsigned second = (unsigned)(unix_ms / 1000 % 86400);
  put_date(out, (unsigned)(unix_ms / 86400000));
  put_digits(out + 11, second / 3600, 2);
  put_digits(out + 14, second / 60 % 60, 2);
  put_digits(out + 17, second % 60, 2);
  put_digits(out + 20, (unsigned)(unix_ms % 1000), 3);
  return out;
}
