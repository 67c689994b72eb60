/* Requests: read, done by a fake fleet, and answered in one line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <sherd/config.h>
#include <sherd/value.h>

#include "cli/requests.h"
#include "sink/request.h"
#include "support/failing_alloc.h"

static struct sherd_bytes bytes_of(const char *text) {
  return (struct sherd_bytes){(const uint8_t *)text, strlen(text)};
}

/* --- A fleet that notes what it was asked, and answers as told --- */

static struct fake {
  enum sherd_status answer;
  const char *text; /* of the error */
  unsigned sends, reshards, renders;
  uint32_t shard_id, shard_count;
  void (*look)(const struct sherd_command *command);
} fake;

static enum sherd_status fail_as_told(struct sherd_error_info *error) {
  if (fake.answer && fake.text)
    (void)snprintf(error->text, sizeof error->text, "%s", fake.text);
  return fake.answer;
}

static enum sherd_status fake_send(struct sherd_fleet *fleet, uint32_t shard_id,
                                   const struct sherd_command *command,
                                   struct sherd_error_info *error) {
  assert_null(fleet);
  fake.sends++;
  fake.shard_id = shard_id;
  if (fake.look)
    fake.look(command);
  return fail_as_told(error);
}

static enum sherd_status fake_reshard(struct sherd_fleet *fleet, uint32_t shard_count,
                                      struct sherd_error_info *error) {
  assert_null(fleet);
  fake.reshards++;
  fake.shard_count = shard_count;
  return fail_as_told(error);
}

static enum sherd_status fake_render(void *ctx, struct sherd_buf *out) {
  const char *text = ctx;
  fake.renders++;
  enum sherd_status status = sherd__buf_append(out, text, strlen(text));
  return status ? status : fake.answer;
}

static char status_json[] = "{\"shards\":4,\"connected\":3}\n";

static const struct sherd__request_doer doer = {
    .send = fake_send, .reshard = fake_reshard, .render_status = fake_render, .ctx = status_json};

/* Asks, and gives the answer, which is one line and one JSON object. Lifetime: until the next. */
static const char *ask(const char *line) {
  static char answer[4096];
  struct sherd_buf out;
  sherd__buf_init(&out, sherd_allocator_default());
  sherd__cli_answer(&doer, bytes_of(line), &out);
  assert_in_range(out.len, 1, sizeof answer - 1);
  memcpy(answer, out.data, out.len);
  answer[out.len] = '\0';
  assert_ptr_equal(strchr(answer, '\n'), answer + out.len - 1);
  assert_int_equal(sherd_value_validate(SHERD_FORMAT_JSON, out.data, out.len, NULL), SHERD_OK);
  sherd__buf_deinit(&out);
  return answer;
}

/* Asks what shall be done, and looks at the command. */
static void ask_and_see(const char *line, void (*look)(const struct sherd_command *command)) {
  fake = (struct fake){.look = look};
  const char *answer = ask(line);
  assert_non_null(strstr(answer, "\"status\":\"SHERD_OK\",\"text\":\"\"}}"));
  assert_int_equal(fake.sends, 1);
}

/* Asks what shall not be done. */
static void assert_refused(const char *line, const char *text) {
  fake = (struct fake){0};
  const char *answer = ask(line);
  struct sherd_value result;
  char got[SHERD_ERROR_TEXT_MAX + 1];
  assert_int_equal(fake.sends + fake.reshards + fake.renders, 0);
  assert_int_equal(sherd_value_open(SHERD_FORMAT_JSON, answer, strlen(answer), &result), SHERD_OK);
  assert_false(sherd_value_equals(sherd_value_path(result, "d.status"), "SHERD_OK"));
  assert_int_equal(
      sherd_value_as_str_copy(sherd_value_path(result, "d.text"), got, sizeof got, NULL), SHERD_OK);
  assert_string_equal(got, text);
}

/* --- The commands --- */

