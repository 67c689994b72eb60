/* sherd sim: the simulator as a program. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <getopt.h>
#include <sysexits.h>
#include <uv.h>

#include <sherd/intents.h>
#include <sherd/version.h>

#include "cli/address.h"
#include "cli/cli.h"
#include "cli/scenario.h"
#include "sim/ledger.h"
#include "sim/server.h"
#include "sim/world.h"

#define VERB "sim"

struct arguments {
  struct sherd__sim_server_options server;
  char host[64];
  char token[SHERD__TOKEN_SIZE];
  const char *token_file;
  const char *ledger_path;
  struct sherd__cli_scenario scenario; /* file NULL: none */
  bool is_done;                        /* --help or --version was all */
};

enum flag {
  LISTEN = 1,
  SHARDS,
  GUILDS,
  RATE,
  EVENTS,
  SEED,
  TOKEN_FILE,
  TLS_CERT,
  TLS_KEY,
  HEARTBEAT_INTERVAL,
  DROP_AFTER,
  MAX_CONCURRENCY,
  SESSION_TTL,
  SESSION_AGE,
  SESSION_STARTS,
  STRICT_RESUME_URL,
  NO_PRIVILEGED_INTENTS,
  ETF_SNOWFLAKES,
  LEDGER,
  SCENARIO,
  JUNIT,
  BOT_LOG,
  PUBLIC,
  HELP,
  VERSION
};

static const struct option options[] = {
    {"listen", required_argument, NULL, LISTEN},
    {"shards", required_argument, NULL, SHARDS},
    {"guilds", required_argument, NULL, GUILDS},
    {"rate", required_argument, NULL, RATE},
    {"events", required_argument, NULL, EVENTS},
    {"seed", required_argument, NULL, SEED},
    {"token-file", required_argument, NULL, TOKEN_FILE},
    {"tls-cert", required_argument, NULL, TLS_CERT},
    {"tls-key", required_argument, NULL, TLS_KEY},
    {"heartbeat-interval", required_argument, NULL, HEARTBEAT_INTERVAL},
    {"drop-after", required_argument, NULL, DROP_AFTER},
    {"max-concurrency", required_argument, NULL, MAX_CONCURRENCY},
    {"session-ttl", required_argument, NULL, SESSION_TTL},
    {"session-age", required_argument, NULL, SESSION_AGE},
    {"session-starts", required_argument, NULL, SESSION_STARTS},
    {"strict-resume-url", no_argument, NULL, STRICT_RESUME_URL},
    {"no-privileged-intents", no_argument, NULL, NO_PRIVILEGED_INTENTS},
    {"etf-snowflakes", required_argument, NULL, ETF_SNOWFLAKES},
    {"ledger", required_argument, NULL, LEDGER},
    {"scenario", required_argument, NULL, SCENARIO},
    {"junit", required_argument, NULL, JUNIT},
    {"bot-log", required_argument, NULL, BOT_LOG},
    {"i-know-this-is-public", no_argument, NULL, PUBLIC},
    {"help", no_argument, NULL, HELP},
    {"version", no_argument, NULL, VERSION},
    {NULL, 0, NULL, 0},
};

