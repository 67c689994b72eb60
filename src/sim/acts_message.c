/* Messages, reactions, polls, typing. */
#include <string.h>

#include "sim/acts.h"
#include "sim/text.h"

/* What of a message follows from its grain. */
enum extra {
  EXTRA_MENTION = 1,
  EXTRA_ATTACHMENT,
  EXTRA_EMBED
};

static bool has_extra(const struct sherd__message *message, enum extra extra, uint32_t percent) {
  return sherd__grain_derive(message->grain, 30 + (uint64_t)extra) % 100 < percent;
}

static const struct sherd__message *any_message(struct sherd__act *act, uint32_t *index) {
  const struct sherd__messages *messages = act->guild ? &act->guild->messages : &act->dm->messages;
  if (messages->count == 0)
    return NULL;
  *index = sherd__dice_under(act->dice, messages->count);
  return &messages->items[*index];
}

static struct sherd__messages *messages_of(struct sherd__act *act) {
  return act->guild ? &act->guild->messages : &act->dm->messages;
}

/* One of the active members; now and then the bot. */
static const struct sherd__member *mentioned(const struct sherd__act *act,
                                             const struct sherd__message *message) {
  if (!act->guild || !has_extra(message, EXTRA_MENTION, 20))
    return NULL;
  uint32_t count = act->guild->members.count < 50 ? act->guild->members.count : 50;
  return &act->guild->members.items[sherd__grain_derive(message->grain, 40) % count];
}

static void write_mentions(struct sherd__act *act, const struct sherd__member *member) {
  struct sherd__print *print = act->view.print;
  sherd__print(print, ",'mentions':[");
  if (member) {
    sherd__print(print, "{");
    sherd__view_user_fields(&act->view, member->user);
    sherd__print(print, ",'member':");
    sherd__view_member(&act->view, act->guild, member, SHERD__MEMBER_IN_MESSAGE);
    sherd__print(print, "}");
  }
  sherd__print(print, "],'mention_roles':[]");
}

static void write_attachments(struct sherd__act *act, const struct sherd__message *message) {
  sherd__print(act->view.print, ",'attachments':[");
  if (has_extra(message, EXTRA_ATTACHMENT, 10))
    sherd__print(act->view.print,
                 "{'id':'%ju','filename':'bowl.png','description':'A bowl on a wheel',"
                 "'content_type':'image/png','size':%u,"
                 "'url':'https://cdn.example-media.test/attachments/bowl.png',"
                 "'proxy_url':'https://media.example-media.test/attachments/bowl.png',"
                 "'height':480,'width':640}",
                 message->id - (UINT64_C(1) << 22), (unsigned)(message->grain & 0xFFFFF));
  sherd__print(act->view.print, "]");
}

static void write_embeds(struct sherd__act *act, const struct sherd__message *message) {
  sherd__print(act->view.print, ",'embeds':[");
  if (has_extra(message, EXTRA_EMBED, 8)) {
    sherd__print(act->view.print,
                 "{'type':'rich','title':%s,'description':", SHERD__TITLE(message->grain));
    sherd__text_sentence(act->view.print, message->grain);
    sherd__print(act->view.print,
                 ",'color':3447003,'fields':[{'name':'Cone','value':'6','inline':true}]}");
  }
  sherd__print(act->view.print, "]");
}

static void write_poll(struct sherd__act *act) {
  sherd__print(act->view.print,
               ",'poll':{'question':{'text':'Which glaze?'},'answers':["
               "{'answer_id':1,'poll_media':{'text':'Ash'}},"
               "{'answer_id':2,'poll_media':{'text':'Celadon'}},"
               "{'answer_id':3,'poll_media':{'text':'None'}}],'expiry':%s,"
               "'allow_multiselect':false,'layout_type':1}",
               SHERD__TIME(act->now_ms + 86400000));
}

static void write_content(struct sherd__act *act, const struct sherd__message *message,
                          const struct sherd__member *mention) {
  sherd__print(act->view.print, ",'content':");
  sherd__text_message(act->view.print, sherd__grain_derive(message->grain, 100 + message->edits),
                      mention ? sherd__act_user_id(act, mention->user) : 0);
}

static void write_place(struct sherd__act *act, const struct sherd__message *message) {
  sherd__print(act->view.print, ",'channel_type':%d", act->guild ? 0 : 1);
  if (!act->guild)
    return;
  sherd__print(act->view.print, ",'guild_id':'%ju'", act->guild->id);
  const struct sherd__member *member = sherd__act_member_of(act, message->author);
  if (member) { /* the author may have left since */
    sherd__print(act->view.print, ",'member':");
    sherd__view_member(&act->view, act->guild, member, SHERD__MEMBER_IN_MESSAGE);
  }
}

