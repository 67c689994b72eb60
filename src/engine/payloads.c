#include "engine/payloads.h"

#include "base/mem.h"
#include "engine/opcode.h"
#include "payload/writer.h"

void sherd__payload_begin(struct sherd__writer *writer, enum sherd_data_format format, uint32_t op,
                          struct sherd_buf *out) {
  sherd__writer_begin(writer, format, out);
  sherd__writer_map(writer, 2);
  sherd__writer_key(writer, "op");
  sherd__writer_u64(writer, op);
  sherd__writer_key(writer, "d");
}

enum sherd_status sherd__payload_finish(struct sherd__writer *writer, size_t start,
                                        struct sherd_buf *out) {
  enum sherd_status status = sherd__writer_finish(writer);
  if (status)
    return status;
  if (out->len - start <= SHERD_COMMAND_BYTES_MAX)
    return SHERD_OK;
  out->len = start;
  return SHERD_ETOOLONG;
}

enum sherd_status sherd__payload_heartbeat(enum sherd_data_format format, bool has_seq,
                                           uint64_t seq, struct sherd_buf *out) {
  struct sherd__writer writer;
  size_t start = out->len;
  sherd__payload_begin(&writer, format, SHERD_OP_HEARTBEAT, out);
  if (has_seq)
    sherd__writer_u64(&writer, seq);
  else
    sherd__writer_null(&writer);
  return sherd__payload_finish(&writer, start, out);
}

static void write_properties(struct sherd__writer *writer, const struct sherd__settings *settings) {
  sherd__writer_key(writer, "properties");
  sherd__writer_map(writer, 3);
  sherd__writer_key(writer, "os");
  sherd__writer_str(writer, settings->os);
  sherd__writer_key(writer, "browser");
  sherd__writer_str(writer, settings->browser);
  sherd__writer_key(writer, "device");
  sherd__writer_str(writer, settings->device);
}

/* Begins a payload with the token in it. Such a buffer must not grow: the token would stay behind
 * in the memory that it moves away from. */
static enum sherd_status begin_secret(struct sherd__writer *writer, enum sherd_data_format format,
                                      uint32_t op, struct sherd_buf *out) {
  enum sherd_status status = sherd__buf_reserve(out, SHERD_COMMAND_BYTES_MAX);
  if (!status)
    sherd__payload_begin(writer, format, op, out);
  return status;
}

/* The token goes bare, as in Discord's documentation (twilight prefixes it with "Bot "). The
 * capabilities are not in the documentation; hikari always sends them. */
enum sherd_status sherd__payload_identify(const struct sherd__settings *settings,
                                          const struct sherd__presence *presence,
                                          struct sherd_buf *out) {
  struct sherd__writer writer;
  size_t start = out->len;
  enum sherd_status status = begin_secret(&writer, settings->format, SHERD_OP_IDENTIFY, out);
  if (status)
    return status;
  sherd__writer_map(&writer, 8);
  sherd__writer_key(&writer, "token");
  sherd__writer_str_n(&writer, settings->token.text, settings->token.len);
  write_properties(&writer, settings);
  sherd__writer_key(&writer, "compress");
  sherd__writer_bool(&writer, settings->compression == SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM);
  sherd__writer_key(&writer, "large_threshold");
  sherd__writer_u64(&writer, settings->large_threshold);
  sherd__writer_key(&writer, "shard");
  sherd__writer_list(&writer, 2);
  sherd__writer_u64(&writer, settings->shard_id);
  sherd__writer_u64(&writer, settings->shard_count);
  sherd__writer_key(&writer, "presence");
  sherd__presence_write(presence, &writer);
  sherd__writer_key(&writer, "intents");
  sherd__writer_u64(&writer, settings->intents);
  sherd__writer_key(&writer, "capabilities");
  sherd__writer_u64(&writer, settings->capabilities);
  return sherd__payload_finish(&writer, start, out);
}

enum sherd_status sherd__payload_check_identify(const struct sherd__settings *settings,
                                                const struct sherd__presence *presence,
                                                const struct sherd_allocator *allocator) {
  struct sherd_buf payload;
  sherd__buf_init(&payload, allocator);
  enum sherd_status status = sherd__payload_identify(settings, presence, &payload);
  if (payload.data)
    sherd__wipe(payload.data, payload.cap);
  sherd__buf_deinit(&payload);
  return status;
}

enum sherd_status sherd__payload_resume(const struct sherd__settings *settings,
                                        const struct sherd_session *session,
                                        struct sherd_buf *out) {
  struct sherd__writer writer;
  size_t start = out->len;
  enum sherd_status status = begin_secret(&writer, settings->format, SHERD_OP_RESUME, out);
  if (status)
    return status;
  sherd__writer_map(&writer, 3);
  sherd__writer_key(&writer, "token");
  sherd__writer_str_n(&writer, settings->token.text, settings->token.len);
  sherd__writer_key(&writer, "session_id");
  sherd__writer_str(&writer, session->id);
  sherd__writer_key(&writer, "seq");
  sherd__writer_u64(&writer, session->seq);
  return sherd__payload_finish(&writer, start, out);
}
