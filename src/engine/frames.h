/* WebSocket frames over wslay's frame layer: bytes to parts of messages, and messages to bytes.
 *
 * Used by the engine (client) and by the simulator (server). Parts are pulled one at a time, and
 * message data is handed on as it comes, so that nothing is ever sized by a length that the peer
 * announced. Which rules of RFC 6455 are checked, and which close code answers each offence, stands
 * here and nowhere else. */
#ifndef SHERD_ENGINE_FRAMES_H
#define SHERD_ENGINE_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/bytes.h>
#include <sherd/status.h>

#include "base/buf.h"
#include "base/random.h"

enum sherd__frames_role {
  SHERD__FRAMES_CLIENT, /* masks what it sends, refuses masked frames */
  SHERD__FRAMES_SERVER  /* the reverse */
};

struct sherd__frames;

enum sherd__frame_kind {
  SHERD__FRAME_NONE = 0, /* more input is needed */
  SHERD__FRAME_DATA,     /* a piece of a message */
  SHERD__FRAME_PING,     /* data: what the pong must carry */
  SHERD__FRAME_PONG,
  SHERD__FRAME_CLOSE /* data: the reason; close_code: 0 when there is none */
};

struct sherd__frame_part {
  enum sherd__frame_kind kind;
  bool is_text;  /* DATA: the message began as a text frame; otherwise binary */
  bool is_first; /* DATA: the first piece of its message */
  bool is_last;  /* DATA: the message ends with this piece */
  uint16_t close_code;
  struct sherd_bytes data; /* DATA: may be empty */
};

/* `random` is borrowed and makes the masks (client only; may be NULL for a server). Messages over
 * `max_message_bytes`, counted over their fragments as they are on the wire, are refused.
 * Errors: SHERD_ENOMEM. */
enum sherd_status sherd__frames_new(const struct sherd_allocator *allocator,
                                    enum sherd__frames_role role,
                                    const struct sherd__random *random, size_t max_message_bytes,
                                    struct sherd__frames **out);
void sherd__frames_free(struct sherd__frames *frames);

/* Gives the next bytes from the transport; the ones before must have been used up. Lifetime: `in`
 * must stay good until sherd__frames_next() gives SHERD__FRAME_NONE. */
void sherd__frames_input(struct sherd__frames *frames, struct sherd_bytes in);

/* Takes the next part. Control frames come between the pieces of a message as they do on the wire.
 * Text is not checked for UTF-8 here, but a close reason is.
 * Errors, after which the connection is to be failed with sherd__frames_close_code():
 * SHERD_EFRAME for reserved bits, unknown opcodes, wrong masking, fragmented or long control
 * frames, lengths over 2^63, continuations of nothing, a new message inside another, a close code
 * that must not be on the wire; SHERD_EUTF8 for a close reason; SHERD_ETOOBIG. Source: RFC 6455
 * sections 5, 7. The first error is given again by every later call. After a CLOSE there are no
 * more parts, whatever else comes. Lifetime: part->data until the next call. */
enum sherd_status sherd__frames_next(struct sherd__frames *frames, struct sherd__frame_part *part);

enum sherd__frames_opcode {
  SHERD__FRAMES_TEXT = 0x1,
  SHERD__FRAMES_BINARY = 0x2,
  SHERD__FRAMES_CLOSE = 0x8,
  SHERD__FRAMES_PING = 0x9,
  SHERD__FRAMES_PONG = 0xA
};

/* Appends one whole frame to `out`. Errors: SHERD_ENOMEM, and `out` is as it was; SHERD_EINVAL for
 * a control frame over 125 bytes. */
enum sherd_status sherd__frames_write(struct sherd__frames *frames,
                                      enum sherd__frames_opcode opcode, struct sherd_bytes payload,
                                      struct sherd_buf *out);

/* Appends a close frame with a code and a reason, cut at 123 bytes on a character's edge; `reason`
 * may be NULL, and `close_code` 0 for an empty frame. Errors: SHERD_ENOMEM, and `out` is as it was.
 */
enum sherd_status sherd__frames_write_close(struct sherd__frames *frames, uint16_t close_code,
                                            const char *reason, struct sherd_buf *out);

/* The close code that RFC 6455 section 7.4.1 has for an offence: 1002 for SHERD_EFRAME, 1003 for
 * SHERD_EFRAMETYPE, 1007 for SHERD_EUTF8 and data that is damaged, 1009 for SHERD_ETOOBIG and
 * SHERD_EINFLATELIMIT, 1011 for SHERD_ENOMEM; 0 for a status that has none. */
uint16_t sherd__frames_close_code(enum sherd_status status);

#endif
