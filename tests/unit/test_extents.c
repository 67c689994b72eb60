/* What is noted of the lists and objects of `d`: it is true of every document, good or damaged, it
 * goes along with a kept event, and it never outlives the bytes that it was noted of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "etf_of_json.h"
#include "payload/envelope.h"
#include "payload/extent.h"
#include "support/failing_alloc.h"
#include "support/host.h"
#include "walk_agreement.h"

static struct sherd__extents extents;

static int make_extents(void **state) {
  (void)state;
  sherd__extents_init(&extents, sherd_allocator_default());
  return 0;
}

static int free_extents(void **state) {
  (void)state;
  sherd__extents_deinit(&extents);
  return 0;
}

static uint64_t dice = 88172645463325252; /* xorshift: the same inputs each time */

static size_t roll(size_t under) {
  dice ^= dice << 13;
  dice ^= dice >> 7;
  dice ^= dice << 17;
  return (size_t)(dice % under);
}

/* --- Documents --- */

static void put(struct sherd_buf *out, const char *text) {
  assert_int_equal(sherd__buf_append(out, text, strlen(text)), SHERD_OK);
}

static void put_scalar(struct sherd_buf *out) {
  static const char *const scalars[] = {
      "0",        "7",
      "1234567",  "12345678",
      "-1",       "1.5e3",
      "\"\"",     "\"text\"",
      "true",     "\"]}\"",
      "false",    "null",
      "\"\\\\\"", "\"\\\"[\"",
      "\"{\"",    "\"caf\xC3\xA9 [\"",
      "200",      "\"a text of more than sixteen bytes, with [brackets] and {braces}\""};
  put(out, scalars[roll(sizeof scalars / sizeof *scalars)]);
}

static void put_value(struct sherd_buf *out, unsigned depth) {
  size_t what = depth ? roll(4) : 3, items = roll(4);
  if (what == 3) {
    put_scalar(out);
    return;
  }
  bool is_object = what > 0;
  put(out, is_object ? "{" : "[");
  for (size_t i = 0; i < items; i++) {
    char key[64];
    snprintf(key, sizeof key, "\"%s%zu\":", roll(2) ? "" : "a longer key ", i);
    put(out, i ? "," : "");
    put(out, is_object ? key : "");
    put_value(out, depth - 1);
  }
  put(out, is_object ? "}" : "]");
}

/* A message whose `d` holds a bit of everything. */
static struct sherd_buf make_message(enum sherd_data_format format) {
  struct sherd_buf json, etf;
  struct sherd_value value;
  sherd__buf_init(&json, sherd_allocator_default());
  put(&json, "{\"t\":\"X\",\"s\":1,\"op\":0,\"d\":[null,");
  put_value(&json, 5);
  put(&json, "],\"more\":{\"d\":[]}}");
  if (format == SHERD_FORMAT_JSON)
    return json;
  sherd__buf_init(&etf, sherd_allocator_default());
  put(&etf, "\x83");
  assert_int_equal(sherd_value_open(SHERD_FORMAT_JSON, json.data, json.len, &value), SHERD_OK);
  etf_of_json(value, (enum etf_keys)roll(5), &etf);
  sherd__buf_deinit(&json);
  return etf;
}

/* --- What is noted --- */

/* Counts the lists and objects by a walk that knows nothing, and holds each against its extent. */
static uint32_t check_extents(struct sherd_value plain, const struct sherd__extent *extent) {
  struct sherd_value_iter iter = sherd_value_iterate(plain);
  struct sherd_value item;
  struct sherd_bytes raw;
  uint32_t count = 1;
  while (sherd_value_next(&iter, NULL, &item)) {
    enum sherd_value_type type = sherd_value_type(item);
    bool is_noted = type == SHERD_VALUE_OBJECT || type == SHERD_VALUE_LIST;
    assert_int_equal(sherd_value_raw(item, &raw), SHERD_OK);
    if (item.format_ != SHERD_FORMAT_JSON) /* those without terms are not */
      is_noted = is_noted && raw.data[0] != 106 && raw.data[0] != 107 &&
                 !(raw.data[0] == 116 && raw.len == 5);
    if (is_noted)
      count += check_extents(item, extent + count);
  }
  assert_int_equal(sherd_value_raw(plain, &raw), SHERD_OK);
  assert_int_equal(extent->bytes, raw.len);
  assert_int_equal(extent->count, count);
  return count;
}

