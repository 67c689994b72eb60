/* Pull delivery: no callback, a loop of one's own that asks for the next event. Here it prints what
 * comes for ten seconds, leaves so that the session can be resumed, and says how.
 *
 *   SHERD_TOKEN=... ./pull
 *   SHERD_TOKEN=... SHERD_GATEWAY_URL=ws://127.0.0.1:4000 ./pull */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <sherd.h>

#define RUN_SECONDS 10

static void print_event(const struct sherd_event *event) {
  char json[120];
  size_t len = 0;
  /* Too long for the line: what is in `json` is then not defined, so only its length is shown. */
  enum sherd_status status = sherd_value_to_json(event->data, json, sizeof json, &len);
  if (event->has_seq)
    printf("%8" PRIu64 " ", event->seq);
  printf("%s ", event->name);
  if (status == SHERD_OK)
    printf("%s\n", json);
  else if (status == SHERD_ENOSPACE)
    printf("(%zu bytes)\n", len);
  else
    printf("%s\n", event->status == SHERD_OK ? "" : sherd_strerror(event->status));
}

static enum sherd_status print_events(struct sherd_shard *shard) {
  const time_t end = time(NULL) + RUN_SECONDS;
  while (time(NULL) < end) {
    struct sherd_event *event;
    enum sherd_status status = sherd_shard_next(shard, 1000, &event);
    if (status == SHERD_ETIMEDOUT)
      continue;
    if (status != SHERD_OK)
      return status;
    print_event(event);
    sherd_event_release(event);
  }
  return SHERD_OK;
}

int main(void) {
  struct sherd_shard_config config = {0};
  config.gateway.token = getenv("SHERD_TOKEN");
  config.gateway.gateway_url = getenv("SHERD_GATEWAY_URL");
  config.gateway.intents = SHERD_INTENTS_ALL_UNPRIVILEGED;
  config.gateway.compression = SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM;

  struct sherd_shard *shard = NULL;
  enum sherd_status status = sherd_shard_new(&config, &shard);
  if (status == SHERD_OK)
    status = sherd_shard_start_async(shard, NULL, NULL);
  if (status == SHERD_OK)
    status = print_events(shard);

  struct sherd_session session;
  if (status == SHERD_OK && sherd_shard_close_resumable(shard, &session) == SHERD_OK)
    printf("give session %s at %" PRIu64 " to config.gateway.session to go on from here\n",
           session.id, session.seq);
  if (status != SHERD_OK)
    fprintf(stderr, "%s\n", sherd_strerror(status));
  sherd_shard_free(shard);
  return status == SHERD_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
