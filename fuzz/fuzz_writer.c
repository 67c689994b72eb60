/* The writers. Properties: JSON and ETF take and refuse the same calls, and say the same; what is
 * finished is a good document, and what failed leaves nothing; commands come back as they were
 * given, within Discord's limit. */
#include "engine/command.h"
#include "payload/writer.h"
#include "values.h"

/* The same calls on both. */
struct pair {
  struct sherd__writer json, etf;
  struct sherd_buf json_out, etf_out;
};

static void begin(struct pair *pair) {
  sherd__buf_init(&pair->json_out, sherd_allocator_default());
  sherd__buf_init(&pair->etf_out, sherd_allocator_default());
  sherd__writer_begin(&pair->json, SHERD_FORMAT_JSON, &pair->json_out);
  sherd__writer_begin(&pair->etf, SHERD_FORMAT_ETF, &pair->etf_out);
}

static void end(struct pair *pair) {
  sherd__buf_deinit(&pair->json_out);
  sherd__buf_deinit(&pair->etf_out);
}

/* A text without NUL, on the heap. */
static char *take_text(struct sherd_bytes *input, size_t max) {
  struct sherd_bytes bytes = fuzz_take(input, fuzz_byte(input) % (max + 1));
  char *text = malloc(bytes.len + 1);
  FUZZ_CHECK(text != NULL);
  if (bytes.len)
    memcpy(text, bytes.data, bytes.len);
  text[bytes.len] = '\0';
  return text;
}

/* A value that was written before. */
static void write_raw(struct pair *pair, uint64_t number) {
  static const enum sherd_data_format formats[] = {SHERD_FORMAT_JSON, SHERD_FORMAT_ETF};
  for (int i = 0; i < 2; i++) {
    struct sherd__writer writer;
    struct sherd_buf fragment;
    sherd__buf_init(&fragment, sherd_allocator_default());
    sherd__writer_begin_fragment(&writer, formats[i], &fragment);
    sherd__writer_list(&writer, 1);
    sherd__writer_u64(&writer, number);
    FUZZ_CHECK(sherd__writer_finish(&writer) == SHERD_OK);
    sherd__writer_raw(i ? &pair->etf : &pair->json, sherd__buf_bytes(&fragment));
    sherd__buf_deinit(&fragment);
  }
}

static void write_text(struct pair *pair, struct sherd_bytes *input, bool is_key) {
  char *text = take_text(input, 40);
  if (is_key) {
    sherd__writer_key(&pair->json, text);
    sherd__writer_key(&pair->etf, text);
  } else {
    sherd__writer_str(&pair->json, text);
    sherd__writer_str(&pair->etf, text);
  }
  free(text);
}

static void write_container(struct pair *pair, struct sherd_bytes *input, bool is_map) {
  uint32_t count = fuzz_byte(input) % 6;
  if (is_map) {
    sherd__writer_map(&pair->json, count);
    sherd__writer_map(&pair->etf, count);
  } else {
    sherd__writer_list(&pair->json, count);
    sherd__writer_list(&pair->etf, count);
  }
}

static void write_number(struct pair *pair, struct sherd_bytes *input, uint8_t kind) {
  uint64_t number = fuzz_number(input, fuzz_byte(input) % 9);
  switch (kind % 4) {
  case 0:
    sherd__writer_u64(&pair->json, number);
    sherd__writer_u64(&pair->etf, number);
    return;
  case 1:
    sherd__writer_i64(&pair->json, (int64_t)number);
    sherd__writer_i64(&pair->etf, (int64_t)number);
    return;
  case 2:
    sherd__writer_snowflake(&pair->json, number);
    sherd__writer_snowflake(&pair->etf, number);
    return;
  default:
    write_raw(pair, number);
  }
}

