/* sherd status: how a running `sherd run` does. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <getopt.h>
#include <sys/ioctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/control.h"
#include "watch/render.h"

#define VERB "status"

static const char help[] =
    "usage: sherd status [OPTION]...\n"
    "\n"
    "How a running 'sherd run' does, as a table.\n"
    "\n"
    "  --control PATH  its control socket; or SHERD_CONTROL, or the place where 'sherd run' makes\n"
    "                  one by itself\n"
    "  --json          one JSON object instead, with everything in it\n"
    "  --all           a row for each shard, also with many\n"
    "  --help\n";

static const struct option options[] = {
    {"control", required_argument, NULL, 'c'},
    {"json", no_argument, NULL, 'j'},
    {"all", no_argument, NULL, 'a'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

struct wishes {
  const char *control; /* NULL: the usual place */
  bool json, all, help;
};

static int read_wishes(int argc, char **argv, struct wishes *out) {
  int option;
  opterr = 0;
  while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
    switch (option) {
    case 'c':
      out->control = optarg;
      break;
    case 'j':
      out->json = true;
      break;
    case 'a':
      out->all = true;
      break;
    case 'h':
      out->help = true;
      break;
    default:
      sherd__cli_complain(VERB, "what is '%s'? See 'sherd status --help'", argv[optind - 1]);
      return EX_USAGE;
    }
  }
  if (optind < argc) {
    sherd__cli_complain(VERB, "what is '%s'? See 'sherd status --help'", argv[optind]);
    return EX_USAGE;
  }
  return EX_OK;
}

/* As wide as the terminal; a pipe has no edge. */
static size_t width(void) {
  struct winsize size;
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static int show_table(const struct sherd_buf *json, bool all) {
  struct sherd__snapshot snapshot;
  struct sherd_buf out;
  enum sherd_status status =
      sherd__read_status_json(sherd__buf_bytes(json), json->allocator, &snapshot);
  if (status) {
    sherd__cli_complain(VERB, "the answer is not one of this version's: %s",
                        sherd_strerror(status));
    return EX_PROTOCOL;
  }
  sherd__buf_init(&out, json->allocator);
  status = sherd__render_status_table(&snapshot, width(), all, &out);
  (void)fwrite(out.data, 1, out.len, stdout);
  sherd__buf_deinit(&out);
  sherd__snapshot_free_rows(&snapshot, json->allocator);
  return status ? EX_OSERR : EX_OK;
}

static int show_json(const struct sherd_buf *json) {
  (void)fwrite(json->data, 1, json->len, stdout);
  (void)fputc('\n', stdout);
  return EX_OK;
}

int sherd__cli_status(int argc, char **argv) {
  struct wishes wishes = {0};
  struct sherd_buf json;
  int code = read_wishes(argc, argv, &wishes);
  if (code == EX_OK && wishes.help)
    (void)fputs(help, stdout);
  if (code || wishes.help)
    return code;
  char path[SHERD__CONTROL_PATH_SIZE];
  code = sherd__cli_control_path(VERB, wishes.control, path);
  if (code)
    return code;
  sherd__buf_init(&json, sherd_allocator_default());
  code = sherd__cli_ask(VERB, path, "{\"op\":\"status\"}\n", &json);
  if (code == EX_OK)
    code = wishes.json ? show_json(&json) : show_table(&json, wishes.all);
  sherd__buf_deinit(&json);
  return code;
}
