/* Application commands: taken, given ids, and remembered.
 * Source: Discord's documentation, Application Commands. */
#include <string.h>

#include "sim/rest_call.h"
#include "sim/rest_merge.h"

/* Discord's limits in one scope: 100 chat commands, 15 each for users and messages, an entry point;
 * and in all scopes together, one of ours. */
#define SCOPE_MAX    131
#define COMMANDS_MAX 4096

/* As JSON; Discord counts 8000 characters of texts in it. */
#define COMMAND_BYTES_MAX ((size_t)64 << 10)

#define NAME_SIZE 129 /* 32 characters */

/* What we say ourselves, whatever a bot sends. */
static const char *const own_keys[] = {"id", "application_id", "version", "guild_id", NULL};

/* What a command has when a bot does not say. */
static const char defaults[] =
    "{\"type\":1,\"name_localizations\":null,\"description\":\"\","
    "\"description_localizations\":null,\"options\":[],\"default_member_permissions\":null,"
    "\"dm_permission\":true,\"contexts\":null,\"integration_types\":[0],\"nsfw\":false}";

static struct sherd__rest_items *commands_of(struct sherd__rest_call *call) {
  return &call->sim->commands;
}

/* Whether the application is the bot's and the guild, if there is one, is there; else an answer.
 * *scope is the guild, or 0. */
static bool read_scope(struct sherd__rest_call *call, bool has_guild, sherd_snowflake *scope) {
  const struct sherd__world *world = &call->sim->world;
  *scope = has_guild ? call->ids[1] : 0;
  if (call->ids[0] != world->application_id)
    sherd__rest_unknown(call, "Application", 10002);
  else if (has_guild && !sherd__world_guild(world, *scope))
    sherd__rest_error(call->answer, 403, "Missing Access", 50001);
  else
    return true;
  return false;
}

/* Whether the route has /guilds/{}: it then has one argument more. */
static bool is_in_guild(const struct sherd__rest_call *call) {
  return strstr(call->request->path, "/guilds/");
}

static uint64_t type_of(struct sherd_value command) {
  uint64_t type = 1;
  (void)sherd_value_as_u64(sherd_value_get(command, "type"), &type);
  return type;
}

static bool is_same(struct sherd_value one, struct sherd_value other) {
  char name[NAME_SIZE];
  return sherd_value_as_str_copy(sherd_value_get(one, "name"), name, sizeof name, NULL) ==
             SHERD_OK &&
         sherd_value_equals(sherd_value_get(other, "name"), name) && type_of(one) == type_of(other);
}

/* A command's name is what makes it: one of the same name and kind is the same one. */
static struct sherd__rest_item *find_same(struct sherd__rest_call *call, sherd_snowflake scope,
                                          struct sherd_value command) {
  struct sherd__rest_items *items = commands_of(call);
  for (uint32_t i = 0; i < items->count; i++)
    if (items->items[i].scope == scope &&
        is_same(command, sherd__rest_item_value(&items->items[i])))
      return &items->items[i];
  return NULL;
}

static void refuse_size(struct sherd__rest_call *call) {
  sherd__rest_invalid(call, "options", "APPLICATION_COMMAND_TOO_LARGE",
                      "Command exceeds maximum size (8000)");
}

/* Whether it can be a command, or change one; else an answer. */
static bool is_command(struct sherd__rest_call *call, struct sherd_value command, bool is_new) {
  struct sherd_value name_value = sherd_value_get(command, "name");
  char name[NAME_SIZE];
  size_t len = 0;
  struct sherd_bytes raw;
  if (sherd_value_type(command) != SHERD_VALUE_OBJECT ||
      (is_new && !sherd_value_exists(name_value)))
    sherd__rest_invalid(call, "name", "BASE_TYPE_REQUIRED", "This field is required");
  else if (sherd_value_exists(name_value) &&
           (sherd_value_as_str_copy(name_value, name, sizeof name, &len) || len == 0))
    sherd__rest_invalid(call, "name", "BASE_TYPE_BAD_LENGTH",
                        "Must be between 1 and 32 in length.");
  else if (sherd_value_raw(command, &raw) || raw.len > COMMAND_BYTES_MAX)
    refuse_size(call);
  else
    return true;
  return false;
}

