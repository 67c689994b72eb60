/* The view over JSON: finding, walking, reading. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <sherd/value.h>

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static struct sherd_value json(const char *text) {
  struct sherd_value value;
  sherd_value_open(SHERD_FORMAT_JSON, text, strlen(text), &value);
  return value;
}

static uint64_t u64_of(struct sherd_value value) {
  uint64_t number = 0;
  assert_int_equal(sherd_value_as_u64(value, &number), SHERD_OK);
  return number;
}

static void every_type_is_told_apart(void **state) {
  (void)state;
  assert_int_equal(sherd_value_type(json(" null")), SHERD_VALUE_NULL);
  assert_int_equal(sherd_value_type(json("true")), SHERD_VALUE_BOOL);
  assert_int_equal(sherd_value_type(json("false")), SHERD_VALUE_BOOL);
  assert_int_equal(sherd_value_type(json("-1")), SHERD_VALUE_NUMBER);
  assert_int_equal(sherd_value_type(json("\"\"")), SHERD_VALUE_STRING);
  assert_int_equal(sherd_value_type(json("[]")), SHERD_VALUE_LIST);
  assert_int_equal(sherd_value_type(json("{}")), SHERD_VALUE_OBJECT);
  assert_true(sherd_value_exists(json("null")));
  assert_int_equal(sherd_value_status(json("null"), NULL), SHERD_OK);
}

static void a_zeroed_value_is_absent(void **state) {
  (void)state;
  struct sherd_value zeroed = {0};
  struct sherd_bytes raw;
  size_t count = 7;
  assert_false(sherd_value_exists(zeroed));
  assert_int_equal(sherd_value_status(zeroed, NULL), SHERD_ENOTFOUND);
  assert_int_equal(sherd_value_type(zeroed), SHERD_VALUE_NULL);
  assert_int_equal(sherd_value_count(zeroed, &count), SHERD_ETYPE);
  assert_int_equal(count, 7);
  assert_int_equal(sherd_value_raw(zeroed, &raw), SHERD_ENOTFOUND);
  assert_int_equal(sherd_value_to_json(zeroed, NULL, 0, NULL), SHERD_ENOTFOUND);
  assert_int_equal(sherd_value_status(sherd_value_get(zeroed, "a"), NULL), SHERD_ENOTFOUND);
  assert_int_equal(sherd_value_status(sherd_value_at(zeroed, 0), NULL), SHERD_ENOTFOUND);
}

static void keys_are_found_as_they_read(void **state) {
  (void)state;
  struct sherd_value object =
      json("{\"a\":1,\"\\u0062\":2,\"\":3,\"a\":4,\"n\\u0000l\":5,\"ab\":6,\"\\ud83c\\udffa\":7}");
  assert_int_equal(u64_of(sherd_value_get(object, "a")), 1); /* the first of two */
  assert_int_equal(u64_of(sherd_value_get(object, "b")), 2);
  assert_int_equal(u64_of(sherd_value_get(object, "")), 3);
  assert_int_equal(u64_of(sherd_value_get_n(object, "n\0l", 3)), 5);
  assert_int_equal(u64_of(sherd_value_get(object, "ab")), 6);
  assert_int_equal(u64_of(sherd_value_get(object, "\xF0\x9F\x8F\xBA")), 7);
  assert_int_equal(sherd_value_status(sherd_value_get(object, "n"), NULL), SHERD_ENOTFOUND);
  assert_int_equal(sherd_value_status(sherd_value_get(object, "abc"), NULL), SHERD_ENOTFOUND);
}