static void write_message(struct sherd__act *act, const struct sherd__message *message,
                          bool is_blank) {
  struct sherd__print *print = act->view.print;
  const struct sherd__member *mention = mentioned(act, message);
  sherd__print(print, "{'id':'%ju','channel_id':'%ju','author':", message->id, message->channel_id);
  sherd__view_user(&act->view, message->author);
  if (is_blank)
    sherd__print(print, ",'content':''");
  else
    write_content(act, message, mention);
  sherd__print(print, ",'timestamp':%s,'edited_timestamp':%s,'tts':false,'mention_everyone':false",
               SHERD__TIME(sherd__snowflake_ms(message->id)),
               message->edits ? SHERD__TIME(act->now_ms) : NULL);
  write_mentions(act, mention);
  if (is_blank) {
    sherd__print(print, ",'attachments':[],'embeds':[]");
  } else {
    write_attachments(act, message);
    write_embeds(act, message);
  }
  sherd__print(print, ",'pinned':false,'type':0,'flags':0,'components':[]");
  if (message->is_poll && !is_blank)
    write_poll(act);
  write_place(act, message);
  if (!message->edits)
    sherd__print(print, ",'nonce':'%ju'", message->id + (UINT64_C(7) << 22));
  sherd__print(print, "}");
}

/* Direct messages, what the bot wrote and what mentions it have their content always.
 * Source: Discord's documentation, Gateway, message content intent. */
static void write_both_forms(struct sherd__act *act, const struct sherd__message *message) {
  const struct sherd__member *mention = mentioned(act, message);
  write_message(act, message, false);
  if (!act->with_blank || !act->guild || message->author == 0 || (mention && mention->user == 0))
    return;
  act->blank_start = act->view.print->out.len;
  write_message(act, message, true);
}

static struct sherd__message make_message(struct sherd__act *act) {
  struct sherd__message message = {
      .id = sherd__act_id(act),
      .grain = sherd__dice_roll(act->dice),
  };
  if (!act->guild) {
    message.channel_id = act->dm->id;
    message.author = act->dm->user;
    return message;
  }
  struct sherd__channel *channel =
      sherd__guild_any_channel(act->guild, SHERD__CHANNEL_TEXT, act->dice);
  channel->last_message_id = message.id;
  message.channel_id = channel->id;
  const struct sherd__member *person = act->is_by_person ? sherd__act_person(act) : NULL;
  message.author = person ? person->user : sherd__guild_any_member(act->guild, act->dice)->user;
  message.is_poll = sherd__dice_chance(act->dice, 2) || act->with_poll;
  return message;
}

bool sherd__act_MESSAGE_CREATE(struct sherd__act *act) {
  struct sherd__message message = make_message(act);
  sherd__messages_add(messages_of(act), message);
  write_both_forms(act, &message);
  return true;
}

bool sherd__act_MESSAGE_UPDATE(struct sherd__act *act) {
  uint32_t index;
  if (!any_message(act, &index))
    return false;
  struct sherd__message *message = &messages_of(act)->items[index];
  message->edits++;
  write_both_forms(act, message);
  return true;
}

static void write_message_place(struct sherd__act *act, const char *key,
                                const struct sherd__message *message) {
  sherd__print(act->view.print, "%s:'%ju','channel_id':'%ju'", key, message->id,
               message->channel_id);
  if (act->guild)
    sherd__print(act->view.print, ",'guild_id':'%ju'", act->guild->id);
}

bool sherd__act_MESSAGE_DELETE(struct sherd__act *act) {
  uint32_t index;
  const struct sherd__message *message = any_message(act, &index);
  if (!message)
    return false;
  sherd__print(act->view.print, "{");
  write_message_place(act, "id", message);
  sherd__print(act->view.print, "}");
  sherd__messages_remove(messages_of(act), index);
  return true;
}

bool sherd__act_MESSAGE_DELETE_BULK(struct sherd__act *act) {
  uint32_t index;
  const struct sherd__message *message = any_message(act, &index);
  if (!message)
    return false;
  sherd_snowflake channel_id = message->channel_id;
  const struct sherd__messages *messages = &act->guild->messages;
  sherd__print(act->view.print, "{'ids':[");
  for (uint32_t i = 0; i < messages->count; i++)
    if (messages->items[i].channel_id == channel_id) {
      sherd__print_comma(act->view.print);
      sherd__print(act->view.print, "'%ju'", messages->items[i].id);
    }
  sherd__print(act->view.print, "],'channel_id':'%ju','guild_id':'%ju'}", channel_id,
               act->guild->id);
  sherd__messages_remove_channel(messages_of(act), channel_id);
  return true;
}

static const struct sherd__thing *any_emoji(struct sherd__act *act) {
  if (!act->guild || act->guild->emojis.count == 0 || sherd__dice_chance(act->dice, 50))
    return NULL;
  return &act->guild->emojis.items[sherd__dice_under(act->dice, act->guild->emojis.count)];
}

