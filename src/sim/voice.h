/* Voice: who is in which channel, and how it is told. */
#ifndef SHERD_SIM_VOICE_H
#define SHERD_SIM_VOICE_H

#include "sim/entities.h"

/* Moves a member to a voice channel, or out of voice with 0, and keeps the channels' start times.
 */
void sherd__voice_move(struct sherd__guild *guild, struct sherd__member *member,
                       sherd_snowflake channel_id, uint64_t now_ms);

/* The `d` of VOICE_STATE_UPDATE and of VOICE_SERVER_UPDATE. */
void sherd__view_voice_state(const struct sherd__view *view, const struct sherd__guild *guild,
                             const struct sherd__member *member);
void sherd__view_voice_server(const struct sherd__view *view, const struct sherd__guild *guild,
                              uint64_t grain);

#endif
