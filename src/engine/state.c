#include "engine/state.h"

#include "base/logging.h"

const char *sherd_engine_state_name(enum sherd_engine_state state) {
  static const char *const names[] = {"IDLE",        "AWAIT_RETRY",  "CONNECTING",  "AWAIT_UPGRADE",
                                      "AWAIT_HELLO", "AWAIT_PERMIT", "AWAIT_READY", "AWAIT_RESUMED",
                                      "ACTIVE",      "CLOSING",      "FATAL"};
  if ((unsigned)state > (unsigned)SHERD_ENGINE_FATAL)
    return "UNKNOWN";
  return names[state];
}

void sherd__enter(struct sherd_engine *engine, enum sherd_engine_state state,
                  uint64_t deadline_ms) {
  sherd__log(&engine->log, SHERD_LOG_DEBUG, engine->settings.shard_id, "state", "from=%s to=%s",
             sherd_engine_state_name(engine->state), sherd_engine_state_name(state));
  engine->state = state;
  engine->state_deadline_ms = deadline_ms;
  engine->held_since_ms = engine->now_ms;
}

void sherd__await(struct sherd_engine *engine, uint32_t timeout_ms) {
  engine->state_deadline_ms = timeout_ms == SHERD_NEVER ? UINT64_MAX : engine->now_ms + timeout_ms;
  engine->held_since_ms = engine->now_ms;
}
