#include "engine/inbound.h"

#include "base/utf8.h"
#include "engine/scratch.h"
#include "engine/state.h"
#include "payload/etf.h"

void sherd__inbound_reset(struct sherd_engine *engine) {
  struct sherd__inbound *inbound = &engine->inbound;
  /* The scratch keeps its bytes: an event that is still queued may point there. */
  if (engine->scratch->user == engine)
    engine->scratch->user = NULL;
  sherd__buf_deinit(&inbound->parked);
  *inbound = (struct sherd__inbound){.parked = inbound->parked, .expanded = inbound->expanded};
}

/* Leaves the scratch to others: part of a message that is in it is kept aside. */
static enum sherd_status leave_scratch(struct sherd_engine *engine) {
  struct sherd__inbound *inbound = &engine->inbound;
  if (engine->scratch->user != engine)
    return SHERD_OK;
  engine->scratch->user = NULL;
  enum sherd_status status = sherd__scratch_park(engine->scratch, inbound->done, &inbound->parked);
  if (inbound->in_boundary)
    inbound->boundary_fed -= inbound->done;
  inbound->done = 0;
  return status;
}

static enum sherd_status take_scratch(struct sherd_engine *engine) {
  struct sherd_scratch *scratch = engine->scratch;
  if (scratch->user == engine)
    return SHERD_OK;
  if (scratch->user) {
    enum sherd_status status = leave_scratch(scratch->user);
    if (status)
      return status;
  }
  sherd__scratch_clear(scratch);
  scratch->user = engine;
  uint64_t last = engine->inbound.turn;
  engine->inbound.turn = ++scratch->turns;
  sherd__inflater_set_cold(engine->inflater,
                           engine->inbound.turn - last > SHERD__SCRATCH_WARM_TURNS);
  if (!engine->inbound.parked.len)
    return SHERD_OK;
  return sherd__scratch_unpark(scratch, &engine->inbound.parked);
}

/* Which frames carry messages. Discord's documentation, Gateway, encoding and compression: with a
 * transport compression, and for ETF, everything is binary; without, JSON is text; with payload
 * compression, binary frames are the compressed ones. */
static bool is_due(const struct sherd__settings *settings, bool is_text) {
  switch (settings->compression) {
  case SHERD_COMPRESSION_NONE:
    return is_text == (settings->format == SHERD_FORMAT_JSON);
  case SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM:
    return true;
  case SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM:
  case SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM:
    return !is_text;
  }
  return false;
}

static enum sherd_status append_plain(struct sherd_buf *to, struct sherd_bytes data, size_t limit) {
  if (data.len > limit - to->len)
    return SHERD_ETOOBIG;
  return sherd__buf_append(to, data.data, data.len);
}

/* What is in the scratch from there on. */
static struct sherd_bytes rest_from(const struct sherd_engine *engine, size_t from) {
  const struct sherd_buf *buf = &engine->scratch->buf;
  return (struct sherd_bytes){buf->len > from ? buf->data + from : NULL, buf->len - from};
}

/* A piece of a message: to the scratch, inflated. */
static enum sherd_status take_data(struct sherd_engine *engine,
                                   const struct sherd__frame_part *part,
                                   struct sherd__inbound_step *out) {
  struct sherd__inbound *inbound = &engine->inbound;
  if (!is_due(&engine->settings, part->is_text))
    return SHERD_EFRAMETYPE;
  enum sherd_status status = take_scratch(engine);
  if (status)
    return status;
  struct sherd_buf *message = &engine->scratch->buf;
  if (inbound->done == message->len) {
    sherd__scratch_clear(engine->scratch);
    inbound->done = 0;
  }
  size_t before = message->len;
  size_t max = engine->settings.max_message_bytes;
  size_t limit = max < SIZE_MAX - inbound->done ? inbound->done + max : SIZE_MAX;
  if (part->is_text)
    status = append_plain(message, part->data, limit);
  else
    status = sherd__inflater_feed(engine->inflater, part->data, part->is_first, part->is_last,
                                  limit, message);
  if (status)
    return status;
  engine->stats.bytes_inflated += message->len - before;
  inbound->has_documents = part->is_last;
  size_t fault;
  struct sherd_bytes rest = rest_from(engine, inbound->done);
  if (part->is_last && part->is_text && !sherd__utf8_is_valid(rest.data, rest.len, &fault)) {
    out->fault_offset = fault;
    return SHERD_EUTF8;
  }
  return SHERD_OK;
}

/* zlib-stream has no message edges of its own: Discord ends each message with a flush, but one may
 * be flushed in its middle too, and several may share a frame. So the documents' own ends decide,
 * and a document that is not whole waits for more. Everywhere else a frame's message is whole. */