static void look_presence(const struct sherd_command *command) {
  const struct sherd_presence *presence = &command->as.presence;
  assert_int_equal(command->type, SHERD_COMMAND_PRESENCE);
  assert_int_equal(presence->status_is, SHERD_FIELD_VALUE);
  assert_int_equal(presence->status, SHERD_PRESENCE_DND);
  assert_int_equal(presence->activity_is, SHERD_FIELD_VALUE);
  assert_string_equal(presence->activity.name, "with \"fire\"");
  assert_null(presence->activity.state);
  assert_string_equal(presence->activity.url, "https://twitch.tv/x");
  assert_int_equal(presence->activity.type, SHERD_ACTIVITY_STREAMING);
  assert_int_equal(presence->idle_since_is, SHERD_FIELD_VALUE);
  assert_int_equal(presence->idle_since_ms, UINT64_C(1795528985123));
  assert_int_equal(presence->afk_is, SHERD_FIELD_VALUE);
  assert_true(presence->afk);
}

static void a_presence_is_read_in_full(void **state) {
  (void)state;
  ask_and_see("{\"op\":\"update_presence\",\"shard\":7,\"status\":\"dnd\",\"activity\":{\"name\":"
              "\"with \\\"fire\\\"\",\"state\":null,\"url\":\"https://twitch.tv/x\",\"type\":"
              "\"streaming\"},\"idle_since_ms\":1795528985123,\"afk\":true}",
              look_presence);
  assert_int_equal(fake.shard_id, 7);
}

static void look_cleared(const struct sherd_command *command) {
  const struct sherd_presence *presence = &command->as.presence;
  assert_int_equal(presence->status_is, SHERD_FIELD_UNSET);
  assert_int_equal(presence->activity_is, SHERD_FIELD_NULL);
  assert_int_equal(presence->idle_since_is, SHERD_FIELD_NULL);
  assert_int_equal(presence->afk_is, SHERD_FIELD_UNSET);
}

static void null_clears_and_absent_keeps(void **state) {
  (void)state;
  ask_and_see("{\"op\":\"update_presence\",\"activity\":null,\"idle_since_ms\":null}",
              look_cleared);
  assert_int_equal(fake.shard_id, SHERD_NEVER); /* all */
}

static void look_watching(const struct sherd_command *command) {
  assert_int_equal(command->as.presence.activity.type, SHERD_ACTIVITY_WATCHING);
}

static void an_activity_may_have_discords_number(void **state) {
  (void)state;
  ask_and_see("{\"op\":\"update_presence\",\"activity\":{\"name\":\"x\",\"type\":3}}",
              look_watching);
}

static void look_voice(const struct sherd_command *command) {
  assert_int_equal(command->type, SHERD_COMMAND_VOICE_STATE);
  assert_int_equal(command->guild_id, UINT64_C(613425648685547541));
  assert_int_equal(command->as.voice_state.channel_id, UINT64_C(127121515262115840));
  assert_true(command->as.voice_state.self_mute);
  assert_false(command->as.voice_state.self_deaf);
}

static void look_left(const struct sherd_command *command) {
  assert_int_equal(command->as.voice_state.channel_id, 0);
}

static void voice_is_joined_and_left(void **state) {
  (void)state;
  ask_and_see("{\"op\":\"update_voice_state\",\"guild_id\":\"613425648685547541\",\"channel_id\":"
              "127121515262115840,\"self_mute\":true,\"self_deaf\":false}\n",
              look_voice);
  ask_and_see("{\"op\":\"update_voice_state\",\"guild_id\":1,\"channel_id\":null}", look_left);
}

static void look_members(const struct sherd_command *command) {
  const struct sherd_members_request *members = &command->as.members;
  assert_int_equal(command->type, SHERD_COMMAND_REQUEST_MEMBERS);
  assert_int_equal(command->guild_id, 41);
  assert_string_equal(members->query, "da");
  assert_int_equal(members->limit, 10);
  assert_true(members->presences);
  assert_string_equal(members->nonce, "n1");
  assert_int_equal(members->user_id_count, 2);
  assert_int_equal(members->user_ids[0], 5);
  assert_int_equal(members->user_ids[1], UINT64_C(18446744073709551615));
}

static void look_all_members(const struct sherd_command *command) {
  const struct sherd_members_request *members = &command->as.members;
  assert_null(members->query);
  assert_null(members->nonce);
  assert_int_equal(members->user_id_count, 0);
}

static void members_are_asked_for(void **state) {
  (void)state;
  ask_and_see("{\"op\":\"request_guild_members\",\"guild_id\":\"41\",\"query\":\"da\",\"limit\":10,"
              "\"presences\":true,\"nonce\":\"n1\",\"user_ids\":[5,\"18446744073709551615\"]}",
              look_members);
  ask_and_see("{\"op\":\"request_guild_members\",\"guild_id\":\"41\"}", look_all_members);
}

