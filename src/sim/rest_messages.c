/* What bots say: messages of their own, which the gateway then tells of like any other, and
 * reactions. Source: Discord's documentation, Message. */
#include <string.h>

#include "base/utf8.h"
#include "sim/events.h"
#include "sim/rest_call.h"
#include "sim/rest_merge.h"

/* So many of the bot's messages can be edited, deleted, read. */
#define MESSAGES_MAX 256

/* As JSON; Discord counts 6000 characters of embeds and 4000 of components. */
#define EXTRAS_BYTES_MAX ((size_t)64 << 10)

#define CONTENT_CHARACTERS_MAX 2000
#define CONTENT_SIZE           (CONTENT_CHARACTERS_MAX * 4 + 1)

enum sherd_status sherd__rest_dispatch(struct sherd__sim *sim, enum sherd_event_type type,
                                       const struct sherd__guild *guild, bool is_about_bot,
                                       struct sherd_bytes data, struct sherd_bytes blank) {
  const struct sherd__sim_event *row = sherd__sim_event_row(type);
  struct sherd__dispatch *dispatch = sherd__dispatch_new(sim->allocator, type, data);
  if (!dispatch)
    return SHERD_ENOMEM;
  dispatch->guild_id = guild ? guild->id : 0;
  dispatch->guild_index = guild ? (uint32_t)(guild - sim->world.guilds.items) : 0;
  dispatch->intents = is_about_bot ? 0 : guild ? row->guild_intents : row->dm_intents;
  if (blank.len) {
    dispatch->blank = sherd__dispatch_new(sim->allocator, type, blank);
    if (!dispatch->blank) {
      sherd__dispatch_release(dispatch);
      return SHERD_ENOMEM;
    }
  }
  sherd__sim_deliver(sim, dispatch, false);
  sherd__dispatch_release(dispatch);
  return SHERD_OK;
}

/* The channel args[0], or an answer that there is none where one can write. */
static bool find_place(struct sherd__rest_call *call, struct sherd__rest_place *place) {
  if (!sherd__rest_find_channel(call->sim, call->ids[0], place)) {
    sherd__rest_unknown(call, "Channel", 10003);
    return false;
  }
  if (place->channel && (place->channel->type == SHERD__CHANNEL_CATEGORY ||
                         place->channel->type == SHERD__CHANNEL_FORUM)) {
    sherd__rest_error(call->answer, 400, "Cannot send messages in a non-text channel", 50008);
    return false;
  }
  return true;
}

/* --- Writing --- */

/* The size of all that is kept of a message beside its content. */
static size_t extras_size(struct sherd_value body) {
  static const char *const kept[] = {"embeds", "components", "flags", "nonce", "message_reference"};
  size_t size = 0;
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
    struct sherd_bytes raw = {NULL, 0};
    (void)sherd_value_raw(sherd_value_get(body, kept[i]), &raw);
    size += raw.len;
  }
  return size;
}

/* Whether it is within the limits; else an answer. *len is that of its content. */
static bool is_within_limits(struct sherd__rest_call *call, size_t *len) {
  struct sherd_value content = sherd_value_get(call->body, "content");
  char text[CONTENT_SIZE];
  size_t characters = 0;
  *len = 0;
  enum sherd_status status = sherd_value_as_str_copy(content, text, sizeof text, len);
  for (size_t i = 0; !status && i < *len; i++)
    characters += ((uint8_t)text[i] & 0xC0) != 0x80;
  if (sherd_value_type(content) != SHERD_VALUE_NULL && status && status != SHERD_ENOSPACE)
    sherd__rest_invalid(call, "content", "STRING_TYPE_CONVERT", "Could not interpret as string.");
  else if (status == SHERD_ENOSPACE || characters > CONTENT_CHARACTERS_MAX)
    sherd__rest_invalid(call, "content", "BASE_TYPE_MAX_LENGTH",
                        "Must be 2000 or fewer in length.");
  else if (extras_size(call->body) > EXTRAS_BYTES_MAX)
    sherd__rest_invalid(call, "embeds", "MAX_EMBED_SIZE_EXCEEDED",
                        "Embed size exceeds maximum size of 6000");
  else
    return true;
  return false;
}