static void indexes_count_from_zero(void **state) {
  (void)state;
  struct sherd_value list = json("[ 10 ,[20],{\"a\":30}]");
  size_t count;
  assert_int_equal(u64_of(sherd_value_at(list, 0)), 10);
  assert_int_equal(u64_of(sherd_value_at(sherd_value_at(list, 1), 0)), 20);
  assert_int_equal(u64_of(sherd_value_get(sherd_value_at(list, 2), "a")), 30);
  assert_int_equal(sherd_value_status(sherd_value_at(list, 3), NULL), SHERD_ENOTFOUND);
  assert_int_equal(sherd_value_status(sherd_value_at(json("[]"), 0), NULL), SHERD_ENOTFOUND);
  assert_int_equal(sherd_value_count(list, &count), SHERD_OK);
  assert_int_equal(count, 3);
  assert_int_equal(sherd_value_count(json("{\"a\":1,\"a\":2}"), &count), SHERD_OK);
  assert_int_equal(count, 2);
  assert_int_equal(sherd_value_count(json("3"), &count), SHERD_ETYPE);
}

static void wrong_questions_give_null_and_say_why(void **state) {
  (void)state;
  struct sherd_value object = json("{\"a\":[1],\"n\":null}");
  struct sherd_value wrong = sherd_value_at(object, 0);
  assert_int_equal(sherd_value_status(wrong, NULL), SHERD_ETYPE);
  assert_int_equal(sherd_value_status(sherd_value_get(wrong, "x"), NULL), SHERD_ETYPE);
  wrong = sherd_value_get(sherd_value_get(object, "a"), "x");
  assert_int_equal(sherd_value_status(wrong, NULL), SHERD_ETYPE);
  wrong = sherd_value_get(sherd_value_get(object, "n"), "x");
  assert_int_equal(sherd_value_status(wrong, NULL), SHERD_ETYPE);
  wrong = sherd_value_get(sherd_value_get(object, "absent"), "x");
  assert_int_equal(sherd_value_status(wrong, NULL), SHERD_ENOTFOUND);
  uint64_t number = 7;
  bool truth = true;
  struct sherd_bytes text;
  assert_int_equal(sherd_value_as_u64(wrong, &number), SHERD_ETYPE);
  assert_int_equal(number, 7);
  assert_int_equal(sherd_value_as_bool(object, &truth), SHERD_ETYPE);
  assert_int_equal(sherd_value_as_str(object, &text), SHERD_ETYPE);
  assert_int_equal(sherd_value_as_str_copy(object, NULL, 0, NULL), SHERD_ETYPE);
  assert_int_equal(sherd_value_as_snowflake(object, &number), SHERD_ETYPE);
  assert_false(sherd_value_equals(object, ""));
}

static void paths_lead_through_objects_and_lists(void **state) {
  (void)state;
  struct sherd_value value =
      json("{\"member\":{\"user\":{\"id\":1}},\"guilds\":[{\"id\":2},{\"id\":3}],"
           "\"0\":{\"1\":4},\"\":{\"\":5}}");
  assert_int_equal(u64_of(sherd_value_path(value, "member.user.id")), 1);
  assert_int_equal(u64_of(sherd_value_path(value, "guilds.0.id")), 2);
  assert_int_equal(u64_of(sherd_value_path(value, "guilds.1.id")), 3);
  assert_int_equal(u64_of(sherd_value_path(value, "guilds.01.id")), 3);
  assert_int_equal(u64_of(sherd_value_path(value, "0.1")), 4);
  assert_int_equal(u64_of(sherd_value_path(value, ".")), 5);
  assert_int_equal(sherd_value_type(sherd_value_path(value, "")), SHERD_VALUE_OBJECT);
  static const struct {
    const char *path;
    enum sherd_status status;
  } rows[] = {{"guilds.2.id", SHERD_ENOTFOUND},
              {"guilds.18446744073709551616", SHERD_ENOTFOUND},
              {"guilds.-1", SHERD_ETYPE},
              {"guilds.id", SHERD_ETYPE},
              {"guilds.", SHERD_ETYPE},
              {"member.user.id.x", SHERD_ETYPE},
              {"member.nobody.id", SHERD_ENOTFOUND}};
  for (size_t i = 0; i < COUNT(rows); i++)
    assert_int_equal(sherd_value_status(sherd_value_path(value, rows[i].path), NULL),
                     rows[i].status);
}

