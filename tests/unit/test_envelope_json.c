/* The envelope found at once gives what the walk gives, for all that it takes; and it takes what
 * Discord writes. The walk is had by a space in front, which the quick way never takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "payload/envelope_json.h"

#define DOCUMENT_MAX 4096
#define DOCUMENTS    60000

static uint64_t dice = 7;

static size_t roll(size_t sides) {
  dice ^= dice << 13;
  dice ^= dice >> 7;
  dice ^= dice << 17;
  return (size_t)(dice >> 11) % sides;
}

/* --- Messages, most of them as they should be --- */

struct text {
  char bytes[DOCUMENT_MAX];
  size_t len;
};

static void put(struct text *text, const char *what) {
  size_t len = strlen(what);
  assert_true(text->len + len < DOCUMENT_MAX);
  memcpy(text->bytes + text->len, what, len);
  text->len += len;
}

static const char *any(const char *const *of, size_t count) {
  return of[roll(count)];
}

#define ANY(...)                                                                                   \
  any((const char *const[]){__VA_ARGS__},                                                          \
      sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void put_value(struct text *text, char key) {
  bool is_odd = roll(12) == 0;
  switch (key) {
  case 'o':
    put(text, is_odd ? ANY("00", "4294967296", "-1", "1.0", "1e1", "\"0\"", "null", "[]", "")
                     : ANY("0", "1", "10", "4294967295"));
    break;
  case 's':
    put(text, is_odd ? ANY("01", "1.5", "-0", "true", "nul", "18446744073709551616", "{}", "")
                     : ANY("1", "null", "123456789012345678", "18446744073709551615", "0"));
    break;
  case 't':
    put(text, is_odd ? ANY("1", "\"A\\u0042\"", "\"\\\"\"", "\"\x01\"", "nullx", "\"\xC3\"", "[")
                     : ANY("\"READY\"", "null", "\"\"", "\"M\xC3\xB6W\"", "\"GUILD_CREATE\""));
    break;
  default:
    put(text, is_odd ? ANY("{]", "{", "[}", "7", "null", "\"}\"", "{\"a\":\"}", "{{}", "")
                     : ANY("{}", "{\"a\":[{},[],{\"b\":\"]}\"}],\"c\":1}", "{\"v\":10}",
                           "[1,{\"x\":[]}]", "{\"\\\"\":\"\\\\\"}"));
    break;
  }
}

static void put_message(struct text *text) {
  static const char keys[] = "tsodtsodx";
  size_t count = roll(8) ? 4 : roll(7), first = roll(5);
  text->len = 0;
  put(text, "{");
  for (size_t i = 0; i < count; i++) {
    char key = keys[first + i];
    put(text, i ? "," : "");
    put(text, roll(30) ? "\"" : ANY(" \"", "", "\"o", "\"\\u006f"));
    put(text, key == 'o' ? "op" : (char[]){key, '\0'});
    put(text, roll(30) ? "\":" : ANY("\" :", "\"", "\": ", ":"));
    put_value(text, key);
  }
  put(text, roll(30) ? "}" : ANY("", "]", "},", "} \n", "}{\"op\":1}"));
}

/* --- The comparison --- */

static void same_value(const struct sherd_value *quick, const struct sherd_value *walked) {
  struct sherd_bytes a, b;
  char ours[DOCUMENT_MAX], theirs[DOCUMENT_MAX];
  assert_int_equal(sherd_value_exists(*quick), sherd_value_exists(*walked));
  assert_int_equal(sherd_value_type(*quick), sherd_value_type(*walked));
  assert_int_equal(sherd_value_raw(*quick, &a), sherd_value_raw(*walked, &b));
  if (!quick->at_)
    return;
  assert_int_equal(a.len, b.len);
  assert_memory_equal(a.data, b.data, a.len);
  assert_int_equal(quick->at_ - quick->base_ + 1, walked->at_ - walked->base_);
  assert_int_equal(quick->end_ - quick->base_ + 1, walked->end_ - walked->base_);
  assert_int_equal(quick->depth_, walked->depth_);
  enum sherd_status status = sherd_value_to_json(*quick, ours, sizeof ours, NULL);
  assert_int_equal(status, sherd_value_to_json(*walked, theirs, sizeof theirs, NULL));
  if (status == SHERD_OK)
    assert_string_equal(ours, theirs);
}

/* Whether it was taken. The bytes end where their memory does, for ASan to see. */
static bool compare(const char *bytes, size_t len, struct sherd__extents *extents) {
  uint8_t *alone = malloc(len ? len : 1), *moved = malloc(len + 1);
  struct sherd__envelope quick, walked;
  assert_true(alone && moved);
  memcpy(alone, bytes, len);
  moved[0] = ' ';
  memcpy(moved + 1, bytes, len);
  bool is_taken = sherd__envelope_find_json((struct sherd_bytes){alone, len}, extents, &quick);
  if (is_taken) {
    if (sherd__envelope_scan(SHERD_FORMAT_JSON, (struct sherd_bytes){moved, len + 1}, NULL, &walked,
                             NULL))
      fail_msg("the walk refuses %.*s", (int)len, bytes);
    assert_int_equal(quick.op, walked.op);
    assert_int_equal(quick.has_seq, walked.has_seq);
    if (quick.has_seq)
      assert_int_equal(quick.seq, walked.seq);
    assert_int_equal(quick.size + 1, walked.size);
    same_value(&quick.name, &walked.name);
    same_value(&quick.data, &walked.data);
  }
  free(alone);
  free(moved);
  return is_taken;
}

static void what_is_taken_is_what_the_walk_finds(void **state) {
  (void)state;
  struct sherd__extents extents;
  struct text text;
  size_t taken = 0;
  sherd__extents_init(&extents, sherd_allocator_default());
  for (size_t i = 0; i < DOCUMENTS; i++) {
    put_message(&text);
    taken += compare(text.bytes, text.len, &extents);
    if (roll(4) == 0)
      compare(text.bytes, roll(text.len), &extents);
    text.bytes[roll(text.len)] = (char)roll(256);
    compare(text.bytes, text.len, &extents);
  }
  sherd__extents_deinit(&extents);
  assert_in_range(taken, DOCUMENTS / 5, DOCUMENTS * 4 / 5);
}

static void every_start_of_a_message_is_left_to_the_walk(void **state) {
  (void)state;
  static const char message[] =
      "{\"t\":\"MESSAGE_CREATE\",\"s\":12,\"op\":0,\"d\":{\"id\":\"1\",\"a\":[{\"b\":[]}]}}";
  for (size_t len = 0; len < sizeof message - 1; len++)
    assert_false(compare(message, len, NULL));
  assert_true(compare(message, sizeof message - 1, NULL));
}

static void what_discord_writes_is_taken(void **state) {
  (void)state;
  static const char *const messages[] = {
      "{\"t\":null,\"s\":null,\"op\":10,\"d\":{\"heartbeat_interval\":41250,\"_trace\":[\"[]\"]}}",
      "{\"t\":\"READY\",\"s\":1,\"op\":0,\"d\":{\"v\":10}}",
      "{\"op\":0,\"s\":123456789,\"t\":\"MESSAGE_CREATE\",\"d\":{\"content\":\"\\\"}\"}}",
      "{\"d\":{\"x\":{}},\"op\":0,\"s\":5,\"t\":\"TYPING_START\"}",
  };
  for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
    assert_true(compare(messages[i], strlen(messages[i]), NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_taken_is_what_the_walk_finds),
      cmocka_unit_test(every_start_of_a_message_is_left_to_the_walk),
      cmocka_unit_test(what_discord_writes_is_taken),
  };
  return cmocka_run_group_tests_name("envelope_json", tests, NULL, NULL);
}