bool sherd__rest_is_message(struct sherd__rest_call *call) {
  static const char *const others[] = {"embeds", "components", "sticker_ids", "attachments",
                                       "poll"};
  size_t len, count = 0;
  bool says = sherd__rest_has_files(call);
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    struct sherd_value value = sherd_value_get(call->body, others[i]);
    says |= sherd_value_type(value) == SHERD_VALUE_OBJECT ||
            (sherd_value_count(value, &count) == SHERD_OK && count);
  }
  if (!is_within_limits(call, &len))
    return false;
  if (len == 0 && !says)
    sherd__rest_error(call->answer, 400, "Cannot send an empty message", 50006);
  return len || says;
}

/* Writes `key` with what the first of two has for it, or with `standard`. */
static void write_either(struct sherd__print *print, const char *key, struct sherd_value one,
                         struct sherd_value other, const char *standard) {
  struct sherd_value value = sherd_value_get(one, key);
  if (!sherd_value_exists(value))
    value = sherd_value_get(other, key);
  sherd__print(print, ",%s:", key);
  if (sherd_value_type(value) != SHERD_VALUE_NULL)
    sherd__merge_raw(print, value);
  else
    sherd__print(print, "%.*s", (int)strlen(standard), standard);
}

/* What an edit can change. */
static void write_editable(struct sherd__print *print, struct sherd_value body,
                           struct sherd_value old) {
  write_either(print, "content", body, old, "\"\"");
  write_either(print, "embeds", body, old, "[]");
  write_either(print, "components", body, old, "[]");
  write_either(print, "flags", body, old, "0");
}

static void write_message(struct sherd__rest_call *call, struct sherd__lane *lane,
                          sherd_snowflake id) {
  struct sherd__view view = {call->print, &call->sim->world};
  struct sherd_value reference = sherd_value_get(call->body, "message_reference");
  bool is_reply = sherd_value_type(reference) == SHERD_VALUE_OBJECT;
  sherd__print(call->print, "{'id':'%ju','channel_id':'%ju','author':", (uintmax_t)id,
               (uintmax_t)call->ids[0]);
  sherd__view_user(&view, 0);
  sherd__print(call->print,
               ",'timestamp':%s,'edited_timestamp':null,'tts':false,'mention_everyone':false,"
               "'mentions':[],'mention_roles':[],'pinned':false,'type':%d,'attachments':",
               SHERD__TIME(sherd__snowflake_ms(id)), is_reply ? 19 : 0);
  sherd__rest_write_files(call, lane);
  write_editable(call->print, call->body, (struct sherd_value){0});
  if (sherd_value_exists(sherd_value_get(call->body, "nonce")))
    write_either(call->print, "nonce", call->body, call->body, "null");
  if (is_reply)
    write_either(call->print, "message_reference", call->body, call->body, "null");
  sherd__print(call->print, "}");
}

/* Tells everybody of the message that is in call->print; only in events does it have its guild and
 * its author's membership. */
static enum sherd_status tell(struct sherd__rest_call *call, enum sherd_event_type type,
                              const struct sherd__rest_place *place) {
  struct sherd__view view = {call->print, &call->sim->world};
  struct sherd_buf *out = &call->print->out;
  size_t len = out->len;
  /* Room beforehand, since it is copied from itself. */
  if (sherd__buf_reserve(out, len + 256))
    return SHERD_ENOMEM;
  sherd__print(call->print, "%.*s,'channel_type':%d", (int)(len - 1), (const char *)out->data,
               place->dm        ? SHERD__CHANNEL_DM
               : place->channel ? place->channel->type
                                : place->thread->type);
  if (place->guild) {
    sherd__print(call->print, ",'guild_id':'%ju','member':", (uintmax_t)place->guild->id);
    sherd__view_member(&view, place->guild, &place->guild->members.items[0],
                       SHERD__MEMBER_IN_MESSAGE);
  }
  sherd__print(call->print, "}");
  enum sherd_status status = call->print->status;
  if (!status)
    status = sherd__rest_dispatch(call->sim, type, place->guild, false,
                                  sherd__print_since(call->print, len), (struct sherd_bytes){0});
  out->len = len;
  return status;
}

