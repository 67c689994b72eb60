/* Answers to interactions: the first one, and what follows it.
 *
 * An interaction is known by its token, which stands in the INTERACTION_CREATE that was sent: the
 * journal has it for as long as anybody may want to answer.
 * Source: Discord's documentation, Receiving and Responding to Interactions. */
#include <string.h>

#include "sim/rest_call.h"

/* So many interactions are known to have been answered. */
#define REPLIES_MAX 1024

/* Discord's kinds of answers that are messages; others change or ask, and say nothing. */
#define CALLBACK_MESSAGE  4
#define CALLBACK_DEFERRED 5

static const char nothing_yet[] = "{\"content\":\"\"}";

/* The event with that token, as JSON; absent when there is none. */
static struct sherd_value find_interaction(const struct sherd__sim *sim, struct sherd_bytes token) {
  const struct sherd__journal *journal = &sim->journal;
  struct sherd_value event, none = {0};
  struct sherd_bytes text;
  for (uint64_t n = journal->newest; n >= journal->oldest; n--) {
    const struct sherd__dispatch *dispatch = sherd__journal_dispatch(journal, n);
    if (dispatch && dispatch->type == SHERD_EVENT_INTERACTION_CREATE &&
        sherd_value_open(SHERD_FORMAT_JSON, dispatch->data, dispatch->len, &event) == SHERD_OK &&
        sherd_value_as_str(sherd_value_get(event, "token"), &text) == SHERD_OK &&
        text.len == token.len && memcmp(text.data, token.data, token.len) == 0)
      return event;
  }
  return none;
}

/* The first answer to it: {"id": …} of the message, or {} when that was none; NULL: none yet. */
static struct sherd__rest_item *find_reply(struct sherd__rest_call *call) {
  return sherd__rest_items_find(&call->sim->replies, sherd__fnv1a(call->args[1]), 0);
}

static bool keep_reply(struct sherd__rest_call *call, struct sherd_bytes json) {
  struct sherd__rest_items *replies = &call->sim->replies;
  if (sherd__rest_items_put(replies, sherd__fnv1a(call->args[1]), 0, json))
    return false;
  if (replies->count > REPLIES_MAX)
    sherd__rest_items_remove(replies, &replies->items[0]);
  return true;
}

/* --- The first answer --- */

/* Says call->body in the interaction's channel; false when there was an error instead. */
static bool say_first(struct sherd__rest_call *call, uint64_t type) {
  struct sherd_value data = sherd_value_get(call->body, "data");
  call->body = data;
  if (type == CALLBACK_DEFERRED)
    (void)sherd_value_open(SHERD_FORMAT_JSON, nothing_yet, sizeof nothing_yet - 1, &call->body);
  else if (!sherd__rest_is_message(call))
    return false;
  sherd__rest_say(call);
  return call->answer->status == 200;
}

/* Newer libraries ask for an answer with a body. */
static void acknowledge(struct sherd__rest_call *call, sherd_snowflake interaction, uint64_t kind,
                        uint64_t type) {
  const char *with = call->request->query(call->request->query_ctx, "with_response");
  const struct sherd__rest_item *message =
      sherd__rest_items_find(&call->sim->messages, call->ids[0], call->ids[1]);
  sherd__print_reset(call->print);
  if (!with || strcmp(with, "true") != 0) {
    sherd__rest_no_content(call);
    return;
  }
  sherd__rest_ok(call);
  sherd__print(call->print,
               "{'interaction':{'id':'%ju','type':%ju,'response_message_loading':%i,"
               "'response_message_ephemeral':false}",
               (uintmax_t)interaction, (uintmax_t)kind, type == CALLBACK_DEFERRED);
  if (message)
    sherd__print(call->print, ",'resource':{'type':%ju,'message':%.*s}", (uintmax_t)type,
                 (int)message->len, (const char *)message->json);
  sherd__print(call->print, "}");
}

static void out_of_memory(struct sherd__rest_call *call) {
  sherd__print_reset(call->print);
  sherd__rest_error(call->answer, 500, "500: Internal Server Error", 0);
}

void sherd__rest_answer_interaction(struct sherd__rest_call *call) {
  struct sherd_value event = find_interaction(call->sim, call->args[1]);
  sherd_snowflake interaction = call->ids[0], id = 0;
  uint64_t type, kind = 2;
  (void)sherd_value_as_snowflake(sherd_value_get(event, "id"), &id);
  (void)sherd_value_as_u64(sherd_value_get(event, "type"), &kind);
  if (!id || id != interaction) {
    sherd__rest_unknown(call, "interaction", 10062);
  } else if (sherd_value_as_u64(sherd_value_get(call->body, "type"), &type)) {
    sherd__rest_invalid(call, "type", "BASE_TYPE_REQUIRED", "This field is required");
  } else if (find_reply(call)) {
    sherd__rest_error(call->answer, 400, "Interaction has already been acknowledged.", 40060);
  } else {
    bool is_message = type == CALLBACK_MESSAGE || type == CALLBACK_DEFERRED;
    call->ids[0] = call->ids[1] = 0;
    (void)sherd_value_as_snowflake(sherd_value_get(event, "channel_id"), &call->ids[0]);
    if (is_message && !say_first(call, type))
      return;
    sherd__print_reset(call->print);
    sherd__print(call->print, "{'id':'%ju'}", (uintmax_t)call->ids[1]);
    if (call->print->status || !keep_reply(call, sherd__print_since(call->print, 0)))
      out_of_memory(call);
    else
      acknowledge(call, interaction, kind, type);
  }
}

/* --- What follows --- */

/* Whether the path's webhook is that of an interaction which was answered; else an error. Sets
 * ids[0] to its channel. */
static bool find_webhook(struct sherd__rest_call *call) {
  struct sherd_value event = find_interaction(call->sim, call->args[1]);
  sherd_snowflake application_id = call->ids[0];
  call->ids[0] = 0;
  (void)sherd_value_as_snowflake(sherd_value_get(event, "channel_id"), &call->ids[0]);
  if (application_id == call->sim->world.application_id && call->ids[0] && find_reply(call))
    return true;
  sherd__rest_unknown(call, "Webhook", 10015);
  return false;
}

void sherd__rest_post_followup(struct sherd__rest_call *call) {
  if (find_webhook(call) && sherd__rest_is_message(call))
    sherd__rest_say(call);
}

/* Sets ids[1] to the message that the path names, by its id or as @original. */
static bool find_said(struct sherd__rest_call *call) {
  static const char original[] = "@original";
  if (!find_webhook(call))
    return false;
  call->ids[1] = call->ids[2];
  if (call->args[2].len == sizeof original - 1 &&
      memcmp(call->args[2].data, original, sizeof original - 1) == 0)
    (void)sherd_value_as_snowflake(sherd_value_get(sherd__rest_item_value(find_reply(call)), "id"),
                                   &call->ids[1]);
  return true;
}

void sherd__rest_get_reply(struct sherd__rest_call *call) {
  if (find_said(call))
    sherd__rest_get_message(call);
}

void sherd__rest_patch_reply(struct sherd__rest_call *call) {
  if (find_said(call))
    sherd__rest_patch_message(call);
}

void sherd__rest_delete_reply(struct sherd__rest_call *call) {
  if (find_said(call))
    sherd__rest_delete_message(call);
}
