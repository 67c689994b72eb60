/* sherd.conf, held against the table. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sysexits.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "cli/settings_file.h"
#include "cli/settings_load.h"
#include "cli/settings_value.h"

#define COMPLAIN(loading, line, format, ...)                                                       \
  sherd__loading_complain(loading, EX_CONFIG, "%.300s:%u: " format, (loading)->settings->config,   \
                          line, __VA_ARGS__)

/* --- Names --- */

static void on_section(void *ctx, unsigned line, const char *name) {
  struct sherd__loading *loading = ctx;
  char shown[SHERD__SHOWN_SIZE];
  loading->section = NULL;
  for (size_t i = 1; i < sherd__settings_section_count; i++)
    if (strcmp(sherd__settings_sections[i].name, name) == 0) {
      loading->section = sherd__settings_sections[i].name;
      return;
    }
  const char *nearest =
      sherd__nearest(name, sherd__settings_sections + 1, sherd__settings_section_count - 1,
                     sizeof *sherd__settings_sections);
  sherd__setting_show(NULL, name, shown);
  if (nearest)
    COMPLAIN(loading, line, "there is no section [%s]; did you mean [%s]?", shown, nearest);
  else
    COMPLAIN(loading, line, "there is no section [%s]; see 'man sherd-run'", shown);
}

/* A key of that name in the section, or, without one, anywhere. */
static size_t find_key(const char *section, const char *key) {
  for (size_t i = 0; i < sherd__settings_count; i++) {
    const struct sherd__setting *row = &sherd__settings_table[i];
    if (row->key && strcmp(row->key, key) == 0 && (!section || row->section == section))
      return i;
  }
  return sherd__settings_count;
}

static const char *nearest_key(const char *section, const char *key) {
  const char *keys[SHERD__SETTINGS_MAX] = {NULL};
  for (size_t i = 0; i < sherd__settings_count; i++) {
    const struct sherd__setting *row = &sherd__settings_table[i];
    keys[i] = row->section == section ? row->key : NULL;
  }
  return sherd__nearest(key, keys, sherd__settings_count, sizeof *keys);
}

static void complain_of_key(struct sherd__loading *loading, unsigned line, const char *key) {
  char shown[SHERD__SHOWN_SIZE];
  size_t elsewhere = find_key(NULL, key);
  const char *nearest = nearest_key(loading->section, key);
  sherd__setting_show(NULL, key, shown);
  if (strcmp(key, "token") == 0)
    COMPLAIN(loading, line, "the token does not go into this file; put it into %s",
             "SHERD_TOKEN, or alone into a file for token_file");
  else if (elsewhere < sherd__settings_count)
    COMPLAIN(loading, line, "there is no key '%s' in [%s]; it belongs into [%s]", shown,
             loading->section, sherd__settings_table[elsewhere].section);
  else if (nearest)
    COMPLAIN(loading, line, "there is no key '%s' in [%s]; did you mean '%s'?", shown,
             loading->section, nearest);
  else
    COMPLAIN(loading, line, "there is no key '%s' in [%s]; see 'man sherd-run'", shown,
             loading->section);
}

/* --- Values --- */

/* Only lists go on in the next line. What is there already is what the line before has left. */
static void take_more(struct sherd__loading *loading, size_t row, unsigned line,
                      const char *value) {
  const struct sherd__setting *setting = &sherd__settings_table[row];
  const char *before = loading->settings->origins_[row].text;
  if (setting->type != SHERD__SETTING_BITS && setting->type != SHERD__SETTING_NAMES) {
    COMPLAIN(loading, line, "begins with a blank, and so goes on from '%s' above, which is no list",
             setting->key);
    return;
  }
  if (!before) /* which was wrong, and has been told */
    return;
  size_t size = strlen(before) + strlen(value) + sizeof ", ";
  char *both = sherd__malloc(loading->settings->allocator_, size);
  if (!both) {
    sherd__loading_complain(loading, EX_OSERR, "out of memory");
    return;
  }
  (void)snprintf(both, size, "%s, %s", before, value);
  sherd__loading_take(loading, row, SHERD__FROM_FILE, line, both);
  sherd__free(loading->settings->allocator_, both);
}

static void on_value(void *ctx, unsigned line, const char *section, const char *key,
                     const char *value, bool is_more) {
  struct sherd__loading *loading = ctx;
  char shown[SHERD__SHOWN_SIZE];
  if (!*section) {
    sherd__setting_show(NULL, key, shown);
    COMPLAIN(loading, line, "the key '%s' stands before any [section]", shown);
    return;
  }
  if (!loading->section) /* an unknown one, which has been told */
    return;
  size_t row = find_key(loading->section, key);
  if (row == sherd__settings_count) {
    if (!is_more)
      complain_of_key(loading, line, key);
  } else if (is_more) {
    take_more(loading, row, line, value);
  } else if (loading->lines[row]) {
    COMPLAIN(loading, line, "'%s' stands in line %u already", key, loading->lines[row]);
  } else {
    loading->lines[row] = line;
    sherd__loading_take(loading, row, SHERD__FROM_FILE, line, value);
  }
}

static void on_fault(void *ctx, unsigned line, const char *what) {
  struct sherd__loading *loading = ctx;
  COMPLAIN(loading, line, "this line %s", what);
}

/* --- The file --- */

/* Reads it whole, to be freed; or says why not. */
static uint8_t *read_file(struct sherd__loading *loading, const char *path, size_t *len) {
  const struct sherd_allocator *allocator = loading->settings->allocator_;
  FILE *file = fopen(path, "re");
  uint8_t *text = file ? sherd__malloc(allocator, SHERD__SETTINGS_FILE_BYTES_MAX + 1) : NULL;
  const char *why = NULL;
  if (!file)
    why = strerror(errno);
  else if (!text)
    why = "out of memory";
  else {
    *len = fread(text, 1, SHERD__SETTINGS_FILE_BYTES_MAX + 1, file);
    why = ferror(file)                            ? strerror(errno)
          : *len > SHERD__SETTINGS_FILE_BYTES_MAX ? "it is over 1 MiB, and no sherd.conf"
                                                  : NULL;
  }
  if (file)
    (void)fclose(file);
  if (!why)
    return text;
  sherd__loading_complain(loading, EX_CONFIG, "cannot read %.300s: %s", path, why);
  sherd__free(allocator, text);
  return NULL;
}

void sherd__loading_text(struct sherd__loading *loading, struct sherd_bytes text) {
  const struct sherd__settings_file_host host = {on_section, on_value, on_fault, loading};
  sherd__settings_file_read(text, &host);
}

void sherd__loading_file(struct sherd__loading *loading, const char *path) {
  size_t len = 0;
  uint8_t *text = read_file(loading, path, &len);
  if (!text)
    return;
  sherd__loading_text(loading, (struct sherd_bytes){text, len});
  sherd__free(loading->settings->allocator_, text);
}
