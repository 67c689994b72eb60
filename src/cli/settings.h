/* What `sherd run` is told: by its flags, its environment and sherd.conf, in this order; else by
 * the defaults. settings_table.h lists it all once.
 *
 * Life: load, (reload on SIGHUP), free. One thread. */
#ifndef SHERD_CLI_SETTINGS_H
#define SHERD_CLI_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/alloc.h>
#include <sherd/command.h>
#include <sherd/config.h>
#include <sherd/log.h>
#include <sherd/status.h>
#include <sherd/store.h>

#include "base/buf.h"
#include "cli/logs.h"
#include "sink/hub.h"

#define SHERD__SETTINGS_MAX 64 /* so that a set of them is a uint64_t */
#define SHERD__HOST_SIZE    64

enum sherd__sink_kind {
  SHERD__SINK_STDOUT = 0,
  SHERD__SINK_NONE,
  SHERD__SINK_UNIX
};

enum sherd__progress {
  SHERD__PROGRESS_AUTO = 0, /* where stderr is a terminal */
  SHERD__PROGRESS_ALWAYS,
  SHERD__PROGRESS_NEVER
};

struct sherd__range {
  uint32_t first, last; /* both included */
  bool is_set;
};

struct sherd__address {
  char host[SHERD__HOST_SIZE]; /* without brackets; "": none */
  uint16_t port;
};

struct sherd__names {
  char names[SHERD_STORE_CONSUMERS_MAX][SHERD_CONSUMER_NAME_MAX + 1];
  uint32_t count;
};

/* Where a setting's value comes from. */
enum sherd__setting_source {
  SHERD__FROM_DEFAULT = 0,
  SHERD__FROM_FILE,
  SHERD__FROM_ENVIRONMENT,
  SHERD__FROM_FLAG
};

struct sherd__setting_origin {
  enum sherd__setting_source source;
  unsigned line; /* of the file */
  char *text;    /* as it was written; NULL: the default */
};

/* Texts are NULL where nothing is set. */
struct sherd__run_settings {
  bool help, version, check;
  char *config;

  char *token_file; /* see sherd__run_settings_token_file() */
  uint64_t intents;
  uint64_t capabilities;
  enum sherd_presence_status status;
  char *activity, *activity_state, *activity_url;
  enum sherd_activity_type activity_type;

  char *gateway; /* NULL: as /gateway/bot says */
  char *api;
  enum sherd_data_format format;
  enum sherd_compression compression;
  uint32_t large_threshold;
  char *ca_file;
  char *proxy; /* "": none; NULL: as the environment says */
  uint32_t connect_timeout_ms, tls_timeout_ms, hello_timeout_ms;
  uint32_t ready_timeout_ms; /* SHERD_NEVER: none */
  uint64_t max_message_bytes;

  uint32_t shards; /* 0: as the store has it, or as Discord advises */
  struct sherd__range range;
  uint32_t threads; /* 0: as many as the machine has cores */
  uint32_t max_session_age_ms, reshard_overlap_ms;

  char *store;

  char *sink;
  enum sherd__stdout_taken stdout_taken;
  bool has_stdin; /* requests and acks come on stdin */
  uint64_t queue_bytes, max_queue_bytes;
  struct sherd__names consumers;

  char *control;

  enum sherd__log_format log_format;
  enum sherd_log_level log_level;

  struct sherd__address metrics;
  uint32_t metrics_shards;
  enum sherd__progress progress;

  /* What follows from the above. */
  enum sherd__sink_kind sink_kind;
  const char *store_path;  /* NULL: in memory. Lifetime: the settings' */
  const char *socket_path; /* for consumers and requests; NULL: none. Lifetime: the settings' */
  bool is_socket_default;  /* nobody named it: another process may have it already */

  /* Private. */
  const struct sherd_allocator *allocator_;
  char *default_store_, *default_socket_;
  bool token_is_in_environment_;
  struct sherd__setting_origin origins_[SHERD__SETTINGS_MAX];
};

/* Where settings come from. It must stay until the last reload. */
struct sherd__run_sources {
  int argc;
  char *const *argv; /* argv[0] is the verb */
  char *const *environment;
  const struct sherd_allocator *allocator; /* NULL: the default */
};

/* Reads everything. Each thing that is wrong becomes a line of `problems`: where it stands, what is
 * wrong, and the nearest spelling. With --help or --version nothing else is looked at.
 * Gives EX_OK; EX_USAGE when a flag is wrong, EX_CONFIG when the file or the environment is, or the
 * whole makes no sense; EX_OSERR for want of memory. *out is to be freed in any case. */
int sherd__run_settings_load(const struct sherd__run_sources *sources,
                             struct sherd__run_settings *out, struct sherd_buf *problems);

void sherd__run_settings_free(struct sherd__run_settings *settings);

/* Reads everything again, and takes over what can change while it runs. `notes` gets a line for
 * each setting that has changed and was taken over, and one for each that takes a restart, which
 * stays as it is. *changed is the set of those that were taken over: bit i for row i of the table.
 * When something is wrong, nothing changes, and `notes` says what. Gives what load gives. */
int sherd__run_settings_reload(struct sherd__run_settings *settings,
                               const struct sherd__run_sources *sources, uint64_t *changed,
                               struct sherd_buf *notes);

/* The bit of a row in such a set, by its member's offset. */
uint64_t sherd__setting_bit(size_t offset);

/* Where the token is: a file, or NULL for SHERD_TOKEN. --token-file comes before SHERD_TOKEN, which
 * comes before SHERD_TOKEN_FILE and the file's. For sherd__cli_token(). Lifetime: the settings'. */
const char *sherd__run_settings_token_file(const struct sherd__run_settings *settings);

/* Appends what would run, and where each value that is no default comes from. Errors:
 * SHERD_ENOMEM. */
enum sherd_status sherd__run_settings_describe(const struct sherd__run_settings *settings,
                                               struct sherd_buf *out);

/* Appends what --help says. Errors: SHERD_ENOMEM. */
enum sherd_status sherd__run_settings_help(struct sherd_buf *out);

/* Where the control socket is when nobody names one: RUNTIME_DIRECTORY/sherd.sock, else
 * XDG_RUNTIME_DIR/sherd.sock. False when neither is set, or it is too long. */
bool sherd__control_default(char *const *environment, char *out, size_t size);

#endif
