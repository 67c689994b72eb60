/* The one ordered queue of what the host is to do. */
#ifndef SHERD_ENGINE_OUTPUTS_H
#define SHERD_ENGINE_OUTPUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/engine.h>

/* More than any one call or message can cause. */
#define SHERD__OUTPUTS_MAX 16

/* Calls are refused while fewer places than this are free: the host forgot to drain. */
#define SHERD__OUTPUTS_STEP 10

struct sherd__queued_output {
  enum sherd_output_type type;
  struct sherd_event event; /* EVENT */
  size_t write_from;        /* WRITE: a range of the engine's out buffer */
  size_t write_to;
};

struct sherd__outputs {
  struct sherd__queued_output ring[SHERD__OUTPUTS_MAX];
  uint32_t first;
  uint32_t count;
};

bool sherd__outputs_has_room(const struct sherd__outputs *outputs);

/* Queues an output without more to it. */
void sherd__emit(struct sherd_engine *engine, enum sherd_output_type type);

/* Queues an event; name, session and allocator are filled in. */
void sherd__emit_event(struct sherd_engine *engine, const struct sherd_event *event);

/* The events that are queued keep the session's id although the session is now another. */
void sherd__outputs_keep_session_id(struct sherd_engine *engine);

/* Queues as a write what was appended to engine->out from `from` on. */
void sherd__emit_write(struct sherd_engine *engine, size_t from);

/* Takes the next output; false when there is none. */
bool sherd__outputs_take(struct sherd_engine *engine, struct sherd_output *out);

#endif