static const char help[] =
    "usage: sherd sim [OPTION]...\n"
    "       sherd sim --scenario NAME [OPTION]... [-- COMMAND...]\n"
    "\n"
    "Discord's gateway v10 on your own machine: point a bot of any library at the address that\n"
    "is printed first.\n"
    "\n"
    "  --listen ADDRESS:PORT    where; port 0 takes any that is free (127.0.0.1:4000)\n"
    "  --shards N               the shard count that is advised (1)\n"
    "  --guilds N               how many guilds there are (20)\n"
    "  --rate N                 events a second on each shard (10)\n"
    "  --events N               the stream of a session ends after N of them (0: never)\n"
    "  --seed N                 another seed is another world (1)\n"
    "  --token-file FILE        the token that bots must have; or SHERD_TOKEN, or else\n"
    "                           sherd-sim-token\n"
    "  --tls-cert FILE          speak TLS with this PEM certificate, and\n"
    "  --tls-key FILE           this PEM key\n"
    "  --heartbeat-interval MS  what HELLO says (41250)\n"
    "  --drop-after N           cut each shard's connection once, in the middle of its dispatch N\n"
    "  --max-concurrency N      IDENTIFYs that are allowed in 5 seconds (1)\n"
    "  --session-ttl SECONDS    how long a session can be resumed (180)\n"
    "  --session-age SECONDS    end sessions of that age with 4009 (0: never)\n"
    "  --session-starts N       IDENTIFYs that are allowed in a day (1000)\n"
    "  --strict-resume-url      close who does not resume at resume_gateway_url\n"
    "  --no-privileged-intents  close who asks for one, as before they are enabled\n"
    "  --etf-snowflakes FORM    in ETF they are binaries, or integers (binaries)\n"
    "  --ledger FILE            write one line of JSON for each dispatch\n"
    "  --scenario NAME          do to bots what that file, or the installed scenario of that\n"
    "                           name, says, and judge what they do\n"
    "  -- COMMAND...            ... by this one, with SHERD_GATEWAY_URL, SHERD_API_URL and\n"
    "                           DISCORD_TOKEN in its environment\n"
    "  --bot-log FILE           keep the command's output there\n"
    "  --junit FILE             write the scenario's report as JUnit XML\n"
    "  --i-know-this-is-public  allow an address that is not loopback\n"
    "  --help, --version\n";

static bool read_listen(struct arguments *arguments, const char *text) {
  uint16_t port;
  if (!sherd__address_read(text, arguments->host, sizeof arguments->host, &port)) {
    sherd__cli_complain(
        VERB,
        "--listen wants ADDRESS:PORT, as in 127.0.0.1:4000, and a port up to 65535, "
        "not '%s'",
        text);
    return false;
  }
  arguments->server.host = arguments->host;
  arguments->server.port = port;
  return true;
}

static bool read_u32(const char *option, const char *text, uint32_t min, uint32_t max,
                     uint32_t *out) {
  uint64_t number;
  if (!sherd__cli_number(VERB, option, text, min, max, &number))
    return false;
  *out = (uint32_t)number;
  return true;
}

static bool read_seconds(const char *option, const char *text, uint32_t min, uint32_t *out_ms) {
  uint32_t seconds;
  if (!read_u32(option, text, min, 86400, &seconds))
    return false;
  *out_ms = seconds * 1000;
  return true;
}

static bool read_etf_snowflakes(struct arguments *arguments, const char *text) {
  arguments->server.sim.etf_integers = strcmp(text, "integers") == 0;
  if (arguments->server.sim.etf_integers || strcmp(text, "binaries") == 0)
    return true;
  sherd__cli_complain(VERB, "--etf-snowflakes wants binaries or integers, not '%s'", text);
  return false;
}

