/* One view over both formats: the same payload gives the same answers. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "etf_of_json.h"
#include "payload/boundary.h"
#include "payload/envelope.h"
#include "view_agreement.h"

/* Both views walk side by side. */
static void assert_same(struct sherd_value a, struct sherd_value b) {
  struct sherd_value key[2], item[2];
  uint64_t u64[2] = {1, 1};
  int64_t i64[2] = {1, 1};
  double f64[2] = {1, 1};
  bool truth[2] = {0, 0};
  size_t count[2] = {0, 0};
  assert_int_equal(sherd_value_type(a), sherd_value_type(b));
  assert_int_equal(sherd_value_as_u64(a, &u64[0]), sherd_value_as_u64(b, &u64[1]));
  assert_int_equal(sherd_value_as_i64(a, &i64[0]), sherd_value_as_i64(b, &i64[1]));
  assert_int_equal(sherd_value_as_f64(a, &f64[0]), sherd_value_as_f64(b, &f64[1]));
  assert_int_equal(sherd_value_as_bool(a, &truth[0]), sherd_value_as_bool(b, &truth[1]));
  assert_int_equal(sherd_value_count(a, &count[0]), sherd_value_count(b, &count[1]));
  assert_true(u64[0] == u64[1] && i64[0] == i64[1] && truth[0] == truth[1]);
  assert_memory_equal(&f64[0], &f64[1], sizeof *f64);
  assert_int_equal(count[0], count[1]);
  assert_int_equal(sherd_value_as_snowflake(a, &u64[0]), sherd_value_as_snowflake(b, &u64[1]));
  assert_true(u64[0] == u64[1]);
  if (sherd_value_type(a) == SHERD_VALUE_STRING) {
    char text[4096];
    assert_int_equal(sherd_value_as_str_copy(a, text, sizeof text, &count[0]), SHERD_OK);
    assert_int_equal(sherd_value_equals(b, text), strlen(text) == count[0]);
  }
  struct sherd_value_iter iter[2] = {sherd_value_iterate(a), sherd_value_iterate(b)};
  for (size_t i = 0; sherd_value_next(&iter[0], &key[0], &item[0]); i++) {
    char text[256];
    assert_true(sherd_value_next(&iter[1], &key[1], &item[1]));
    assert_same(item[0], item[1]);
    if (sherd_value_type(a) == SHERD_VALUE_OBJECT) {
      assert_int_equal(sherd_value_as_str_copy(key[0], text, sizeof text, NULL), SHERD_OK);
      assert_true(sherd_value_equals(key[1], text));
      assert_same(sherd_value_get(a, text), sherd_value_get(b, text));
    } else {
      assert_same(sherd_value_at(a, i), sherd_value_at(b, i));
    }
  }
  assert_false(sherd_value_next(&iter[1], &key[1], &item[1]));
  assert_int_equal(sherd_value_iter_status(&iter[0]), sherd_value_iter_status(&iter[1]));
}

static char *json_of(struct sherd_value value, size_t *len) {
  assert_int_equal(sherd_value_to_json(value, NULL, 0, len), SHERD_ENOSPACE);
  char *text = malloc(*len + 1);
  assert_int_equal(sherd_value_to_json(value, text, *len + 1, NULL), SHERD_OK);
  return text;
}

/* Where a document ends must not depend on how it is cut. */
static void assert_ends(enum sherd_data_format format, struct sherd_bytes document) {
  for (size_t step = 1; step <= document.len; step += 1 + step / 2) {
    struct sherd__boundary boundary;
    sherd__boundary_init(&boundary, format);
    for (size_t at = 0; at < document.len; at += step) {
      size_t left = document.len - at, used = 0;
      struct sherd_bytes piece = {document.data + at, left < step ? left : step};
      bool ended = sherd__boundary_feed(&boundary, piece, &used);
      assert_int_equal(ended, piece.len == left);
      assert_int_equal(used, piece.len);
    }
  }
}