static uint32_t reacting_user(struct sherd__act *act) {
  return act->guild ? sherd__guild_any_member(act->guild, act->dice)->user : act->dm->user;
}

bool sherd__act_MESSAGE_REACTION_ADD(struct sherd__act *act) {
  uint32_t index;
  const struct sherd__message *message = any_message(act, &index);
  if (!message)
    return false;
  uint32_t user = reacting_user(act);
  bool is_burst = sherd__dice_chance(act->dice, 5);
  sherd__print(act->view.print, "{'user_id':'%ju',", sherd__act_user_id(act, user));
  write_message_place(act, "message_id", message);
  if (act->guild) {
    sherd__print(act->view.print, ",'member':");
    sherd__view_member(&act->view, act->guild, sherd__act_member_of(act, user),
                       SHERD__MEMBER_WHOLE);
  }
  sherd__print(act->view.print, ",'emoji':");
  sherd__view_reaction_emoji(&act->view, any_emoji(act), sherd__dice_roll(act->dice));
  sherd__print(act->view.print, ",'message_author_id':'%ju','burst':%i",
               sherd__act_user_id(act, message->author), is_burst);
  if (is_burst)
    sherd__print(act->view.print, ",'burst_colors':['#f7a23b','#d9480f']");
  sherd__print(act->view.print, ",'type':%d}", is_burst);
  return true;
}

bool sherd__act_MESSAGE_REACTION_REMOVE(struct sherd__act *act) {
  uint32_t index;
  const struct sherd__message *message = any_message(act, &index);
  if (!message)
    return false;
  sherd__print(act->view.print, "{'user_id':'%ju',", sherd__act_user_id(act, reacting_user(act)));
  write_message_place(act, "message_id", message);
  sherd__print(act->view.print, ",'emoji':");
  sherd__view_reaction_emoji(&act->view, any_emoji(act), sherd__dice_roll(act->dice));
  sherd__print(act->view.print, ",'burst':false,'type':0}");
  return true;
}

bool sherd__act_MESSAGE_REACTION_REMOVE_ALL(struct sherd__act *act) {
  uint32_t index;
  const struct sherd__message *message = any_message(act, &index);
  if (!message)
    return false;
  sherd__print(act->view.print, "{");
  write_message_place(act, "message_id", message);
  sherd__print(act->view.print, "}");
  return true;
}

bool sherd__act_MESSAGE_REACTION_REMOVE_EMOJI(struct sherd__act *act) {
  uint32_t index;
  const struct sherd__message *message = any_message(act, &index);
  if (!message)
    return false;
  sherd__print(act->view.print, "{");
  write_message_place(act, "message_id", message);
  sherd__print(act->view.print, ",'emoji':");
  sherd__view_reaction_emoji(&act->view, any_emoji(act), sherd__dice_roll(act->dice));
  sherd__print(act->view.print, "}");
  return true;
}

static bool poll_vote(struct sherd__act *act) {
  const struct sherd__messages *messages = &act->guild->messages;
  for (uint32_t i = 0; i < messages->count; i++)
    if (messages->items[i].is_poll) {
      sherd__print(act->view.print, "{'user_id':'%ju',",
                   sherd__act_user_id(act, reacting_user(act)));
      write_message_place(act, "message_id", &messages->items[i]);
      sherd__print(act->view.print, ",'answer_id':%u}", sherd__dice_between(act->dice, 1, 3));
      return true;
    }
  return false;
}

bool sherd__act_MESSAGE_POLL_VOTE_ADD(struct sherd__act *act) {
  return poll_vote(act);
}

bool sherd__act_MESSAGE_POLL_VOTE_REMOVE(struct sherd__act *act) {
  return poll_vote(act);
}

bool sherd__act_TYPING_START(struct sherd__act *act) {
  if (!act->guild) {
    sherd__print(act->view.print, "{'channel_id':'%ju','user_id':'%ju','timestamp':%ju}",
                 act->dm->id, sherd__act_user_id(act, act->dm->user), act->now_ms / 1000);
    return true;
  }
  const struct sherd__member *member = sherd__act_person(act);
  if (!member)
    return false;
  const struct sherd__channel *channel =
      sherd__guild_any_channel(act->guild, SHERD__CHANNEL_TEXT, act->dice);
  sherd__print(
      act->view.print,
      "{'channel_id':'%ju','guild_id':'%ju','user_id':'%ju','timestamp':%ju,'member':", channel->id,
      act->guild->id, sherd__act_user_id(act, member->user), act->now_ms / 1000);
  sherd__view_member(&act->view, act->guild, member, SHERD__MEMBER_WHOLE);
  sherd__print(act->view.print, "}");
  return true;
}
