#include "sim/events.h"

static const struct sherd__sim_event rows[SHERD_EVENT_TYPE_COUNT] = {
#define ROW(name, guild_intents, dm_intents, weight)                                               \
  [SHERD_EVENT_##name] = {#name, (guild_intents), (dm_intents), (weight)},
    SHERD__SIM_EVENT_MAP(ROW)
#undef ROW
};

const struct sherd__sim_event *sherd__sim_event_row(enum sherd_event_type type) {
  return &rows[type];
}