/* Whether a key is ours, or one of the first `count` layers has it. */
static bool is_said(const struct sherd_value *layers, size_t count, struct sherd_value key) {
  char name[64];
  if (sherd_value_as_str_copy(key, name, sizeof name, NULL))
    return true; /* no key of a command is that long */
  for (const char *const *own = own_keys; *own; own++)
    if (strcmp(name, *own) == 0)
      return true;
  for (size_t i = 0; i < count; i++)
    if (sherd_value_exists(sherd_value_get(layers[i], name)))
      return true;
  return false;
}

/* Writes a command and remembers it. `old` is what it had before, or absent. */
static bool keep(struct sherd__rest_call *call, sherd_snowflake scope, sherd_snowflake id,
                 struct sherd_value old, struct sherd_value command) {
  struct sherd__lane *lane = sherd__rest_lane(call->sim, NULL);
  struct sherd__print *print = call->print;
  struct sherd_value base;
  size_t start = print->out.len;
  sherd_snowflake version = sherd__rest_new_id(lane);
  (void)sherd_value_open(SHERD_FORMAT_JSON, defaults, sizeof defaults - 1, &base);
  sherd__print(print, "{'id':'%ju','application_id':'%ju','version':'%ju'",
               (uintmax_t)(id ? id : version), (uintmax_t)call->sim->world.application_id,
               (uintmax_t)version);
  if (scope)
    sherd__print(print, ",'guild_id':'%ju'", (uintmax_t)scope);
  struct sherd_value layers[] = {command, old, base}, key, value;
  for (size_t i = 0; i < 3; i++)
    for (struct sherd_value_iter iter = sherd_value_iterate(layers[i]);
         sherd_value_next(&iter, &key, &value);)
      if (!is_said(layers, i, key)) {
        sherd__print(print, ",");
        sherd__merge_raw(print, key);
        sherd__print(print, ":");
        sherd__merge_raw(print, value);
      }
  sherd__print(print, "}");
  return !print->status && sherd__rest_items_put(commands_of(call), scope, id ? id : version,
                                                 sherd__print_since(print, start)) == SHERD_OK;
}

static bool has_room(struct sherd__rest_call *call, sherd_snowflake scope) {
  struct sherd__rest_items *items = commands_of(call);
  if (items->count < COMMANDS_MAX && sherd__rest_items_count(items, scope) < SCOPE_MAX)
    return true;
  sherd__rest_error(call->answer, 400, "Maximum number of application commands reached", 30032);
  return false;
}

static void out_of_memory(struct sherd__rest_call *call) {
  sherd__print_reset(call->print);
  sherd__rest_error(call->answer, 500, "500: Internal Server Error", 0);
}

void sherd__rest_get_commands(struct sherd__rest_call *call) {
  const struct sherd__rest_items *items = commands_of(call);
  sherd_snowflake scope;
  if (!read_scope(call, is_in_guild(call), &scope))
    return;
  sherd__rest_ok(call);
  sherd__print(call->print, "[");
  for (uint32_t i = 0; i < items->count; i++)
    if (items->items[i].scope == scope) {
      sherd__print_comma(call->print);
      sherd__print(call->print, "%.*s", (int)items->items[i].len,
                   (const char *)items->items[i].json);
    }
  sherd__print(call->print, "]");
}

/* 201 for a new one, 200 for one that takes the place of another. */
void sherd__rest_post_command(struct sherd__rest_call *call) {
  sherd_snowflake scope;
  if (!read_scope(call, is_in_guild(call), &scope) || !is_command(call, call->body, true))
    return;
  const struct sherd__rest_item *same = find_same(call, scope, call->body);
  if (!same && !has_room(call, scope))
    return;
  sherd__rest_ok(call);
  call->answer->status = same ? 200 : 201;
  if (!keep(call, scope, same ? same->id : 0, (struct sherd_value){0}, call->body))
    out_of_memory(call);
}