static void check_payload(struct sherd_bytes json) {
  struct sherd_value in_json, in_etf;
  bool valid;
  assert_true(view_agrees(SHERD_FORMAT_JSON, json.data, json.len, &valid));
  assert_true(valid);
  assert_int_equal(sherd_value_open(SHERD_FORMAT_JSON, json.data, json.len, &in_json), SHERD_OK);
  for (int keys = KEYS_BINARY; keys <= KEYS_SMALL_ATOM_UTF8; keys++) {
    struct sherd_buf etf;
    size_t len[2];
    sherd__buf_init(&etf, sherd_allocator_default());
    assert_int_equal(sherd__etf_put_version(&etf), SHERD_OK);
    etf_of_json(in_json, (enum etf_keys)keys, &etf);
    assert_true(view_agrees(SHERD_FORMAT_ETF, etf.data, etf.len, &valid));
    assert_true(valid);
    assert_int_equal(sherd_value_open(SHERD_FORMAT_ETF, etf.data, etf.len, &in_etf), SHERD_OK);
    assert_same(in_json, in_etf);
    assert_ends(SHERD_FORMAT_ETF, sherd__buf_bytes(&etf));
    char *a = json_of(in_json, &len[0]), *b = json_of(in_etf, &len[1]);
    assert_string_equal(a, b);
    free(a);
    free(b);
    sherd__buf_deinit(&etf);
  }
}

static struct sherd_bytes read_file(const char *directory, const char *name) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  uint8_t *data = malloc(1 << 20);
  size_t len = fread(data, 1, 1 << 20, file);
  fclose(file);
  return (struct sherd_bytes){data, len};
}

static void every_payload_is_the_same_in_both(void **state) {
  (void)state;
  DIR *directory = opendir(TEST_PAYLOADS);
  assert_non_null(directory);
  struct dirent *entry;
  size_t count = 0;
  while ((entry = readdir(directory))) {
    if (!strstr(entry->d_name, ".json"))
      continue;
    struct sherd_bytes json = read_file(TEST_PAYLOADS, entry->d_name);
    struct sherd__envelope envelope;
    check_payload(json);
    assert_int_equal(sherd__envelope_scan(SHERD_FORMAT_JSON, json, NULL, &envelope, NULL),
                     SHERD_OK);
    assert_int_equal(envelope.size, json.len);
    assert_int_equal(envelope.op, 0);
    assert_true(sherd_value_exists(envelope.data));
    free((void *)(uintptr_t)json.data);
    count++;
  }
  closedir(directory);
  assert_in_range(count, 80, 1000);
}

static void extremes_are_the_same_in_both(void **state) {
  (void)state;
  static const char *const documents[] = {
      "[]",
      "{}",
      "[[],{},[[]],\"\"]",
      "[0,1,255]",
      "[0,1,256]",
      "[-1,-2147483648,-2147483649]",
      "[4294967295,4294967296,9223372036854775807,9223372036854775808,18446744073709551615]",
      "[-9223372036854775808]",
      "[0.1,-0.5,1.0,1e300,123456.789,5e-324,0.30000000000000004]",
      "{\"a\":{\"b\":[true,false,null,\"nil\",\"true\"]}}",
      "[\"\xF0\x9F\x8F\xBA\",\"\\\"\\\\\\n\\u0000\",\"\xC3\xA9\"]",
      "{\"\xC3\xA9\":\"\"}",
  };
  for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
    struct sherd_value in_json, in_etf;
    struct sherd_buf etf;
    sherd__buf_init(&etf, sherd_allocator_default());
    sherd_value_open(SHERD_FORMAT_JSON, documents[i], strlen(documents[i]), &in_json);
    assert_int_equal(sherd__etf_put_version(&etf), SHERD_OK);
    etf_of_json(in_json, KEYS_SMALL_ATOM, &etf);
    assert_int_equal(sherd_value_open(SHERD_FORMAT_ETF, etf.data, etf.len, &in_etf), SHERD_OK);
    assert_same(in_json, in_etf);
    sherd__buf_deinit(&etf);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_payload_is_the_same_in_both),
      cmocka_unit_test(extremes_are_the_same_in_both),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
