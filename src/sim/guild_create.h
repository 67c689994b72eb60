/* GUILD_CREATE: a guild with all that belongs to it, as a session may see it. */
#ifndef SHERD_SIM_GUILD_CREATE_H
#define SHERD_SIM_GUILD_CREATE_H

#include "sim/entities.h"

/* Writes the `d` of GUILD_CREATE. Which members come with it depends on the session's intents and
 * its large_threshold. Source: Discord's documentation, Gateway Events, Guild Create. */
void sherd__view_guild_create(const struct sherd__view *view, const struct sherd__guild *guild,
                              uint64_t intents, uint32_t large_threshold);

/* The fields, without the braces, that GUILD_UPDATE has too. */
void sherd__view_guild_fields(const struct sherd__view *view, const struct sherd__guild *guild);

#endif
