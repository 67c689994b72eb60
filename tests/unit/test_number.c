/* Numbers of JSON: integers exact over 64 bits, doubles the nearest there are. */
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sherd/value.h>

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static struct sherd_value json(const char *text) {
  struct sherd_value value;
  sherd_value_open(SHERD_FORMAT_JSON, text, strlen(text), &value);
  return value;
}

static void integers_are_exact(void **state) {
  (void)state;
  static const struct {
    const char *text;
    enum sherd_status u64_status, i64_status;
    uint64_t u64;
    int64_t i64;
  } rows[] = {
      {"0", SHERD_OK, SHERD_OK, 0, 0},
      {"-0", SHERD_OK, SHERD_OK, 0, 0},
      {"-0.0e7", SHERD_OK, SHERD_OK, 0, 0},
      {"0e99999999999999999999", SHERD_OK, SHERD_OK, 0, 0},
      {"0.000e-99999999999999999999", SHERD_OK, SHERD_OK, 0, 0},
      {"1", SHERD_OK, SHERD_OK, 1, 1},
      {"1.0", SHERD_OK, SHERD_OK, 1, 1},
      {"1e2", SHERD_OK, SHERD_OK, 100, 100},
      {"1E+2", SHERD_OK, SHERD_OK, 100, 100},
      {"1200e-2", SHERD_OK, SHERD_OK, 12, 12},
      {"0.12e2", SHERD_OK, SHERD_OK, 12, 12},
      {"10000000000000000000000000e-25", SHERD_OK, SHERD_OK, 1, 1},
      {"0.0000000000000000000000000001e28", SHERD_OK, SHERD_OK, 1, 1},
      {"9007199254740993", SHERD_OK, SHERD_OK, 9007199254740993, 9007199254740993},
      {"9223372036854775807", SHERD_OK, SHERD_OK, INT64_MAX, INT64_MAX},
      {"9223372036854775808", SHERD_OK, SHERD_ERANGE, UINT64_C(9223372036854775808), 0},
      {"18446744073709551615", SHERD_OK, SHERD_ERANGE, UINT64_MAX, 0},
      {"1844674407370955161.5e1", SHERD_OK, SHERD_ERANGE, UINT64_MAX, 0},
      {"18446744073709551616", SHERD_ERANGE, SHERD_ERANGE, 0, 0},
      {"-1", SHERD_ERANGE, SHERD_OK, 0, -1},
      {"-1e2", SHERD_ERANGE, SHERD_OK, 0, -100},
      {"-9223372036854775808", SHERD_ERANGE, SHERD_OK, 0, INT64_MIN},
      {"-9223372036854775809", SHERD_ERANGE, SHERD_ERANGE, 0, 0},
      {"1.5", SHERD_ERANGE, SHERD_ERANGE, 0, 0},
      {"1e-1", SHERD_ERANGE, SHERD_ERANGE, 0, 0},
      {"12345678901234567890123.5", SHERD_ERANGE, SHERD_ERANGE, 0, 0},
      {"1e400", SHERD_ERANGE, SHERD_ERANGE, 0, 0},
      {"1e99999999999999999999", SHERD_ERANGE, SHERD_ERANGE, 0, 0},
      {"1e-99999999999999999999", SHERD_ERANGE, SHERD_ERANGE, 0, 0},
      {"\"1\"", SHERD_ETYPE, SHERD_ETYPE, 0, 0},
      {"01", SHERD_EJSON, SHERD_EJSON, 0, 0},
      {"1.", SHERD_ETRUNCATED, SHERD_ETRUNCATED, 0, 0},
      {"1x", SHERD_EJSON, SHERD_EJSON, 0, 0},
      {"-", SHERD_ETRUNCATED, SHERD_ETRUNCATED, 0, 0},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    uint64_t u64 = 7;
    int64_t i64 = 7;
    enum sherd_status u64_status = sherd_value_as_u64(json(rows[i].text), &u64);
    enum sherd_status i64_status = sherd_value_as_i64(json(rows[i].text), &i64);
    if (u64_status != rows[i].u64_status || i64_status != rows[i].i64_status ||
        u64 != (u64_status ? 7 : rows[i].u64) || i64 != (i64_status ? 7 : rows[i].i64))
      fail_msg("%s: u64 %s %" PRIu64 ", i64 %s %" PRId64, rows[i].text,
               sherd_status_name(u64_status), u64, sherd_status_name(i64_status), i64);
  }
}