static void look_channels(const struct sherd_command *command) {
  assert_int_equal(command->type, SHERD_COMMAND_REQUEST_CHANNEL_INFO);
  assert_int_equal(command->as.channel_info_fields,
                   SHERD_CHANNEL_INFO_STATUS | SHERD_CHANNEL_INFO_VOICE_START_TIME);
}

static void look_start_time(const struct sherd_command *command) {
  assert_int_equal(command->as.channel_info_fields, SHERD_CHANNEL_INFO_VOICE_START_TIME);
}

static void look_sounds(const struct sherd_command *command) {
  assert_int_equal(command->type, SHERD_COMMAND_REQUEST_SOUNDBOARD_SOUNDS);
  assert_int_equal(command->as.soundboard_guilds.count, 2);
  assert_int_equal(command->as.soundboard_guilds.ids[1], 43);
}

static void channels_and_sounds_are_asked_for(void **state) {
  (void)state;
  ask_and_see("{\"op\":\"request_channel_info\",\"guild_id\":\"41\",\"fields\":"
              "[\"status\",\"voice_start_time\"]}",
              look_channels);
  ask_and_see("{\"op\":\"request_channel_info\",\"guild_id\":\"41\",\"fields\":"
              "[\"voice_start_time\"]}",
              look_start_time);
  ask_and_see("{\"op\":\"request_soundboard_sounds\",\"guild_ids\":[42,\"43\"]}", look_sounds);
}

/* --- The two that are no commands --- */

static void status_is_given_as_a_value(void **state) {
  (void)state;
  fake = (struct fake){0};
  assert_string_equal(ask("{\"op\":\"status\",\"id\":[1, \"b\"]}"),
                      "{\"shard\":null,\"s\":null,\"t\":\"RESULT\",\"d\":{\"id\":[1,\"b\"],\"op\":"
                      "\"status\",\"status\":\"SHERD_OK\",\"text\":\"\",\"value\":"
                      "{\"shards\":4,\"connected\":3}}}\n");
  fake.answer = SHERD_ENOMEM;
  assert_null(strstr(ask("{\"op\":\"status\"}"), "value")); /* half of it is not shown */
  assert_int_equal(fake.renders, 2);
}

static void resharding_is_begun(void **state) {
  (void)state;
  fake = (struct fake){0};
  assert_non_null(strstr(ask("{\"op\":\"reshard\",\"shards\":12}"), "SHERD_OK"));
  assert_int_equal(fake.reshards, 1);
  assert_int_equal(fake.shard_count, 12);
}

/* --- Failures --- */

static void a_failure_is_told_in_its_own_words(void **state) {
  (void)state;
  fake =
      (struct fake){.answer = SHERD_EMISSINGINTENT, .text = "presences need \"GUILD_PRESENCES\""};
  assert_string_equal(ask("{\"op\":\"request_guild_members\",\"guild_id\":1,\"presences\":true,"
                          "\"id\":\"\\u0041\"}"),
                      "{\"shard\":null,\"s\":null,\"t\":\"RESULT\",\"d\":{\"id\":\"A\",\"op\":"
                      "\"request_guild_members\",\"status\":\"SHERD_EMISSINGINTENT\",\"text\":"
                      "\"presences need \\\"GUILD_PRESENCES\\\"\"}}\n");
  fake = (struct fake){.answer = SHERD_EQUEUEFULL};
  assert_non_null(
      strstr(ask("{\"op\":\"update_presence\",\"afk\":false}"), sherd_strerror(SHERD_EQUEUEFULL)));
}

