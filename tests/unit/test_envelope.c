/* The envelope: op, s, t and d in any order, and whatever else a message brings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "payload/envelope.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static enum sherd_status scan(const char *text, struct sherd__envelope *out, size_t *offset) {
  struct sherd_bytes in = {(const uint8_t *)text, strlen(text)};
  return sherd__envelope_scan(SHERD_FORMAT_JSON, in, NULL, out, offset);
}

static void a_dispatch_is_taken_apart(void **state) {
  (void)state;
  static const char *const spellings[] = {
      "{\"op\":0,\"s\":42,\"t\":\"READY\",\"d\":{\"v\":10}}",
      "{\"d\":{\"v\":10},\"t\":\"READY\",\"s\":42,\"op\":0}",
      " { \"t\" : \"READY\" , \"d\" : { \"v\" : 10 } , \"op\" : 0 , \"s\" : 42 } \r\n",
      "{\"x\":[{\"op\":1}],\"op\":0,\"s\":42,\"t\":\"READY\",\"d\":{\"v\":10},\"y\":\"}\"}",
      "{\"o\\u0070\":0,\"\\u0073\":42,\"\\u0074\":\"READY\",\"\\u0064\":{\"v\":10}}",
      "{\"op\":0,\"op\":9,\"s\":42,\"s\":null,\"t\":\"READY\",\"t\":1,\"d\":{\"v\":10},\"d\":7}",
      "{\"op\":-0.0,\"s\":4.2e1,\"t\":\"READY\",\"d\":{\"v\":10}}",
  };
  for (size_t i = 0; i < COUNT(spellings); i++) {
    struct sherd__envelope envelope;
    uint64_t v = 0;
    assert_int_equal(scan(spellings[i], &envelope, NULL), SHERD_OK);
    assert_int_equal(envelope.op, 0);
    assert_true(envelope.has_seq && envelope.seq == 42);
    assert_true(sherd_value_equals(envelope.name, "READY"));
    assert_int_equal(sherd_value_as_u64(sherd_value_get(envelope.data, "v"), &v), SHERD_OK);
    assert_int_equal(v, 10);
    assert_int_equal(envelope.size, strlen(spellings[i]));
  }
}

static void what_may_be_missing_may_be_null_too(void **state) {
  (void)state;
  static const char *const spellings[] = {"{\"op\":11}", "{\"op\":11,\"s\":null,\"t\":null}",
                                          "{\"t\":null,\"s\":null,\"op\":11,\"d\":null}"};
  for (size_t i = 0; i < COUNT(spellings); i++) {
    struct sherd__envelope envelope;
    assert_int_equal(scan(spellings[i], &envelope, NULL), SHERD_OK);
    assert_int_equal(envelope.op, 11);
    assert_false(envelope.has_seq);
    assert_int_equal(sherd_value_type(envelope.name), SHERD_VALUE_NULL);
    assert_int_equal(sherd_value_type(envelope.data), SHERD_VALUE_NULL);
    assert_int_equal(sherd_value_exists(envelope.data), i == 2);
  }
}

static void the_whole_range_is_taken(void **state) {
  (void)state;
  struct sherd__envelope envelope;
  assert_int_equal(scan("{\"op\":4294967295,\"s\":18446744073709551615}", &envelope, NULL),
                   SHERD_OK);
  assert_true(envelope.op == UINT32_MAX && envelope.seq == UINT64_MAX);
  assert_int_equal(scan("{\"op\":0,\"s\":0}", &envelope, NULL), SHERD_OK);
  assert_true(envelope.has_seq && envelope.seq == 0);
}

static void what_cannot_be_used_is_named_and_placed(void **state) {
  (void)state;
  static const struct {
    const char *document, *caret;
    enum sherd_status status;
  } rows[] = {
      {"{}", " ^", SHERD_EENVELOPE},
      {"{\"d\":{\"op\":1}}", "             ^", SHERD_EENVELOPE},
      {"{\"op\":null}", "      ^", SHERD_EENVELOPE},
      {"{\"op\":\"1\"}", "      ^", SHERD_EENVELOPE},
      {"{\"op\":-1}", "      ^", SHERD_EENVELOPE},
      {"{\"op\":1.5}", "      ^", SHERD_EENVELOPE},
      {"{\"op\":4294967296}", "      ^", SHERD_EENVELOPE},
      {"{\"op\":[]}", "      ^", SHERD_EENVELOPE},
      {"{\"op\":0,\"s\":-1}", "            ^", SHERD_EENVELOPE},
      {"{\"op\":0,\"s\":\"1\"}", "            ^", SHERD_EENVELOPE},
      {"{\"op\":0,\"s\":1.5}", "            ^", SHERD_EENVELOPE},
      {"{\"op\":0,\"s\":18446744073709551616}", "            ^", SHERD_EENVELOPE},
      {"{\"op\":0,\"s\":false}", "            ^", SHERD_EENVELOPE},
      {"{\"op\":0,\"t\":1}", "            ^", SHERD_EENVELOPE},
      {"{\"op\":0,\"t\":{}}", "            ^", SHERD_EENVELOPE},
      {"[]", "^", SHERD_EENVELOPE},
      {" 1", " ^", SHERD_EENVELOPE},
      {"null", "^", SHERD_EENVELOPE},
      {"\"op\"", "^", SHERD_EENVELOPE},
      {"<html>", "^", SHERD_EJSON},
      {"{\"op\":01}", "       ^", SHERD_EJSON},
      {"{\"op\":0,\"s\":1.}", "              ^", SHERD_EJSON},
      {"{\"op\":0 \"s\":1}", "        ^", SHERD_EJSON},
      {"{\"op\":0,}", "        ^", SHERD_EJSON},
      {"{\"op\":0,\"d\":[}}", "             ^", SHERD_EJSON},
      {"{\"op\":tru}", "         ^", SHERD_EJSON},
      {"{op:0}", " ^", SHERD_EJSON},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct sherd__envelope envelope;
    size_t offset = SIZE_MAX;
    enum sherd_status status = scan(rows[i].document, &envelope, &offset);
    if (status != rows[i].status || offset != strlen(rows[i].caret) - 1)
      fail_msg("%s: %s at %zu", rows[i].document, sherd_status_name(status), offset);
  }
}

static void damage_inside_d_is_found_where_it_is_read(void **state) {
  (void)state;
  struct sherd__envelope envelope;
  assert_int_equal(scan("{\"op\":0,\"d\":{\"a\":[1 2],\"b\":\"\xFF\"}}", &envelope, NULL),
                   SHERD_OK);
  struct sherd_value a = sherd_value_get(envelope.data, "a");
  size_t offset = 0;
  assert_int_equal(sherd_value_status(sherd_value_at(a, 1), &offset), SHERD_EJSON);
  assert_int_equal(offset, 20);
  assert_int_equal(sherd_value_to_json(envelope.data, NULL, 0, NULL), SHERD_EJSON);
}

static void what_follows_is_left_alone(void **state) {
  (void)state;
  static const char first[] = "{\"op\":1,\"d\":12} ", second[] = "{\"op\":11}junk";
  char both[64];
  snprintf(both, sizeof both, "%s%s", first, second);
  struct sherd__envelope envelope;
  assert_int_equal(scan(both, &envelope, NULL), SHERD_OK);
  assert_int_equal(envelope.op, 1);
  assert_int_equal(envelope.size, strlen(first));
  char json[8];
  assert_int_equal(sherd_value_to_json(envelope.data, json, sizeof json, NULL), SHERD_OK);
  assert_string_equal(json, "12");
  assert_int_equal(scan(both + envelope.size, &envelope, NULL), SHERD_OK);
  assert_int_equal(envelope.op, 11);
  assert_int_equal(envelope.size, strlen("{\"op\":11}"));
}

static void every_prefix_asks_for_more(void **state) {
  (void)state;
  static const char whole[] =
      "{\"op\":0,\"s\":42,\"t\":\"A\\\"B\",\"d\":{\"a\":[1,\"\\\\\",{}],\"b\":true},\"x\":-1.5e3}";
  for (size_t len = 0; len < sizeof whole - 1; len++) {
    struct sherd__envelope envelope;
    size_t offset = SIZE_MAX;
    uint8_t *cut = malloc(len ? len : 1);
    memcpy(cut, whole, len);
    struct sherd_bytes in = {cut, len};
    assert_int_equal(sherd__envelope_scan(SHERD_FORMAT_JSON, in, NULL, &envelope, &offset),
                     SHERD_ETRUNCATED);
    assert_int_equal(offset, len);
    free(cut);
  }
}

static void d_may_nest_to_the_limit(void **state) {
  (void)state;
  char document[512];
  for (int depth = SHERD_VALUE_DEPTH_MAX - 2; depth <= SHERD_VALUE_DEPTH_MAX; depth++) {
    char *at = document + sprintf(document, "{\"op\":0,\"d\":");
    size_t begin = (size_t)(at - document), offset = 0;
    memset(at, '[', (size_t)depth);
    memset(at + depth, ']', (size_t)depth);
    strcpy(at + 2 * depth, "}");
    struct sherd__envelope envelope;
    enum sherd_status status = scan(document, &envelope, &offset);
    if (depth < SHERD_VALUE_DEPTH_MAX) {
      assert_int_equal(status, SHERD_OK);
    } else { /* the object around it counts */
      assert_int_equal(status, SHERD_EDEPTH);
      assert_int_equal(offset, begin + SHERD_VALUE_DEPTH_MAX - 1);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_dispatch_is_taken_apart),
      cmocka_unit_test(what_may_be_missing_may_be_null_too),
      cmocka_unit_test(the_whole_range_is_taken),
      cmocka_unit_test(what_cannot_be_used_is_named_and_placed),
      cmocka_unit_test(damage_inside_d_is_found_where_it_is_read),
      cmocka_unit_test(what_follows_is_left_alone),
      cmocka_unit_test(every_prefix_asks_for_more),
      cmocka_unit_test(d_may_nest_to_the_limit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