static void doubles_are_the_nearest(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double number;
  } rows[] = {
      {"0", 0.0},
      {"1", 1.0},
      {"-1.5", -1.5},
      {"0.1", 0.1},
      {"1e22", 1e22},
      {"1e23", 1e23},
      {"123456789012345678", 123456789012345678.0},
      {"9007199254740993", 9007199254740992.0},
      {"9007199254740993.00000000000000000000000000000001", 9007199254740994.0},
      {"1.7976931348623157e308", 1.7976931348623157e308},
      {"17976931348623157e292", 1.7976931348623157e308},
      {"2.2250738585072011e-308", 2.2250738585072011e-308},
      {"2.2250738585072014e-308", 2.2250738585072014e-308},
      {"4.9406564584124654e-324", 4.9406564584124654e-324},
      {"2.4703282292062328e-324", 4.9406564584124654e-324},
      {"1e-400", 0.0},
      {"3.518437208883201171875e13", 35184372088832.01171875},
      {"62.5364939768271845828", 62.5364939768271845828},
      {"0e400", 0.0},
      {"123e-99999999999999999999", 0.0},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    double number = -7;
    assert_int_equal(sherd_value_as_f64(json(rows[i].text), &number), SHERD_OK);
    if (memcmp(&number, &rows[i].number, sizeof number) != 0)
      fail_msg("%s: %.17g", rows[i].text, number);
  }
  double number = 7;
  assert_int_equal(sherd_value_as_f64(json("-0"), &number), SHERD_OK);
  assert_true(number == 0 && signbit(number));
  number = 7;
  static const char *const beyond[] = {"1e400", "-1e400", "1.7976931348623159e308",
                                       "1e99999999999999999999"};
  for (size_t i = 0; i < COUNT(beyond); i++)
    assert_int_equal(sherd_value_as_f64(json(beyond[i]), &number), SHERD_ERANGE);
  assert_true(number == 7);
}

/* The middle between 1 and the next double, to all of its digits, and a touch over it after 2000
 * more: the tail decides. */
static void far_digits_decide(void **state) {
  (void)state;
  static const char middle[] = "1.00000000000000011102230246251565404236316680908203125";
  char text[4096];
  double number = 0;
  assert_int_equal(sherd_value_as_f64(json(middle), &number), SHERD_OK);
  assert_true(number == 1.0);
  size_t len = sizeof middle - 1;
  memcpy(text, middle, len);
  memset(text + len, '0', 2000);
  strcpy(text + len + 2000, "1");
  assert_int_equal(sherd_value_as_f64(json(text), &number), SHERD_OK);
  assert_true(number == nextafter(1.0, 2.0));
  text[len + 2000] = '0';
  assert_int_equal(sherd_value_as_f64(json(text), &number), SHERD_OK);
  assert_true(number == 1.0);
  memset(text, '0', 3000);
  memcpy(text, "0.", 2);
  strcpy(text + 2000, "15e1999");
  assert_int_equal(sherd_value_as_f64(json(text), &number), SHERD_OK);
  assert_true(number == strtod(text, NULL));
}

/* A long sequence of bit patterns, each printed with 17 digits, comes back bit for bit. */
static void doubles_survive_a_round_trip(void **state) {
  (void)state;
  uint64_t bits = 0x9E3779B97F4A7C15;
  for (int i = 0; i < 200000; i++) {
    bits ^= bits << 13;
    bits ^= bits >> 7;
    bits ^= bits << 17;
    double number, back = 0;
    memcpy(&number, &bits, sizeof number);
    if (!isfinite(number))
      continue;
    char text[40];
    snprintf(text, sizeof text, i % 2 ? "%.17g" : "%.16e", number);
    assert_int_equal(sherd_value_as_f64(json(text), &back), SHERD_OK);
    if (memcmp(&number, &back, sizeof number) != 0)
      fail_msg("%s: %.17g", text, back);
  }
}

static void neither_errno_nor_locale_is_touched(void **state) {
  (void)state;
  double number = 0;
  errno = 42;
  assert_int_equal(sherd_value_as_f64(json("1e400"), &number), SHERD_ERANGE);
  assert_int_equal(sherd_value_as_f64(json("1e-400"), &number), SHERD_OK);
  assert_int_equal(errno, 42);
  /* where there is no locale with a decimal comma, the C locale proves nothing but does no harm */
  if (!setlocale(LC_NUMERIC, "de_DE.UTF-8"))
    setlocale(LC_NUMERIC, "fr_FR.UTF-8");
  assert_int_equal(sherd_value_as_f64(json("1.7976931348623157e308"), &number), SHERD_OK);
  assert_true(number == 1.7976931348623157e308);
  assert_int_equal(sherd_value_as_f64(json("123456789.123456789123"), &number), SHERD_OK);
  assert_true(number == 123456789.123456789123);
  setlocale(LC_NUMERIC, "C");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(integers_are_exact),
      cmocka_unit_test(doubles_are_the_nearest),
      cmocka_unit_test(far_digits_decide),
      cmocka_unit_test(doubles_survive_a_round_trip),
      cmocka_unit_test(neither_errno_nor_locale_is_touched),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
