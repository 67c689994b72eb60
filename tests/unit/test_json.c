/* RFC 8259 to the letter: what is accepted, what is refused, and at which byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "view_agreement.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static void accepts_what_the_grammar_has(void **state) {
  (void)state;
  static const char *const documents[] = {
      "[]",
      "{}",
      "null",
      "true",
      "false",
      "0",
      "-0",
      "1",
      "-1",
      "10",
      "1.5",
      "-0.0",
      "0e1",
      "0e+1",
      "0E-1",
      "1e5",
      "1E+5",
      "1.5e-5",
      "123e65",
      "20e1",
      "123.456e78",
      "1e400",
      "-1e-400",
      "100000000000000000000000000000000000000",
      "\"\"",
      "\"a\"",
      " [1]",
      "[1] ",
      "\t[\r\n1 ] ",
      "[1,2]",
      "[ 1 , 2 ]",
      "{\"a\":1}",
      "{ \"a\" : 1 , \"b\" : 2 }",
      "{\"a\":1,\"a\":2}",
      "{\"\":0}",
      "[null,1,\"1\",{}]",
      "[[],[[]]]",
      "{\"a\":{\"b\":[]}}",
      "[[]   ]",
      "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
      "\"\\u0000\"",
      "\"\\u0012\"",
      "\"\\uFFFF\"",
      "\"\\ufffe\"",
      "\"\\uD834\\uDd1e\"",
      "\"\\ud83d\\ude39\\ud83d\\udc8d\"",
      "\"\\u0061\\u30af\\u30EA\"",
      "\"\\u005C\"",
      "\"\\u0022\"",
      "\"\\uDBFF\\uDFFE\"",
      "\"\\\\u0000\"",
      "\"\\\\n\"",
      "\"\xC3\xA9\"",
      "\"\xE2\x82\xAC\"",
      "\"\xF0\x9F\x8F\xBA\"",
      "\"\xF4\x8F\xBF\xBF\"",
      "\"\xEF\xBB\xBF\"",
      "\"\xE2\x80\xA8\"",
      "\"\x7F\"",
      "\" \"",
      "\"a/*b*/c/*d//e\"",
      "{\"\\u0064\":1}",
      "[\"\\\"\"]",
      "[1,null,null,null,2]",
      "\"new\\u00A0line\"",
  };
  for (size_t i = 0; i < COUNT(documents); i++) {
    bool valid = false;
    assert_true(view_agrees(SHERD_FORMAT_JSON, documents[i], strlen(documents[i]), &valid));
    if (!valid)
      fail_msg("refused: %s", documents[i]);
  }
}

/* A document, its status, and below it a caret at the byte at fault; none: right after the end. */
static const struct {
  const char *document, *caret;
  enum sherd_status status;
} faults[] = {
    /* Nothing, or not enough. */
    {"", "^", SHERD_ETRUNCATED},
    {" \n", "  ^", SHERD_ETRUNCATED},
    {"[", " ^", SHERD_ETRUNCATED},
    {"{", " ^", SHERD_ETRUNCATED},
    {"[1", "  ^", SHERD_ETRUNCATED},
    {"[1,", "   ^", SHERD_ETRUNCATED},
    {"[[1]", "    ^", SHERD_ETRUNCATED},
    {"{\"a", "   ^", SHERD_ETRUNCATED},
    {"{\"a\"", "    ^", SHERD_ETRUNCATED},
    {"{\"a\":", "     ^", SHERD_ETRUNCATED},
    {"{\"a\":1", "      ^", SHERD_ETRUNCATED},
    {"{\"a\":1,", "       ^", SHERD_ETRUNCATED},
    {"\"", " ^", SHERD_ETRUNCATED},
    {"\"\\", "  ^", SHERD_ETRUNCATED},
    {"\"\\\"", "   ^", SHERD_ETRUNCATED},
    {"\"\\u00", "     ^", SHERD_ETRUNCATED},
    {"\"\\ud83d", "       ^", SHERD_ETRUNCATED},
    {"\"\\ud83d\\", "        ^", SHERD_ETRUNCATED},
    {"\"\\ud83d\\uDE", "           ^", SHERD_ETRUNCATED},
    {"\"\xC3", "  ^", SHERD_ETRUNCATED},
    {"\"\xE0\xA0", "   ^", SHERD_ETRUNCATED},
    {"\"\xF0\x9F\x8F", "    ^", SHERD_ETRUNCATED},
    {"-", " ^", SHERD_ETRUNCATED},
    {"1.", "  ^", SHERD_ETRUNCATED},
    {"1e", "  ^", SHERD_ETRUNCATED},
    {"1e+", "   ^", SHERD_ETRUNCATED},
    {"tru", "   ^", SHERD_ETRUNCATED},
    {"[nul", "    ^", SHERD_ETRUNCATED},
    /* Structure. */
    {"[1,]", "   ^", SHERD_EJSON},
    {"[,1]", " ^", SHERD_EJSON},
    {"[1,,2]", "   ^", SHERD_EJSON},
    {"[,]", " ^", SHERD_EJSON},
    {"[1 2]", "   ^", SHERD_EJSON},
    {"[\"a\" \"b\"]", "     ^", SHERD_EJSON},
    {"[1}", "  ^", SHERD_EJSON},
    {"{\"a\":1]", "      ^", SHERD_EJSON},
    {"{]", " ^", SHERD_EJSON},
    {"[}", " ^", SHERD_EJSON},
    {"]", "^", SHERD_EJSON},
    {"}", "^", SHERD_EJSON},
    {",", "^", SHERD_EJSON},
    {"[]]", "  ^", SHERD_EJSON},
    {"{}}", "  ^", SHERD_EJSON},
    {"[] []", "   ^", SHERD_EJSON},
    {"1 2", "  ^", SHERD_EJSON},
    {"{\"a\":1,}", "       ^", SHERD_EJSON},
    {"{,\"a\":1}", " ^", SHERD_EJSON},
    {"{\"a\":1,,\"b\":2}", "       ^", SHERD_EJSON},
    {"{\"a\" 1}", "     ^", SHERD_EJSON},
    {"{\"a\",1}", "    ^", SHERD_EJSON},
    {"{\"a\"::1}", "     ^", SHERD_EJSON},
    {"{\"a\":}", "     ^", SHERD_EJSON},
    {"{\"a\"}", "    ^", SHERD_EJSON},
    {"{a:1}", " ^", SHERD_EJSON},
    {"{'a':1}", " ^", SHERD_EJSON},
    {"{1:1}", " ^", SHERD_EJSON},
    {"{null:1}", " ^", SHERD_EJSON},
    {"[\"a\":1]", "    ^", SHERD_EJSON},
    {"[1]x", "   ^", SHERD_EJSON},
    {"[1]//", "   ^", SHERD_EJSON},
    {"/**/[]", "^", SHERD_EJSON},
    {"[1]\f", "   ^", SHERD_EJSON},
    {"\v[]", "^", SHERD_EJSON},
    {"\xEF\xBB\xBF{}", "^", SHERD_EJSON}, /* a byte order mark */
    {"\xE2\x81\xA0[]", "^", SHERD_EJSON}, /* a Unicode space */
    {"\xFF\xFE[", "^", SHERD_EJSON},      /* UTF-16 */
    /* Literals. */
    {"True", "^", SHERD_EJSON},
    {"TRUE", "^", SHERD_EJSON},
    {"trux", "   ^", SHERD_EJSON},
    {"truee", "    ^", SHERD_EJSON},
    {"nulL", "   ^", SHERD_EJSON},
    {"[nul]", "    ^", SHERD_EJSON},
    {"[true false]", "      ^", SHERD_EJSON},
    {"[true\"\"]", "     ^", SHERD_EJSON},
    {"undefined", "^", SHERD_EJSON},
    {"NaN", "^", SHERD_EJSON},
    {"Infinity", "^", SHERD_EJSON},
    {"nan", " ^", SHERD_EJSON},
    /* Numbers. */
    {"01", " ^", SHERD_EJSON},
    {"00", " ^", SHERD_EJSON},
    {"-01", "  ^", SHERD_EJSON},
    {"+1", "^", SHERD_EJSON},
    {"--1", " ^", SHERD_EJSON},
    {"-a", " ^", SHERD_EJSON},
    {"-Infinity", " ^", SHERD_EJSON},
    {".5", "^", SHERD_EJSON},
    {"-.5", " ^", SHERD_EJSON},
    {"[1.]", "   ^", SHERD_EJSON},
    {"1.e5", "  ^", SHERD_EJSON},
    {"1..2", "  ^", SHERD_EJSON},
    {"1.2.3", "   ^", SHERD_EJSON},
    {"[0e]", "   ^", SHERD_EJSON},
    {"[0e+]", "    ^", SHERD_EJSON},
    {"0e+-1", "   ^", SHERD_EJSON},
    {"1eE2", "  ^", SHERD_EJSON},
    {"1e1.5", "   ^", SHERD_EJSON},
    {"0x42", " ^", SHERD_EJSON},
    {"1_000", " ^", SHERD_EJSON},
    {"1a", " ^", SHERD_EJSON},
    {"[1\"\"]", "  ^", SHERD_EJSON},
    {"\xEF\xBC\x91", "^", SHERD_EJSON}, /* a full-width digit */
    /* Strings. */
    {"\"\\x41\"", "  ^", SHERD_EJSON},
    {"\"\\a\"", "  ^", SHERD_EJSON},
    {"\"\\'\"", "  ^", SHERD_EJSON},
    {"\"\\0\"", "  ^", SHERD_EJSON},
    {"\"\\U0041\"", "  ^", SHERD_EJSON},
    {"\"\\\xF0\x9F\x8F\xBA\"", "  ^", SHERD_EJSON},
    {"\"\\u00G0\"", "     ^", SHERD_EJSON},
    {"\"\\u\"", "   ^", SHERD_EJSON},
    {"\"\\u 041\"", "   ^", SHERD_EJSON},
    {"\"\\u+041\"", "   ^", SHERD_EJSON},
    {"\"\t\"", " ^", SHERD_EJSON},
    {"\"a\n\"", "  ^", SHERD_EJSON},
    {"\"eight by\x1F\"", "         ^", SHERD_EJSON},
    {"'a'", "^", SHERD_EJSON},
    {"\"a\"b", "   ^", SHERD_EJSON},
    {"\"\\ud83d\\uZ\"", "         ^", SHERD_EJSON},
    /* Lone surrogates: in the grammar, and no text. */
    {"\"a\\ud800\"", "  ^", SHERD_EUTF8},
    {"\"\\udc00\"", " ^", SHERD_EUTF8},
    {"\"\\ud800x\"", " ^", SHERD_EUTF8},
    {"\"\\ud800\\n\"", " ^", SHERD_EUTF8},
    {"\"\\ud800\\ud800\"", " ^", SHERD_EUTF8},
    {"\"\\ud800\\u0041\"", " ^", SHERD_EUTF8},
    {"{\"\\udfff\":1}", "  ^", SHERD_EUTF8},
    /* UTF-8. */
    {"\"\x80\"", " ^", SHERD_EUTF8},
    {"\"ab\xFF\"", "   ^", SHERD_EUTF8},
    {"\"\xC3\"", " ^", SHERD_EUTF8},
    {"\"\xC3\n\"", " ^", SHERD_EUTF8}, /* the first of two faults counts */
    {"\"\n\xC3\"", " ^", SHERD_EJSON},
    {"\"\xC0\xAF\"", " ^", SHERD_EUTF8},         /* overlong */
    {"\"\xE0\x80\xAF\"", " ^", SHERD_EUTF8},     /* overlong */
    {"\"\xED\xA0\x80\"", " ^", SHERD_EUTF8},     /* a surrogate */
    {"\"\xF4\x90\x80\x80\"", " ^", SHERD_EUTF8}, /* over U+10FFFF */
    {"\"\xE0\x80", " ^", SHERD_EUTF8},           /* more bytes would not help */
    {"\"\xF5", " ^", SHERD_EUTF8},
    {"\"\xC3\xA9\xE9\\n\"", "   ^", SHERD_EUTF8},
    {"[\"\xE9\"]", "  ^", SHERD_EUTF8}, /* Latin-1 */
};

