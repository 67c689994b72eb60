#include "cli/settings_table.h"

#include <sherd/fleet.h>
#include <sherd/intents.h>
#include <sherd/rest.h>

#include "cli/settings.h"

/* The offset of a member, which must be of that type: the comparison makes a compiler say so. */
#define AT(type, member)                                                                           \
  (offsetof(struct sherd__run_settings, member) +                                                  \
   0 * sizeof(&((struct sherd__run_settings *)0)->member == (type *)0))

#define SWITCH(member)        SHERD__SETTING_SWITCH, NULL, AT(bool, member), 0, 0, NULL, ""
#define BOOL(member)          SHERD__SETTING_BOOL, "on|off", AT(bool, member), 0, 0, NULL
#define TEXT(wants, member)   SHERD__SETTING_TEXT, wants, AT(char *, member), 1, 4095, NULL
#define U32(member, min, max) SHERD__SETTING_U32, "N", AT(uint32_t, member), min, max, NULL
#define TIME(member, min_ms, max_ms)                                                               \
  SHERD__SETTING_TIME, "TIME", AT(uint32_t, member), min_ms, max_ms, NULL
#define SIZE(member, min, max) SHERD__SETTING_SIZE, "SIZE", AT(uint64_t, member), min, max, NULL
#define CHOICE(type, member, choices)                                                              \
  SHERD__SETTING_CHOICE, "WORD", AT(enum type, member), 0, 0, choices
#define BITS(wants, member, choices) SHERD__SETTING_BITS, wants, AT(uint64_t, member), 0, 0, choices

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

#define MINUTE 60000u
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static const struct sherd__setting_choice intents[] = {
#define INTENT(name, bit) {#name, UINT64_C(1) << (bit)},
    SHERD_INTENT_MAP(INTENT)
#undef INTENT
        {"all", SHERD_INTENTS_ALL},
    {"unprivileged", SHERD_INTENTS_ALL_UNPRIVILEGED},
    {"none", SHERD_INTENTS_NONE},
    {NULL, 0}};
static const struct sherd__setting_choice capabilities[] = {
    {"CHANNEL_OBFUSCATION", SHERD_CAPABILITY_CHANNEL_OBFUSCATION},
    {"none", SHERD_CAPABILITIES_NONE},
    {NULL, 0}};
static const struct sherd__setting_choice statuses[] = {{"online", SHERD_PRESENCE_ONLINE},
                                                        {"idle", SHERD_PRESENCE_IDLE},
                                                        {"dnd", SHERD_PRESENCE_DND},
                                                        {"invisible", SHERD_PRESENCE_INVISIBLE},
                                                        {NULL, 0}};
static const struct sherd__setting_choice activity_types[] = {
    {"playing", SHERD_ACTIVITY_PLAYING},
    {"streaming", SHERD_ACTIVITY_STREAMING},
    {"listening", SHERD_ACTIVITY_LISTENING},
    {"watching", SHERD_ACTIVITY_WATCHING},
    {"custom", SHERD_ACTIVITY_CUSTOM},
    {"competing", SHERD_ACTIVITY_COMPETING},
    {NULL, 0}};
static const struct sherd__setting_choice formats[] = {
    {"json", SHERD_FORMAT_JSON}, {"etf", SHERD_FORMAT_ETF}, {NULL, 0}};
static const struct sherd__setting_choice compressions[] = {
    {"none", SHERD_COMPRESSION_NONE},
    {"payload-zlib", SHERD_COMPRESSION_PAYLOAD_ZLIB_STREAM},
    {"zlib-stream", SHERD_COMPRESSION_TRANSPORT_ZLIB_STREAM},
    {"zstd-stream", SHERD_COMPRESSION_TRANSPORT_ZSTD_STREAM},
    {NULL, 0}};
static const struct sherd__setting_choice never[] = {{"never", SHERD_NEVER}, {NULL, 0}};
static const struct sherd__setting_choice automatic[] = {{"auto", 0}, {NULL, 0}};
static const struct sherd__setting_choice taken[] = {{"read", SHERD__STDOUT_READ},
                                                     {"written", SHERD__STDOUT_WRITTEN},
                                                     {"acked", SHERD__STDOUT_ACKED},
                                                     {NULL, 0}};
static const struct sherd__setting_choice log_formats[] = {
    {"logfmt", SHERD__LOG_LOGFMT}, {"json", SHERD__LOG_JSON}, {NULL, 0}};
static const struct sherd__setting_choice log_levels[] = {
    {"off", SHERD_LOG_OFF},   {"error", SHERD_LOG_ERROR}, {"warn", SHERD_LOG_WARN},
    {"info", SHERD_LOG_INFO}, {"debug", SHERD_LOG_DEBUG}, {NULL, 0}};
static const struct sherd__setting_choice progresses[] = {{"auto", SHERD__PROGRESS_AUTO},
                                                          {"always", SHERD__PROGRESS_ALWAYS},
                                                          {"never", SHERD__PROGRESS_NEVER},
                                                          {NULL, 0}};