static void what_is_wrong_is_named(void **state) {
  (void)state;
  assert_refused("{\"op\":\"update_presense\"}",
                 "there is no op 'update_presense'; did you mean 'update_presence'?");
  assert_refused("{\"op\":\"xyzzy\"}",
                 "there is no op 'xyzzy'; there are update_presence, update_voice_state, "
                 "request_guild_members, request_channel_info, request_soundboard_sounds, status, "
                 "reshard");
  assert_refused("{\"id\":1}", "a request wants an 'op'");
  assert_refused("{\"op\":\"status\",\"op\":\"status\"}", "'op' stands twice");
  assert_refused("{\"op\":\"update_presence\"}",
                 "update_presence wants one of 'status', 'activity', 'idle_since_ms' or 'afk'");
  assert_refused("{\"op\":\"update_presence\",\"shard\":1}",
                 "update_presence wants one of 'status', 'activity', 'idle_since_ms' or 'afk'");
  assert_refused("{\"op\":\"update_presence\",\"stauts\":\"idle\"}",
                 "there is no field of update_presence 'stauts'; did you mean 'status'?");
  assert_refused("{\"op\":\"update_presence\",\"status\":\"idel\"}",
                 "there is no status 'idel'; did you mean 'idle'?");
  assert_refused("{\"op\":\"update_presence\",\"status\":null}",
                 "there is no such status; there are online, idle, dnd, invisible, offline");
  assert_refused("{\"op\":\"update_presence\",\"activity\":\"x\"}",
                 "'activity' wants an object or null");
  assert_refused("{\"op\":\"update_presence\",\"activity\":{\"nmae\":\"x\"}}",
                 "there is no field of an activity 'nmae'; did you mean 'name'?");
  assert_refused("{\"op\":\"update_presence\",\"activity\":{\"type\":0}}",
                 "'activity' wants a 'name'");
  assert_refused("{\"op\":\"update_presence\",\"activity\":{\"name\":\"x\",\"name\":\"y\"}}",
                 "'name' stands twice");
  assert_refused("{\"op\":\"update_presence\",\"activity\":{\"name\":\"x\",\"type\":6}}",
                 "there is no such type of activity; there are playing, streaming, listening, "
                 "watching, custom, competing");
  assert_refused("{\"op\":\"update_presence\",\"activity\":{\"name\":\"a\\u0000b\"}}",
                 "'name' wants a text without NUL");
  assert_refused("{\"op\":\"update_presence\",\"idle_since_ms\":-1}",
                 "'idle_since_ms' wants unix milliseconds or null");
  assert_refused("{\"op\":\"update_presence\",\"afk\":1}", "'afk' wants true or false");
  assert_refused("{\"op\":\"update_presence\",\"afk\":true,\"shard\":-1}",
                 "'shard' wants a whole number from 0 to 4294967294");
}

static void what_is_wrong_with_ids_is_named(void **state) {
  (void)state;
  assert_refused("{\"op\":\"update_voice_state\",\"guild_id\":\"1\"}",
                 "update_voice_state wants 'channel_id'");
  assert_refused("{\"op\":\"update_voice_state\",\"channel_id\":null}",
                 "update_voice_state wants 'guild_id'");
  assert_refused("{\"op\":\"update_voice_state\",\"guild_id\":\"x\",\"channel_id\":null}",
                 "'guild_id' wants an id, as a string or a number");
  assert_refused("{\"op\":\"request_guild_members\",\"guild_id\":0}",
                 "'guild_id' wants an id, as a string or a number");
  assert_refused("{\"op\":\"request_guild_members\",\"guild_id\":1,\"user_ids\":7}",
                 "'user_ids' wants a list of ids");
  assert_refused("{\"op\":\"request_guild_members\",\"guild_id\":1,\"limit\":4.5}",
                 "'limit' wants a whole number from 0 to 2147483647");
  assert_refused("{\"op\":\"request_guild_members\",\"guild_id\":1,\"query\":[]}",
                 "'query' wants a text");
  assert_refused("{\"op\":\"request_channel_info\",\"guild_id\":1,\"fields\":[\"topic\"]}",
                 "there is no field of a channel 'topic'; there are status, voice_start_time");
  assert_refused("{\"op\":\"request_channel_info\",\"guild_id\":1,\"fields\":\"status\"}",
                 "'fields' wants a list of \"status\" and \"voice_start_time\"");
  assert_refused("{\"op\":\"reshard\",\"shards\":\"four\"}",
                 "'shards' wants a whole number from 0 to 4294967295");
}

static void what_is_no_json_is_told_with_its_byte(void **state) {
  (void)state;
  assert_refused("", "a request is one JSON object on one line; at byte 0 this is not");
  assert_refused("{\"op\":status}",
                 "a request is one JSON object on one line; at byte 6 this is not");
  assert_refused("[1]", "a request is one JSON object on one line");
}