static void out_of_memory(struct sherd__rest_call *call) {
  sherd__print_reset(call->print);
  sherd__rest_error(call->answer, 500, "500: Internal Server Error", 0);
}

/* Only who asked sees it, and the gateway does not tell of it. */
#define FLAG_EPHEMERAL 64

void sherd__rest_say(struct sherd__rest_call *call) {
  struct sherd__rest_items *messages = &call->sim->messages;
  struct sherd__rest_place place;
  uint64_t flags = 0;
  if (!find_place(call, &place))
    return;
  struct sherd__lane *lane = sherd__rest_lane(call->sim, place.guild);
  sherd_snowflake id = sherd__rest_new_id(lane);
  call->ids[1] = id;
  sherd__rest_ok(call);
  write_message(call, lane, id);
  if (call->print->status ||
      sherd__rest_items_put(messages, place.channel_id, id, sherd__print_since(call->print, 0))) {
    out_of_memory(call);
    return;
  }
  if (messages->count > MESSAGES_MAX)
    sherd__rest_items_remove(messages, &messages->items[0]);
  if (place.channel)
    place.channel->last_message_id = id;
  (void)sherd_value_as_u64(sherd_value_get(call->body, "flags"), &flags);
  if (!(flags & FLAG_EPHEMERAL) && tell(call, SHERD_EVENT_MESSAGE_CREATE, &place))
    out_of_memory(call);
}

void sherd__rest_post_message(struct sherd__rest_call *call) {
  struct sherd__rest_place place;
  if (find_place(call, &place) && sherd__rest_is_message(call))
    sherd__rest_say(call);
}

/* --- Later --- */

/* The bot's message that the path names, or an answer that there is none. */
static struct sherd__rest_item *find_message(struct sherd__rest_call *call) {
  struct sherd__rest_item *item =
      sherd__rest_items_find(&call->sim->messages, call->ids[0], call->ids[1]);
  if (!item)
    sherd__rest_unknown(call, "Message", 10008);
  return item;
}

void sherd__rest_get_message(struct sherd__rest_call *call) {
  const struct sherd__rest_item *item = find_message(call);
  if (!item)
    return;
  sherd__rest_ok(call);
  sherd__print(call->print, "%.*s", (int)item->len, (const char *)item->json);
}

void sherd__rest_patch_message(struct sherd__rest_call *call) {
  static const char *const written[] = {"content", "embeds",           "components",
                                        "flags",   "edited_timestamp", NULL};
  struct sherd__rest_place place;
  const struct sherd__rest_item *item;
  size_t len;
  if (!find_place(call, &place) || !(item = find_message(call)) || !is_within_limits(call, &len))
    return;
  struct sherd__lane *lane = sherd__rest_lane(call->sim, place.guild);
  struct sherd_value old = sherd__rest_item_value(item);
  lane->now_us += 1000;
  sherd__rest_ok(call);
  sherd__print(call->print, "{'edited_timestamp':%s", SHERD__TIME(lane->now_us / 1000));
  write_editable(call->print, call->body, old);
  sherd__merge_pairs(call->print, old, written, false);
  sherd__print(call->print, "}");
  if (call->print->status ||
      sherd__rest_items_put(&call->sim->messages, place.channel_id, call->ids[1],
                            sherd__print_since(call->print, 0)) ||
      tell(call, SHERD_EVENT_MESSAGE_UPDATE, &place))
    out_of_memory(call);
}

/* A message that somebody of the world wrote, if it is remembered; NULL otherwise. */
static struct sherd__message *world_message(const struct sherd__rest_place *place,
                                            sherd_snowflake id, struct sherd__messages **list) {
  *list = place->guild ? &place->guild->messages : &place->dm->messages;
  for (uint32_t i = 0; i < (*list)->count; i++)
    if ((*list)->items[i].id == id && (*list)->items[i].channel_id == place->channel_id)
      return &(*list)->items[i];
  return NULL;
}

