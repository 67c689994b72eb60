#include "cli/scenario_find.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <uv.h>

#include "cli/paths.h"

static bool is_there(const char *path) {
  struct stat info;
  return stat(path, &info) == 0 && !S_ISDIR(info.st_mode);
}

/* SHERD__SCENARIO_DIR, seen from where the program is. */
static void find_dir(char out[SHERD__SCENARIO_PATH_SIZE]) {
  char program[SHERD__SCENARIO_PATH_SIZE];
  size_t size = sizeof program;
  char *slash = uv_exepath(program, &size) == 0 ? strrchr(program, '/') : NULL;
  int len = slash && *SHERD__SCENARIO_DIR != '/' ? (int)(slash + 1 - program) : 0;
  (void)snprintf(out, SHERD__SCENARIO_PATH_SIZE, "%.*s%s", len, program, SHERD__SCENARIO_DIR);
}

bool sherd__scenario_find(const char *name, char out[SHERD__SCENARIO_PATH_SIZE]) {
  static const char *const ends[] = {"", ".scenario"};
  char path[SHERD__SCENARIO_PATH_SIZE];
  if (strchr(name, '/') || is_there(name)) {
    (void)snprintf(out, SHERD__SCENARIO_PATH_SIZE, "%s", name);
    return true;
  }
  find_dir(out);
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    int len = snprintf(path, sizeof path, "%s/%s%s", out, name, ends[i]);
    if (len < (int)sizeof path && is_there(path)) {
      memcpy(out, path, sizeof path);
      return true;
    }
  }
  return false;
}