static void a_walk_shows_every_pair_in_order(void **state) {
  (void)state;
  struct sherd_value_iter iter = sherd_value_iterate(json("{\"a\":1, \"b\" : [true] ,\"a\":2}"));
  struct sherd_value key, value;
  assert_true(sherd_value_next(&iter, &key, &value));
  assert_true(sherd_value_equals(key, "a") && u64_of(value) == 1);
  assert_true(sherd_value_next(&iter, &key, &value));
  assert_true(sherd_value_equals(key, "b") && sherd_value_type(value) == SHERD_VALUE_LIST);
  assert_true(sherd_value_next(&iter, &key, &value));
  assert_true(sherd_value_equals(key, "a") && u64_of(value) == 2);
  for (int i = 0; i < 2; i++) {
    assert_false(sherd_value_next(&iter, &key, &value));
    assert_int_equal(sherd_value_iter_status(&iter), SHERD_OK);
    assert_int_equal(sherd_value_status(value, NULL), SHERD_ENOTFOUND);
  }
  iter = sherd_value_iterate(json("[5]"));
  assert_true(sherd_value_next(&iter, &key, &value));
  assert_false(sherd_value_exists(key));
  assert_int_equal(u64_of(value), 5);
  assert_false(sherd_value_next(&iter, NULL, &value));
  iter = sherd_value_iterate(json("5"));
  assert_false(sherd_value_next(&iter, NULL, &value));
  assert_int_equal(sherd_value_iter_status(&iter), SHERD_ETYPE);
}

/* What a question meets on its way, and where; what lies beyond is not looked at. */
static void damage_is_met_where_it_is(void **state) {
  (void)state;
  static const struct {
    const char *document, *path;
    enum sherd_status status;
    size_t offset;
  } rows[] = {
      {"{\"a\":x,\"b\":2}", "a", SHERD_EJSON, 5}, {"{\"a\":x,\"b\":2}", "b", SHERD_EJSON, 5},
      {"{\"a\":1 \"b\":2}", "b", SHERD_EJSON, 7}, {"{\"a\":1,\"b\" 2}", "b", SHERD_EJSON, 11},
      {"{\"a\":1,b:2}", "b", SHERD_EJSON, 7},     {"{\"a\":[1},\"b\":2}", "b", SHERD_EJSON, 7},
      {"{\"a\":[1", "b", SHERD_ETRUNCATED, 7},    {"{\"a\":\"", "b", SHERD_ETRUNCATED, 6},
      {"{\"a\":12", "b", SHERD_ETRUNCATED, 7},    {"{\"a\"", "b", SHERD_ETRUNCATED, 4},
      {"{\"a\":1,", "b", SHERD_ETRUNCATED, 7},    {"[1,tru]", "1", SHERD_EJSON, 6},
      {"[1,2", "2", SHERD_ETRUNCATED, 4},         {"[1,]", "1", SHERD_EJSON, 3},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    size_t offset = SIZE_MAX;
    struct sherd_value value = sherd_value_path(json(rows[i].document), rows[i].path);
    enum sherd_status status = sherd_value_status(value, &offset);
    if (status != rows[i].status || offset != rows[i].offset)
      fail_msg("%s %s: %s at %zu", rows[i].document, rows[i].path, sherd_status_name(status),
               offset);
    assert_int_equal(sherd_value_status(sherd_value_get(value, "further"), NULL), rows[i].status);
    uint64_t number;
    size_t count;
    assert_int_equal(sherd_value_as_u64(value, &number), rows[i].status);
    assert_int_equal(sherd_value_count(value, &count), rows[i].status);
  }
  assert_int_equal(u64_of(sherd_value_get(json("{\"a\":1 x"), "a")), 1);
  struct sherd_value cut = sherd_value_at(json("[12"), 0);
  uint64_t number;
  assert_int_equal(sherd_value_as_u64(cut, &number), SHERD_ETRUNCATED);
  struct sherd_value_iter iter = sherd_value_iterate(json("[1,2"));
  size_t steps = 0, offset = 0;
  while (sherd_value_next(&iter, NULL, &cut))
    steps++;
  assert_int_equal(steps, 2);
  assert_int_equal(sherd_value_iter_status(&iter), SHERD_ETRUNCATED);
  assert_int_equal(sherd_value_status(cut, &offset), SHERD_ETRUNCATED);
  assert_int_equal(offset, 4);
}

