/* WebSocket frames, in both roles. Properties: how a stream is cut changes nothing; messages are
 * within the limit and begin and end in turn; a close reason is UTF-8; what one role writes is what
 * the other reads. */
#include "base/utf8.h"
#include "engine/frames.h"
#include "fuzz.h"

static void fixed_random(void *ctx, void *out, size_t len) {
  (void)ctx;
  memset(out, 0x5A, len);
}

static const struct sherd__random fixed = {fixed_random, NULL};

static struct sherd__frames *new_frames(enum sherd__frames_role role, size_t max_message_bytes) {
  struct sherd__frames *frames;
  FUZZ_CHECK(sherd__frames_new(sherd_allocator_default(), role, &fixed, max_message_bytes,
                               &frames) == SHERD_OK);
  return frames;
}

/* What was read: data of messages as it is, edges and control frames marked. */
struct transcript {
  struct sherd_buf text;
  bool in_message;
  bool closed;
  size_t message_bytes;
};

static void take_data(struct transcript *transcript, const struct sherd__frame_part *part,
                      size_t max_message_bytes) {
  FUZZ_CHECK(part->is_first != transcript->in_message);
  if (part->is_first) {
    fuzz_append(&transcript->text, part->is_text ? "<t" : "<b", 2);
    transcript->message_bytes = 0;
  }
  transcript->message_bytes += part->data.len;
  FUZZ_CHECK(transcript->message_bytes <= max_message_bytes);
  transcript->in_message = !part->is_last;
  fuzz_append(&transcript->text, part->data.data, part->data.len);
  if (part->is_last)
    fuzz_append(&transcript->text, ">", 1);
}

static void take_part(struct transcript *transcript, const struct sherd__frame_part *part,
                      size_t max_message_bytes) {
  FUZZ_CHECK(!transcript->closed);
  if (part->kind == SHERD__FRAME_DATA) {
    take_data(transcript, part, max_message_bytes);
    return;
  }
  uint8_t head[] = {'{', (uint8_t)part->kind, (uint8_t)part->data.len,
                    (uint8_t)(part->close_code >> 8), (uint8_t)part->close_code};
  FUZZ_CHECK(part->data.len <= 125);
  if (part->kind == SHERD__FRAME_CLOSE) {
    transcript->closed = true;
    FUZZ_CHECK(sherd__utf8_is_valid(part->data.data, part->data.len, NULL));
    FUZZ_CHECK(part->close_code ? part->close_code >= 1000 : part->data.len == 0);
  }
  fuzz_append(&transcript->text, head, sizeof head);
  fuzz_append(&transcript->text, part->data.data, part->data.len);
}

static enum sherd_status read_stream(enum sherd__frames_role role, size_t max_message_bytes,
                                     struct sherd_bytes stream, uint8_t how,
                                     struct transcript *transcript) {
  struct sherd__frames *frames = new_frames(role, max_message_bytes);
  struct fuzz_cuts cuts = fuzz_cuts_from(how);
  enum sherd_status status = SHERD_OK;
  *transcript = (struct transcript){0};
  sherd__buf_init(&transcript->text, sherd_allocator_default());
  while (stream.len && !status) {
    struct sherd_bytes piece = fuzz_piece(&cuts, &stream);
    struct sherd__frame_part part;
    sherd__frames_input(frames, piece);
    while ((status = sherd__frames_next(frames, &part)) == SHERD_OK &&
           part.kind != SHERD__FRAME_NONE)
      take_part(transcript, &part, max_message_bytes);
    fuzz_piece_free(piece);
  }
  FUZZ_CHECK(status == SHERD_OK || sherd__frames_close_code(status) != 0);
  sherd__frames_free(frames);
  return status;
}

static void check_reading(enum sherd__frames_role role, size_t max_message_bytes,
                          struct sherd_bytes stream, uint8_t how) {
  struct transcript whole, cut;
  enum sherd_status status = read_stream(role, max_message_bytes, stream, 0, &whole);
  enum sherd_status cut_status = read_stream(role, max_message_bytes, stream, how, &cut);
  FUZZ_CHECK(status == cut_status);
  FUZZ_CHECK(fuzz_equal(sherd__buf_bytes(&whole.text), sherd__buf_bytes(&cut.text)));
  sherd__buf_deinit(&whole.text);
  sherd__buf_deinit(&cut.text);
}

