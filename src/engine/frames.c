#include "engine/frames.h"

#include <string.h>

#include <wslay/wslay.h>

#include "base/mem.h"
#include "base/utf8.h"

#define HEADER_BYTES_MAX  14
#define CONTROL_BYTES_MAX 125
#define REASON_BYTES_MAX  (CONTROL_BYTES_MAX - 2)
#define OPCODE_CONTINUE   0x0

/* wslay tells of a frame only once there is payload to give, which for a frame of 2^62 bytes may be
 * never. So its input is handed over in step with the header, which is judged as soon as wslay has
 * taken it, and never beyond the frame's end. */
struct sherd__frames {
  const struct sherd_allocator *allocator;
  const struct sherd__random *random;
  enum sherd__frames_role role;
  wslay_frame_context_ptr wslay;
  size_t max_message_bytes;

  struct sherd_bytes in; /* what wslay has not taken yet */
  struct sherd_buf *out; /* where wslay writes; set during a write */

  uint8_t header[HEADER_BYTES_MAX]; /* of the frame that comes */
  size_t header_len;
  bool judged; /* the header is whole and good */
  uint64_t payload_left;

  bool in_message; /* its last frame has not ended yet */
  bool is_text;
  bool is_first;        /* no piece of it was given yet */
  size_t message_bytes; /* announced by its frames so far */

  uint8_t control[CONTROL_BYTES_MAX];
  size_t control_len;
  bool closed;              /* the peer's close frame was given: what follows is dropped */
  enum sherd_status status; /* the offence, once there was one */
};

/* --- The header --- */

static uint8_t opcode_of(const struct sherd__frames *frames) {
  return frames->header[0] & 0x0F;
}

static bool is_final(const struct sherd__frames *frames) {
  return frames->header[0] & 0x80;
}

static bool is_control(const struct sherd__frames *frames) {
  return opcode_of(frames) & 0x08;
}

static size_t length_size(uint8_t second) {
  return (second & 0x7F) == 127 ? 8 : (second & 0x7F) == 126 ? 2 : 0;
}

/* How long the header is, as far as one can tell from what wslay has and what is there. */
static size_t header_size(const struct sherd__frames *frames) {
  size_t len = frames->header_len;
  if (len + frames->in.len < 2)
    return 2;
  uint8_t second = len < 2 ? frames->in.data[1 - len] : frames->header[1];
  return 2 + length_size(second) + (second & 0x80 ? 4 : 0);
}

static uint64_t payload_length(const struct sherd__frames *frames) {
  size_t size = length_size(frames->header[1]);
  if (size == 0)
    return frames->header[1] & 0x7F;
  uint64_t length = 0;
  for (size_t i = 0; i < size; i++)
    length = length << 8 | frames->header[2 + i];
  return length;
}

static enum sherd_status judge_data(struct sherd__frames *frames) {
  bool continues = opcode_of(frames) == OPCODE_CONTINUE;
  if (continues != frames->in_message)
    return SHERD_EFRAME;
  if (!continues) {
    frames->in_message = true;
    frames->is_text = opcode_of(frames) == SHERD__FRAMES_TEXT;
    frames->is_first = true;
    frames->message_bytes = 0;
  }
  if (frames->payload_left > frames->max_message_bytes - frames->message_bytes)
    return SHERD_ETOOBIG;
  frames->message_bytes += (size_t)frames->payload_left;
  return SHERD_OK;
}

/* Judges a header that wslay has taken. Wslay has seen to it that control frames are short and
 * whole, and that lengths are under 2^63 and written in the fewest bytes. */
static enum sherd_status judge(struct sherd__frames *frames) {
  bool masked = frames->header[1] & 0x80;
  frames->judged = true;
  frames->payload_left = payload_length(frames);
  frames->control_len = 0;
  if (frames->header[0] & 0x70 || masked != (frames->role == SHERD__FRAMES_SERVER))
    return SHERD_EFRAME;
  switch (opcode_of(frames)) {
  case OPCODE_CONTINUE:
  case SHERD__FRAMES_TEXT:
  case SHERD__FRAMES_BINARY:
    return judge_data(frames);
  case SHERD__FRAMES_CLOSE:
  case SHERD__FRAMES_PING:
  case SHERD__FRAMES_PONG:
    return SHERD_OK;
  default:
    return SHERD_EFRAME;
  }
}

/* --- What wslay calls --- */

static size_t take(struct sherd__frames *frames, uint8_t *buf, size_t len) {
  if (len > frames->in.len)
    len = frames->in.len;
  if (len) {
    memcpy(buf, frames->in.data, len);
    frames->in.data += len;
    frames->in.len -= len;
  }
  return len;
}

