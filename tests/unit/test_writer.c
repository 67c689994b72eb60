/* The writer: one document through the same calls in both formats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "payload/writer.h"

#define COUNT(rows) (sizeof(rows) / sizeof *(rows))

static struct sherd_buf buf;

static int set_up(void **state) {
  (void)state;
  sherd__buf_init(&buf, sherd_allocator_default());
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  sherd__buf_deinit(&buf);
  return 0;
}

/* Runs `write` on a fresh buffer in one format. */
static enum sherd_status written(enum sherd_data_format format,
                                 void (*write)(struct sherd__writer *writer)) {
  struct sherd__writer writer;
  buf.len = 0;
  sherd__writer_begin(&writer, format, &buf);
  write(&writer);
  return sherd__writer_finish(&writer);
}

static void assert_json(void (*write)(struct sherd__writer *writer), const char *expected) {
  assert_int_equal(written(SHERD_FORMAT_JSON, write), SHERD_OK);
  assert_int_equal(sherd__buf_append_byte(&buf, 0), SHERD_OK);
  assert_string_equal((const char *)buf.data, expected);
}

static void assert_etf(void (*write)(struct sherd__writer *writer), const char *expected_hex) {
  assert_int_equal(written(SHERD_FORMAT_ETF, write), SHERD_OK);
  char hex[1024] = "";
  for (size_t i = 0; i < buf.len; i++)
    sprintf(hex + 2 * i, "%02x", buf.data[i]);
  assert_string_equal(hex, expected_hex);
}

static void write_heartbeat(struct sherd__writer *writer) {
  sherd__writer_map(writer, 2);
  sherd__writer_key(writer, "op");
  sherd__writer_u64(writer, 1);
  sherd__writer_key(writer, "d");
  sherd__writer_null(writer);
}

static void write_voice_state(struct sherd__writer *writer) {
  sherd__writer_map(writer, 4);
  sherd__writer_key(writer, "guild_id");
  sherd__writer_snowflake(writer, 613425648685547541);
  sherd__writer_key(writer, "channel_id");
  sherd__writer_str_or_null(writer, NULL);
  sherd__writer_key(writer, "self_mute");
  sherd__writer_bool(writer, false);
  sherd__writer_key(writer, "self_deaf");
  sherd__writer_bool(writer, true);
}

static void write_nested(struct sherd__writer *writer) {
  sherd__writer_map(writer, 3);
  sherd__writer_key(writer, "a");
  sherd__writer_list(writer, 3);
  sherd__writer_list(writer, 0);
  sherd__writer_map(writer, 0);
  sherd__writer_list(writer, 1);
  sherd__writer_u64(writer, 7);
  sherd__writer_key(writer, "b");
  sherd__writer_map(writer, 1);
  sherd__writer_key(writer, "c");
  sherd__writer_str_or_null(writer, "d");
  sherd__writer_key(writer, "e");
  sherd__writer_str_n(writer, "fgh", 2);
}

static void write_integers(struct sherd__writer *writer) {
  static const int64_t numbers[] = {0,
                                    255,
                                    256,
                                    -1,
                                    INT32_MAX,
                                    INT32_MIN,
                                    INT32_MAX + INT64_C(1),
                                    INT32_MIN - INT64_C(1),
                                    INT64_MAX,
                                    INT64_MIN};
  sherd__writer_list(writer, COUNT(numbers) + 1);
  for (size_t i = 0; i < COUNT(numbers); i++)
    sherd__writer_i64(writer, numbers[i]);
  sherd__writer_u64(writer, UINT64_MAX);
}

static void write_text(struct sherd__writer *writer) {
  sherd__writer_str_n(writer, "\"\\/\b\f\n\r\t\0\x1F\x7F\xC3\xA9\xF0\x9F\x8F\xBA", 17);
}

static void both_formats_come_out_of_the_same_calls(void **state) {
  (void)state;
  assert_json(write_heartbeat, "{\"op\":1,\"d\":null}");
  assert_etf(write_heartbeat, "8374000000026d000000026f7061016d000000016473036e696c");
  assert_json(write_voice_state, "{\"guild_id\":\"613425648685547541\",\"channel_id\":null,"
                                 "\"self_mute\":false,\"self_deaf\":true}");
  assert_etf(write_voice_state,
             "8374000000046d000000086775696c645f69646d00000012363133343235363438363835353437353431"
             "6d0000000a6368616e6e656c5f696473036e696c6d0000000973656c665f6d757465730566616c73656d"
             "0000000973656c665f64656166730474727565");
  assert_json(write_nested, "{\"a\":[[],{},[7]],\"b\":{\"c\":\"d\"},\"e\":\"fg\"}");
  assert_etf(write_nested, "8374000000036d00000001616c000000036a74000000006c0000000161076a6a"
                           "6d000000016274000000016d00000001636d00000001646d00000001656d000000"
                           "026667");
}

static void integers_take_the_shortest_tag(void **state) {
  (void)state;
  assert_json(write_integers, "[0,255,256,-1,2147483647,-2147483648,2147483648,-2147483649,"
                              "9223372036854775807,-9223372036854775808,18446744073709551615]");
  assert_etf(write_integers, "836c0000000b610061ff620000010062ffffffff627fffffff6280000000"
                             "6e0400000000806e0401010000806e0800ffffffffffffff7f"
                             "6e08010000000000000080"
                             "6e0800ffffffffffffffff6a");
}

static void texts_are_escaped_as_little_as_can_be(void **state) {
  (void)state;
  assert_json(write_text, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7F\xC3\xA9\xF0\x9F\x8F\xBA\"");
}

