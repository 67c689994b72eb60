#include "cli/settings_load.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sysexits.h>

#include "base/mem.h"
#include "cli/settings_value.h"

/* --- Problems, and places --- */

void sherd__loading_complain(struct sherd__loading *loading, int code, const char *format, ...) {
  char line[1024];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(line, sizeof line - 1, format, args);
  va_end(args);
  size_t len = strlen(line);
  line[len++] = '\n';
  if (sherd__buf_append(loading->problems, line, len))
    code = EX_OSERR;
  if (!loading->code)
    loading->code = code;
}

size_t sherd__setting_row(size_t offset) {
  size_t row = 0;
  while (row < sherd__settings_count && sherd__settings_table[row].offset != offset)
    row++;
  return row;
}

uint64_t sherd__setting_bit(size_t offset) {
  return UINT64_C(1) << sherd__setting_row(offset);
}

void sherd__setting_place(const struct sherd__run_settings *settings, size_t row,
                          char out[SHERD__PLACE_SIZE]) {
  const struct sherd__setting_origin *origin = &settings->origins_[row];
  switch (origin->source) {
  case SHERD__FROM_FILE:
    (void)snprintf(out, SHERD__PLACE_SIZE, "%.300s:%u", settings->config, origin->line);
    return;
  case SHERD__FROM_ENVIRONMENT:
    (void)snprintf(out, SHERD__PLACE_SIZE, "%s", sherd__settings_table[row].variable);
    return;
  case SHERD__FROM_FLAG:
    (void)snprintf(out, SHERD__PLACE_SIZE, "--%s", sherd__settings_table[row].flag);
    return;
  case SHERD__FROM_DEFAULT:
    break;
  }
  (void)snprintf(out, SHERD__PLACE_SIZE, "the default");
}

/* --- Values --- */

static void complain_of_value(struct sherd__loading *loading, const struct sherd__setting *row,
                              enum sherd__setting_source source, unsigned line, const char *text,
                              const char *why) {
  char shown[SHERD__SHOWN_SIZE];
  sherd__setting_show(row, text, shown);
  if (source == SHERD__FROM_FILE)
    sherd__loading_complain(loading, EX_CONFIG, "%.300s:%u: %s = %s: %s", loading->settings->config,
                            line, row->key, shown, why);
  else if (source == SHERD__FROM_ENVIRONMENT)
    sherd__loading_complain(loading, EX_CONFIG, "%s=%s: %s", row->variable, shown, why);
  else
    sherd__loading_complain(loading, EX_USAGE, "--%s %s: %s", row->flag, shown, why);
}

void sherd__loading_take(struct sherd__loading *loading, size_t row,
                         enum sherd__setting_source source, unsigned line, const char *text) {
  struct sherd__run_settings *settings = loading->settings;
  struct sherd__setting_origin *origin = &settings->origins_[row];
  char why[SHERD__WHY_SIZE];
  if (!sherd__setting_read(&sherd__settings_table[row], text, settings, why)) {
    if (*why)
      complain_of_value(loading, &sherd__settings_table[row], source, line, text, why);
    else
      sherd__loading_complain(loading, EX_OSERR, "out of memory");
    return;
  }
  if (source == SHERD__FROM_DEFAULT)
    return;
  char *copy = sherd__strdup(settings->allocator_, text);
  if (!copy)
    sherd__loading_complain(loading, EX_OSERR, "out of memory");
  sherd__free(settings->allocator_, origin->text);
  *origin = (struct sherd__setting_origin){source, line, copy};
}

const char *sherd__environment_get(char *const *environment, const char *name) {
  size_t len = strlen(name);
  for (; *environment; environment++)
    if (strncmp(*environment, name, len) == 0 && (*environment)[len] == '=')
      return (*environment)[len + 1] ? *environment + len + 1 : NULL;
  return NULL;
}

/* --- In their order --- */

static void take_defaults(struct sherd__loading *loading) {
  for (size_t i = 0; i < sherd__settings_count; i++)
    if (*sherd__settings_table[i].initial)
      sherd__loading_take(loading, i, SHERD__FROM_DEFAULT, 0, sherd__settings_table[i].initial);
}

static void take_variable(struct sherd__loading *loading, size_t row) {
  const char *name = sherd__settings_table[row].variable;
  const char *text = name ? sherd__environment_get(loading->sources->environment, name) : NULL;
  if (text)
    sherd__loading_take(loading, row, SHERD__FROM_ENVIRONMENT, 0, text);
}

static void take_flag(struct sherd__loading *loading, size_t row) {
  if (loading->flags[row])
    sherd__loading_take(loading, row, SHERD__FROM_FLAG, 0, loading->flags[row]);
}

/* What stands in no file: which file it is, and what is only asked. */
static void take_outer(struct sherd__loading *loading) {
  for (size_t i = 0; i < sherd__settings_count; i++)
    if (!sherd__settings_table[i].key) {
      take_variable(loading, i);
      take_flag(loading, i);
    }
}

static void take_inner(struct sherd__loading *loading) {
  if (loading->settings->config)
    sherd__loading_file(loading, loading->settings->config);
  for (size_t i = 0; i < sherd__settings_count; i++)
    if (sherd__settings_table[i].key) {
      take_variable(loading, i);
      take_flag(loading, i);
    }
}

int sherd__run_settings_load(const struct sherd__run_sources *sources,
                             struct sherd__run_settings *out, struct sherd_buf *problems) {
  struct sherd__loading loading = {.sources = sources, .settings = out, .problems = problems};
  memset(out, 0, sizeof *out);
  out->allocator_ = sherd__allocator_or_default(sources->allocator);
  take_defaults(&loading);
  sherd__loading_args(&loading);
  take_outer(&loading);
  if (out->help || out->version)
    return loading.code;
  take_inner(&loading);
  if (!loading.code)
    sherd__loading_finish(&loading);
  return loading.code;
}

void sherd__run_settings_free(struct sherd__run_settings *settings) {
  for (size_t i = 0; i < sherd__settings_count; i++) {
    const struct sherd__setting *row = &sherd__settings_table[i];
    if (row->type == SHERD__SETTING_TEXT) {
      char *text;
      memcpy(&text, (char *)settings + row->offset, sizeof text);
      sherd__free(settings->allocator_, text);
    }
    sherd__free(settings->allocator_, settings->origins_[i].text);
  }
  sherd__free(settings->allocator_, settings->default_store_);
  sherd__free(settings->allocator_, settings->default_socket_);
  memset(settings, 0, sizeof *settings);
}
