/* Built against the installed headers and library, as a stranger's program is: one call of each
 * header that needs no network, and the answers checked. Exits with the number of wrong ones. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <sherd.h>

static int wrong;

static void expect(bool right, const char *what) {
  if (!right) {
    printf("wrong: %s\n", what);
    wrong++;
  }
}

static void values(void) {
  const char *text = "{\"d\":{\"id\":\"175928847299117063\",\"name\":\"\\u00e9\"}}";
  struct sherd_value document;
  sherd_snowflake id = 0;
  char name[8];
  expect(sherd_value_open(SHERD_FORMAT_JSON, text, strlen(text), &document) == SHERD_OK, "open");
  expect(sherd_value_as_snowflake(sherd_value_path(document, "d.id"), &id) == SHERD_OK &&
             id == UINT64_C(175928847299117063),
         "snowflake");
  expect(sherd_value_as_str_copy(sherd_value_path(document, "d.name"), name, sizeof name, NULL) ==
                 SHERD_OK &&
             strcmp(name, "\xc3\xa9") == 0,
         "text");
}

static void engine(const struct sherd_gateway_config *config) {
  struct sherd_engine *engine = NULL;
  struct sherd_output out;
  bool connects = false;
  expect(sherd_engine_new(config, NULL, &engine) == SHERD_OK, "engine");
  expect(sherd_engine_start(engine, 1000) == SHERD_OK, "engine start");
  while (sherd_engine_next(engine, &out))
    if (out.type == SHERD_OUTPUT_CONNECT)
      connects = strcmp(out.as.connect.host, "gateway.discord.gg") == 0 &&
                 out.as.connect.port == 443 && out.as.connect.tls;
  expect(connects, "the engine asks for a connection to Discord");
  sherd_engine_free(engine);
}

static void shard(const struct sherd_gateway_config *config) {
  struct sherd_runtime *runtime = NULL;
  struct sherd_shard *shard = NULL;
  struct sherd_shard_config shard_config = {.gateway = *config};
  sherd_snowflake user_id;
  expect(sherd_runtime_new(NULL, &runtime) == SHERD_OK, "runtime");
  shard_config.runtime = runtime;
  expect(sherd_shard_new(&shard_config, &shard) == SHERD_OK, "shard");
  expect(sherd_shard_intents(shard) == SHERD_INTENT_GUILDS, "intents");
  expect(!sherd_shard_is_alive(shard), "not alive before start");
  expect(isnan(sherd_shard_heartbeat_latency(shard)), "no latency before an ACK");
  expect(sherd_shard_get_user_id(shard, &user_id) == SHERD_ENOTCONNECTED, "no user before READY");
  sherd_shard_free(shard);
  expect(sherd_runtime_free(runtime) == SHERD_OK, "runtime ends");
}

int main(void) {
  const struct sherd_gateway_config config = {.token = "install-test-token",
                                              .intents = SHERD_INTENT_GUILDS};
  expect(strcmp(sherd_version(), SHERD_VERSION) == 0, "version");
  expect(strcmp(sherd_status_name(SHERD_EINVAL), "SHERD_EINVAL") == 0, "status");
  expect(strcmp(sherd_event_type_name(SHERD_EVENT_TYPING_START), "TYPING_START") == 0, "event");
  values();
  engine(&config);
  shard(&config);
  return wrong;
}
