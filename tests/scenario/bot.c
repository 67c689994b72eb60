/* A small bot on libsherd that keeps running: it asks the HTTP API where the gateway is, logs in,
 * shows a presence, asks for members, and ends well on SIGTERM. Its log is its output.
 *
 * usage: bot [none|payload|zlib|zstd [etf]] */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sherd.h>

static enum sherd_status ended_by = SHERD_OK;

static enum sherd_compression read_compression(const char *name) {
  return strcmp(name, "payload") == 0 ? SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM
         : strcmp(name, "zlib") == 0  ? SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM
         : strcmp(name, "zstd") == 0  ? SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM
                                      : SHERD_COMPRESSION_NONE;
}

static void show_presence(struct sherd_shard *shard) {
  struct sherd_presence presence = {.status_is = SHERD_FIELD_VALUE, .status = SHERD_PRESENCE_IDLE};
  (void)sherd_shard_update_presence(shard, &presence);
}

static void ask_for_members(struct sherd_shard *shard, struct sherd_value guild) {
  struct sherd_members_request request = {.query = "a", .limit = 5};
  sherd_snowflake guild_id;
  if (!sherd_value_as_snowflake(sherd_value_get(guild, "id"), &guild_id))
    (void)sherd_shard_request_guild_members(shard, guild_id, &request);
}

static void on_event(struct sherd_shard *shard, const struct sherd_event *event, void *user) {
  bool *has_asked = user;
  switch (event->type) {
  case SHERD_EVENT_READY:
    show_presence(shard);
    break;
  case SHERD_EVENT_GUILD_CREATE:
    if (!*has_asked)
      ask_for_members(shard, event->data);
    *has_asked = true;
    break;
  case SHERD_EVENT_CLOSED:
    ended_by = event->status;
    (void)kill(getpid(), SIGTERM); /* whatever ended it, main waits for this */
    break;
  default:
    break;
  }
}

static void on_log(void *user, const struct sherd_log_record *record) {
  (void)user;
  printf("%s %s %s\n", sherd_log_level_name(record->level), record->event, record->text);
  (void)fflush(stdout);
}

/* Gives the URL that is asked for, or, without an API, the one that is given. */
static const char *find_gateway(char out[SHERD_SESSION_URL_MAX + 1]) {
  struct sherd_rest_config config = {
      .token = getenv("DISCORD_TOKEN"), .api_url = getenv("SHERD_API_URL"), .max_tries = 10};
  struct sherd_gateway_bot bot;
  enum sherd_status status = sherd_rest_gateway_bot(&config, &bot, NULL);
  if (status) {
    printf("no answer from the API: %s\n", sherd_strerror(status));
    return getenv("SHERD_GATEWAY_URL");
  }
  (void)snprintf(out, SHERD_SESSION_URL_MAX + 1, "%s", bot.url);
  return out;
}

int main(int argc, char **argv) {
  char url[SHERD_SESSION_URL_MAX + 1];
  bool has_asked = false;
  sigset_t signals;
  int number;
  (void)sigemptyset(&signals);
  (void)sigaddset(&signals, SIGTERM);
  (void)sigprocmask(SIG_BLOCK, &signals, NULL); /* in the loop's thread too */
  struct sherd_shard_config config = {
      .gateway = {.token = getenv("DISCORD_TOKEN"),
                  .gateway_url = find_gateway(url),
                  .intents = SHERD_INTENT_GUILDS | SHERD_INTENT_GUILD_MESSAGES,
                  .compression = argc > 1 ? read_compression(argv[1]) : SHERD_COMPRESSION_NONE,
                  .format = argc > 2 ? SHERD_FORMAT_ETF : SHERD_FORMAT_JSON,
                  .hello_timeout_ms = 3000},
      .on_event = on_event,
      .user = &has_asked,
      .log = {.fn = on_log, .level = SHERD_LOG_INFO},
  };
  struct sherd_shard *shard = NULL;
  enum sherd_status status = sherd_shard_new(&config, &shard);
  if (status == SHERD_OK)
    status = sherd_shard_start_async(shard, NULL, NULL);
  if (status == SHERD_OK)
    (void)sigwait(&signals, &number);
  (void)sherd_shard_close(shard);
  sherd_shard_free(shard);
  status = status ? status : ended_by;
  printf("ended: %s\n", sherd_strerror(status));
  return status == SHERD_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