static void write_place(struct sherd__rest_call *call, const char *key,
                        const struct sherd__rest_place *place) {
  sherd__print(call->print, "{%s:'%ju','channel_id':'%ju'", key, (uintmax_t)call->ids[1],
               (uintmax_t)place->channel_id);
  if (place->guild)
    sherd__print(call->print, ",'guild_id':'%ju'", (uintmax_t)place->guild->id);
}

void sherd__rest_tell_and_be_silent(struct sherd__rest_call *call, enum sherd_event_type type,
                                    const struct sherd__guild *guild, bool is_about_bot) {
  enum sherd_status status = call->print->status;
  if (!status)
    status = sherd__rest_dispatch(call->sim, type, guild, is_about_bot,
                                  sherd__print_since(call->print, 0), (struct sherd_bytes){0});
  sherd__print_reset(call->print);
  if (status)
    out_of_memory(call);
  else
    sherd__rest_no_content(call);
}

void sherd__rest_delete_message(struct sherd__rest_call *call) {
  struct sherd__rest_place place;
  struct sherd__messages *list;
  if (!find_place(call, &place))
    return;
  struct sherd__message *theirs = world_message(&place, call->ids[1], &list);
  struct sherd__rest_item *own = theirs ? NULL : find_message(call);
  if (theirs)
    sherd__messages_remove(list, (uint32_t)(theirs - list->items));
  else if (own)
    sherd__rest_items_remove(&call->sim->messages, own);
  else
    return;
  write_place(call, "id", &place);
  sherd__print(call->print, "}");
  sherd__rest_tell_and_be_silent(call, SHERD_EVENT_MESSAGE_DELETE, place.guild, false);
}

/* Unicode, or name:id of an emoji of a guild. */
static void write_emoji(struct sherd__rest_call *call, struct sherd_bytes emoji) {
  const uint8_t *colon = memchr(emoji.data, ':', emoji.len);
  struct sherd_bytes id = {NULL, 0};
  if (colon) {
    id = (struct sherd_bytes){colon + 1, (size_t)(emoji.data + emoji.len - colon) - 1};
    emoji.len = (size_t)(colon - emoji.data);
  }
  sherd__print(call->print, ",'emoji':{'id':");
  if (sherd__rest_id(id))
    sherd__print(call->print, "'%ju'", (uintmax_t)sherd__rest_id(id));
  else
    sherd__print(call->print, "null");
  sherd__print(call->print, ",'name':");
  sherd__print_text(call->print, emoji.data, emoji.len);
  sherd__print(call->print, "}");
}

void sherd__rest_put_reaction(struct sherd__rest_call *call) {
  struct sherd__view view = {call->print, &call->sim->world};
  struct sherd__rest_place place;
  struct sherd__messages *list;
  struct sherd_bytes emoji = call->args[2];
  if (!find_place(call, &place) ||
      (!world_message(&place, call->ids[1], &list) && !find_message(call)))
    return;
  if (!sherd__utf8_is_valid(emoji.data, emoji.len, NULL)) {
    sherd__rest_error(call->answer, 400, "Unknown Emoji", 10014);
    return;
  }
  write_place(call, "message_id", &place);
  sherd__print(call->print, ",'user_id':'%ju'", (uintmax_t)call->sim->world.users.items[0].id);
  if (place.guild) {
    sherd__print(call->print, ",'member':");
    sherd__view_member(&view, place.guild, &place.guild->members.items[0], SHERD__MEMBER_WHOLE);
  }
  write_emoji(call, emoji);
  sherd__print(call->print, ",'burst':false,'type':0}");
  sherd__rest_tell_and_be_silent(call, SHERD_EVENT_MESSAGE_REACTION_ADD, place.guild, false);
}

void sherd__rest_post_typing(struct sherd__rest_call *call) {
  struct sherd__rest_place place;
  if (find_place(call, &place))
    sherd__rest_no_content(call);
}
