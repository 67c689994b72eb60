#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "payload/etf.h"
#include "payload/json.h"

/* --- Integers --- */

/* The magnitude of an INTEGER, which has a sign of its own, in little-endian bytes. */
static void split_i32(const uint8_t body[4], struct sherd__etf_integer *out) {
  uint32_t number = (uint32_t)body[0] << 24 | (uint32_t)body[1] << 16 | (uint32_t)body[2] << 8 |
                    (uint32_t)body[3];
  out->is_negative = number >> 31;
  if (out->is_negative)
    number = UINT32_C(0) - number;
  for (int i = 0; i < 4; i++)
    out->small[i] = (uint8_t)(number >> (8 * i));
  out->magnitude = (struct sherd_bytes){out->small, 4};
}

enum sherd_status sherd__etf_integer(const struct sherd__etf_term *term,
                                     struct sherd__etf_integer *out) {
  const uint8_t *body = term->body.data;
  out->is_negative = false;
  out->magnitude = term->body;
  if (term->tag == SHERD__ETF_INTEGER) {
    split_i32(body, out);
  } else if (term->tag != SHERD__ETF_SMALL_INTEGER) {
    if (body[0] > 1)
      return SHERD_EETF;
    out->is_negative = body[0] == 1;
    out->magnitude = (struct sherd_bytes){body + 1, term->body.len - 1};
  }
  while (out->magnitude.len && out->magnitude.data[out->magnitude.len - 1] == 0)
    out->magnitude.len--;
  return SHERD_OK;
}

static enum sherd_status magnitude_u64(const struct sherd__etf_integer *integer, uint64_t *out) {
  if (integer->magnitude.len > sizeof *out)
    return SHERD_ERANGE;
  *out = 0;
  for (size_t i = integer->magnitude.len; i; i--)
    *out = *out << 8 | integer->magnitude.data[i - 1];
  return SHERD_OK;
}

/* The nearest double. Of a long integer the highest 64 bits are taken, and whatever is below them
 * makes their lowest bit 1: enough to know on which side of the middle the number is. */
static double integer_f64(const struct sherd__etf_integer *integer) {
  struct sherd_bytes magnitude = integer->magnitude;
  uint64_t high = 0;
  size_t i = magnitude.len;
  for (; i && high >> 56 == 0; i--)
    high = high << 8 | magnitude.data[i - 1];
  if (i > DBL_MAX_EXP / 8)
    return HUGE_VAL;
  bool has_rest = false;
  for (size_t j = 0; j < i; j++)
    has_rest |= magnitude.data[j] != 0;
  int saved_errno = errno;
  double size = ldexp((double)(high | has_rest), (int)i * 8);
  errno = saved_errno;
  return integer->is_negative ? -size : size;
}

/* --- Floats --- */

/* The old form is a text. What printf() makes of a double is a number of JSON too. */
static enum sherd_status float_of_text(struct sherd_bytes body, double *out) {
  const uint8_t *end = memchr(body.data, 0, body.len);
  const uint8_t *at = body.data;
  struct sherd__json_number number;
  if (!end)
    end = at + body.len;
  for (const uint8_t *p = end; p < body.data + body.len; p++)
    if (*p)
      return SHERD_EETF;
  if (at == end || sherd__json_read_number(&at, end, 0, &number) || at != end)
    return SHERD_EETF;
  return sherd__json_number_f64(&number, out) ? SHERD_EETF : SHERD_OK;
}

enum sherd_status sherd__etf_float(const struct sherd__etf_term *term, double *out) {
  if (term->tag == SHERD__ETF_FLOAT)
    return float_of_text(term->body, out);
  uint64_t bits = 0;
  for (int i = 0; i < 8; i++)
    bits = bits << 8 | term->body.data[i];
  double number;
  memcpy(&number, &bits, sizeof number);
  if (!isfinite(number))
    return SHERD_EETF;
  *out = number;
  return SHERD_OK;
}

/* --- Both --- */

static const double two_to_63 = 9223372036854775808.0;

static enum sherd_status float_magnitude(const struct sherd__etf_term *term, bool *is_negative,
                                         uint64_t *out) {
  double number;
  enum sherd_status status = sherd__etf_float(term, &number);
  if (status)
    return status;
  double size = fabs(number);
  if (size >= 2 * two_to_63 || trunc(size) != size)
    return SHERD_ERANGE;
  *is_negative = number < 0;
  *out = (uint64_t)size;
  return SHERD_OK;
}

static enum sherd_status magnitude(const struct sherd__etf_term *term, bool *is_negative,
                                   uint64_t *out) {
  if (term->kind == SHERD__ETF_KIND_FLOAT)
    return float_magnitude(term, is_negative, out);
  struct sherd__etf_integer integer;
  enum sherd_status status = sherd__etf_integer(term, &integer);
  if (status)
    return status;
  *is_negative = integer.is_negative;
  return magnitude_u64(&integer, out);
}

