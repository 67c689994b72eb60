/* The program: finds the verb and hands over. */
#include <stdio.h>
#include <string.h>

#include <fcntl.h>
#include <sysexits.h>
#include <unistd.h>

#include <sherd/version.h>

#include "cli/cli.h"

static const struct verb {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *summary;
} verbs[] = {
    {"run", sherd__cli_run, "all shards of a bot in one process, and restarts that lose nothing"},
    {"status", sherd__cli_status, "how a running 'sherd run' does"},
    {"reshard", sherd__cli_reshard, "have a running 'sherd run' go over to more shards, or fewer"},
    {"sim", sherd__cli_sim, "Discord's gateway v10 on your own machine"},
};

static void print_usage(FILE *out) {
  fputs("usage: sherd VERB [OPTION]...\n\nverbs:\n", out);
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
    fprintf(out, "  %-8s %s\n", verbs[i].name, verbs[i].summary);
  fputs("\n'sherd VERB --help' says more; 'sherd --version' says which one this is.\n", out);
}

/* Where one of the three is closed, the next file that is opened would have its place: the store,
 * or the loop's own. Events for a stdout that is none then fail, as they should. */
static void hold_std_places(void) {
  int fd;
  do
    fd = open("/dev/null", O_RDONLY);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0)
    close(fd);
}

int main(int argc, char **argv) {
  hold_std_places();
  if (argc < 2) {
    print_usage(stderr);
    return EX_USAGE;
  }
  if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
    print_usage(stdout);
    return EX_OK;
  }
  if (strcmp(argv[1], "--version") == 0) {
    printf("sherd %s\n", sherd_version());
    return EX_OK;
  }
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
    if (strcmp(argv[1], verbs[i].name) == 0)
      return verbs[i].run(argc - 1, argv + 1);
  fprintf(stderr, "sherd: there is no verb '%s'; see 'sherd --help'\n", argv[1]);
  return EX_USAGE;
}