static void write_any(struct pair *pair, struct sherd_bytes *input) {
  uint8_t kind = fuzz_byte(input);
  bool key_is_due =
      pair->json.open[pair->json.depth].is_map && pair->json.open[pair->json.depth].left % 2 == 0;
  if (key_is_due && kind != 0xFF) { /* now and then what is not due, too */
    write_text(pair, input, true);
    return;
  }
  switch (kind % 8) {
  case 0:
  case 1:
    write_container(pair, input, kind % 8 == 0);
    return;
  case 2:
    write_text(pair, input, kind == 0xFA);
    return;
  case 3:
    sherd__writer_bool(&pair->json, kind & 0x80);
    sherd__writer_bool(&pair->etf, kind & 0x80);
    return;
  case 4:
    sherd__writer_null(&pair->json);
    sherd__writer_null(&pair->etf);
    return;
  default:
    write_number(pair, input, (uint8_t)(kind / 8));
  }
}

static void check_documents(struct sherd_bytes *input) {
  struct pair pair;
  begin(&pair);
  uint8_t calls = fuzz_byte(input);
  for (uint8_t i = 0; i < calls && input->len; i++) {
    write_any(&pair, input);
    FUZZ_CHECK(pair.json.status == pair.etf.status && pair.json.depth == pair.etf.depth);
    if (pair.json.depth == 0 && pair.json.open[0].left == 0)
      break; /* whole */
  }
  enum sherd_status status = sherd__writer_finish(&pair.json);
  FUZZ_CHECK(sherd__writer_finish(&pair.etf) == status);
  if (status)
    FUZZ_CHECK(pair.json_out.len == 0 && pair.etf_out.len == 0);
  else
    fuzz_agree(fuzz_open(SHERD_FORMAT_JSON, pair.json_out.data, pair.json_out.len),
               fuzz_open(SHERD_FORMAT_ETF, pair.etf_out.data, pair.etf_out.len));
  end(&pair);
}

/* --- Commands --- */

#define IDS_MAX 120

struct given {
  struct sherd_command command;
  sherd_snowflake ids[IDS_MAX];
  char *query, *nonce;
};

static void take_members(struct given *given, struct sherd_bytes *input) {
  struct sherd_members_request *members = &given->command.as.members;
  uint8_t has = fuzz_byte(input);
  members->query = has & 1 ? given->query : NULL;
  members->nonce = has & 2 ? given->nonce : NULL;
  members->presences = has & 4;
  members->limit = has & 8 ? (int32_t)fuzz_byte(input) - 20 : 0;
  members->user_ids = has & 16 ? given->ids : NULL;
  members->user_id_count = has & 16 ? fuzz_byte(input) % IDS_MAX : 0;
}

static void take_command(struct given *given, struct sherd_bytes *input) {
  static const enum sherd_command_type types[] = {
      SHERD_COMMAND_VOICE_STATE, SHERD_COMMAND_REQUEST_MEMBERS,
      SHERD_COMMAND_REQUEST_SOUNDBOARD_SOUNDS, SHERD_COMMAND_REQUEST_CHANNEL_INFO};
  *given = (struct given){0};
  struct sherd_command *command = &given->command;
  command->type = types[fuzz_byte(input) % 4];
  command->guild_id = fuzz_number(input, fuzz_byte(input) % 9);
  for (size_t i = 0; i < IDS_MAX; i++)
    given->ids[i] = command->guild_id * (i + 1);
  given->query = take_text(input, 255);
  given->nonce = take_text(input, 40);
  switch (command->type) {
  case SHERD_COMMAND_VOICE_STATE:
    command->as.voice_state.channel_id = fuzz_number(input, 4);
    command->as.voice_state.self_mute = fuzz_byte(input) & 1;
    command->as.voice_state.self_deaf = fuzz_byte(input) & 1;
    break;
  case SHERD_COMMAND_REQUEST_MEMBERS:
    take_members(given, input);
    break;
  case SHERD_COMMAND_REQUEST_SOUNDBOARD_SOUNDS:
    command->as.soundboard_guilds.ids = given->ids;
    command->as.soundboard_guilds.count = fuzz_byte(input) % IDS_MAX;
    break;
  default:
    command->as.channel_info_fields = fuzz_byte(input) % 5;
  }
}

