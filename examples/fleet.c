/* All shards of a bot, with a store in a file: started again, it goes on where it was. Each message
 * is printed once, whatever happens in between; Ctrl-C leaves so that nothing is lost.
 *
 *   SHERD_TOKEN=... ./fleet
 *   SHERD_TOKEN=... SHERD_API_URL=http://127.0.0.1:4000/api/v10 ./fleet */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <sherd.h>

#define STORE "fleet.sessions"

static volatile sig_atomic_t stop;

static void on_signal(int number) {
  (void)number;
  stop = 1;
}

static void on_event(struct sherd_fleet *fleet, const struct sherd_fleet_event *it, void *user) {
  (void)fleet, (void)user;
  char text[16384];
  if (it->is_shadow) // of a re-sharding: the other set's, which shows it
    return;
  if (it->event->type == SHERD_EVENT_SESSION_LOST)
    fprintf(stderr, "shard %u lost its session: events may be missing\n", it->shard_id);
  if (it->event->type == SHERD_EVENT_MESSAGE_CREATE &&
      !sherd_value_as_str_copy(sherd_value_get(it->event->data, "content"), text, sizeof text,
                               NULL))
    printf("%u of %u: %s\n", it->shard_id, it->shard_count, text);
  fflush(stdout); // it counts as taken once this function returns
}

static enum sherd_status open_store(void *ctx, uint32_t shard_count, bool beside,
                                    struct sherd_store **out, struct sherd_error_info *error) {
  struct sherd_store_file_config config = {
      .path = STORE, .token = ctx, .shard_count = shard_count, .beside = beside};
  return sherd_store_file_open(&config, out, error);
}

int main(void) {
  struct sherd_fleet_config config = {.on_event = on_event, .open_store = open_store};
  config.shard.gateway.token = config.open_store_ctx = getenv("SHERD_TOKEN");
  config.shard.gateway.intents = SHERD_INTENT_GUILD_MESSAGES | SHERD_INTENT_MESSAGE_CONTENT;
  config.rest.api_url = getenv("SHERD_API_URL"); // unset: Discord's own

  struct sherd_error_info error = {0};
  struct sherd_fleet *fleet = NULL;
  signal(SIGINT, on_signal);
  signal(SIGTERM, on_signal);
  enum sherd_status status = sherd_fleet_new(&config, &fleet);
  if (status == SHERD_OK)
    status = sherd_fleet_start(fleet);
  while (status == SHERD_OK && !stop) { // until a signal comes, or it fails
    status = sherd_fleet_join(fleet, 200);
    if (status == SHERD_ETIMEDOUT)
      status = SHERD_OK;
  }
  if (status == SHERD_OK)
    status = sherd_fleet_close(fleet, true, 900);
  else if (fleet)
    sherd_fleet_last_error(fleet, &error);
  if (status != SHERD_OK)
    fprintf(stderr, "%s\n", error.text[0] ? error.text : sherd_strerror(status));
  sherd_fleet_free(fleet);
  return status == SHERD_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