static void the_limit_of_depth_holds_for_lazy_views(void **state) {
  (void)state;
  char document[2 * 129 + 1] = {0};
  memset(document, '[', 129);
  memset(document + 129, ']', 129);
  struct sherd_value value = json(document);
  size_t offset = 0;
  for (int depth = 1; depth < SHERD_VALUE_DEPTH_MAX; depth++)
    value = sherd_value_at(value, 0);
  assert_true(sherd_value_exists(value));
  value = sherd_value_at(value, 0);
  assert_int_equal(sherd_value_status(value, &offset), SHERD_EDEPTH);
  assert_int_equal(offset, SHERD_VALUE_DEPTH_MAX);
}

static void strings_are_slices_unless_escaped(void **state) {
  (void)state;
  struct sherd_bytes text;
  char copy[16];
  size_t len = 0;
  struct sherd_value value = json("\"ab\xC3\xA9\"");
  assert_int_equal(sherd_value_as_str(value, &text), SHERD_OK);
  assert_int_equal(text.len, 4);
  assert_memory_equal(text.data, "ab\xC3\xA9", 4);
  assert_int_equal(sherd_value_as_str_copy(value, copy, sizeof copy, &len), SHERD_OK);
  assert_string_equal(copy, "ab\xC3\xA9");

  value = json("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\\ud83c\\uDFFAz\"");
  const char *expected = "\"\\/\b\f\n\r\tA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x8F\xBAz";
  char exact[19];
  assert_int_equal(sherd_value_as_str(value, &text), SHERD_EESCAPED);
  assert_int_equal(sherd_value_as_str_copy(value, NULL, 0, &len), SHERD_ENOSPACE);
  assert_int_equal(len, strlen(expected));
  assert_int_equal(len, 19);
  assert_int_equal(sherd_value_as_str_copy(value, exact, 19, &len), SHERD_ENOSPACE);
  char large[20];
  assert_int_equal(sherd_value_as_str_copy(value, large, 20, NULL), SHERD_OK);
  assert_string_equal(large, expected);
  assert_true(sherd_value_equals(value, expected));
  assert_false(sherd_value_equals(value, "\"\\/"));
  assert_false(sherd_value_equals(json("\"a\""), "ab"));
  assert_true(sherd_value_equals(json("\"\""), ""));
  assert_false(sherd_value_equals(json("\"a\\q\""), "aq"));

  assert_int_equal(sherd_value_as_str_copy(json("\"a\\u0000b\""), copy, 16, &len), SHERD_OK);
  assert_int_equal(len, 3);
  assert_memory_equal(copy, "a\0b", 4);
}

static void bad_strings_are_refused_where_they_are_read(void **state) {
  (void)state;
  static const struct {
    const char *document;
    enum sherd_status status;
  } rows[] = {{"\"\xFF\"", SHERD_EUTF8}, {"\"\\ud800\"", SHERD_EUTF8}, {"\"\\q\"", SHERD_EJSON},
              {"\"a\nb\"", SHERD_EJSON}, {"\"abc", SHERD_ETRUNCATED},  {"\"\\u12\"", SHERD_EJSON}};
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct sherd_bytes text = {NULL, 7};
    assert_int_equal(sherd_value_as_str(json(rows[i].document), &text), rows[i].status);
    assert_int_equal(text.len, 7);
    assert_int_equal(sherd_value_as_str_copy(json(rows[i].document), NULL, 0, NULL),
                     rows[i].status);
    assert_int_equal(sherd_value_to_json(json(rows[i].document), NULL, 0, NULL), rows[i].status);
  }
}