static void all_lists_and_objects_are_noted(void **state) {
  (void)state;
  for (size_t i = 0; i < 4000; i++) {
    enum sherd_data_format format = i % 2 ? SHERD_FORMAT_ETF : SHERD_FORMAT_JSON;
    struct sherd_buf message = make_message(format);
    struct sherd__envelope envelope;
    assert_int_equal(
        sherd__envelope_scan(format, sherd__buf_bytes(&message), &extents, &envelope, NULL),
        SHERD_OK);
    struct sherd_value plain = envelope.data;
    plain.extent_ = NULL;
    assert_ptr_equal(envelope.data.extent_, extents.all);
    check_extents(plain, envelope.data.extent_);
    assert_true(walk_agrees(envelope.data));
    sherd__buf_deinit(&message);
  }
}

/* --- Damage --- */

/* Scans an exact copy, so that the address sanitizer sees every byte read too many. */
static enum sherd_status check_scan(enum sherd_data_format format, const uint8_t *data,
                                    size_t len) {
  uint8_t *copy = malloc(len ? len : 1);
  memcpy(copy, data, len);
  struct sherd_bytes in = {copy, len};
  struct sherd__envelope noted, plain;
  size_t fault = 0, plain_fault = 0;
  enum sherd_status status = sherd__envelope_scan(format, in, &extents, &noted, &fault);
  assert_int_equal(status, sherd__envelope_scan(format, in, NULL, &plain, &plain_fault));
  assert_int_equal(fault, plain_fault);
  if (status == SHERD_OK) {
    assert_int_equal(noted.size, plain.size);
    assert_null(plain.data.extent_);
    if (!walk_agrees(noted.data))
      fail_msg("walks differ: %.*s", (int)len, (const char *)data);
  }
  free(copy);
  return status;
}

static void damage_is_met_alike(void **state) {
  (void)state;
  size_t passed = 0;
  for (size_t i = 0; i < 400; i++) {
    enum sherd_data_format format = i % 2 ? SHERD_FORMAT_ETF : SHERD_FORMAT_JSON;
    struct sherd_buf message = make_message(format);
    for (size_t len = 0; len < message.len; len++)
      assert_int_equal(check_scan(format, message.data, len), SHERD_ETRUNCATED);
    for (size_t j = 0; j < 300; j++) {
      uint8_t *at = &message.data[roll(message.len)], kept = *at;
      *at = roll(2) ? (uint8_t) "[]{}\",:\\1t -"[roll(12)] : (uint8_t)roll(256);
      passed += check_scan(format, message.data, message.len) == SHERD_OK;
      if (roll(100))
        *at = kept;
    }
    sherd__buf_deinit(&message);
  }
  assert_in_range(passed, 10000, 110000); /* damage of all kinds, found early and late */
}

/* Brackets where a walk sees none: it must not come to count others than the scan did. */
static void brackets_in_scalars_confuse_no_walk(void **state) {
  (void)state;
  static const char *const insides[] = {
      "1[,[2]],[3]",         "1{},{\"a\":[2]}",    "true[,[1]],[2]", "nul[],[3]",
      "[1[2],[3]],[4]",      "\"a\"[,[2]],[3]",    "-[],[[]]",       "1\"[\",[2]",
      "\"\\\\\"[],\"\",[2]", "1\\\"[,[2],\"],[3]", "[][],[[]]",      "[1 [2] [3]],[4]",
      "{\"a\"[1]:[2]}",      "{[1]:[2]},[3]",      "12345[6],[7]",   "1e[5],[6]",
  };
  for (size_t i = 0; i < sizeof insides / sizeof *insides; i++) {
    char document[128];
    int len = snprintf(document, sizeof document, "{\"op\":0,\"d\":[%s]}", insides[i]);
    check_scan(SHERD_FORMAT_JSON, (const uint8_t *)document, (size_t)len);
    len = snprintf(document, sizeof document, "{\"op\":0,\"d\":{\"k\":%s}}", insides[i]);
    check_scan(SHERD_FORMAT_JSON, (const uint8_t *)document, (size_t)len);
  }
}

/* What comes after it is looked at as ever. */
static void data_that_is_no_list_has_no_extents(void **state) {
  (void)state;
  static const char *const scalars[] = {"12345678", "09",       "-1",  "1.5",
                                        "\"\\n\"",  "\"text\"", "null"};
  for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++) {
    char document[128];
    struct sherd__envelope envelope;
    size_t fault;
    int len =
        snprintf(document, sizeof document, "{\"op\":0,\"d\":%s,\"d\":?,\"x\":{}}", scalars[i]);
    struct sherd_bytes in = {(const uint8_t *)document, (size_t)len};
    assert_int_equal(sherd__envelope_scan(SHERD_FORMAT_JSON, in, &extents, &envelope, &fault),
                     SHERD_EJSON);
    assert_int_equal(document[fault], '?');
    memcpy(strchr(document, '?'), "7", 1);
    assert_int_equal(sherd__envelope_scan(SHERD_FORMAT_JSON, in, &extents, &envelope, &fault),
                     SHERD_OK);
    assert_null(envelope.data.extent_);
  }
}