enum sherd_status sherd__etf_number_u64(const struct sherd__etf_term *term, uint64_t *out) {
  bool is_negative;
  uint64_t size;
  enum sherd_status status = magnitude(term, &is_negative, &size);
  if (status)
    return status;
  if (is_negative && size)
    return SHERD_ERANGE;
  *out = size;
  return SHERD_OK;
}

enum sherd_status sherd__etf_number_i64(const struct sherd__etf_term *term, int64_t *out) {
  bool is_negative;
  uint64_t size;
  enum sherd_status status = magnitude(term, &is_negative, &size);
  if (status)
    return status;
  if (size > (uint64_t)INT64_MAX + is_negative)
    return SHERD_ERANGE;
  *out = is_negative ? (int64_t)(UINT64_C(0) - size) : (int64_t)size;
  return SHERD_OK;
}

enum sherd_status sherd__etf_number_f64(const struct sherd__etf_term *term, double *out) {
  if (term->kind == SHERD__ETF_KIND_FLOAT)
    return sherd__etf_float(term, out);
  struct sherd__etf_integer integer;
  enum sherd_status status = sherd__etf_integer(term, &integer);
  if (status)
    return status;
  double number = integer_f64(&integer);
  if (isinf(number))
    return SHERD_ERANGE;
  *out = number;
  return SHERD_OK;
}

/* --- Decimals --- */

enum sherd_status sherd__etf_number_check(const struct sherd__etf_term *term) {
  struct sherd__etf_integer integer;
  double unused;
  if (term->kind == SHERD__ETF_KIND_FLOAT)
    return sherd__etf_float(term, &unused);
  enum sherd_status status = sherd__etf_integer(term, &integer);
  if (status)
    return status;
  return integer.magnitude.len > SHERD__ETF_BIG_BYTES_MAX ? SHERD_ERANGE : SHERD_OK;
}

#define LIMB_BASE UINT32_C(1000000000)

/* Writes `number` in decimal, with zeros before it up to `width`. */
static size_t put_decimal(uint64_t number, size_t width, char *out) {
  char reversed[24];
  size_t len = 0;
  for (; number || len < width; number /= 10)
    reversed[len++] = (char)('0' + number % 10);
  for (size_t i = 0; i < len; i++)
    out[i] = reversed[len - 1 - i];
  return len;
}

/* Multiplies by 256 and adds, a byte at a time, in limbs of nine digits. */
static size_t put_big(struct sherd_bytes magnitude, char *out) {
  uint32_t limbs[SHERD__ETF_BIG_BYTES_MAX * 8 * 302 / 1000 / 9 + 2] = {0};
  size_t count = 1;
  for (size_t i = magnitude.len; i; i--) {
    uint64_t carry = magnitude.data[i - 1];
    for (size_t j = 0; j < count; j++) {
      carry += (uint64_t)limbs[j] << 8;
      limbs[j] = (uint32_t)(carry % LIMB_BASE);
      carry /= LIMB_BASE;
    }
    if (carry)
      limbs[count++] = (uint32_t)carry;
  }
  size_t len = put_decimal(limbs[--count], 1, out);
  while (count)
    len += put_decimal(limbs[--count], 9, out + len);
  return len;
}

static enum sherd_status integer_digits(const struct sherd__etf_term *term, char *out,
                                        size_t *len) {
  struct sherd__etf_integer integer;
  uint64_t size;
  enum sherd_status status = sherd__etf_number_check(term);
  if (status)
    return status;
  sherd__etf_integer(term, &integer);
  size_t sign = integer.is_negative && integer.magnitude.len;
  out[0] = '-';
  if (magnitude_u64(&integer, &size) == SHERD_OK)
    *len = sign + put_decimal(size, 1, out + sign);
  else
    *len = sign + put_big(integer.magnitude, out + sign);
  return SHERD_OK;
}

/* The first of 15, 16 and 17 digits that reads back as the same double. A whole number keeps a
 * ".0", so that it is still a float to whoever reads the JSON. */
static enum sherd_status float_digits(const struct sherd__etf_term *term, char *out, size_t *len) {
  double number;
  enum sherd_status status = sherd__etf_float(term, &number);
  if (status)
    return status;
  int saved_errno = errno;
  for (int digits = 15; digits <= DBL_DECIMAL_DIG; digits++) {
    snprintf(out, SHERD__ETF_DIGITS_SIZE, "%.*g", digits, number);
    if (strtod(out, NULL) == number)
      break;
  }
  errno = saved_errno;
  /* What the locale has put for a point, be it several bytes, becomes one. */
  size_t used = strspn(out, "-0123456789");
  size_t strange = strcspn(out + used, "0123456789e");
  if (strange) {
    memmove(out + used + 1, out + used + strange, strlen(out + used + strange) + 1);
    out[used] = '.';
  } else if (!out[used]) {
    strcpy(out + used, ".0");
  }
  *len = strlen(out);
  return SHERD_OK;
}

enum sherd_status sherd__etf_digits(const struct sherd__etf_term *term,
                                    char out[SHERD__ETF_DIGITS_SIZE], size_t *len) {
  return term->kind == SHERD__ETF_KIND_FLOAT ? float_digits(term, out, len)
                                             : integer_digits(term, out, len);
}
