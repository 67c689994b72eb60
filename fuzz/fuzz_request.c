/* A request's line. Properties:
 *   - the answer is one line and one JSON object, whatever was asked, and gives the id back;
 *   - what is refused has a text, of one line;
 *   - the same line without white space and with other escapes is the same request;
 *   - texts and lists lie in the request, within their bounds. */
#include <stddef.h>

#include <sherd/value.h>

#include "fuzz.h"
#include "sink/request.h"

static bool is_inside(const struct sherd__request *request, const void *at, size_t size) {
  uintptr_t first = (uintptr_t)request, place = (uintptr_t)at;
  return !at || (place >= first && place + size <= first + sizeof *request);
}

static void check_text(const struct sherd__request *request, const char *text) {
  FUZZ_CHECK(is_inside(request, text, 1));
  FUZZ_CHECK(!text || is_inside(request, text, strlen(text) + 1));
}

static void check_command(const struct sherd__request *request) {
  const struct sherd_command *command = &request->command;
  const struct sherd_members_request *members = &command->as.members;
  if (request->op >= SHERD__REQUEST_STATUS)
    return;
  switch (command->type) {
  case SHERD_COMMAND_PRESENCE:
    check_text(request, command->as.presence.activity.name);
    check_text(request, command->as.presence.activity.state);
    check_text(request, command->as.presence.activity.url);
    return;
  case SHERD_COMMAND_REQUEST_MEMBERS:
    check_text(request, members->query);
    check_text(request, members->nonce);
    FUZZ_CHECK(
        is_inside(request, members->user_ids, members->user_id_count * sizeof *members->user_ids));
    return;
  case SHERD_COMMAND_REQUEST_SOUNDBOARD_SOUNDS:
    FUZZ_CHECK(is_inside(request, command->as.soundboard_guilds.ids,
                         command->as.soundboard_guilds.count * sizeof(sherd_snowflake)));
    return;
  case SHERD_COMMAND_VOICE_STATE:
  case SHERD_COMMAND_REQUEST_CHANNEL_INFO:
    FUZZ_CHECK(command->guild_id != 0);
    return;
  }
}

/* The bytes are other ones, the pointers too; what they say must be the same. */
static void check_same(const struct sherd__request *a, const struct sherd__request *b) {
  FUZZ_CHECK(a->op == b->op && a->op_name == b->op_name && strcmp(a->id, b->id) == 0);
  FUZZ_CHECK(a->shard_id == b->shard_id && a->shard_count == b->shard_count);
  FUZZ_CHECK(a->command.type == b->command.type && a->command.guild_id == b->command.guild_id);
  FUZZ_CHECK(a->text_len_ == b->text_len_ && memcmp(a->text_, b->text_, a->text_len_) == 0);
  FUZZ_CHECK(a->seen_ == b->seen_);
}

static void check_compact(struct sherd_bytes line, const struct sherd__request *request) {
  struct sherd_value value;
  struct sherd_error_info error;
  size_t len = 0;
  FUZZ_CHECK(!sherd_value_open(SHERD_FORMAT_JSON, line.data, line.len, &value));
  FUZZ_CHECK(sherd_value_to_json(value, NULL, 0, &len) == SHERD_ENOSPACE);
  char *compact = malloc(len + 1);
  struct sherd__request *again = malloc(sizeof *again);
  FUZZ_CHECK(compact && again);
  FUZZ_CHECK(!sherd_value_to_json(value, compact, len + 1, &len));
  struct sherd_bytes same = {(const uint8_t *)compact, len};
  FUZZ_CHECK(sherd__request_parse(same, again, &error) == SHERD_OK);
  check_same(request, again);
  free(again);
  free(compact);
}

static void check_result(const struct sherd__request *request, enum sherd_status status,
                         const char *text) {
  struct sherd_buf out;
  struct sherd_value result;
  char id[SHERD__REQUEST_ECHO_SIZE];
  sherd__buf_init(&out, sherd_allocator_default());
  FUZZ_CHECK(!sherd__result_write(request->id, request->op_name, status, text,
                                  (struct sherd_bytes){0}, &out));
  FUZZ_CHECK(memchr(out.data, '\n', out.len) == out.data + out.len - 1);
  FUZZ_CHECK(!sherd_value_validate(SHERD_FORMAT_JSON, out.data, out.len, NULL));
  FUZZ_CHECK(!sherd_value_open(SHERD_FORMAT_JSON, out.data, out.len, &result));
  FUZZ_CHECK(!sherd_value_to_json(sherd_value_path(result, "d.id"), id, sizeof id, NULL));
  FUZZ_CHECK(strcmp(id, request->id) == 0);
  FUZZ_CHECK(sherd_value_equals(sherd_value_path(result, "d.text"), text));
  sherd__buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sherd_error_info error;
  struct sherd_bytes line = {data, size};
  struct sherd__request *request = malloc(sizeof *request);
  FUZZ_CHECK(request != NULL);
  enum sherd_status status = sherd__request_parse(line, request, &error);
  FUZZ_CHECK(status == error.status);
  FUZZ_CHECK(!status == !error.text[0] && !strchr(error.text, '\n'));
  if (!status) {
    check_command(request);
    check_compact(line, request);
  }
  check_result(request, status, error.text);
  free(request);
  return 0;
}