/* Gives wslay the rest of the header, or, after it, some payload; -1 for "nothing now". */
static ssize_t on_recv(uint8_t *buf, size_t len, int flags, void *user) {
  struct sherd__frames *frames = user;
  (void)flags;
  size_t missing = header_size(frames) - frames->header_len;
  if (missing) {
    size_t got = take(frames, buf, missing < len ? missing : len);
    memcpy(frames->header + frames->header_len, buf, got);
    frames->header_len += got;
    return got ? (ssize_t)got : -1;
  }
  if (!frames->judged)
    frames->status = judge(frames);
  if (frames->status)
    return -1;
  size_t got = take(frames, buf, frames->payload_left < len ? (size_t)frames->payload_left : len);
  frames->payload_left -= got;
  return got ? (ssize_t)got : -1;
}

static ssize_t on_send(const uint8_t *data, size_t len, int flags, void *user) {
  struct sherd__frames *frames = user;
  (void)flags;
  return sherd__buf_append(frames->out, data, len) ? -1 : (ssize_t)len;
}

static int on_mask(uint8_t *buf, size_t len, void *user) {
  struct sherd__frames *frames = user;
  sherd__random_fill(frames->random, buf, len);
  return 0;
}

/* --- Life --- */

enum sherd_status sherd__frames_new(const struct sherd_allocator *allocator,
                                    enum sherd__frames_role role,
                                    const struct sherd__random *random, size_t max_message_bytes,
                                    struct sherd__frames **out) {
  static const struct wslay_frame_callbacks callbacks = {on_send, on_recv, on_mask};
  *out = NULL;
  struct sherd__frames *frames = sherd__calloc(allocator, sizeof *frames);
  if (!frames)
    return SHERD_ENOMEM;
  frames->allocator = allocator;
  frames->random = random;
  frames->role = role;
  frames->max_message_bytes = max_message_bytes;
  if (wslay_frame_context_init(&frames->wslay, &callbacks, frames) != 0) {
    sherd__free(allocator, frames);
    return SHERD_ENOMEM;
  }
  *out = frames;
  return SHERD_OK;
}

void sherd__frames_free(struct sherd__frames *frames) {
  if (!frames)
    return;
  wslay_frame_context_free(frames->wslay);
  sherd__free(frames->allocator, frames);
}

/* --- Reading --- */

void sherd__frames_input(struct sherd__frames *frames, struct sherd_bytes in) {
  frames->in = in;
}

/* Source: RFC 6455 section 7.4, and IANA's registry for 1012 to 1014. */
static bool may_be_on_wire(uint16_t code) {
  switch (code) {
  case 1004: /* reserved */
  case 1005: /* "there was no code" */
  case 1006: /* "there was no close frame" */
  case 1015: /* "TLS failed" */
    return false;
  default:
    return (code >= 1000 && code < 1015) || (code >= 3000 && code < 5000);
  }
}

static enum sherd_status read_close(const struct sherd__frames *frames,
                                    struct sherd__frame_part *part) {
  if (frames->control_len == 0)
    return SHERD_OK;
  if (frames->control_len == 1)
    return SHERD_EFRAME;
  uint16_t code = (uint16_t)(frames->control[0] << 8 | frames->control[1]);
  struct sherd_bytes reason = {frames->control + 2, frames->control_len - 2};
  if (!may_be_on_wire(code))
    return SHERD_EFRAME;
  if (!sherd__utf8_is_valid(reason.data, reason.len, NULL))
    return SHERD_EUTF8;
  part->close_code = code;
  part->data = reason;
  return SHERD_OK;
}

/* Gathers a control frame's payload, and makes the part when it is whole. */
static enum sherd_status read_control(struct sherd__frames *frames, const uint8_t *data, size_t len,
                                      struct sherd__frame_part *part) {
  if (len)
    memcpy(frames->control + frames->control_len, data, len);
  frames->control_len += len;
  if (frames->payload_left)
    return SHERD_OK;
  part->data = (struct sherd_bytes){frames->control, frames->control_len};
  switch (opcode_of(frames)) {
  case SHERD__FRAMES_PING:
    part->kind = SHERD__FRAME_PING;
    return SHERD_OK;
  case SHERD__FRAMES_PONG:
    part->kind = SHERD__FRAME_PONG;
    return SHERD_OK;
  default:
    part->kind = SHERD__FRAME_CLOSE;
    part->data = (struct sherd_bytes){NULL, 0};
    frames->closed = true;
    return read_close(frames, part);
  }
}