/* Writes the input as frames of all kinds, and reads them back, cut. */
static void check_round_trip(enum sherd__frames_role role, struct sherd_bytes input, uint8_t how) {
  static const enum sherd__frames_opcode opcodes[] = {SHERD__FRAMES_TEXT, SHERD__FRAMES_BINARY,
                                                      SHERD__FRAMES_PING, SHERD__FRAMES_PONG};
  struct sherd__frames *writer = new_frames(role, 0);
  struct transcript expected = {0}, got;
  struct sherd_buf wire;
  sherd__buf_init(&wire, sherd_allocator_default());
  sherd__buf_init(&expected.text, sherd_allocator_default());
  while (input.len) {
    uint8_t kind = fuzz_byte(&input) % 4;
    bool is_control = kind >= 2;
    size_t len = (size_t)fuzz_number(&input, is_control ? 1 : 2);
    struct sherd_bytes payload = fuzz_take(&input, is_control ? len % 126 : len);
    FUZZ_CHECK(sherd__frames_write(writer, opcodes[kind], payload, &wire) == SHERD_OK);
    struct sherd__frame_part part = {
        .kind = !is_control                           ? SHERD__FRAME_DATA
                : opcodes[kind] == SHERD__FRAMES_PING ? SHERD__FRAME_PING
                                                      : SHERD__FRAME_PONG,
        .is_text = opcodes[kind] == SHERD__FRAMES_TEXT,
        .is_first = true,
        .is_last = true,
        .data = payload,
    };
    take_part(&expected, &part, SIZE_MAX);
  }
  enum sherd__frames_role other =
      role == SHERD__FRAMES_CLIENT ? SHERD__FRAMES_SERVER : SHERD__FRAMES_CLIENT;
  FUZZ_CHECK(read_stream(other, 65535, sherd__buf_bytes(&wire), how, &got) == SHERD_OK);
  FUZZ_CHECK(fuzz_equal(sherd__buf_bytes(&expected.text), sherd__buf_bytes(&got.text)));
  sherd__buf_deinit(&wire);
  sherd__buf_deinit(&expected.text);
  sherd__buf_deinit(&got.text);
  sherd__frames_free(writer);
}

/* Whatever the reason, the peer can read the close frame (unless the reason was no UTF-8). */
static void check_close(enum sherd__frames_role role, struct sherd_bytes input) {
  char *reason = malloc(input.len + 1);
  FUZZ_CHECK(reason != NULL);
  if (input.len)
    memcpy(reason, input.data, input.len);
  reason[input.len] = '\0';
  bool is_utf8 = sherd__utf8_is_valid((const uint8_t *)reason, strlen(reason), NULL);
  struct sherd__frames *writer = new_frames(role, 0);
  struct transcript got;
  struct sherd_buf wire;
  sherd__buf_init(&wire, sherd_allocator_default());
  FUZZ_CHECK(sherd__frames_write_close(writer, 4000, reason, &wire) == SHERD_OK);
  enum sherd__frames_role other =
      role == SHERD__FRAMES_CLIENT ? SHERD__FRAMES_SERVER : SHERD__FRAMES_CLIENT;
  enum sherd_status status = read_stream(other, 0, sherd__buf_bytes(&wire), 1, &got);
  FUZZ_CHECK(status == SHERD_OK || !is_utf8);
  FUZZ_CHECK(status != SHERD_OK || got.closed);
  sherd__buf_deinit(&got.text);
  sherd__buf_deinit(&wire);
  sherd__frames_free(writer);
  free(reason);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sherd_bytes input = {data, size};
  uint8_t how = fuzz_byte(&input), kind = fuzz_byte(&input);
  enum sherd__frames_role role = kind % 2 ? SHERD__FRAMES_CLIENT : SHERD__FRAMES_SERVER;
  check_reading(role, (size_t)1 << (kind / 2 % 32), input, how);
  check_round_trip(role, input, how);
  check_close(role, input);
  return 0;
}
