#include <stdio.h>
#include <stdlib.h>

#include <sherd.h>

static void on_event(struct sherd_shard *shard, const struct sherd_event *event, void *user) {
  (void)shard, (void)user;
  char author[64], text[16384];
  if (event->type == SHERD_EVENT_MESSAGE_CREATE &&
      !sherd_value_as_str_copy(sherd_value_path(event->data, "author.username"), author,
                               sizeof author, NULL) &&
      !sherd_value_as_str_copy(sherd_value_get(event->data, "content"), text, sizeof text, NULL))
    printf("%s: %s\n", author, text);
}

int main(void) {
  struct sherd_shard_config config = {.on_event = on_event};
  config.gateway.token = getenv("SHERD_TOKEN");
  config.gateway.gateway_url = getenv("SHERD_GATEWAY_URL"); // unset: Discord's own
  config.gateway.intents = SHERD_INTENT_GUILD_MESSAGES | SHERD_INTENT_MESSAGE_CONTENT;

  struct sherd_shard *shard = NULL;
  enum sherd_status status = sherd_shard_new(&config, &shard);
  if (status == SHERD_OK)
    status = sherd_shard_start(shard); // returns once READY has come
  if (status == SHERD_OK)
    status = sherd_shard_join(shard, SHERD_FOREVER);
  fprintf(stderr, "%s\n", sherd_strerror(status));
  sherd_shard_free(shard);
  return status == SHERD_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