static void check_ids(struct sherd_value list, const sherd_snowflake *ids, size_t count) {
  size_t found = 0;
  FUZZ_CHECK(sherd_value_count(list, &found) == SHERD_OK && found == count);
  for (size_t i = 0; i < count; i++) {
    sherd_snowflake id;
    FUZZ_CHECK(sherd_value_as_snowflake(sherd_value_at(list, i), &id) == SHERD_OK);
    FUZZ_CHECK(id == ids[i]);
  }
}

static void check_members(const struct sherd_members_request *given, struct sherd_value d) {
  int64_t limit;
  bool presences;
  FUZZ_CHECK(sherd_value_as_bool(sherd_value_get(d, "presences"), &presences) == SHERD_OK);
  FUZZ_CHECK(presences == given->presences);
  FUZZ_CHECK(sherd_value_exists(sherd_value_get(d, "nonce")) == (given->nonce != NULL));
  if (given->nonce)
    FUZZ_CHECK(sherd_value_equals(sherd_value_get(d, "nonce"), given->nonce));
  if (given->user_ids) {
    check_ids(sherd_value_get(d, "user_ids"), given->user_ids, given->user_id_count);
    return;
  }
  FUZZ_CHECK(sherd_value_equals(sherd_value_get(d, "query"), given->query ? given->query : ""));
  FUZZ_CHECK(sherd_value_as_i64(sherd_value_get(d, "limit"), &limit) == SHERD_OK);
  FUZZ_CHECK(limit == given->limit && limit >= 0 && limit <= 100);
}

static void check_command(const struct given *given, struct sherd_value message) {
  const struct sherd_command *command = &given->command;
  struct sherd_value d = sherd_value_get(message, "d");
  uint64_t op;
  sherd_snowflake id = 0;
  FUZZ_CHECK(sherd_value_as_u64(sherd_value_get(message, "op"), &op) == SHERD_OK);
  FUZZ_CHECK(op == sherd__command_op(command->type));
  if (command->type == SHERD_COMMAND_REQUEST_SOUNDBOARD_SOUNDS) {
    check_ids(sherd_value_get(d, "guild_ids"), given->ids, command->as.soundboard_guilds.count);
    return;
  }
  FUZZ_CHECK(sherd_value_as_snowflake(sherd_value_get(d, "guild_id"), &id) == SHERD_OK);
  FUZZ_CHECK(id == command->guild_id);
  if (command->type == SHERD_COMMAND_REQUEST_MEMBERS)
    check_members(&command->as.members, d);
}

/* Encodes in one format: the document, or an empty buffer. */
static struct sherd_value encode(const struct given *given, enum sherd_data_format format,
                                 struct sherd_buf *out) {
  sherd__buf_init(out, sherd_allocator_default());
  enum sherd_status status = sherd__command_encode(&given->command, format, out);
  FUZZ_CHECK(status == SHERD_OK || status == SHERD_ETOOLONG || status == SHERD_EUTF8);
  FUZZ_CHECK((status == SHERD_OK) == (out->len > 0) && out->len <= SHERD_COMMAND_BYTES_MAX);
  if (status)
    return (struct sherd_value){0};
  struct sherd_value message = fuzz_open(format, out->data, out->len);
  check_command(given, message);
  return message;
}

static void check_commands(struct sherd_bytes *input) {
  struct given given;
  struct sherd_error_info info = {0};
  uint64_t intents = fuzz_number(input, 2);
  take_command(&given, input);
  if (sherd__command_check(&given.command, intents, &info) == SHERD_OK) {
    struct sherd_buf json_out, etf_out;
    struct sherd_value json = encode(&given, SHERD_FORMAT_JSON, &json_out);
    struct sherd_value etf = encode(&given, SHERD_FORMAT_ETF, &etf_out);
    if (json_out.len && etf_out.len)
      fuzz_agree(json, etf);
    sherd__buf_deinit(&json_out);
    sherd__buf_deinit(&etf_out);
  } else {
    FUZZ_CHECK(info.status && info.text[0] && memchr(info.text, 0, sizeof info.text));
  }
  free(given.query);
  free(given.nonce);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sherd_bytes input = {data, size};
  if (fuzz_byte(&input) % 2)
    check_commands(&input);
  else
    check_documents(&input);
  return 0;
}