static void booleans_are_read(void **state) {
  (void)state;
  bool truth = false;
  assert_int_equal(sherd_value_as_bool(json("true"), &truth), SHERD_OK);
  assert_true(truth);
  assert_int_equal(sherd_value_as_bool(json("false"), &truth), SHERD_OK);
  assert_false(truth);
  assert_int_equal(sherd_value_as_bool(json("null"), &truth), SHERD_ETYPE);
  assert_int_equal(sherd_value_as_bool(json("1"), &truth), SHERD_ETYPE);
}

static void snowflakes_are_strings_or_integers(void **state) {
  (void)state;
  static const struct {
    const char *document;
    enum sherd_status status;
    uint64_t id;
  } rows[] = {
      {"\"613425648685547541\"", SHERD_OK, 613425648685547541},
      {"613425648685547541", SHERD_OK, 613425648685547541},
      {"\"18446744073709551615\"", SHERD_OK, UINT64_MAX},
      {"18446744073709551615", SHERD_OK, UINT64_MAX},
      {"\"0\"", SHERD_OK, 0},
      {"\"\\u0034\\u0032\"", SHERD_OK, 42},
      {"\"18446744073709551616\"", SHERD_ERANGE, 0},
      {"\"99999999999999999999999999999999999999999999999999999999999999999999\"", SHERD_ERANGE, 0},
      {"18446744073709551616", SHERD_ERANGE, 0},
      {"-1", SHERD_ERANGE, 0},
      {"1.5", SHERD_ERANGE, 0},
      {"\"\"", SHERD_ETYPE, 0},
      {"\"12a\"", SHERD_ETYPE, 0},
      {"\"-1\"", SHERD_ETYPE, 0},
      {"\" 1\"", SHERD_ETYPE, 0},
      {"\"99999999999999999999999999999999999999999999999999999999999999999999x\"", SHERD_ETYPE, 0},
      {"null", SHERD_ETYPE, 0},
      {"true", SHERD_ETYPE, 0},
      {"[1]", SHERD_ETYPE, 0},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    sherd_snowflake id = 7;
    assert_int_equal(sherd_value_as_snowflake(json(rows[i].document), &id), rows[i].status);
    assert_true(id == (rows[i].status ? 7 : rows[i].id));
  }
}

static void json_comes_out_on_one_line(void **state) {
  (void)state;
  struct sherd_value value = json(" { \"a b\" : [ 1 ,\n 2.50 , 1E2, \"\\u00e9\\/\\u0022\\u000A\" , "
                                  "{ } , [ \t] ] , \"c\":\r\nnull } ");
  const char *expected = "{\"a b\":[1,2.50,1E2,\"\xC3\xA9/\\\"\\n\",{},[]],\"c\":null}";
  char buf[64];
  size_t len = 0;
  assert_int_equal(sherd_value_to_json(value, buf, sizeof buf, &len), SHERD_OK);
  assert_string_equal(buf, expected);
  assert_int_equal(len, strlen(expected));
  assert_int_equal(sherd_value_to_json(value, buf, len, &len), SHERD_ENOSPACE);
  assert_int_equal(sherd_value_to_json(value, buf, len + 1, NULL), SHERD_OK);
  len = 0;
  assert_int_equal(sherd_value_to_json(value, NULL, 0, &len), SHERD_ENOSPACE);
  assert_int_equal(len, strlen(expected));
  assert_int_equal(sherd_value_to_json(sherd_value_path(value, "a b.3"), buf, 64, NULL), SHERD_OK);
  assert_string_equal(buf, "\"\xC3\xA9/\\\"\\n\"");
  assert_int_equal(sherd_value_to_json(sherd_value_get(value, "c"), buf, 64, NULL), SHERD_OK);
  assert_string_equal(buf, "null");
  assert_int_equal(sherd_value_to_json(sherd_value_get(value, "d"), buf, 64, NULL),
                   SHERD_ENOTFOUND);
  assert_int_equal(sherd_value_to_json(json("[1,01]"), buf, 64, NULL), SHERD_EJSON);
  assert_int_equal(sherd_value_to_json(sherd_value_at(json("[12"), 0), buf, 64, NULL),
                   SHERD_ETRUNCATED);
}