static void read_data(struct sherd__frames *frames, const uint8_t *data, size_t len,
                      struct sherd__frame_part *part) {
  bool is_last = is_final(frames) && frames->payload_left == 0;
  *part = (struct sherd__frame_part){
      .kind = SHERD__FRAME_DATA,
      .is_text = frames->is_text,
      .is_first = frames->is_first,
      .is_last = is_last,
      .data = {data, len},
  };
  frames->is_first = false;
  frames->in_message = !is_last;
}

/* Takes what wslay has of the frame that comes; *more is whether it is worth asking again. */
static enum sherd_status step(struct sherd__frames *frames, struct sherd__frame_part *part,
                              bool *more) {
  struct wslay_frame_iocb iocb;
  ssize_t got = wslay_frame_recv(frames->wslay, &iocb);
  if (got == WSLAY_ERR_WANT_READ) {
    *more = false;
    return frames->status;
  }
  if (got < 0)
    return SHERD_EFRAME;
  enum sherd_status status = frames->judged ? SHERD_OK : judge(frames); /* not yet if it is empty */
  if (status)
    return status;
  if (is_control(frames))
    status = read_control(frames, iocb.data, iocb.data_length, part);
  else
    read_data(frames, iocb.data, iocb.data_length, part);
  if (frames->payload_left == 0) {
    frames->header_len = 0;
    frames->judged = false;
  }
  return status;
}

enum sherd_status sherd__frames_next(struct sherd__frames *frames, struct sherd__frame_part *part) {
  bool more = true;
  *part = (struct sherd__frame_part){.kind = SHERD__FRAME_NONE};
  while (!frames->status && !frames->closed && more && part->kind == SHERD__FRAME_NONE)
    frames->status = step(frames, part, &more);
  if (frames->status)
    *part = (struct sherd__frame_part){.kind = SHERD__FRAME_NONE};
  return frames->status;
}

/* --- Writing --- */

enum sherd_status sherd__frames_write(struct sherd__frames *frames,
                                      enum sherd__frames_opcode opcode, struct sherd_bytes payload,
                                      struct sherd_buf *out) {
  if (opcode & 0x08 && payload.len > CONTROL_BYTES_MAX)
    return SHERD_EINVAL;
  /* With the room made, wslay cannot stop halfway. */
  enum sherd_status status = sherd__buf_reserve(out, payload.len + HEADER_BYTES_MAX);
  if (status)
    return status;
  struct wslay_frame_iocb iocb = {
      .fin = 1,
      .opcode = (uint8_t)opcode,
      .payload_length = payload.len,
      .mask = frames->role == SHERD__FRAMES_CLIENT,
      .data = payload.data,
      .data_length = payload.len,
  };
  frames->out = out;
  ssize_t sent = wslay_frame_send(frames->wslay, &iocb);
  frames->out = NULL;
  return sent == (ssize_t)payload.len ? SHERD_OK : SHERD_EINVAL;
}

/* How much of `reason` fits, up to a character's edge. */
static size_t reason_size(const char *reason) {
  size_t len = strnlen(reason, REASON_BYTES_MAX + 1);
  if (len <= REASON_BYTES_MAX)
    return len;
  len = REASON_BYTES_MAX;
  while (len && ((uint8_t)reason[len] & 0xC0) == 0x80)
    len--;
  return len;
}

enum sherd_status sherd__frames_write_close(struct sherd__frames *frames, uint16_t close_code,
                                            const char *reason, struct sherd_buf *out) {
  uint8_t payload[CONTROL_BYTES_MAX] = {(uint8_t)(close_code >> 8), (uint8_t)close_code};
  size_t len = 0;
  if (close_code) {
    size_t reason_len = reason ? reason_size(reason) : 0;
    if (reason_len)
      memcpy(payload + 2, reason, reason_len);
    len = 2 + reason_len;
  }
  return sherd__frames_write(frames, SHERD__FRAMES_CLOSE, (struct sherd_bytes){payload, len}, out);
}

uint16_t sherd__frames_close_code(enum sherd_status status) {
  switch (status) {
  case SHERD_EFRAME:
    return 1002;
  case SHERD_EFRAMETYPE:
    return 1003;
  case SHERD_EUTF8:
  case SHERD_EZLIB:
  case SHERD_EZSTD:
  case SHERD_EJSON:
  case SHERD_EETF:
  case SHERD_ETAG:
  case SHERD_EDEPTH:
  case SHERD_ETRUNCATED:
    return 1007;
  case SHERD_ETOOBIG:
  case SHERD_EINFLATELIMIT:
    return 1009;
  case SHERD_ENOMEM:
    return 1011;
  default:
    return 0;
  }
}
