/* Erlang's external term format, byte by byte: what each tag reads as, and what is refused where.*/
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "payload/envelope.h"
#include "payload/etf.h"
#include "view_agreement.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

/* The bytes of a hexadecimal text; spaces do not count. Lifetime: until the next call. */
static struct sherd_bytes hex(const char *text) {
  static uint8_t bytes[4096];
  size_t len = 0;
  unsigned byte;
  int used;
  while (sscanf(text, " %2x%n", &byte, &used) == 1) {
    bytes[len++] = (uint8_t)byte;
    text += used;
  }
  return (struct sherd_bytes){bytes, len};
}

static struct sherd_value etf(const char *text) {
  struct sherd_bytes bytes = hex(text);
  struct sherd_value value;
  sherd_value_open(SHERD_FORMAT_ETF, bytes.data, bytes.len, &value);
  return value;
}

static void every_term_reads_as_json(void **state) {
  (void)state;
  static const struct {
    const char *hex, *json;
  } rows[] = {
      /* integers */
      {"83 61 00", "0"},
      {"83 61 ff", "255"},
      {"83 62 00000539", "1337"},
      {"83 62 ffffffff", "-1"},
      {"83 62 80000000", "-2147483648"},
      {"83 6e 08 00 1500049e60538308", "613425648685547541"},
      {"83 6e 00 00", "0"},
      {"83 6e 00 01", "0"},
      {"83 6e 01 01 05", "-5"},
      {"83 6e 08 00 ffffffffffffffff", "18446744073709551615"},
      {"83 6e 08 01 0000000000000080", "-9223372036854775808"},
      {"83 6e 09 00 000000000000000001", "18446744073709551616"},
      {"83 6e 0a 01 ffffffffffffffffff00", "-4722366482869645213695"},
      {"83 6f 00000002 00 0001", "256"},
      /* floats */
      {"83 46 3ff8000000000000", "1.5"},
      {"83 46 3ff0000000000000", "1.0"},
      {"83 46 8000000000000000", "-0.0"},
      {"83 46 3fb999999999999a", "0.1"},
      {"83 46 7fefffffffffffff", "1.7976931348623157e+308"},
      {"83 46 4341c37937e08001", "10000000000000002.0"},
      {"83 63 312e35303030303030303030303030303030303030 30652b3030 0000000000", "1.5"},
      {"83 63 2d322e3030303030303030303030303030303030303030652d3031 00000000", "-0.2"},
      /* atoms */
      {"83 64 0003 6e696c", "null"},
      {"83 73 03 6e696c", "null"},
      {"83 76 0004 6e756c6c", "null"},
      {"83 77 04 74727565", "true"},
      {"83 64 0005 66616c7365", "false"},
      {"83 73 04 6f66666c", "\"offl\""},
      {"83 73 01 e9", "\"\xC3\xA9\""},
      {"83 64 0003 61e962", "\"a\xC3\xA9"
                            "b\""},
      {"83 77 02 c3a9", "\"\xC3\xA9\""},
      {"83 76 0002 c3a9", "\"\xC3\xA9\""},
      {"83 73 00", "\"\""},
      /* binaries */
      {"83 6d 00000000", "\"\""},
      {"83 6d 00000003 6e696c", "\"nil\""},
      {"83 6d 00000006 22 5c 2f 0a 00 7f", "\"\\\"\\\\/\\n\\u0000\x7F\""},
      {"83 6d 00000004 f09f8fba", "\"\xF0\x9F\x8F\xBA\""},
      /* lists */
      {"83 6a", "[]"},
      {"83 6b 0000", "[]"},
      {"83 6b 0003 00 01 ff", "[0,1,255]"},
      {"83 6c 00000000 6a", "[]"},
      {"83 6c 00000002 6101 6a 6a", "[1,[]]"},
      {"83 6c 00000001 6c 00000001 6101 6a 6a", "[[1]]"},
      {"83 68 00", "[]"},
      {"83 68 02 6101 6802 6102 6103", "[1,[2,3]]"},
      {"83 69 00000001 6b 0001 2a", "[[42]]"},
      /* maps */
      {"83 74 00000000", "{}"},
      {"83 74 00000002 6400016f 6101 6d00000001 73 7303 6e696c", "{\"o\":1,\"s\":null}"},
      {"83 74 00000001 610c 6d00000001 61", "{\"12\":\"a\"}"},
      {"83 74 00000001 6e08001500049e60538308 74 00000000", "{\"613425648685547541\":{}}"},
      {"83 74 00000001 62ffffffff 6a", "{\"-1\":[]}"},
      {"83 74 00000001 7303 6e696c 7304 74727565", "{\"nil\":true}"},
      {"83 74 00000001 7301 e9 6101", "{\"\xC3\xA9\":1}"},
      {"83 74 00000002 7301 61 6101 7301 61 6102", "{\"a\":1,\"a\":2}"},
      {"83 74 00000001 64 0005 7368617264 6b 0002 0001", "{\"shard\":[0,1]}"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct sherd_bytes bytes = hex(rows[i].hex);
    char json[512] = "";
    struct sherd_value value = etf(rows[i].hex);
    enum sherd_status status = sherd_value_to_json(value, json, sizeof json, NULL);
    if (status || strcmp(json, rows[i].json) != 0)
      fail_msg("%s: %s %s, not %s", rows[i].hex, sherd_status_name(status), json, rows[i].json);
    bool valid = false;
    assert_true(view_agrees(SHERD_FORMAT_ETF, bytes.data, bytes.len, &valid));
    assert_true(valid);
    for (size_t len = 0; len < bytes.len; len++) {
      size_t offset = SIZE_MAX;
      assert_int_equal(sherd_value_validate(SHERD_FORMAT_ETF, bytes.data, len, &offset),
                       SHERD_ETRUNCATED);
      assert_int_equal(offset, len);
      assert_true(view_agrees(SHERD_FORMAT_ETF, bytes.data, len, NULL));
    }
  }
}

static void damage_has_its_status_and_place(void **state) {
  (void)state;
  static const struct {
    const char *hex;
    enum sherd_status status;
    size_t offset;
  } rows[] = {
      {"", SHERD_ETRUNCATED, 0},
      {"83", SHERD_ETRUNCATED, 1},
      {"82 6a", SHERD_EETF, 0},
      {"7b 7d", SHERD_EETF, 0},
      {"83 6a 6a", SHERD_EETF, 2},
      {"83 61 01 00", SHERD_EETF, 3},
      /* tags without a place in a payload, and none at all */
      {"83 67 00", SHERD_ETAG, 1},
      {"83 71 6a", SHERD_ETAG, 1},
      {"83 5a 00", SHERD_ETAG, 1},
      {"83 4d 00000001 01 00", SHERD_ETAG, 1},
      {"83 00", SHERD_ETAG, 1},
      {"83 ff", SHERD_ETAG, 1},
      {"83 83 6a", SHERD_ETAG, 1},
      {"83 6801 66 00", SHERD_ETAG, 3},
      {"83 6801 50 00000002 789c", SHERD_ETAG, 3}, /* compressed, but not as a whole */
      {"83 74 00000001 6a 6a", SHERD_EETF, 6},     /* a list for a key */
      {"83 74 00000001 463ff0000000000000 6a", SHERD_EETF, 6},
      {"83 74 00000001 7400000000 6a", SHERD_EETF, 6},
      {"83 74 00000001 65 6a", SHERD_ETAG, 6},
      {"83 6c 00000001 6101 6102", SHERD_EETF, 8}, /* a tail that is not nil */
      {"83 6c 00000001 6101 6b 0000", SHERD_EETF, 8},
      {"83 6e 01 02 05", SHERD_EETF, 3}, /* a sign that is none */
      {"83 46 7ff0000000000000", SHERD_EETF, 2},
      {"83 46 fff8000000000001", SHERD_EETF, 2},
      {"83 63 6e616e0000000000000000000000000000000000000000000000000000000000", SHERD_EETF, 2},
      {"83 63 312e35303030303030303030303030303030303030306e2b30300000000000", SHERD_EETF, 2},
      {"83 63 312e353030303030303030303030303030303030 3030652b30300000000001", SHERD_EETF, 2},
      {"83 63 00000000000000000000000000000000000000000000000000000000000000", SHERD_EETF, 2},
      {"83 6d 00000002 61 ff", SHERD_EUTF8, 7},
      {"83 6d 00000001 c3", SHERD_EUTF8, 6}, /* cut by its own length, not by the document */
      {"83 77 01 e9", SHERD_EUTF8, 3},
      {"83 76 0002 41e9", SHERD_EUTF8, 5},
      {"83 74 00000001 6d00000001ff 6a", SHERD_EUTF8, 11},
      /* lengths that the document does not have */
      {"83 6d ffffffff 61", SHERD_ETRUNCATED, 7},
      {"83 6c ffffffff 6a", SHERD_ETRUNCATED, 7},
      {"83 74 ffffffff 6a6a", SHERD_ETRUNCATED, 8},
      {"83 74 80000000 6a6a", SHERD_ETRUNCATED, 8},
      {"83 69 7fffffff", SHERD_ETRUNCATED, 6},
      {"83 6f ffffffff 00", SHERD_ETRUNCATED, 7},
      {"83 6b ffff 00", SHERD_ETRUNCATED, 5},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct sherd_bytes bytes = hex(rows[i].hex);
    size_t offset = SIZE_MAX;
    enum sherd_status status =
        sherd_value_validate(SHERD_FORMAT_ETF, bytes.data, bytes.len, &offset);
    if (status != rows[i].status || offset != rows[i].offset)
      fail_msg("%s: %s at %zu", rows[i].hex, sherd_status_name(status), offset);
    assert_true(view_agrees(SHERD_FORMAT_ETF, bytes.data, bytes.len, NULL));
  }
}

static void numbers_read_as_their_likes_in_json(void **state) {
  (void)state;
  static const struct {
    const char *hex, *json;
  } rows[] = {
      {"83 61 07", "7"},
      {"83 62 ffffffff", "-1"},
      {"83 6e 08 00 1500049e60538308", "613425648685547541"},
      {"83 6e 08 00 ffffffffffffffff", "18446744073709551615"},
      {"83 6e 08 00 ffffffffffffff7f", "9223372036854775807"},
      {"83 6e 08 01 0000000000000080", "-9223372036854775808"},
      {"83 6e 08 01 0100000000000080", "-9223372036854775809"},
      {"83 6e 09 00 000000000000000001", "18446744073709551616"},
      {"83 6e 09 00 000800000000000001", "18446744073709553664"}, /* between two doubles */
      {"83 6e 0a 00 01080000000000000100", "18446744073709553665"},
      {"83 6e 09 00 ffffffffffffffff7f", "2361183241434822606847"},
      {"83 46 3ff0000000000000", "1.0"},
      {"83 46 3ff8000000000000", "1.5"},
      {"83 46 c000000000000000", "-2.0"},
      {"83 46 8000000000000000", "-0.0"},
      {"83 46 43e0000000000000", "9223372036854775808.0"},
      {"83 46 c3e0000000000000", "-9223372036854775808.0"},
      {"83 46 43f0000000000000", "18446744073709551616.0"},
      {"83 46 7fe0000000000000", "8.98846567431158e307"},
      {"83 46 0000000000000001", "5e-324"},
      {"83 63 312e35303030303030303030303030303030303030 30652b3031 0000000000", "15"},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct sherd_value in_etf = etf(rows[i].hex), in_json;
    sherd_value_open(SHERD_FORMAT_JSON, rows[i].json, strlen(rows[i].json), &in_json);
    uint64_t u64[2] = {7, 7};
    int64_t i64[2] = {7, 7};
    double f64[2] = {7, 7};
    assert_int_equal(sherd_value_as_u64(in_etf, &u64[0]), sherd_value_as_u64(in_json, &u64[1]));
    assert_int_equal(sherd_value_as_i64(in_etf, &i64[0]), sherd_value_as_i64(in_json, &i64[1]));
    assert_int_equal(sherd_value_as_f64(in_etf, &f64[0]), sherd_value_as_f64(in_json, &f64[1]));
    assert_true(u64[0] == u64[1]);
    assert_true(i64[0] == i64[1]);
    if (memcmp(&f64[0], &f64[1], sizeof *f64) != 0)
      fail_msg("%s: %.17g, not %.17g", rows[i].hex, f64[0], f64[1]);
    assert_int_equal(sherd_value_as_snowflake(in_etf, &u64[0]),
                     sherd_value_as_snowflake(in_json, &u64[1]));
  }
}

/* A document of one LARGE_BIG of `len` bytes of `fill`. */
static size_t big(uint8_t *out, size_t len, uint8_t fill) {
  const uint8_t head[] = {131, 111, 0, 0, (uint8_t)(len >> 8), (uint8_t)len, 0};
  memcpy(out, head, sizeof head);
  memset(out + sizeof head, fill, len);
  return sizeof head + len;
}

static void huge_integers_have_an_end(void **state) {
  (void)state;
  uint8_t document[600];
  struct sherd_value value;
  double number = 7;
  size_t offset = 0, len = big(document, SHERD__ETF_BIG_BYTES_MAX, 0xFF);
  char json[1024];
  bool valid;
  assert_true(view_agrees(SHERD_FORMAT_ETF, document, len, &valid));
  assert_true(valid);
  sherd_value_open(SHERD_FORMAT_ETF, document, len, &value);
  assert_int_equal(sherd_value_to_json(value, json, sizeof json, &len), SHERD_OK);
  assert_int_equal(len, 617); /* of 2^2048 - 1 */
  assert_int_equal(strncmp(json, "32317006071311007300714876688669951960444", 41), 0);
  assert_int_equal(strcmp(json + 617 - 10, "9596230655"), 0);
  assert_int_equal(sherd_value_as_f64(value, &number), SHERD_ERANGE);
  len = big(document, SHERD__ETF_BIG_BYTES_MAX + 1, 0xFF);
  assert_int_equal(sherd_value_validate(SHERD_FORMAT_ETF, document, len, &offset), SHERD_ERANGE);
  assert_int_equal(offset, 6);
  assert_true(view_agrees(SHERD_FORMAT_ETF, document, len, NULL));
  len = big(document, 400, 0); /* zeros are no digits */
  assert_int_equal(sherd_value_validate(SHERD_FORMAT_ETF, document, len, NULL), SHERD_OK);
  len = big(document, 128, 0xFF); /* just over the largest double */
  sherd_value_open(SHERD_FORMAT_ETF, document, len, &value);
  assert_int_equal(sherd_value_as_f64(value, &number), SHERD_ERANGE);
  len = big(document, 127, 0xFF);
  sherd_value_open(SHERD_FORMAT_ETF, document, len, &value);
  assert_int_equal(sherd_value_as_f64(value, &number), SHERD_OK);
  assert_true(number == ldexp(1, 127 * 8));
}

static void texts_are_slices_unless_converted(void **state) {
  (void)state;
  struct sherd_bytes text;
  char copy[8];
  size_t len = 0;
  struct sherd_value value = etf("83 6d 00000003 61c3a9");
  assert_int_equal(sherd_value_as_str(value, &text), SHERD_OK);
  assert_int_equal(text.len, 3);
  assert_memory_equal(text.data, "a\xC3\xA9", 3);
  assert_true(sherd_value_equals(value, "a\xC3\xA9"));
  assert_false(sherd_value_equals(value, "a"));
  assert_int_equal(sherd_value_as_str_copy(value, copy, 3, &len), SHERD_ENOSPACE);
  assert_int_equal(len, 3);

  value = etf("83 73 03 61e9fc"); /* Latin-1 */
  assert_int_equal(sherd_value_as_str(value, &text), SHERD_EESCAPED);
  assert_int_equal(sherd_value_as_str_copy(value, copy, sizeof copy, &len), SHERD_OK);
  assert_string_equal(copy, "a\xC3\xA9\xC3\xBC");
  assert_int_equal(len, 5);
  assert_true(sherd_value_equals(value, "a\xC3\xA9\xC3\xBC"));
  assert_false(sherd_value_equals(value, "a\xC3\xA9\xC3\xBD"));
  assert_int_equal(sherd_value_as_str(etf("83 6d 00000001 ff"), &text), SHERD_EUTF8);
  assert_int_equal(sherd_value_as_str(etf("83 73 03 6e696c"), &text), SHERD_ETYPE);
  assert_int_equal(sherd_value_as_str(etf("83 6b 0001 61"), &text), SHERD_ETYPE);
}

static void keys_are_texts_whatever_they_are(void **state) {
  (void)state;
  struct sherd_value object =
      etf("83 74 00000004 610c 6101 7303 6e696c 6102 6e0500ffffffffff 6103 6d0000000161 6104");
  static const char *const keys[] = {"12", "nil", "1099511627775", "a"};
  struct sherd_value_iter iter = sherd_value_iterate(object);
  struct sherd_value key, value;
  uint64_t number = 0;
  for (size_t i = 0; i < COUNT(keys); i++) {
    char text[32];
    struct sherd_bytes slice;
    assert_true(sherd_value_next(&iter, &key, &value));
    assert_int_equal(sherd_value_type(key), SHERD_VALUE_STRING);
    assert_true(sherd_value_equals(key, keys[i]));
    assert_int_equal(sherd_value_as_str_copy(key, text, sizeof text, NULL), SHERD_OK);
    assert_string_equal(text, keys[i]);
    assert_int_equal(sherd_value_as_str(key, &slice), i % 2 ? SHERD_OK : SHERD_EESCAPED);
    assert_int_equal(sherd_value_to_json(key, text, sizeof text, NULL), SHERD_OK);
    assert_int_equal(text[0], '"');
    assert_int_equal(sherd_value_as_u64(sherd_value_get(object, keys[i]), &number), SHERD_OK);
    assert_int_equal(number, i + 1);
  }
  assert_false(sherd_value_next(&iter, &key, &value));
  assert_int_equal(sherd_value_iter_status(&iter), SHERD_OK);
}

static void small_integers_in_a_string_are_values(void **state) {
  (void)state;
  struct sherd_value list = etf("83 74 00000001 6d00000005 7368617264 6b 0002 05ff");
  list = sherd_value_get(list, "shard");
  size_t count = 0;
  int64_t number = 0;
  double f64 = 0;
  char json[8];
  struct sherd_bytes raw;
  assert_int_equal(sherd_value_count(list, &count), SHERD_OK);
  assert_int_equal(count, 2);
  struct sherd_value item = sherd_value_at(list, 1);
  assert_int_equal(sherd_value_type(item), SHERD_VALUE_NUMBER);
  assert_int_equal(sherd_value_as_i64(item, &number), SHERD_OK);
  assert_int_equal(number, 255);
  assert_int_equal(sherd_value_as_f64(item, &f64), SHERD_OK);
  assert_true(f64 == 255);
  assert_int_equal(sherd_value_to_json(item, json, sizeof json, NULL), SHERD_OK);
  assert_string_equal(json, "255");
  assert_int_equal(sherd_value_raw(item, &raw), SHERD_OK);
  assert_int_equal(raw.len, 1);
  assert_int_equal(sherd_value_status(sherd_value_at(list, 2), NULL), SHERD_ENOTFOUND);
  assert_int_equal(sherd_value_status(sherd_value_get(item, "x"), NULL), SHERD_ETYPE);
  assert_int_equal(sherd_value_raw(list, &raw), SHERD_OK);
  assert_int_equal(raw.len, 5);
}

static void damage_is_met_where_it_is(void **state) {
  (void)state;
  static const struct {
    const char *hex, *path;
    enum sherd_status status;
    size_t offset;
  } rows[] = {
      {"83 74 00000002 730161 67 730162 6101", "a", SHERD_ETAG, 9},
      {"83 74 00000002 730161 6101 6a 6101", "b", SHERD_EETF, 11},
      {"83 74 00000002 730161 6d00000009 6101", "b", SHERD_ETRUNCATED, 16},
      {"83 74 00000002 730161 6c00000001 6101 6102 730162 6101", "b", SHERD_EETF, 16},
      {"83 6c 00000001 6101 6102", "1", SHERD_EETF, 8},
      {"83 6c 00000001 6101", "0", SHERD_ETRUNCATED, 8},
      {"83 6802 6101", "1", SHERD_ETRUNCATED, 5},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    size_t offset = SIZE_MAX;
    struct sherd_value value = sherd_value_path(etf(rows[i].hex), rows[i].path);
    enum sherd_status status = sherd_value_status(value, &offset);
    if (i == 5) { /* the item is there; only the end of its list is not */
      assert_int_equal(status, SHERD_OK);
      continue;
    }
    if (status != rows[i].status || offset != rows[i].offset)
      fail_msg("%s %s: %s at %zu", rows[i].hex, rows[i].path, sherd_status_name(status), offset);
  }
}

static void nests_to_the_limit_and_no_deeper(void **state) {
  (void)state;
  uint8_t document[3 * 130];
  for (size_t depth = 126; depth <= 130; depth++) {
    document[0] = 131;
    for (size_t i = 0; i + 1 < depth; i++)
      memcpy(document + 1 + 2 * i, "h\1", 2);
    document[1 + 2 * (depth - 1)] = 106;
    size_t offset = 0, len = 2 * depth;
    enum sherd_status status = sherd_value_validate(SHERD_FORMAT_ETF, document, len, &offset);
    assert_int_equal(status, depth <= SHERD_VALUE_DEPTH_MAX ? SHERD_OK : SHERD_EDEPTH);
    assert_int_equal(offset, depth <= SHERD_VALUE_DEPTH_MAX ? 0 : 1 + 2 * SHERD_VALUE_DEPTH_MAX);
    assert_true(view_agrees(SHERD_FORMAT_ETF, document, len, NULL));
  }
}

static const char sample[] =
    "83 74 00000005 6400016f 6101 6d00000001 73 6e08001500049e60538308 730164 74 00000003"
    "770161 6c 00000003 6b 0002 0001 46 3ff8000000000000 7303 6e696c 6a"
    "6101 68 02 62 ffffffff 7305 66616c7365 760001 7a 6d 00000004 f09f8fba"
    "7301 e9 6a 640001 7a 74 00000000";

static void every_mutation_of_a_byte_is_judged_alike(void **state) {
  (void)state;
  uint8_t mutated[256];
  struct sherd_bytes bytes = hex(sample);
  size_t valid_count = 0;
  for (size_t i = 0; i < bytes.len; i++) {
    for (int byte = 0; byte < 256; byte++) {
      memcpy(mutated, bytes.data, bytes.len);
      mutated[i] = (uint8_t)byte;
      bool valid;
      assert_true(view_agrees(SHERD_FORMAT_ETF, mutated, bytes.len, &valid));
      valid_count += valid;
    }
  }
  assert_in_range(valid_count, bytes.len, 256 * bytes.len / 2);
}

/* Random bytes that look like terms: tags are likely, lengths are short. */
static void random_terms_are_judged_alike(void **state) {
  (void)state;
  static const uint8_t tags[] = {70,  97,  98,  99,  100, 104, 105, 106, 107,
                                 108, 109, 110, 111, 115, 116, 118, 119};
  uint32_t seed = 1;
  size_t valid_count = 0;
  for (int round = 0; round < 200000; round++) {
    uint8_t document[40] = {131};
    for (size_t i = 1; i < sizeof document; i++) {
      seed = seed * 1664525 + 1013904223;
      uint32_t dice = seed >> 16;
      document[i] =
          dice % 3 == 0 ? tags[dice / 3 % sizeof tags] : (uint8_t)(dice % 7 ? 0 : dice / 9);
    }
    size_t len = 2 + seed % (sizeof document - 1);
    bool valid;
    assert_true(view_agrees(SHERD_FORMAT_ETF, document, len, &valid));
    valid_count += valid;
  }
  assert_true(valid_count > 500);
}

static void the_envelope_is_found_in_a_map(void **state) {
  (void)state;
  struct sherd_bytes in = hex("83 74 00000004 640001 64 74 00000001"
                              "640012 6865617274626561745f696e74657276616c 62 0000a122"
                              "640002 6f70 610a 640001 73 640003 6e696c 640001 74 640003 6e696c");
  struct sherd__envelope envelope;
  size_t offset = 0;
  uint64_t interval = 0;
  for (size_t len = 0; len < in.len; len++) {
    struct sherd_bytes cut = {in.data, len};
    assert_int_equal(sherd__envelope_scan(SHERD_FORMAT_ETF, cut, NULL, &envelope, &offset),
                     SHERD_ETRUNCATED);
    assert_int_equal(offset, len);
  }
  size_t whole = in.len;
  in.len += 3; /* what follows is left alone */
  assert_int_equal(sherd__envelope_scan(SHERD_FORMAT_ETF, in, NULL, &envelope, &offset), SHERD_OK);
  assert_int_equal(envelope.op, 10);
  assert_false(envelope.has_seq);
  assert_int_equal(sherd_value_type(envelope.name), SHERD_VALUE_NULL);
  assert_int_equal(envelope.size, whole);
  struct sherd_value value = sherd_value_get(envelope.data, "heartbeat_interval");
  assert_int_equal(sherd_value_as_u64(value, &interval), SHERD_OK);
  assert_int_equal(interval, 41250);
}

static void envelopes_that_cannot_be_used_are_named_and_placed(void **state) {
  (void)state;
  static const struct {
    const char *hex;
    enum sherd_status status;
    size_t offset;
  } rows[] = {
      {"83 6a", SHERD_EENVELOPE, 1},
      {"83 74 00000000", SHERD_EENVELOPE, 5},
      {"83 74 00000001 73026f70 7303 6e696c", SHERD_EENVELOPE, 10},
      {"83 74 00000001 73026f70 6e0500ffffffffff", SHERD_EENVELOPE, 10},
      {"83 74 00000001 73026f70 6e010205", SHERD_EETF, 12},
      {"83 74 00000002 73026f70 6100 730174 6101", SHERD_EENVELOPE, 15},
      {"83 74 00000002 73026f70 6100 730173 62ffffffff", SHERD_EENVELOPE, 15},
      {"83 74 00000002 73026f70 6100 730173 67", SHERD_ETAG, 15},
      {"7b7d", SHERD_EETF, 0},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct sherd__envelope envelope;
    size_t offset = SIZE_MAX;
    enum sherd_status status =
        sherd__envelope_scan(SHERD_FORMAT_ETF, hex(rows[i].hex), NULL, &envelope, &offset);
    if (status != rows[i].status || offset != rows[i].offset)
      fail_msg("%s: %s at %zu", rows[i].hex, sherd_status_name(status), offset);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_term_reads_as_json),
      cmocka_unit_test(damage_has_its_status_and_place),
      cmocka_unit_test(numbers_read_as_their_likes_in_json),
      cmocka_unit_test(huge_integers_have_an_end),
      cmocka_unit_test(texts_are_slices_unless_converted),
      cmocka_unit_test(keys_are_texts_whatever_they_are),
      cmocka_unit_test(small_integers_in_a_string_are_values),
      cmocka_unit_test(damage_is_met_where_it_is),
      cmocka_unit_test(nests_to_the_limit_and_no_deeper),
      cmocka_unit_test(every_mutation_of_a_byte_is_judged_alike),
      cmocka_unit_test(random_terms_are_judged_alike),
      cmocka_unit_test(the_envelope_is_found_in_a_map),
      cmocka_unit_test(envelopes_that_cannot_be_used_are_named_and_placed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