static void write_too_little(struct sherd__writer *writer) {
  sherd__writer_list(writer, 2);
  sherd__writer_null(writer);
}
static void write_too_much(struct sherd__writer *writer) {
  sherd__writer_list(writer, 1);
  sherd__writer_null(writer);
  sherd__writer_null(writer);
}
static void write_without_key(struct sherd__writer *writer) {
  sherd__writer_map(writer, 1);
  sherd__writer_null(writer);
}
static void write_two_keys(struct sherd__writer *writer) {
  sherd__writer_map(writer, 1);
  sherd__writer_key(writer, "a");
  sherd__writer_key(writer, "b");
}
static void write_key_in_list(struct sherd__writer *writer) {
  sherd__writer_list(writer, 1);
  sherd__writer_key(writer, "a");
}
static void write_nothing(struct sherd__writer *writer) {
  (void)writer;
}
static void write_empty_fragment(struct sherd__writer *writer) {
  sherd__writer_raw(writer, (struct sherd_bytes){NULL, 0});
}
static void write_huge_map(struct sherd__writer *writer) {
  sherd__writer_map(writer, UINT32_MAX);
}
static void write_bad_text(struct sherd__writer *writer) {
  sherd__writer_list(writer, 2);
  sherd__writer_str(writer, "\xED\xA0\x80");
  sherd__writer_null(writer);
}
static void write_bad_key(struct sherd__writer *writer) {
  sherd__writer_map(writer, 1);
  sherd__writer_key(writer, "\xFF");
  sherd__writer_null(writer);
}
static void write_too_deep(struct sherd__writer *writer) {
  for (int i = 0; i < SHERD__WRITER_DEPTH_MAX; i++)
    sherd__writer_list(writer, 1);
}

static void the_first_failure_is_kept_and_leaves_nothing(void **state) {
  (void)state;
  static const struct {
    void (*write)(struct sherd__writer *writer);
    enum sherd_status status;
  } rows[] = {
      {write_too_little, SHERD_EINVAL},     {write_too_much, SHERD_EINVAL},
      {write_without_key, SHERD_EINVAL},    {write_two_keys, SHERD_EINVAL},
      {write_key_in_list, SHERD_EINVAL},    {write_nothing, SHERD_EINVAL},
      {write_empty_fragment, SHERD_EINVAL}, {write_huge_map, SHERD_EINVAL},
      {write_bad_text, SHERD_EUTF8},        {write_bad_key, SHERD_EUTF8},
      {write_too_deep, SHERD_EDEPTH},
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    assert_int_equal(written(SHERD_FORMAT_JSON, rows[i].write), rows[i].status);
    assert_int_equal(buf.len, 0);
    assert_int_equal(written(SHERD_FORMAT_ETF, rows[i].write), rows[i].status);
    assert_int_equal(buf.len, 0);
  }
}

static void fragments_are_spliced_in(void **state) {
  (void)state;
  for (int format = SHERD_FORMAT_JSON; format <= SHERD_FORMAT_ETF; format++) {
    struct sherd__writer writer;
    struct sherd_buf whole;
    sherd__buf_init(&whole, sherd_allocator_default());
    buf.len = 0;
    sherd__writer_begin_fragment(&writer, (enum sherd_data_format)format, &buf);
    sherd__writer_list(&writer, 2);
    sherd__writer_u64(&writer, 0);
    sherd__writer_u64(&writer, 1);
    assert_int_equal(sherd__writer_finish(&writer), SHERD_OK);
    sherd__buf_append(&whole, "before", 6);
    sherd__writer_begin(&writer, (enum sherd_data_format)format, &whole);
    sherd__writer_map(&writer, 1);
    sherd__writer_key(&writer, "shard");
    sherd__writer_raw(&writer, sherd__buf_bytes(&buf));
    assert_int_equal(sherd__writer_finish(&writer), SHERD_OK);
    static const char json[] = "before{\"shard\":[0,1]}";
    static const char etf[] = "before\x83t\0\0\0\1m\0\0\0\5shardl\0\0\0\2a\0a\1j";
    assert_int_equal(whole.len, (format ? sizeof etf : sizeof json) - 1);
    assert_memory_equal(whole.data, format ? etf : json, whole.len);
    sherd__buf_deinit(&whole);
  }
}

static void *refuse_malloc(void *ctx, size_t size) {
  (void)ctx;
  (void)size;
  return NULL;
}
static void *refuse_realloc(void *ctx, void *ptr, size_t old_size, size_t size) {
  (void)ctx;
  (void)ptr;
  (void)old_size;
  (void)size;
  return NULL;
}

static void want_of_memory_is_a_status(void **state) {
  (void)state;
  static const struct sherd_allocator refusing = {.malloc = refuse_malloc,
                                                  .realloc = refuse_realloc};
  for (int format = SHERD_FORMAT_JSON; format <= SHERD_FORMAT_ETF; format++) {
    struct sherd_buf none;
    sherd__buf_init(&none, &refusing);
    struct sherd__writer writer;
    sherd__writer_begin(&writer, (enum sherd_data_format)format, &none);
    write_nested(&writer);
    assert_int_equal(sherd__writer_finish(&writer), SHERD_ENOMEM);
    assert_int_equal(none.len, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(both_formats_come_out_of_the_same_calls, set_up, tear_down),
      cmocka_unit_test_setup_teardown(integers_take_the_shortest_tag, set_up, tear_down),
      cmocka_unit_test_setup_teardown(texts_are_escaped_as_little_as_can_be, set_up, tear_down),
      cmocka_unit_test_setup_teardown(the_first_failure_is_kept_and_leaves_nothing, set_up,
                                      tear_down),
      cmocka_unit_test_setup_teardown(fragments_are_spliced_in, set_up, tear_down),
      cmocka_unit_test(want_of_memory_is_a_status),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
