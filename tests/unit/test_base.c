/* Buffers, statuses, UTF-8, dice: what everything else stands on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <sherd/status.h>

#include "base/buf.h"
#include "base/random.h"
#include "base/token.h"
#include "base/utf8.h"

static void every_status_has_a_name_and_advice(void **state) {
  (void)state;
  assert_string_equal(sherd_strerror(SHERD_OK), "success");
  assert_string_equal(sherd_strerror((enum sherd_status)12345), "unknown status");
#define CHECK(name, value, text, advice)                                                           \
  assert_string_equal(sherd_status_name(SHERD_##name), "SHERD_" #name);                            \
  assert_true((value) < 0);                                                                        \
  assert_true(strlen(text) > 0 && strlen(advice) > 0);                                             \
  assert_null(strchr(sherd_strerror(SHERD_##name), '\n'));
  SHERD_STATUS_MAP(CHECK)
#undef CHECK
}

static void a_buffer_grows_and_gives_from_its_front(void **state) {
  (void)state;
  struct sherd_buf buf;
  sherd__buf_init(&buf, sherd_allocator_default());
  for (int i = 0; i < 1000; i++)
    assert_int_equal(sherd__buf_append_byte(&buf, (uint8_t)i), SHERD_OK);
  sherd__buf_consume(&buf, 900);
  assert_int_equal(buf.len, 100);
  assert_int_equal(buf.data[0], 900 % 256);
  assert_int_equal(sherd__buf_reserve(&buf, SIZE_MAX), SHERD_ENOMEM);
  assert_int_equal(buf.len, 100);
  sherd__buf_deinit(&buf);
}

static void utf8_is_strict(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t len, fault; /* fault == len: valid */
  } rows[] = {
      {"", 0, 0},
      {"plain ascii, longer than eight", 30, 30},
      {"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x8F\xBA", 9, 9},
      {"a\x80", 2, 1},             /* a lone continuation */
      {"ab\xC0\xAF", 4, 2},        /* overlong */
      {"\xE0\x80\xAF", 3, 0},      /* overlong */
      {"\xED\xA0\x80", 3, 0},      /* a surrogate */
      {"\xF4\x90\x80\x80", 4, 0},  /* over U+10FFFF */
      {"abcdefgh\xE2\x82", 10, 8}, /* cut short */
      {"\xF0\x9F\x8F\x41", 4, 0},  /* broken in its last byte */
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    size_t fault = rows[i].len;
    bool valid = sherd__utf8_is_valid((const uint8_t *)rows[i].text, rows[i].len, &fault);
    assert_int_equal(valid, rows[i].fault == rows[i].len);
    assert_int_equal(fault, rows[i].fault);
  }
}

static void utf8_encodes_what_it_accepts(void **state) {
  (void)state;
  for (uint32_t code = 0; code < 0x110000; code++) {
    uint8_t out[4];
    size_t len = sherd__utf8_encode(code, out);
    bool surrogate = code >= 0xD800 && code < 0xE000;
    assert_int_equal(sherd__utf8_is_valid(out, len, NULL), !surrogate);
  }
}

static void fill_with(void *ctx, void *out, size_t len) {
  memset(out, *(int *)ctx, len);
}

static void dice_reach_both_ends(void **state) {
  (void)state;
  struct sherd__random random;
  int byte = 0x00;
  sherd__random_init(&random, fill_with, &byte);
  assert_int_equal(sherd__random_upto(&random, 41250), 0);
  byte = 0xFF;
  assert_int_equal(sherd__random_upto(&random, 41250), 41250);
  sherd__random_init(&random, NULL, NULL);
  for (int i = 0; i < 1000; i++)
    assert_true(sherd__random_upto(&random, 9) <= 9);
}

static void a_token_is_visible_ascii_of_some_length(void **state) {
  (void)state;
  char text[SHERD__TOKEN_SIZE + 1] = "";
  assert_false(sherd__token_is_good(NULL));
  assert_false(sherd__token_is_good(""));
  for (int byte = 1; byte < 256; byte++) {
    (void)snprintf(text, sizeof text, "a%cb", byte);
    assert_int_equal(sherd__token_is_good(text), byte > ' ' && byte < 0x7F);
  }
  memset(text, 'x', SHERD__TOKEN_BYTES_MAX);
  text[SHERD__TOKEN_BYTES_MAX] = '\0';
  assert_true(sherd__token_is_good(text));
  text[SHERD__TOKEN_BYTES_MAX] = 'x';
  assert_false(sherd__token_is_good(text));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_status_has_a_name_and_advice),
      cmocka_unit_test(a_buffer_grows_and_gives_from_its_front),
      cmocka_unit_test(utf8_is_strict),
      cmocka_unit_test(utf8_encodes_what_it_accepts),
      cmocka_unit_test(dice_reach_both_ends),
      cmocka_unit_test(a_token_is_visible_ascii_of_some_length),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