static void refuses_the_rest_at_the_byte_at_fault(void **state) {
  (void)state;
  for (size_t i = 0; i < COUNT(faults); i++) {
    size_t offset = SIZE_MAX, len = strlen(faults[i].document);
    enum sherd_status status =
        sherd_value_validate(SHERD_FORMAT_JSON, faults[i].document, len, &offset);
    if (status != faults[i].status || offset != strlen(faults[i].caret) - 1)
      fail_msg("%s: %s at %zu\n%s\n%s", faults[i].document, sherd_status_name(status), offset,
               faults[i].document, faults[i].caret);
    assert_true(view_agrees(SHERD_FORMAT_JSON, faults[i].document, len, NULL));
  }
}

static void refuses_nul_bytes(void **state) {
  (void)state;
  static const struct {
    const char *document;
    size_t len, offset;
  } rows[] = {{"\0", 1, 0},  {"[1]\0", 4, 3},    {"[\0001]", 4, 1}, {"\"\0\"", 3, 1},
              {"1\0", 2, 1}, {"\"\\\0\"", 4, 2}, {"t\0ue", 4, 1},   {"[\0,\0]", 5, 1}};
  for (size_t i = 0; i < COUNT(rows); i++) {
    size_t offset;
    assert_int_equal(
        sherd_value_validate(SHERD_FORMAT_JSON, rows[i].document, rows[i].len, &offset),
        SHERD_EJSON);
    assert_int_equal(offset, rows[i].offset);
    assert_true(view_agrees(SHERD_FORMAT_JSON, rows[i].document, rows[i].len, NULL));
  }
}