/* Whether every one of a list can be kept; else an answer. */
static bool can_keep_all(struct sherd__rest_call *call) {
  struct sherd_value command;
  size_t count = 0;
  if (sherd_value_type(call->body) != SHERD_VALUE_LIST) {
    sherd__rest_invalid(call, "_errors", "BASE_TYPE_LIST", "Only iterables may be used here.");
    return false;
  }
  for (struct sherd_value_iter iter = sherd_value_iterate(call->body);
       sherd_value_next(&iter, NULL, &command); count++)
    if (!is_command(call, command, true))
      return false;
  if (count <= SCOPE_MAX && commands_of(call)->count + count <= COMMANDS_MAX)
    return true;
  sherd__rest_error(call->answer, 400, "Maximum number of application commands reached", 30032);
  return false;
}

/* Takes away what the list does not have; what it has keeps its id. */
static void remove_others(struct sherd__rest_call *call, sherd_snowflake scope) {
  struct sherd__rest_items *items = commands_of(call);
  for (uint32_t i = items->count; i--;) {
    struct sherd_value command;
    bool stays = items->items[i].scope != scope;
    for (struct sherd_value_iter iter = sherd_value_iterate(call->body);
         !stays && sherd_value_next(&iter, NULL, &command);)
      stays = is_same(command, sherd__rest_item_value(&items->items[i]));
    if (!stays)
      sherd__rest_items_remove(items, &items->items[i]);
  }
}

void sherd__rest_put_commands(struct sherd__rest_call *call) {
  struct sherd_value command;
  sherd_snowflake scope;
  if (!read_scope(call, is_in_guild(call), &scope) || !can_keep_all(call))
    return;
  remove_others(call, scope);
  sherd__rest_ok(call);
  sherd__print(call->print, "[");
  for (struct sherd_value_iter iter = sherd_value_iterate(call->body);
       sherd_value_next(&iter, NULL, &command);) {
    const struct sherd__rest_item *same = find_same(call, scope, command);
    sherd__print_comma(call->print);
    if (!keep(call, scope, same ? same->id : 0, (struct sherd_value){0}, command)) {
      out_of_memory(call);
      return;
    }
  }
  sherd__print(call->print, "]");
}

/* The command that the path names, or an answer that there is none. */
static struct sherd__rest_item *find_command(struct sherd__rest_call *call,
                                             sherd_snowflake *scope) {
  bool has_guild = is_in_guild(call);
  if (!read_scope(call, has_guild, scope))
    return NULL;
  struct sherd__rest_item *item =
      sherd__rest_items_find(commands_of(call), *scope, call->ids[has_guild ? 2 : 1]);
  if (!item)
    sherd__rest_unknown(call, "application command", 10063);
  return item;
}

void sherd__rest_get_command(struct sherd__rest_call *call) {
  sherd_snowflake scope;
  const struct sherd__rest_item *item = find_command(call, &scope);
  if (!item)
    return;
  sherd__rest_ok(call);
  sherd__print(call->print, "%.*s", (int)item->len, (const char *)item->json);
}

void sherd__rest_patch_command(struct sherd__rest_call *call) {
  sherd_snowflake scope;
  const struct sherd__rest_item *item = find_command(call, &scope);
  if (!item || !is_command(call, call->body, false))
    return;
  if (item->len + call->request->body.len > 2 * COMMAND_BYTES_MAX) { /* patch upon patch */
    refuse_size(call);
    return;
  }
  sherd__rest_ok(call);
  if (!keep(call, scope, item->id, sherd__rest_item_value(item), call->body))
    out_of_memory(call);
}

void sherd__rest_delete_command(struct sherd__rest_call *call) {
  sherd_snowflake scope;
  struct sherd__rest_item *item = find_command(call, &scope);
  if (!item)
    return;
  sherd__rest_items_remove(commands_of(call), item);
  sherd__rest_no_content(call);
}