static void the_id_comes_back_whatever_is_wrong(void **state) {
  (void)state;
  fake = (struct fake){0};
  assert_non_null(
      strstr(ask("{\"op\":\"nope\",\"id\":\"a\\\"b\"}"), "\"id\":\"a\\\"b\",\"op\":null"));
  assert_non_null(strstr(ask("{\"id\":17,\"op\":\"reshard\"}"), "\"id\":17,\"op\":\"reshard\""));
}

/* docs/commands.md: each indented request, and the answer that stands below it. */
static void the_documentation_says_what_is_answered(void **state) {
  (void)state;
  static char shown_as[] = "{...}";
  struct sherd__request_doer documented = doer;
  char line[1024], answer[1024] = "";
  unsigned requests = 0;
  FILE *file = fopen(DOCUMENTATION, "r");
  assert_non_null(file);
  documented.ctx = shown_as;
  fake = (struct fake){0};
  while (fgets(line, sizeof line, file)) {
    const char *text = line + strspn(line, " ");
    struct sherd_buf out;
    if (text == line || *text != '{')
      continue;
    if (*answer) {
      assert_string_equal(text, answer);
      *answer = '\0';
      continue;
    }
    sherd__buf_init(&out, sherd_allocator_default());
    sherd__cli_answer(&documented, bytes_of(text), &out);
    (void)snprintf(answer, sizeof answer, "%.*s", (int)out.len, (const char *)out.data);
    sherd__buf_deinit(&out);
    requests++;
  }
  assert_int_equal(fclose(file), 0);
  assert_string_equal(answer, "");
  assert_in_range(requests, 9, 99);
}

static void bounds_hold(void **state) {
  (void)state;
  static char line[32768];
  int len = snprintf(line, sizeof line, "{\"op\":\"status\",\"id\":\"%0300d\"}", 7);
  assert_in_range(len, 300, sizeof line);
  assert_refused(line, "'id' is longer than the 255 bytes that are sent back");
  (void)snprintf(line, sizeof line,
                 "{\"op\":\"request_guild_members\",\"guild_id\":1,\"query\":\"%05000d\"}", 7);
  assert_refused(line, "'query' is too long: a command has at most 4096 bytes");
  size_t at = (size_t)snprintf(line, sizeof line,
                               "{\"op\":\"request_soundboard_sounds\","
                               "\"guild_ids\":[1");
  for (int i = 0; i < SHERD__REQUEST_IDS_MAX; i++)
    at += (size_t)snprintf(line + at, sizeof line - at, ",%d", i + 1);
  (void)snprintf(line + at, sizeof line - at, "]}");
  assert_refused(line, "'guild_ids' has more than 1000 ids");
}

static void want_of_memory_loses_no_line(void **state) {
  (void)state;
  const char *line = "{\"op\":\"status\",\"id\":1}";
  struct sherd__test_alloc alloc;
  size_t fail_at = 0;
  do {
    struct sherd_buf out;
    sherd__test_alloc_init(&alloc, ++fail_at);
    sherd__buf_init(&out, &alloc.allocator);
    fake = (struct fake){0};
    sherd__cli_answer(&doer, bytes_of(line), &out);
    /* A whole line, or none. */
    assert_true(out.len == 0 || out.data[out.len - 1] == '\n');
    assert_int_equal(alloc.live, out.data != NULL);
    sherd__buf_deinit(&out);
    assert_int_equal(alloc.live, 0);
  } while (sherd__test_alloc_has_failed(&alloc));
  assert_in_range(fail_at, 3, 64);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_presence_is_read_in_full),
      cmocka_unit_test(null_clears_and_absent_keeps),
      cmocka_unit_test(an_activity_may_have_discords_number),
      cmocka_unit_test(voice_is_joined_and_left),
      cmocka_unit_test(members_are_asked_for),
      cmocka_unit_test(channels_and_sounds_are_asked_for),
      cmocka_unit_test(status_is_given_as_a_value),
      cmocka_unit_test(resharding_is_begun),
      cmocka_unit_test(a_failure_is_told_in_its_own_words),
      cmocka_unit_test(what_is_wrong_is_named),
      cmocka_unit_test(what_is_wrong_with_ids_is_named),
      cmocka_unit_test(what_is_no_json_is_told_with_its_byte),
      cmocka_unit_test(the_id_comes_back_whatever_is_wrong),
      cmocka_unit_test(the_documentation_says_what_is_answered),
      cmocka_unit_test(bounds_hold),
      cmocka_unit_test(want_of_memory_loses_no_line),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
