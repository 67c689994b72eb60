#include "engine/presence.h"

#include <stddef.h>

static enum sherd_status encode_activities(const struct sherd_activity *activity,
                                           enum sherd_data_format format, struct sherd_buf *out) {
  struct sherd__writer writer;
  sherd__writer_begin_fragment(&writer, format, out);
  sherd__writer_list(&writer, activity ? 1 : 0);
  if (activity) {
    const char *name = activity->name;
    const char *state = activity->state;
    /* A custom status shows its state; its name must be there but is not shown. */
    if (activity->type == SHERD_ACTIVITY_CUSTOM && !state) {
      state = name;
      name = "Custom Status";
    }
    sherd__writer_map(&writer, 4);
    sherd__writer_key(&writer, "name");
    sherd__writer_str(&writer, name);
    sherd__writer_key(&writer, "state");
    sherd__writer_str_or_null(&writer, state);
    sherd__writer_key(&writer, "type");
    sherd__writer_u64(&writer, (uint64_t)activity->type);
    sherd__writer_key(&writer, "url");
    sherd__writer_str_or_null(&writer, activity->url);
  }
  return sherd__writer_finish(&writer);
}

enum sherd_status sherd__presence_init(struct sherd__presence *presence,
                                       enum sherd_data_format format,
                                       const struct sherd_allocator *allocator) {
  *presence = (struct sherd__presence){.status = SHERD_PRESENCE_ONLINE};
  sherd__buf_init(&presence->activities, allocator);
  return encode_activities(NULL, format, &presence->activities);
}

void sherd__presence_deinit(struct sherd__presence *presence) {
  sherd__buf_deinit(&presence->activities);
}

static bool is_field(enum sherd_field field) {
  return (unsigned)field <= (unsigned)SHERD_FIELD_VALUE;
}

static const char *find_wrong(const struct sherd_presence *update) {
  if (!is_field(update->status_is) || update->status_is == SHERD_FIELD_NULL ||
      (unsigned)update->status > (unsigned)SHERD_PRESENCE_OFFLINE)
    return "presence: status must be one of SHERD_PRESENCE_..., and cannot be null";
  if (!is_field(update->afk_is) || update->afk_is == SHERD_FIELD_NULL)
    return "presence: afk must be true or false, and cannot be null";
  if (!is_field(update->idle_since_is))
    return "presence: idle_since_is must be one of SHERD_FIELD_...";
  if (!is_field(update->activity_is))
    return "presence: activity_is must be one of SHERD_FIELD_...";
  if (update->activity_is == SHERD_FIELD_VALUE) {
    if (!update->activity.name)
      return "presence: an activity must have a name";
    if ((unsigned)update->activity.type > (unsigned)SHERD_ACTIVITY_COMPETING)
      return "presence: the activity's type must be one of SHERD_ACTIVITY_...";
  }
  return NULL;
}

enum sherd_status sherd__presence_merge(const struct sherd__presence *presence,
                                        const struct sherd_presence *update,
                                        enum sherd_data_format format, struct sherd__presence *out,
                                        const char **wrong) {
  *wrong = find_wrong(update);
  if (*wrong)
    return SHERD_EINVAL;
  *out = *presence;
  sherd__buf_init(&out->activities, presence->activities.allocator);
  if (update->status_is == SHERD_FIELD_VALUE)
    out->status = update->status;
  if (update->afk_is == SHERD_FIELD_VALUE)
    out->afk = update->afk;
  if (update->idle_since_is != SHERD_FIELD_UNSET) {
    out->is_idle = update->idle_since_is == SHERD_FIELD_VALUE;
    out->idle_since_ms = update->idle_since_ms;
  }
  enum sherd_status status;
  if (update->activity_is == SHERD_FIELD_UNSET)
    status =
        sherd__buf_append(&out->activities, presence->activities.data, presence->activities.len);
  else
    status = encode_activities(update->activity_is == SHERD_FIELD_VALUE ? &update->activity : NULL,
                               format, &out->activities);
  if (status) {
    *wrong = status == SHERD_EUTF8 ? "presence: the activity's texts must be UTF-8" : NULL;
    sherd__presence_deinit(out);
  }
  return status;
}

static const char *status_name(enum sherd_presence_status status) {
  switch (status) {
  case SHERD_PRESENCE_ONLINE:
    return "online";
  case SHERD_PRESENCE_IDLE:
    return "idle";
  case SHERD_PRESENCE_DND:
    return "dnd";
  case SHERD_PRESENCE_INVISIBLE:
  case SHERD_PRESENCE_OFFLINE: /* "offline" has no effect: hikari maps it likewise */
    return "invisible";
  }
  return "online";
}

/* Discord's documentation has `activities`, a list; hikari still sends the `game` of old. */
void sherd__presence_write(const struct sherd__presence *presence, struct sherd__writer *writer) {
  sherd__writer_map(writer, 4);
  sherd__writer_key(writer, "since");
  if (presence->is_idle)
    sherd__writer_u64(writer, presence->idle_since_ms);
  else
    sherd__writer_null(writer);
  sherd__writer_key(writer, "activities");
  sherd__writer_raw(writer, sherd__buf_bytes(&presence->activities));
  sherd__writer_key(writer, "status");
  sherd__writer_str(writer, status_name(presence->status));
  sherd__writer_key(writer, "afk");
  sherd__writer_bool(writer, presence->afk);
}