static void raw_gives_the_bytes_as_they_came(void **state) {
  (void)state;
  struct sherd_value value = json("{\"a\": [1,\n {\"b\":\"]\"} ] ,\"n\":12 ,\"t\":true}");
  struct sherd_bytes raw;
  assert_int_equal(sherd_value_raw(sherd_value_get(value, "a"), &raw), SHERD_OK);
  assert_int_equal(raw.len, 16);
  assert_memory_equal(raw.data, "[1,\n {\"b\":\"]\"} ]", 16);
  assert_int_equal(sherd_value_raw(sherd_value_get(value, "n"), &raw), SHERD_OK);
  assert_int_equal(raw.len, 2);
  assert_int_equal(sherd_value_raw(sherd_value_get(value, "t"), &raw), SHERD_OK);
  assert_int_equal(raw.len, 4);
  assert_int_equal(sherd_value_raw(json("[1,[}]"), &raw), SHERD_EJSON);
}

/* 100,000 keys: were a step's cost to grow with its place, this would take minutes. */
static void wide_objects_are_walked_in_linear_time(void **state) {
  (void)state;
  enum {
    KEYS = 100000
  };
  char *document = malloc(KEYS * 24), *at = document;
  *at++ = '{';
  for (int i = 0; i < KEYS; i++)
    at += sprintf(at, "%s\"key%d\":[%d]", i ? "," : "", i, i);
  strcpy(at, "}");
  struct sherd_value value, key;
  size_t count = 0, steps = 0;
  clock_t start = clock();
  assert_int_equal(sherd_value_count(json(document), &count), SHERD_OK);
  assert_int_equal(count, KEYS);
  struct sherd_value_iter iter = sherd_value_iterate(json(document));
  while (sherd_value_next(&iter, &key, &value))
    assert_int_equal(u64_of(sherd_value_at(value, 0)), steps++);
  assert_int_equal(steps, KEYS);
  assert_int_equal(u64_of(sherd_value_path(json(document), "key99999.0")), 99999);
  assert_true(clock() - start < 5 * CLOCKS_PER_SEC);
  free(document);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_type_is_told_apart),
      cmocka_unit_test(a_zeroed_value_is_absent),
      cmocka_unit_test(keys_are_found_as_they_read),
      cmocka_unit_test(indexes_count_from_zero),
      cmocka_unit_test(wrong_questions_give_null_and_say_why),
      cmocka_unit_test(paths_lead_through_objects_and_lists),
      cmocka_unit_test(a_walk_shows_every_pair_in_order),
      cmocka_unit_test(damage_is_met_where_it_is),
      cmocka_unit_test(the_limit_of_depth_holds_for_lazy_views),
      cmocka_unit_test(strings_are_slices_unless_escaped),
      cmocka_unit_test(bad_strings_are_refused_where_they_are_read),
      cmocka_unit_test(booleans_are_read),
      cmocka_unit_test(snowflakes_are_strings_or_integers),
      cmocka_unit_test(json_comes_out_on_one_line),
      cmocka_unit_test(raw_gives_the_bytes_as_they_came),
      cmocka_unit_test(wide_objects_are_walked_in_linear_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