static void depth_has_its_limit(void **state) {
  (void)state;
  struct sherd_buf json, etf;
  sherd__buf_init(&json, sherd_allocator_default());
  sherd__buf_init(&etf, sherd_allocator_default());
  for (int over = 0; over < 2; over++) {
    int depth = SHERD_VALUE_DEPTH_MAX - 1 + over; /* the message is one more */
    json.len = etf.len = 0;
    put(&json, "{\"op\":0,\"d\":");
    assert_int_equal(sherd__buf_append(&etf, "\x83t\0\0\0\2m\0\0\0\2opa\0m\0\0\0\1d", 21),
                     SHERD_OK);
    for (int i = 0; i < depth; i++) {
      put(&json, "[");
      assert_int_equal(sherd__buf_append(&etf, "l\0\0\0\1", 5), SHERD_OK);
    }
    put(&json, "7");
    put(&etf, "a\7");
    for (int i = 0; i < depth; i++) {
      put(&json, "]");
      put(&etf, "j");
    }
    put(&json, "}");
    enum sherd_status due = over ? SHERD_EDEPTH : SHERD_OK;
    assert_int_equal(check_scan(SHERD_FORMAT_JSON, json.data, json.len), due);
    assert_int_equal(check_scan(SHERD_FORMAT_ETF, etf.data, etf.len), due);
  }
  sherd__buf_deinit(&json);
  sherd__buf_deinit(&etf);
}

/* --- Memory --- */

static struct sherd_value scan_list_of(const char *item, size_t count, struct sherd_buf *json,
                                       struct sherd__extents *into) {
  struct sherd__envelope envelope;
  json->len = 0;
  put(json, "{\"op\":0,\"d\":[0");
  for (size_t i = 0; i < count; i++)
    put(json, item);
  put(json, "]}");
  assert_int_equal(
      sherd__envelope_scan(SHERD_FORMAT_JSON, sherd__buf_bytes(json), into, &envelope, NULL),
      SHERD_OK);
  return envelope.data;
}

/* A document of nothing but brackets would need four times its own memory. */
static void no_more_is_noted_than_the_document_is_long(void **state) {
  (void)state;
  struct sherd_buf json;
  sherd__buf_init(&json, sherd_allocator_default());
  size_t count;
  struct sherd_value dense = scan_list_of(",[]", 100000, &json, &extents);
  assert_null(dense.extent_);
  assert_true(extents.cap * sizeof *extents.all <= json.len);
  assert_int_equal(sherd_value_count(dense, &count), SHERD_OK);
  assert_int_equal(count, 100001);
  struct sherd_value usual = scan_list_of(",[12345678]", 100000, &json, &extents);
  assert_non_null(usual.extent_);
  assert_int_equal(usual.extent_->count, 100001);
  assert_true(extents.cap * sizeof *extents.all <= json.len);
  assert_int_equal(sherd_value_count(usual, &count), SHERD_OK);
  assert_int_equal(count, 100001);
  struct sherd_value small = scan_list_of(",[]", 400, &json, &extents);
  assert_non_null(small.extent_);
  sherd__buf_deinit(&json);
}

static void without_memory_nothing_is_noted(void **state) {
  (void)state;
  struct sherd_buf json;
  struct sherd__test_alloc alloc;
  struct sherd__extents own;
  sherd__buf_init(&json, sherd_allocator_default());
  sherd__test_alloc_init(&alloc, 2);
  sherd__extents_init(&own, &alloc.allocator);
  assert_non_null(scan_list_of(",[]", 3, &json, &own).extent_);
  assert_null(
      scan_list_of(",[12345678]", 1000, &json, &own).extent_); /* the second request fails */
  assert_non_null(scan_list_of(",[]", 3, &json, &own).extent_);
  assert_non_null(scan_list_of(",[12345678]", 1000, &json, &own).extent_);
  size_t requests = alloc.requests;
  for (size_t i = 0; i < 100; i++)
    assert_non_null(scan_list_of(",[12345678]", i * 10, &json, &own).extent_);
  assert_int_equal(alloc.requests, requests); /* what is there serves again */
  sherd__extents_deinit(&own);
  assert_int_equal(alloc.live, 0);
  sherd__buf_deinit(&json);
}

