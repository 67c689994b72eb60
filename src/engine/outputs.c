#include "engine/outputs.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "engine/state.h"

/* What is kept for the next writes; heartbeats and most commands fit in. */
#define OUT_KEEP_BYTES 2048

bool sherd__outputs_has_room(const struct sherd__outputs *outputs) {
  return SHERD__OUTPUTS_MAX - outputs->count >= SHERD__OUTPUTS_STEP;
}

static struct sherd__queued_output *nth(struct sherd__outputs *outputs, uint32_t n) {
  return &outputs->ring[(outputs->first + n) % SHERD__OUTPUTS_MAX];
}

static struct sherd__queued_output *add(struct sherd_engine *engine, enum sherd_output_type type) {
  assert(engine->outputs.count < SHERD__OUTPUTS_MAX);
  struct sherd__queued_output *output = nth(&engine->outputs, engine->outputs.count++);
  output->type = type;
  return output;
}

void sherd__emit(struct sherd_engine *engine, enum sherd_output_type type) {
  add(engine, type);
}

void sherd__emit_event(struct sherd_engine *engine, const struct sherd_event *event) {
  struct sherd__queued_output *output = add(engine, SHERD_OUTPUT_EVENT);
  output->event = *event;
  if (!output->event.name)
    output->event.name = sherd_event_type_name(event->type);
  output->event.session = engine->session.saved.id;
  output->event.allocator_ = engine->allocator;
}

void sherd__outputs_keep_session_id(struct sherd_engine *engine) {
  memcpy(engine->old_session_id, engine->session.saved.id, sizeof engine->old_session_id);
  for (uint32_t i = 0; i < engine->outputs.count; i++) {
    struct sherd_event *event = &nth(&engine->outputs, i)->event;
    if (event->session == engine->session.saved.id)
      event->session = engine->old_session_id;
  }
}

void sherd__emit_write(struct sherd_engine *engine, size_t from) {
  struct sherd__outputs *outputs = &engine->outputs;
  engine->stats.bytes_out += engine->out.len - from;
  if (outputs->count) {
    struct sherd__queued_output *last = nth(outputs, outputs->count - 1);
    if (last->type == SHERD_OUTPUT_WRITE && last->write_to == from) {
      last->write_to = engine->out.len;
      return;
    }
  }
  struct sherd__queued_output *output = add(engine, SHERD_OUTPUT_WRITE);
  output->write_from = from;
  output->write_to = engine->out.len;
}

/* The host has used what it was given: it holds the token at times, and after many commands it is
 * large. */
static void forget_written(struct sherd_engine *engine) {
  if (engine->out.len) {
    sherd__wipe(engine->out.data, engine->out.len);
    engine->out.len = 0;
  }
  if (engine->out.cap > OUT_KEEP_BYTES)
    sherd__buf_deinit(&engine->out);
}

bool sherd__outputs_take(struct sherd_engine *engine, struct sherd_output *out) {
  struct sherd__outputs *outputs = &engine->outputs;
  if (!outputs->count) {
    forget_written(engine);
    return false;
  }
  struct sherd__queued_output *output = nth(outputs, 0);
  outputs->first = (outputs->first + 1) % SHERD__OUTPUTS_MAX;
  outputs->count--;
  out->type = output->type;
  switch (output->type) {
  case SHERD_OUTPUT_CONNECT:
    out->as.connect.host = engine->url.host;
    out->as.connect.port = engine->url.port;
    out->as.connect.tls = engine->url.tls;
    break;
  case SHERD_OUTPUT_WRITE:
    out->as.write.data = engine->out.data + output->write_from;
    out->as.write.len = output->write_to - output->write_from;
    break;
  case SHERD_OUTPUT_EVENT:
    out->as.event = output->event;
    break;
  case SHERD_OUTPUT_SESSION:
    out->as.session = &engine->session.saved;
    break;
  case SHERD_OUTPUT_ENDED:
    out->as.ended = engine->ended;
    break;
  case SHERD_OUTPUT_DISCONNECT:
  case SHERD_OUTPUT_PERMIT:
  case SHERD_OUTPUT_PERMIT_CANCEL:
    break;
  }
  return true;
}
