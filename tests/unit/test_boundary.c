/* Where documents end, however they are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "payload/boundary.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

/* Feeds `len` bytes in pieces of `step` and gives where the document ends; SIZE_MAX: nowhere. */
static size_t end_of(enum sherd_data_format format, const void *data, size_t len, size_t step) {
  struct sherd__boundary boundary;
  sherd__boundary_init(&boundary, format);
  for (size_t at = 0; at < len; at += step) {
    size_t used = SIZE_MAX, piece = len - at < step ? len - at : step;
    struct sherd_bytes bytes = {(const uint8_t *)data + at, piece};
    if (sherd__boundary_feed(&boundary, bytes, &used))
      return at + used;
    assert_int_equal(used, piece);
  }
  return SIZE_MAX;
}

static void json_ends_where_it_ends(void **state) {
  (void)state;
  static const struct {
    const char *document, *rest;
  } rows[] = {
      {"{}", "{}"},
      {" \n{\"a\":[1,{}]}", " {"},
      {"[\"]\",\"\\\"]\",\"\\\\\"]", "]"},
      {"[\"\\\\\\\"]\"]", ""},
      {"{\"a\":\"}\",\"b\\\"}\":\"{[\"}", "\n{}"},
      {"\"a]b\\\"c\"", "\"d\""},
      {"12", " 3"},
      {"true", "{}"},
      {"null", "\"a\""},
      {"]", "{}"},    /* nonsense is a document too; the scan refuses it */
      {"[1}", "[1]"}, /* which bracket closes is the scan's business */
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    char both[64] = {0};
    strcat(strcpy(both, rows[i].document), rows[i].rest);
    for (size_t step = 1; step <= strlen(both); step++)
      assert_int_equal(end_of(SHERD_FORMAT_JSON, both, strlen(both), step),
                       strlen(rows[i].document));
  }
}

static void unfinished_json_does_not_end(void **state) {
  (void)state;
  static const char *const documents[] = {"", " ", "{", "{\"a\":\"}", "[[1]", "\"", "\"\\\"", "12"};
  for (size_t i = 0; i < COUNT(documents); i++)
    assert_true(end_of(SHERD_FORMAT_JSON, documents[i], strlen(documents[i]), 1) == SIZE_MAX);
}

static void documents_follow_each_other(void **state) {
  (void)state;
  static const char stream[] = "{\"op\":10}{\"op\":11} [{}]";
  static const size_t ends[] = {9, 18, sizeof stream - 1};
  struct sherd__boundary boundary;
  size_t at = 0;
  for (size_t i = 0; i < COUNT(ends); i++) {
    size_t used = 0;
    sherd__boundary_init(&boundary, SHERD_FORMAT_JSON);
    struct sherd_bytes rest = {(const uint8_t *)stream + at, sizeof stream - 1 - at};
    assert_true(sherd__boundary_feed(&boundary, rest, &used));
    at += used;
    assert_int_equal(at, ends[i]);
  }
}

static void damaged_etf_ends_where_it_is_met(void **state) {
  (void)state;
  static const struct {
    uint8_t bytes[16];
    size_t len, end; /* of the whole, and where the document ends */
  } rows[] = {
      {{123, 125}, 2, 1},                             /* no version */
      {{131, 104, 2, 97, 1, 102, 0}, 7, 6},           /* a port */
      {{131, 97, 7, 131, 106}, 5, 3},                 /* the next document follows */
      {{131, 108, 0, 0, 0, 1, 97, 1, 106, 9}, 10, 9}, /* a list's tail belongs to it */
      {{131, 109, 0, 0, 0, 0, 131}, 7, 6},            /* an empty body */
      {{131, 104, 1, 116, 0, 0, 0, 0, 131}, 9, 8},    /* an empty map at the end */
      {{131, 104, 2, 104, 0, 107, 0, 2, 1, 2, 131}, 11, 10},
  };
  for (size_t i = 0; i < COUNT(rows); i++)
    for (size_t step = 1; step <= rows[i].len; step++)
      assert_int_equal(end_of(SHERD_FORMAT_ETF, rows[i].bytes, rows[i].len, step), rows[i].end);
  for (size_t i = 2; i < COUNT(rows); i++)
    assert_true(end_of(SHERD_FORMAT_ETF, rows[i].bytes, rows[i].end - 1, 1) == SIZE_MAX);
}

static void a_compressed_term_ends_with_its_piece(void **state) {
  (void)state;
  static const uint8_t begin[] = {131, 80, 0, 0, 0, 9, 0x78, 0x9c, 1, 2};
  assert_int_equal(end_of(SHERD_FORMAT_ETF, begin, sizeof begin, sizeof begin), sizeof begin);
}

static void an_empty_piece_changes_nothing(void **state) {
  (void)state;
  struct sherd__boundary boundary;
  size_t used = 7;
  sherd__boundary_init(&boundary, SHERD_FORMAT_JSON);
  assert_false(sherd__boundary_feed(&boundary, (struct sherd_bytes){NULL, 0}, &used));
  assert_int_equal(used, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(json_ends_where_it_ends),
      cmocka_unit_test(unfinished_json_does_not_end),
      cmocka_unit_test(documents_follow_each_other),
      cmocka_unit_test(damaged_etf_ends_where_it_is_met),
      cmocka_unit_test(a_compressed_term_ends_with_its_piece),
      cmocka_unit_test(an_empty_piece_changes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
