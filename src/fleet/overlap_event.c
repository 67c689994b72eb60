/* What makes an event that two sessions hear the same one.
 *
 * By ids, where the protocol gives each such event its own: then it does not matter if the rest is
 * worded differently. (The links of attachments bear the time at which they were signed, members
 * are as they are when the event is written down, an interaction's token may be one session's.) Two
 * events may still have the same ids, as when a message is updated twice without being edited, or a
 * reaction is added, removed and added again: they are told apart by counting.
 *
 * Everything else, what Discord adds one day included, is the same when its name and all bytes of
 * its data are. If two sessions ever word such an event differently, it is shown twice. */
#include "fleet/overlap.h"

#include <string.h>

#include "fleet/siphash.h"

#define IDS_MAX 4

struct family {
  enum sherd__overlap_kind kind;
  const char *ids[IDS_MAX]; /* paths in the data; none: all of the data */
};

static const struct family families[SHERD_EVENT_TYPE_COUNT] = {
    /* A set's own life. The consumer hears of the old one's until it has ended. */
    [SHERD_EVENT_CONNECTING] = {SHERD__OVERLAP_OWN_HIDE, {NULL}},
    [SHERD_EVENT_DISCONNECTED] = {SHERD__OVERLAP_OWN_HIDE, {NULL}},
    [SHERD_EVENT_SESSION_LOST] = {SHERD__OVERLAP_OWN_HIDE, {NULL}},
    [SHERD_EVENT_SEQUENCE_GAP] = {SHERD__OVERLAP_OWN_HIDE, {NULL}},
    [SHERD_EVENT_CLOSED] = {SHERD__OVERLAP_OWN_HIDE, {NULL}},
    [SHERD_EVENT_UNKNOWN_OPCODE] = {SHERD__OVERLAP_OWN_HIDE, {NULL}},
    [SHERD_EVENT_READY] = {SHERD__OVERLAP_OWN_HIDE, {NULL}},
    [SHERD_EVENT_RESUMED] = {SHERD__OVERLAP_OWN_HIDE, {NULL}},

    /* The news of this process, and answers to the session that has asked. A voice server is told
     * to the session that joins; if both are told, twice is better than never. */
    [SHERD_EVENT_RESHARDED] = {SHERD__OVERLAP_OWN_SHOW, {NULL}},
    [SHERD_EVENT_COMMAND_DROPPED] = {SHERD__OVERLAP_OWN_SHOW, {NULL}},
    [SHERD_EVENT_RATE_LIMITED] = {SHERD__OVERLAP_OWN_SHOW, {NULL}},
    [SHERD_EVENT_GUILD_MEMBERS_CHUNK] = {SHERD__OVERLAP_OWN_SHOW, {NULL}},
    [SHERD_EVENT_CHANNEL_INFO] = {SHERD__OVERLAP_OWN_SHOW, {NULL}},
    [SHERD_EVENT_SOUNDBOARD_SOUNDS] = {SHERD__OVERLAP_OWN_SHOW, {NULL}},
    [SHERD_EVENT_VOICE_SERVER_UPDATE] = {SHERD__OVERLAP_OWN_SHOW, {NULL}},

    /* An id that is used once, or nearly. */
    [SHERD_EVENT_MESSAGE_CREATE] = {SHERD__OVERLAP_COMMON, {"id"}},
    [SHERD_EVENT_MESSAGE_UPDATE] = {SHERD__OVERLAP_COMMON, {"id", "edited_timestamp"}},
    [SHERD_EVENT_MESSAGE_DELETE] = {SHERD__OVERLAP_COMMON, {"id"}},
    [SHERD_EVENT_INTERACTION_CREATE] = {SHERD__OVERLAP_COMMON, {"id"}},
    [SHERD_EVENT_GUILD_AUDIT_LOG_ENTRY_CREATE] = {SHERD__OVERLAP_COMMON, {"id"}},
    [SHERD_EVENT_GUILD_CREATE] = {SHERD__OVERLAP_COMMON, {"id"}}, /* see is_start() */
    [SHERD_EVENT_GUILD_MEMBER_ADD] = {SHERD__OVERLAP_COMMON, {"guild_id", "user.id", "joined_at"}},

    /* Who did what to what: the rest tells of the member or the message. */
    [SHERD_EVENT_GUILD_MEMBER_REMOVE] = {SHERD__OVERLAP_COMMON, {"guild_id", "user.id"}},
    [SHERD_EVENT_TYPING_START] = {SHERD__OVERLAP_COMMON, {"channel_id", "user_id", "timestamp"}},
    [SHERD_EVENT_MESSAGE_REACTION_ADD] = {SHERD__OVERLAP_COMMON,
                                          {"message_id", "user_id", "emoji.id", "emoji.name"}},
    [SHERD_EVENT_MESSAGE_REACTION_REMOVE] = {SHERD__OVERLAP_COMMON,
                                             {"message_id", "user_id", "emoji.id", "emoji.name"}},
};

/* A guild that was announced as unavailable, by READY or in an outage, comes with `unavailable`
 * false; one that the bot joins comes without. Source: what Discord sends; discord.py and
 * discord.js tell the two apart in this way. */
static bool is_start(const struct sherd_event *event) {
  bool is_unavailable;
  return event->type == SHERD_EVENT_GUILD_CREATE &&
         sherd_value_as_bool(sherd_value_get(event->data, "unavailable"), &is_unavailable) ==
             SHERD_OK &&
         !is_unavailable;
}

static sherd_snowflake guild_of(const struct sherd_event *event) {
  bool is_guild = event->type == SHERD_EVENT_GUILD_CREATE ||
                  event->type == SHERD_EVENT_GUILD_UPDATE ||
                  event->type == SHERD_EVENT_GUILD_DELETE;
  sherd_snowflake id = 0;
  sherd_value_as_snowflake(sherd_value_get(event->data, is_guild ? "id" : "guild_id"), &id);
  return id;
}

/* The bytes of a value as they came; none for one that is absent or damaged. */
static uint64_t add(uint64_t key, uint64_t part, struct sherd_value value) {
  struct sherd_bytes bytes = {NULL, 0};
  if (sherd_value_raw(value, &bytes) != SHERD_OK)
    bytes = (struct sherd_bytes){NULL, 0};
  return sherd__siphash(key, part, bytes);
}

static uint64_t key_of(const struct sherd_event *event, const char *const ids[IDS_MAX]) {
  struct sherd_bytes name = {(const uint8_t *)event->name, strlen(event->name)};
  uint64_t key = sherd__siphash(0, 0, name);
  if (!ids[0] || !sherd_value_exists(sherd_value_path(event->data, ids[0])))
    return add(key, 0, event->data);
  for (unsigned i = 0; i < IDS_MAX && ids[i]; i++)
    key = add(key, i + 1, sherd_value_path(event->data, ids[i]));
  return key;
}

void sherd__overlap_describe(const struct sherd_event *event, uint32_t shard_id,
                             struct sherd__overlap_event *out) {
  static const struct family unknown = {SHERD__OVERLAP_COMMON, {NULL}};
  bool is_known = (size_t)event->type < SHERD_EVENT_TYPE_COUNT;
  const struct family *family = is_known ? &families[event->type] : &unknown;
  *out = (struct sherd__overlap_event){
      .kind = is_start(event) ? SHERD__OVERLAP_OWN_HIDE : family->kind,
      .is_ready = event->type == SHERD_EVENT_READY,
      .shard_id = shard_id,
  };
  if (out->kind != SHERD__OVERLAP_COMMON)
    return;
  out->guild_id = guild_of(event);
  out->key = key_of(event, family->ids);
}
