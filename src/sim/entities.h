/* Writes the world's things as JSON objects, with the documentation's field names.
 * Source: Discord's documentation, Resources. */
#ifndef SHERD_SIM_ENTITIES_H
#define SHERD_SIM_ENTITIES_H

#include "sim/print.h"
#include "sim/world.h"

struct sherd__view {
  struct sherd__print *print;
  const struct sherd__world *world;
};

/* The fields without the braces, so that a caller can add its own; and the whole object. */
void sherd__view_user_fields(const struct sherd__view *view, uint32_t user);
void sherd__view_user(const struct sherd__view *view, uint32_t user);
/* The bot as only READY and USER_UPDATE show it. */
void sherd__view_own_user(const struct sherd__view *view);

enum sherd__member_form {
  SHERD__MEMBER_WHOLE,
  SHERD__MEMBER_IN_MESSAGE, /* without the user, who stands beside it */
  SHERD__MEMBER_RESOLVED    /* in interactions: without user, deaf and mute */
};

void sherd__view_member_fields(const struct sherd__view *view, const struct sherd__guild *guild,
                               const struct sherd__member *member, enum sherd__member_form form);
void sherd__view_member(const struct sherd__view *view, const struct sherd__guild *guild,
                        const struct sherd__member *member, enum sherd__member_form form);

/* Fields without the braces. */
void sherd__view_presence_fields(const struct sherd__view *view,
                                 const struct sherd__member *member);
/* `guild_id` 0: without it, as in GUILD_CREATE. */
void sherd__view_voice_state_fields(const struct sherd__view *view, sherd_snowflake guild_id,
                                    const struct sherd__member *member);

void sherd__view_role(const struct sherd__view *view, const struct sherd__guild *guild,
                      uint32_t index);
/* `with_guild_id`: as in events, without as in GUILD_CREATE. */
void sherd__view_channel_fields(const struct sherd__view *view, const struct sherd__guild *guild,
                                const struct sherd__channel *channel, bool with_guild_id);
void sherd__view_channel(const struct sherd__view *view, const struct sherd__guild *guild,
                         const struct sherd__channel *channel, bool with_guild_id);
/* Fields without the braces. */
void sherd__view_thread_fields(const struct sherd__view *view, const struct sherd__guild *guild,
                               const struct sherd__thread *thread);
void sherd__view_emoji(const struct sherd__view *view, const struct sherd__thing *emoji);
/* The few fields that reactions have: of an emoji of the guild, or of Unicode when it is NULL. */
void sherd__view_reaction_emoji(const struct sherd__view *view, const struct sherd__thing *emoji,
                                uint64_t grain);
void sherd__view_sticker(const struct sherd__view *view, const struct sherd__guild *guild,
                         const struct sherd__thing *sticker);
void sherd__view_sound(const struct sherd__view *view, const struct sherd__guild *guild,
                       const struct sherd__thing *sound);
void sherd__view_scheduled_event(const struct sherd__view *view, const struct sherd__guild *guild,
                                 const struct sherd__thing *event);
void sherd__view_rule(const struct sherd__view *view, const struct sherd__guild *guild,
                      const struct sherd__thing *rule);
void sherd__view_integration(const struct sherd__view *view, const struct sherd__guild *guild,
                             const struct sherd__thing *integration);
void sherd__view_stage(const struct sherd__view *view, const struct sherd__guild *guild,
                       const struct sherd__thing *stage);

/* A list: an opening bracket, each item, a closing bracket; `expression` writes item `i`. */
#define SHERD__VIEW_LIST(view, count_, expression)                                                 \
  do {                                                                                             \
    sherd__print((view)->print, "[");                                                              \
    for (uint32_t i = 0; i < (count_); i++) {                                                      \
      sherd__print_comma((view)->print);                                                           \
      expression;                                                                                  \
    }                                                                                              \
    sherd__print((view)->print, "]");                                                              \
  } while (0)

#endif