static void refuses_bad_arguments(void **state) {
  (void)state;
  struct sherd_value value;
  assert_int_equal(sherd_value_validate(SHERD_FORMAT_JSON, NULL, 1, NULL), SHERD_EINVAL);
  assert_int_equal(sherd_value_validate((enum sherd_data_format)7, "1", 1, NULL), SHERD_EINVAL);
  assert_int_equal(sherd_value_open(SHERD_FORMAT_JSON, NULL, 1, &value), SHERD_EINVAL);
  assert_false(sherd_value_exists(value));
  assert_int_equal(sherd_value_open((enum sherd_data_format)7, "1", 1, &value), SHERD_EINVAL);
  assert_int_equal(sherd_value_open(SHERD_FORMAT_JSON, NULL, 0, &value), SHERD_ETRUNCATED);
  assert_int_equal(sherd_value_validate(SHERD_FORMAT_JSON, NULL, 0, NULL), SHERD_ETRUNCATED);
}

static void nests_to_the_limit_and_no_deeper(void **state) {
  (void)state;
  char document[2 * 129 + 1];
  for (size_t depth = 1; depth <= 129; depth++) {
    for (size_t i = 0; i < depth; i++) {
      document[i] = '[';
      document[depth + i] = ']';
    }
    size_t offset = 0;
    enum sherd_status status =
        sherd_value_validate(SHERD_FORMAT_JSON, document, 2 * depth, &offset);
    assert_int_equal(status, depth <= SHERD_VALUE_DEPTH_MAX ? SHERD_OK : SHERD_EDEPTH);
    assert_int_equal(offset, depth <= SHERD_VALUE_DEPTH_MAX ? 0 : SHERD_VALUE_DEPTH_MAX);
    assert_true(view_agrees(SHERD_FORMAT_JSON, document, 2 * depth, NULL));
  }
}

