/* The command line: --flag VALUE or --flag=VALUE. */
#include <string.h>

#include <sysexits.h>

#include "base/nearest.h"
#include "cli/settings_load.h"
#include "cli/settings_value.h"

static size_t find_flag(const char *name, size_t len) {
  for (size_t i = 0; i < sherd__settings_count; i++) {
    const char *flag = sherd__settings_table[i].flag;
    if (strlen(flag) == len && memcmp(flag, name, len) == 0)
      return i;
  }
  return sherd__settings_count;
}

/* Only the name of what was written is shown: what it is given may be anything. */
static void complain_of_flag(struct sherd__loading *loading, const char *name, size_t len) {
  char word[40] = "", shown[SHERD__SHOWN_SIZE];
  const char *flags[SHERD__SETTINGS_MAX] = {NULL};
  for (size_t i = 0; i < sherd__settings_count; i++)
    flags[i] = sherd__settings_table[i].flag;
  if (len < sizeof word)
    memcpy(word, name, len);
  const char *nearest = sherd__nearest(word, flags, sherd__settings_count, sizeof *flags);
  sherd__setting_show(NULL, word, shown);
  if (strcmp(word, "token") == 0)
    sherd__loading_complain(loading, EX_USAGE,
                            "there is no --token: every user of the machine can read a command "
                            "line; put the token into SHERD_TOKEN, or into a file for "
                            "--token-file");
  else if (nearest)
    sherd__loading_complain(loading, EX_USAGE, "there is no option '--%s'; did you mean '--%s'?",
                            shown, nearest);
  else
    sherd__loading_complain(loading, EX_USAGE, "there is no option '--%s'; see 'sherd run --help'",
                            shown);
}

/* Whether a flag stands well without a value. */
static bool may_be_bare(enum sherd__setting_type type) {
  return type == SHERD__SETTING_SWITCH || type == SHERD__SETTING_BOOL;
}

/* Takes the flag at `index`, and gives the index of what comes next. */
static int take_flag(struct sherd__loading *loading, int index) {
  const struct sherd__run_sources *sources = loading->sources;
  const char *name = sources->argv[index] + 2;
  size_t len = strcspn(name, "=");
  bool has_value = name[len] == '=';
  size_t row = find_flag(name, len);
  if (row == sherd__settings_count) {
    complain_of_flag(loading, name, len);
    return index + 1;
  }
  const struct sherd__setting *setting = &sherd__settings_table[row];
  if (setting->type == SHERD__SETTING_SWITCH && has_value)
    sherd__loading_complain(loading, EX_USAGE, "--%s takes no value", setting->flag);
  if (has_value || may_be_bare(setting->type)) {
    loading->flags[row] = has_value ? name + len + 1 : "on";
    return index + 1;
  }
  if (index + 1 == sources->argc) {
    sherd__loading_complain(loading, EX_USAGE, "--%s wants a value: %s", setting->flag,
                            setting->wants);
    return index + 1;
  }
  loading->flags[row] = sources->argv[index + 1];
  return index + 2;
}

void sherd__loading_args(struct sherd__loading *loading) {
  const struct sherd__run_sources *sources = loading->sources;
  for (int i = 1; i < sources->argc;) {
    const char *word = sources->argv[i];
    if (strncmp(word, "--", 2) == 0 && word[2]) {
      i = take_flag(loading, i);
    } else if (strcmp(word, "-h") == 0) {
      loading->flags[SHERD__ROW(help)] = "on";
      i++;
    } else { /* what it is stays unsaid: it may be a token */
      sherd__loading_complain(loading, EX_USAGE,
                              "argument %d is no option, and 'sherd run' takes nothing else; see "
                              "'sherd run --help'",
                              i);
      i++;
    }
  }
}