const struct sherd__setting_section sherd__settings_sections[] = {
    {"", "What is not in sherd.conf"},
    {"bot", "Who the bot is, and what it asks for"},
    {"gateway", "How to talk to Discord"},
    {"shards", "How many there are"},
    {"sessions", "What a restart resumes from"},
    {"sink", "Where events go"},
    {"control", "How to speak to it while it runs"},
    {"log", "Logs, on standard error"},
    {"watch", "How to see how it does"},
};
const size_t sherd__settings_section_count =
    sizeof sherd__settings_sections / sizeof *sherd__settings_sections;

/* clang-format off: a row is three lines: its names, its kind and default, its sentence */
const struct sherd__setting sherd__settings_table[] = {
    {NULL, "", "config", "SHERD_CONFIG", TEXT("FILE", config), "",
     "the file of settings, such as sherd.conf", false, false},
    {NULL, "", "check", NULL, SWITCH(check),
     "say whether the settings are good and what would run, without a word to the network, "
     "and end",
     false, false},
    {NULL, "", "help", NULL, SWITCH(help), "say this, and end", false, false},
    {NULL, "", "version", NULL, SWITCH(version), "say which version this is, and end", false,
     false},

    {"token_file", "bot", "token-file", "SHERD_TOKEN_FILE", TEXT("FILE", token_file), "",
     "where the bot's token is, alone in a file; SHERD_TOKEN may hold the token itself", false,
     false},
    {"intents", "bot", "intents", "SHERD_INTENTS", BITS("INTENTS", intents, intents),
     "unprivileged",
     "which events Discord shall send: names or numbers with commas between, or all, or "
     "unprivileged",
     false, false},
    {"capabilities", "bot", "capabilities", "SHERD_CAPABILITIES",
     BITS("BITS", capabilities, capabilities), "none",
     "capabilities of IDENTIFY, as a number or by name", false, false},
    {"status", "bot", "status", "SHERD_STATUS", CHOICE(sherd_presence_status, status, statuses),
     "online", "the status that the bot shows", true, false},
    {"activity", "bot", "activity", "SHERD_ACTIVITY", TEXT("TEXT", activity), "",
     "the name of what the bot is doing", true, false},
    {"activity_type", "bot", "activity-type", "SHERD_ACTIVITY_TYPE",
     CHOICE(sherd_activity_type, activity_type, activity_types), "playing",
     "the kind of activity; custom shows the activity's text alone", true, false},
    {"activity_state", "bot", "activity-state", "SHERD_ACTIVITY_STATE",
     TEXT("TEXT", activity_state), "", "a second line below the activity", true, false},
    {"activity_url", "bot", "activity-url", "SHERD_ACTIVITY_URL", TEXT("URL", activity_url), "",
     "where it is streamed, on twitch.tv or youtube.com; for streaming only", true, false},

    {"gateway", "gateway", "gateway", "SHERD_GATEWAY_URL", TEXT("URL", gateway), "",
     "the gateway's ws:// or wss:// address; without it Discord is asked", false, false},
    {"api", "gateway", "api", "SHERD_API_URL", TEXT("URL", api), SHERD_API_URL,
     "the address of Discord's HTTP API", false, false},
    {"format", "gateway", "format", "SHERD_FORMAT", CHOICE(sherd_data_format, format, formats),
     "json", "the encoding on the wire; events come out as JSON in any case", false, false},
    {"compression", "gateway", "compression", "SHERD_COMPRESSION",
     CHOICE(sherd_compression, compression, compressions), "zlib-stream",
     "the compression of what Discord sends; payload-zlib is for json only", false, false},
    {"large_threshold", "gateway", "large-threshold", "SHERD_LARGE_THRESHOLD",
     U32(large_threshold, 50, 250), "250",
     "guilds with more members than this come without those who are offline", false, false},
    {"ca_file", "gateway", "ca-file", "SHERD_CA_FILE", TEXT("FILE", ca_file), "",
     "a PEM file of the authorities to trust instead of the system's", false, false},
    {"proxy", "gateway", "proxy", "SHERD_PROXY", TEXT("URL", proxy), "",
     "the HTTP proxy, as http://user:password@host:port, or none; without it https_proxy, "
     "http_proxy and no_proxy hold",
     false, true},
    {"connect_timeout", "gateway", "connect-timeout", "SHERD_CONNECT_TIMEOUT",
     TIME(connect_timeout_ms, 100, HOUR), "10s",
     "how long a TCP connection may take, with every address tried", false, false},
    {"tls_timeout", "gateway", "tls-timeout", "SHERD_TLS_TIMEOUT", TIME(tls_timeout_ms, 100, HOUR),
     "10s", "how long a TLS handshake may take", false, false},
    {"hello_timeout", "gateway", "hello-timeout", "SHERD_HELLO_TIMEOUT",
     TIME(hello_timeout_ms, 100, HOUR), "20s", "how long to wait for HELLO", false, false},
    {"ready_timeout", "gateway", "ready-timeout", "SHERD_READY_TIMEOUT", SHERD__SETTING_TIME,
     "TIME", AT(uint32_t, ready_timeout_ms), 100, DAY, never, "10min",
     "how long to wait for READY or RESUMED, which in an outage may take long; or never", false,
     false},
    {"max_message", "gateway", "max-message", "SHERD_MAX_MESSAGE",
     SIZE(max_message_bytes, 64 * KIB, GIB), "64M", "the largest message, inflated, that is taken",
     false, false},

    {"shards", "shards", "shards", "SHERD_SHARDS", SHERD__SETTING_U32, "N|auto",
     AT(uint32_t, shards), 1, 1000000, automatic, "auto",
     "how many the bot has in all; auto is what the session store has, else what Discord "
     "advises",
     false, false},
    {"range", "shards", "shard-range", "SHERD_SHARD_RANGE", SHERD__SETTING_RANGE, "A-B",
     AT(struct sherd__range, range), 0, 999999, NULL, "",
     "run only those from A to B, both included; another process has the others", false, false},
    {"threads", "shards", "threads", "SHERD_THREADS", SHERD__SETTING_U32, "N|auto",
     AT(uint32_t, threads), 1, 1024, automatic, "auto", "loop threads; auto is one a core", false,
     false},
    {"max_session_age", "shards", "max-session-age", "SHERD_MAX_SESSION_AGE",
     TIME(max_session_age_ms, 1000, DAY), "10min",
     "stored sessions that were left alone for longer are not resumed", false, false},
    {"reshard_overlap", "shards", "reshard-overlap", "SHERD_RESHARD_OVERLAP",
     TIME(reshard_overlap_ms, 1000, HOUR), "10s",
     "how long both sets of shards listen before the old one ends", false, false},

    {"store", "sessions", "session-store", "SHERD_SESSION_STORE", TEXT("FILE|memory", store), "",
     "where sessions are kept, so that a restart resumes them; without it "
     "STATE_DIRECTORY/sessions under systemd, else memory, and then a restart begins anew",
     false, false},

    {"sink", "sink", "sink", "SHERD_SINK", TEXT("stdout|none|unix:PATH", sink), "stdout",
     "where events go: a line each on standard output, or to the consumers of a unix socket", false,
     false},
    {"stdout_taken", "sink", "stdout-taken", "SHERD_STDOUT_TAKEN",
     CHOICE(sherd__stdout_taken, stdout_taken, taken), "read",
     "when an event on standard output counts as taken: once its reader has read it, once it is "
     "written, or once it is acknowledged on standard input",
     false, false},
    {"stdin", "sink", "stdin", "SHERD_STDIN", BOOL(has_stdin), "off",
     "take requests, a line each, on standard input", false, false},
    {"queue", "sink", "queue", "SHERD_QUEUE", SIZE(queue_bytes, 64 * KIB, 64 * GIB), "16M",
     "how far a consumer may lag behind, where it does not ask for another bound", true, false},
    {"max_queue", "sink", "max-queue", "SHERD_MAX_QUEUE", SIZE(max_queue_bytes, 64 * KIB, 64 * GIB),
     "256M", "the largest bound that a consumer may ask for", true, false},
    {"consumers", "sink", "consumers", "SHERD_CONSUMERS", SHERD__SETTING_NAMES, "NAMES",
     AT(struct sherd__names, consumers), 0, SHERD_STORE_CONSUMERS_MAX, NULL, "",
     "consumers whose events are kept from the start, with commas between", true, false},

    {"control", "control", "control", "SHERD_CONTROL", TEXT("PATH|none", control), "",
     "the unix socket for sherd status, sherd reshard and requests; without it the sink's "
     "socket, else RUNTIME_DIRECTORY/sherd.sock or XDG_RUNTIME_DIR/sherd.sock",
     false, false},

    {"format", "log", "log-format", "SHERD_LOG_FORMAT",
     CHOICE(sherd__log_format, log_format, log_formats), "logfmt",
     "how a record is written, one a line", true, false},
    {"level", "log", "log-level", "SHERD_LOG_LEVEL", CHOICE(sherd_log_level, log_level, log_levels),
     "info", "the least urgent records that are written; debug has one for each message", false,
     false},

    {"metrics", "watch", "metrics", "SHERD_METRICS", SHERD__SETTING_ADDRESS, "ADDRESS:PORT",
     AT(struct sherd__address, metrics), 0, 65535, NULL, "",
     "serve /metrics, /healthz and /readyz there", false, false},
    {"metrics_shards", "watch", "metrics-shards", "SHERD_METRICS_SHARDS",
     U32(metrics_shards, 0, 1000000), "1000",
     "with more shards than this, metrics are for all of them together only", false, false},
    {"progress", "watch", "progress", "SHERD_PROGRESS",
     CHOICE(sherd__progress, progress, progresses), "auto",
     "a progress bar and a status line on standard error; auto where that is a terminal", false,
     false},
};
/* clang-format on */
const size_t sherd__settings_count = sizeof sherd__settings_table / sizeof *sherd__settings_table;

_Static_assert(sizeof sherd__settings_table / sizeof *sherd__settings_table <= SHERD__SETTINGS_MAX,
               "a set of settings is a uint64_t");