static void a_hundred_thousand_brackets_do_no_harm(void **state) {
  (void)state;
  size_t len = 100000, offset = 0;
  char *document = malloc(len);
  static const char units[][8] = {"[", "{\"a\":", "[{\"\":"};
  for (size_t i = 0; i < COUNT(units); i++) {
    for (size_t j = 0; j < len; j++)
      document[j] = units[i][j % strlen(units[i])];
    assert_int_equal(sherd_value_validate(SHERD_FORMAT_JSON, document, len, &offset), SHERD_EDEPTH);
    struct sherd_value value;
    struct sherd_bytes raw;
    assert_int_equal(sherd_value_open(SHERD_FORMAT_JSON, document, len, &value), SHERD_OK);
    assert_int_equal(sherd_value_raw(value, &raw), SHERD_EDEPTH);
    assert_int_equal(walk(value), SHERD_EDEPTH);
  }
  free(document);
}

static const char sample[] =
    " {\"op\":0,\"s\" : 42,\"t\":\"MESSAGE_CREATE\",\"d\":{\"id\":\"613425648685547541\","
    "\"text\":\"\\ud83c\\udffa \xF0\x9F\x8F\xBA\xC3\xA9 \\\"quoted\\\"\\n\",\"f\":-1.5e-3,"
    "\"l\":[true,false,null,[],{}, 0 ,1E2]} }\n";

static void every_prefix_is_truncated(void **state) {
  (void)state;
  size_t whole = sizeof sample - 2; /* without the line break after it */
  for (size_t len = 0; len < whole; len++) {
    size_t offset;
    assert_int_equal(sherd_value_validate(SHERD_FORMAT_JSON, sample, len, &offset),
                     SHERD_ETRUNCATED);
    assert_int_equal(offset, len);
    assert_true(view_agrees(SHERD_FORMAT_JSON, sample, len, NULL));
  }
  assert_int_equal(sherd_value_validate(SHERD_FORMAT_JSON, sample, whole + 1, NULL), SHERD_OK);
}

static void every_mutation_of_a_byte_is_judged_alike(void **state) {
  (void)state;
  char mutated[sizeof sample];
  size_t valid_count = 0;
  for (size_t i = 0; i + 1 < sizeof sample; i++) {
    for (int byte = 0; byte < 256; byte++) {
      memcpy(mutated, sample, sizeof sample);
      mutated[i] = (char)byte;
      bool valid;
      assert_true(view_agrees(SHERD_FORMAT_JSON, mutated, sizeof sample - 1, &valid));
      valid_count += valid;
    }
  }
  assert_in_range(valid_count, sizeof sample, 256 * sizeof sample / 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(accepts_what_the_grammar_has),
      cmocka_unit_test(refuses_the_rest_at_the_byte_at_fault),
      cmocka_unit_test(refuses_nul_bytes),
      cmocka_unit_test(refuses_bad_arguments),
      cmocka_unit_test(nests_to_the_limit_and_no_deeper),
      cmocka_unit_test(a_hundred_thousand_brackets_do_no_harm),
      cmocka_unit_test(every_prefix_is_truncated),
      cmocka_unit_test(every_mutation_of_a_byte_is_judged_alike),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
