/* sherd reshard: has a running `sherd run` go over to another number of shards. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <getopt.h>
#include <sysexits.h>

#include "cli/cli.h"
#include "cli/control.h"

#define VERB       "reshard"
#define SHARDS_MAX 1000000

static const char help[] =
    "usage: sherd reshard [--control PATH] N\n"
    "\n"
    "Has a running 'sherd run' go over to N shards without a moment in which nobody listens: the\n"
    "new ones start beside the old, as fast as Discord allows. 'sherd status' shows how far it "
    "is.\n"
    "\n"
    "  --control PATH  its control socket; or SHERD_CONTROL, or the place where 'sherd run' makes\n"
    "                  one by itself\n"
    "  --help\n";

static const struct option options[] = {
    {"control", required_argument, NULL, 'c'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static int reshard(const char *path, uint64_t count) {
  struct sherd_buf value;
  char request[64];
  (void)snprintf(request, sizeof request, "{\"op\":\"reshard\",\"shards\":%" PRIu64 "}\n", count);
  sherd__buf_init(&value, sherd_allocator_default());
  int code = sherd__cli_ask(VERB, path, request, &value);
  if (code == EX_OK)
    printf("on the way to %" PRIu64 " shards; 'sherd status' shows how far it is\n", count);
  sherd__buf_deinit(&value);
  return code;
}

int sherd__cli_reshard(int argc, char **argv) {
  const char *control = NULL;
  char path[SHERD__CONTROL_PATH_SIZE];
  uint64_t count;
  int option;
  opterr = 0;
  while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
    if (option == 'h') {
      (void)fputs(help, stdout);
      return EX_OK;
    }
    if (option != 'c') {
      sherd__cli_complain(VERB, "what is '%s'? See 'sherd reshard --help'", argv[optind - 1]);
      return EX_USAGE;
    }
    control = optarg;
  }
  if (argc - optind != 1) {
    sherd__cli_complain(VERB, "say to how many shards, as in 'sherd reshard 32'");
    return EX_USAGE;
  }
  if (!sherd__cli_number(VERB, "shards", argv[optind], 1, SHARDS_MAX, &count))
    return EX_USAGE;
  int code = sherd__cli_control_path(VERB, control, path);
  return code ? code : reshard(path, count);
}