/* --- Events --- */

#define KEPT_MAX 64

struct story {
  struct sherd_event *kept[KEPT_MAX];
  char *json[KEPT_MAX]; /* what each was when it came */
  size_t count;
};

static char *to_json(struct sherd_value value) {
  size_t len;
  assert_int_equal(sherd_value_to_json(value, NULL, 0, &len), SHERD_ENOSPACE);
  char *json = malloc(len + 1);
  assert_int_equal(sherd_value_to_json(value, json, len + 1, NULL), SHERD_OK);
  return json;
}

static void keep(struct host *host, const struct sherd_output *output, void *user) {
  struct story *story = user;
  (void)host;
  if (output->type != SHERD_OUTPUT_EVENT || !output->as.event.has_seq)
    return;
  const struct sherd_event *event = &output->as.event;
  assert_non_null(event->data.extent_);
  assert_true(walk_agrees(event->data));
  assert_true(story->count < KEPT_MAX);
  story->json[story->count] = to_json(event->data);
  assert_int_equal(sherd_event_retain(event, &story->kept[story->count++]), SHERD_OK);
}

static void check_story(struct story *story, size_t due) {
  assert_int_equal(story->count, due);
  for (size_t i = 0; i < story->count; i++) {
    const struct sherd_event *event = story->kept[i];
    struct sherd_value plain = event->data;
    plain.extent_ = NULL;
    assert_non_null(event->data.extent_);
    check_extents(plain, event->data.extent_);
    assert_true(walk_agrees(event->data));
    char *json = to_json(event->data);
    assert_string_equal(json, story->json[i]);
    free(json);
    free(story->json[i]);
    sherd_event_release(story->kept[i]);
  }
}

static void say_something(struct host *host, unsigned seq) {
  struct sherd_buf json;
  sherd__buf_init(&json, sherd_allocator_default());
  put(&json, "[");
  for (size_t left = roll(6); left; left--) {
    put_value(&json, 4);
    put(&json, ",");
  }
  put(&json, "[]]");
  host_sayf(host, "{\"t\":\"MESSAGE_CREATE\",\"s\":%u,\"op\":0,\"d\":%.*s}", seq, (int)json.len,
            (const char *)json.data);
  sherd__buf_deinit(&json);
}

/* Two engines take turns with one scratch; messages come whole, in pieces that are parked, and
 * compressed. Each event is as it was, in its callback and long after. */
static void events_that_share_a_scratch_walk_right(void **state) {
  (void)state;
  for (size_t way = 0; way < 24; way++) {
    struct sherd_gateway_config config = host_config();
    config.format = way % 2 ? SHERD_FORMAT_ETF : SHERD_FORMAT_JSON;
    config.compression = way / 2 % 3 == 0   ? SHERD_COMPRESSION_NONE
                         : way / 2 % 3 == 1 ? SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM
                                            : SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM;
    struct sherd_scratch *scratch;
    struct story stories[2] = {0};
    struct host hosts[2];
    assert_int_equal(sherd_scratch_new(NULL, &scratch), SHERD_OK);
    for (size_t i = 0; i < 2; i++) {
      assert_int_equal(host_init_with(&hosts[i], &config, scratch, NULL), SHERD_OK);
      hosts[i].split = way / 6 * 7;
      hosts[i].on_output = keep;
      hosts[i].user = &stories[i];
      host_to_active(&hosts[i]);
    }
    for (unsigned seq = 2; seq < 22; seq++)
      for (size_t i = 0; i < 2; i++)
        say_something(&hosts[i], seq);
    for (size_t i = 0; i < 2; i++)
      host_deinit(&hosts[i]);
    sherd_scratch_free(scratch);
    for (size_t i = 0; i < 2; i++)
      check_story(&stories[i], 21);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_lists_and_objects_are_noted),
      cmocka_unit_test(damage_is_met_alike),
      cmocka_unit_test(brackets_in_scalars_confuse_no_walk),
      cmocka_unit_test(data_that_is_no_list_has_no_extents),
      cmocka_unit_test(depth_has_its_limit),
      cmocka_unit_test(no_more_is_noted_than_the_document_is_long),
      cmocka_unit_test(without_memory_nothing_is_noted),
      cmocka_unit_test(events_that_share_a_scratch_walk_right),
  };
  return cmocka_run_group_tests(tests, make_extents, free_extents);
}