static bool read_option(struct arguments *arguments, int option) {
  struct sherd__sim_config *sim = &arguments->server.sim;
  switch (option) {
  case LISTEN:
    return read_listen(arguments, optarg);
  case SHARDS:
    return read_u32("shards", optarg, 1, 65536, &sim->shards);
  case GUILDS:
    return read_u32("guilds", optarg, 0, SHERD__WORLD_GUILDS_MAX, &sim->guilds);
  case RATE:
    return read_u32("rate", optarg, 0, 1000000, &sim->rate);
  case EVENTS:
    return read_u32("events", optarg, 0, UINT32_MAX, &sim->max_events);
  case SEED:
    return sherd__cli_number(VERB, "seed", optarg, 0, UINT64_MAX, &sim->seed);
  case TOKEN_FILE:
    arguments->token_file = optarg;
    return true;
  case TLS_CERT:
    arguments->server.cert_file = optarg;
    return true;
  case TLS_KEY:
    arguments->server.key_file = optarg;
    return true;
  case HEARTBEAT_INTERVAL:
    return read_u32("heartbeat-interval", optarg, 100, 3600000, &sim->heartbeat_interval_ms);
  case DROP_AFTER:
    return read_u32("drop-after", optarg, 0, UINT32_MAX, &sim->drop_after);
  case MAX_CONCURRENCY:
    return read_u32("max-concurrency", optarg, 1, 4096, &sim->max_concurrency);
  case SESSION_TTL:
    return read_seconds("session-ttl", optarg, 1, &sim->session_ttl_ms);
  case SESSION_AGE:
    return read_seconds("session-age", optarg, 0, &sim->session_age_ms);
  case SESSION_STARTS:
    return read_u32("session-starts", optarg, 1, 1000000, &sim->starts_a_day);
  case STRICT_RESUME_URL:
    sim->strict_resume_url = true;
    return true;
  case NO_PRIVILEGED_INTENTS:
    sim->disallowed_intents = SHERD_INTENTS_PRIVILEGED;
    return true;
  case ETF_SNOWFLAKES:
    return read_etf_snowflakes(arguments, optarg);
  case LEDGER:
    arguments->ledger_path = optarg;
    return true;
  case SCENARIO:
    arguments->scenario.file = optarg;
    return true;
  case JUNIT:
    arguments->scenario.junit = optarg;
    return true;
  case BOT_LOG:
    arguments->scenario.log = optarg;
    return true;
  case PUBLIC:
    arguments->server.is_public = true;
    return true;
  default:
    return false;
  }
}

/* getopt has moved past the option it did not like. */
static void complain_of_option(char **argv, int option) {
  if (option == ':')
    sherd__cli_complain(VERB, "'%s' wants a value; see 'sherd sim --help'", argv[optind - 1]);
  else
    sherd__cli_complain(VERB, "there is no option '%s'; see 'sherd sim --help'", argv[optind - 1]);
}

static int read_arguments(int argc, char **argv, struct arguments *out) {
  int option;
  opterr = 0;
  while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
    if (option == HELP || option == VERSION) {
      if (option == HELP)
        fputs(help, stdout);
      else
        printf("sherd %s\n", sherd_version());
      out->is_done = true;
      return EX_OK;
    }
    if (option == ':' || option == '?')
      complain_of_option(argv, option);
    if (!read_option(out, option))
      return EX_USAGE;
  }
  if (optind < argc && out->scenario.file && strcmp(argv[optind - 1], "--") == 0) {
    out->scenario.command = argv + optind;
    if (!out->server.host)
      out->server.port = 0; /* the command is told */
  } else if (optind < argc) {
    sherd__cli_complain(VERB, "'%s' is no option; see 'sherd sim --help'", argv[optind]);
    return EX_USAGE;
  }
  if ((out->scenario.junit && !out->scenario.file) ||
      (out->scenario.log && !out->scenario.command)) {
    sherd__cli_complain(VERB, "--junit wants --scenario NAME, and --bot-log '-- COMMAND' too");
    return EX_USAGE;
  }
  if (!out->server.cert_file != !out->server.key_file) {
    sherd__cli_complain(VERB, "--tls-cert and --tls-key go together; give both");
    return EX_USAGE;
  }
  return sherd__cli_token(VERB, out->token_file, out->token);
}

/* --- Running --- */

struct run {
  struct sherd__sim_server *server;
  uv_signal_t interrupt, terminate;
};

static void on_signal(uv_signal_t *handle, int number) {
  struct run *run = handle->data;
  (void)number;
  sherd__sim_server_stop(run->server);
  uv_close((uv_handle_t *)&run->interrupt, NULL);
  uv_close((uv_handle_t *)&run->terminate, NULL);
}

