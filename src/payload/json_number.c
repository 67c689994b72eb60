#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "payload/json.h"

/* An exponent that puts any number which is not 0 out of range, whatever its digits: a document
 * cannot have so many. */
#define EXPONENT_MAX (INT64_MAX / 4)

/* As many digits as the middle between two doubles can have. What lies beyond can only say that
 * the number is over the middle. Source: 2^-1075 has 767 significant digits at the most. */
#define DIGITS_MAX 768

static bool is_digit(uint8_t byte) {
  return byte >= '0' && byte <= '9';
}

static enum sherd_status read_digits(const uint8_t **at, const uint8_t *end,
                                     struct sherd_bytes *out) {
  const uint8_t *start = *at;
  while (*at < end && is_digit(**at))
    (*at)++;
  *out = (struct sherd_bytes){start, (size_t)(*at - start)};
  if (out->len)
    return SHERD_OK;
  return *at == end ? SHERD_ETRUNCATED : SHERD_EJSON;
}

static enum sherd_status read_exponent(const uint8_t **at, const uint8_t *end, int64_t *out) {
  (*at)++;
  bool is_negative = *at < end && **at == '-';
  if (*at < end && (**at == '-' || **at == '+'))
    (*at)++;
  struct sherd_bytes digits;
  enum sherd_status status = read_digits(at, end, &digits);
  if (status)
    return status;
  int64_t exponent = 0;
  for (size_t i = 0; i < digits.len; i++)
    exponent = exponent < EXPONENT_MAX / 10 ? exponent * 10 + (digits.data[i] - '0') : EXPONENT_MAX;
  *out = is_negative ? -exponent : exponent;
  return SHERD_OK;
}

enum sherd_status sherd__json_read_number(const uint8_t **at, const uint8_t *end, unsigned depth,
                                          struct sherd__json_number *out) {
  *out = (struct sherd__json_number){.is_negative = **at == '-'};
  if (out->is_negative)
    (*at)++;
  enum sherd_status status;
  if (*at < end && **at == '0') /* nothing may follow a leading zero */
    out->whole = (struct sherd_bytes){(*at)++, 1};
  else if ((status = read_digits(at, end, &out->whole)))
    return status;
  if (*at < end && **at == '.') {
    (*at)++;
    if ((status = read_digits(at, end, &out->fraction)))
      return status;
  }
  if (*at < end && (**at == 'e' || **at == 'E'))
    if ((status = read_exponent(at, end, &out->exponent)))
      return status;
  if (*at == end)
    return depth ? SHERD_ETRUNCATED : SHERD_OK;
  bool is_end = **at == ',' || **at == ']' || **at == '}' || sherd__json_is_space(**at);
  return is_end ? SHERD_OK : SHERD_EJSON;
}

/* The digit at `i` of all digits of a number. */
static uint8_t digit(const struct sherd__json_number *number, size_t i) {
  size_t whole = number->whole.len;
  return (uint8_t)((i < whole ? number->whole.data[i] : number->fraction.data[i - whole]) - '0');
}

static bool times_ten(uint64_t *number, uint8_t more) {
  return !__builtin_mul_overflow(*number, UINT64_C(10), number) &&
         !__builtin_add_overflow(*number, (uint64_t)more, number);
}

/* Splits a number into significand * 10^exponent without trailing zeros in the significand. False
 * when that is over 64 bits. */
static bool split(const struct sherd__json_number *number, uint64_t *significand,
                  int64_t *exponent) {
  size_t count = number->whole.len + number->fraction.len;
  size_t zeros = 0; /* that were seen and count only if another digit follows */
  *significand = 0;
  for (size_t i = 0; i < count; i++) {
    uint8_t next = digit(number, i);
    if (next == 0) {
      zeros += *significand != 0;
      continue;
    }
    for (; zeros; zeros--)
      if (!times_ten(significand, 0))
        return false;
    if (!times_ten(significand, next))
      return false;
  }
  *exponent = number->exponent - (int64_t)number->fraction.len + (int64_t)zeros;
  return true;
}

static enum sherd_status magnitude(const struct sherd__json_number *number, uint64_t *out) {
  uint64_t significand;
  int64_t exponent;
  if (!split(number, &significand, &exponent))
    return SHERD_ERANGE;
  if (significand && exponent < 0)
    return SHERD_ERANGE;
  for (; significand && exponent; exponent--)
    if (!times_ten(&significand, 0))
      return SHERD_ERANGE;
  *out = significand;
  return SHERD_OK;
}

enum sherd_status sherd__json_number_u64(const struct sherd__json_number *number, uint64_t *out) {
  uint64_t size;
  enum sherd_status status = magnitude(number, &size);
  if (status)
    return status;
  if (number->is_negative && size)
    return SHERD_ERANGE;
  *out = size;
  return SHERD_OK;
}

enum sherd_status sherd__json_number_i64(const struct sherd__json_number *number, int64_t *out) {
  uint64_t size;
  enum sherd_status status = magnitude(number, &size);
  if (status)
    return status;
  if (size > (uint64_t)INT64_MAX + number->is_negative)
    return SHERD_ERANGE;
  *out = number->is_negative ? (int64_t)(UINT64_C(0) - size) : (int64_t)size;
  return SHERD_OK;
}

/* Integers up to 2^53 and powers of ten up to 10^22 are doubles themselves, and one operation on
 * two doubles is rounded correctly. Source: Clinger, How to Read Floating Point Numbers Accurately,
 * 1990. */
static bool exact_f64(uint64_t significand, int64_t exponent, double *out) {
  static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                  1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  if (FLT_EVAL_METHOD != 0 || significand > UINT64_C(1) << 53 || exponent < -22 || exponent > 22)
    return false;
  double size = (double)significand;
  *out = exponent < 0 ? size / powers[-exponent] : size * powers[exponent];
  return true;
}

/* Has the C library round what exact_f64() cannot do. It is given digits and an exponent without
 * a decimal point, whose spelling would depend on the locale, and no more digits than count. */
static double rounded_f64(const struct sherd__json_number *number) {
  char text[DIGITS_MAX + 32];
  size_t count = number->whole.len + number->fraction.len, len = 0, i = 0;
  while (i < count && digit(number, i) == 0)
    i++;
  for (; i < count && len < DIGITS_MAX; i++)
    text[len++] = (char)('0' + digit(number, i));
  int64_t exponent = number->exponent - (int64_t)number->fraction.len + (int64_t)(count - i);
  bool is_over = false;
  for (; i < count && !is_over; i++)
    is_over = digit(number, i) != 0;
  if (is_over) {
    text[len++] = '1';
    exponent--;
  }
  snprintf(text + len, sizeof text - len, "e%lld", (long long)exponent);
  int saved_errno = errno;
  double size = strtod(text, NULL);
  errno = saved_errno;
  return size;
}

enum sherd_status sherd__json_number_f64(const struct sherd__json_number *number, double *out) {
  uint64_t significand;
  int64_t exponent;
  double size;
  bool is_small = split(number, &significand, &exponent);
  if (is_small && significand == 0)
    size = 0.0;
  else if (!is_small || !exact_f64(significand, exponent, &size))
    size = rounded_f64(number);
  if (isinf(size))
    return SHERD_ERANGE;
  *out = number->is_negative ? -size : size;
  return SHERD_OK;
}