static bool may_wait(const struct sherd_engine *engine) {
  return engine->settings.compression == SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM;
}

/* Whether the document that came in several flushes is whole by now. */
static bool boundary_is_found(struct sherd_engine *engine) {
  struct sherd__inbound *inbound = &engine->inbound;
  size_t used;
  struct sherd_bytes fresh = rest_from(engine, inbound->boundary_fed);
  inbound->boundary_fed += fresh.len;
  if (!sherd__boundary_feed(&inbound->boundary, fresh, &used))
    return false;
  inbound->in_boundary = false;
  return true;
}

static void begin_boundary(struct sherd_engine *engine) {
  struct sherd__inbound *inbound = &engine->inbound;
  size_t used;
  sherd__boundary_init(&inbound->boundary, engine->settings.format);
  sherd__boundary_feed(&inbound->boundary, rest_from(engine, inbound->done), &used);
  inbound->boundary_fed = engine->scratch->buf.len;
  inbound->in_boundary = true;
}

static bool is_compressed(const struct sherd_engine *engine, struct sherd_bytes document) {
  return engine->settings.format == SHERD_FORMAT_ETF && sherd__etf_is_compressed(document);
}

/* ETF has a compressed form of its own. Discord is not known to send it; where it comes it must be
 * whole, since only inflating would tell its end. */
static enum sherd_status take_compressed(struct sherd_engine *engine, struct sherd_bytes document,
                                         struct sherd__inbound_step *out) {
  struct sherd_buf *expanded = &engine->inbound.expanded;
  size_t used, fault = 0;
  enum sherd_status status =
      sherd__etf_expand(document, engine->settings.max_message_bytes, expanded, &used);
  if (!status)
    status = sherd__envelope_scan(SHERD_FORMAT_ETF, sherd__buf_bytes(expanded),
                                  &engine->scratch->extents, &out->message, &fault);
  out->fault_offset = fault;
  if (status)
    return status;
  engine->inbound.done += used;
  out->kind = SHERD__INBOUND_MESSAGE;
  return SHERD_OK;
}

static enum sherd_status take_document(struct sherd_engine *engine,
                                       struct sherd__inbound_step *out) {
  struct sherd__inbound *inbound = &engine->inbound;
  enum sherd_status status = take_scratch(engine);
  if (status)
    return status;
  struct sherd_bytes rest = rest_from(engine, inbound->done);
  if ((rest.len == 0 && inbound->done) || (rest.len == 0 && may_wait(engine)) ||
      (inbound->in_boundary && !boundary_is_found(engine))) {
    inbound->has_documents = false;
    return SHERD_OK;
  }
  if (is_compressed(engine, rest))
    return take_compressed(engine, rest, out);
  size_t fault = 0;
  status = sherd__envelope_scan(engine->settings.format, rest, &engine->scratch->extents,
                                &out->message, &fault);
  if (status == SHERD_ETRUNCATED && may_wait(engine)) {
    begin_boundary(engine);
    inbound->has_documents = false;
    return SHERD_OK;
  }
  out->fault_offset = fault;
  if (status)
    return status;
  inbound->done += out->message.size;
  inbound->has_documents = inbound->done < engine->scratch->buf.len;
  out->kind = SHERD__INBOUND_MESSAGE;
  return SHERD_OK;
}

enum sherd_status sherd__inbound_next(struct sherd_engine *engine,
                                      struct sherd__inbound_step *out) {
  out->kind = SHERD__INBOUND_PROGRESS;
  out->fault_offset = 0;
  if (engine->inbound.expanded.len)
    sherd__buf_deinit(&engine->inbound.expanded);
  if (engine->inbound.has_documents)
    return take_document(engine, out);
  struct sherd__frame_part part;
  enum sherd_status status = sherd__frames_next(engine->frames, &part);
  if (status)
    return status;
  switch (part.kind) {
  case SHERD__FRAME_NONE:
    out->kind = SHERD__INBOUND_NOTHING;
    return leave_scratch(engine);
  case SHERD__FRAME_DATA:
    status = take_data(engine, &part, out);
    return status || !engine->inbound.has_documents ? status : take_document(engine, out);
  case SHERD__FRAME_PING:
    out->kind = SHERD__INBOUND_PING;
    out->control = part.data;
    return SHERD_OK;
  case SHERD__FRAME_PONG:
    return SHERD_OK;
  case SHERD__FRAME_CLOSE:
    out->kind = SHERD__INBOUND_CLOSE;
    out->control = part.data;
    out->close_code = part.close_code;
    return SHERD_OK;
  }
  return SHERD_EFRAME;
}