static void watch(uv_loop_t *loop, uv_signal_t *handle, int number, struct run *run) {
  (void)uv_signal_init(loop, handle);
  handle->data = run;
  (void)uv_signal_start(handle, on_signal, number);
}

static void print_address(const struct sherd__sim_server *server) {
  char api[256];
  sherd__sim_server_api_url(server, api, sizeof api);
  printf("listening on %s (api %s)\n", sherd__sim_server_url(server), api);
  (void)fflush(stdout); /* whoever started us waits for it */
}

static void print_stats(const struct sherd__sim_stats *stats) {
  const struct {
    const char *name;
    uint64_t number;
  } rows[] = {
      {"connections", stats->connections},
      {"sessions", stats->sessions},
      {"resumes", stats->resumes},
      {"resumes refused", stats->resumes_refused},
      {"resumes elsewhere", stats->resumes_elsewhere},
      {"identifies elsewhere", stats->identifies_elsewhere},
      {"connections cut", stats->drops},
      {"dispatches", stats->dispatches},
      {"dispatched bytes", stats->dispatched_bytes},
      {"bytes out", stats->bytes_out},
      {"messages in", stats->messages_in},
      {"heartbeats", stats->heartbeats},
      {"closed by us", stats->closes},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    fprintf(stderr, "%-20s %12" PRIu64 "\n", rows[i].name, rows[i].number);
}

static int exit_code(enum sherd_status status) {
  switch (status) {
  case SHERD_EINVAL:
    return EX_USAGE;
  case SHERD_ETLS:
    return EX_NOINPUT;
  case SHERD_ENOMEM:
    return EX_OSERR;
  default:
    return EX_UNAVAILABLE;
  }
}

static int run_server(const struct sherd__sim_server_options *server_options) {
  uv_loop_t loop;
  struct run run;
  char error[512];
  if (uv_loop_init(&loop) < 0)
    return EX_OSERR;
  enum sherd_status status =
      sherd__sim_server_new(&loop, server_options, &run.server, error, sizeof error);
  if (status) {
    sherd__cli_complain(VERB, "%s", error);
    (void)uv_loop_close(&loop);
    return exit_code(status);
  }
  watch(&loop, &run.interrupt, SIGINT, &run);
  watch(&loop, &run.terminate, SIGTERM, &run);
  print_address(run.server);
  (void)uv_run(&loop, UV_RUN_DEFAULT);
  print_stats(sherd__sim_server_stats(run.server));
  sherd__sim_server_free(run.server);
  (void)uv_loop_close(&loop);
  return EX_OK;
}

int sherd__cli_sim(int argc, char **argv) {
  struct arguments arguments = {
      .server = {.sim = {.seed = 1, .shards = 1, .guilds = 20, .rate = 10}, .port = 4000},
  };
  int code = read_arguments(argc, argv, &arguments);
  if (code || arguments.is_done)
    return code;
  (void)signal(SIGPIPE, SIG_IGN);
  if (*arguments.token)
    arguments.server.sim.token = arguments.token;
  struct sherd__ledger *ledger = NULL;
  if (arguments.ledger_path) {
    ledger = sherd__ledger_open(arguments.ledger_path);
    if (!ledger) {
      sherd__cli_complain(VERB, "cannot write the ledger %s: %s", arguments.ledger_path,
                          strerror(errno));
      return EX_CANTCREAT;
    }
    arguments.server.sim.produced = sherd__ledger_add;
    arguments.server.sim.produced_ctx = ledger;
  }
  code = arguments.scenario.file ? sherd__cli_scenario_run(&arguments.scenario, &arguments.server)
                                 : run_server(&arguments.server);
  if (ledger && !sherd__ledger_close(ledger) && code == EX_OK) {
    sherd__cli_complain(VERB, "could not write all of the ledger %s", arguments.ledger_path);
    code = EX_IOERR;
  }
  return code;
}
