/* SIGHUP: what has changed, and what of it can. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sysexits.h>

#include "cli/settings_load.h"
#include "cli/settings_value.h"

/* As it was written; the default as it stands in the table. */
static void show(const struct sherd__run_settings *settings, size_t row,
                 char out[SHERD__SHOWN_SIZE]) {
  const struct sherd__setting *setting = &sherd__settings_table[row];
  const char *text = settings->origins_[row].text;
  sherd__setting_show(setting, text ? text : *setting->initial ? setting->initial : "(unset)", out);
}

static int note(struct sherd_buf *notes, const struct sherd__run_settings *before,
                const struct sherd__run_settings *after, size_t row) {
  const struct sherd__setting *setting = &sherd__settings_table[row];
  char place[SHERD__PLACE_SIZE], old[SHERD__SHOWN_SIZE], new[SHERD__SHOWN_SIZE], line[640];
  show(before, row, old);
  show(after, row, new);
  sherd__setting_place(after, row, place);
  int len =
      snprintf(line, sizeof line, "%s: [%s] %s was %s, and is %s%s\n", place, setting->section,
               setting->key, old, new, setting->reloads ? "" : " after a restart");
  return sherd__buf_append(notes, line, (size_t)len) ? EX_OSERR : EX_OK;
}

/* What follows from settings that take a restart stays; nothing follows from the others. */
int sherd__run_settings_reload(struct sherd__run_settings *settings,
                               const struct sherd__run_sources *sources, uint64_t *changed,
                               struct sherd_buf *notes) {
  struct sherd__run_settings again;
  int code = sherd__run_settings_load(sources, &again, notes);
  *changed = 0;
  for (size_t i = 0; i < sherd__settings_count && !code; i++)
    if (sherd__settings_table[i].key &&
        !sherd__setting_equals(&sherd__settings_table[i], settings, &again))
      code = note(notes, settings, &again, i);
  for (size_t i = 0; i < sherd__settings_count && !code; i++) {
    const struct sherd__setting *row = &sherd__settings_table[i];
    if (!row->reloads || sherd__setting_equals(row, settings, &again))
      continue;
    sherd__setting_swap(row, settings, &again);
    *changed |= UINT64_C(1) << i;
  }
  sherd__run_settings_free(&again);
  return code;
}
