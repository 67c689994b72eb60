/* What people read: --help and --check. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/settings_load.h"
#include "cli/settings_value.h"

#define HELP_WIDTH  98
#define HELP_INDENT 30

/* Text that is appended, until memory is wanting. */
struct printer {
  struct sherd_buf *out;
  enum sherd_status status;
};

__attribute__((format(printf, 2, 3))) static void print(struct printer *printer, const char *format,
                                                        ...) {
  char text[5120];
  va_list args;
  va_start(args, format);
  int len = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (len < 0 || (size_t)len >= sizeof text)
    len = (int)strlen(text);
  if (!printer->status)
    printer->status = sherd__buf_append(printer->out, text, (size_t)len);
}

/* --- Help --- */

/* Prints words from column `at` on, in lines that begin at the indent. */
static void print_wrapped(struct printer *printer, const char *text, size_t at) {
  while (*text) {
    size_t len = strcspn(text, " ");
    if (at + 1 + len > HELP_WIDTH) {
      print(printer, "\n%*s", HELP_INDENT - 1, "");
      at = HELP_INDENT - 1;
    }
    print(printer, " %.*s", (int)len, text);
    at += 1 + len;
    text += len + strspn(text + len, " ");
  }
  print(printer, "\n");
}

static void print_row(struct printer *printer, const struct sherd__setting *row) {
  char head[64], text[1024], choices[256] = "";
  int len = snprintf(head, sizeof head, "  --%s%s%s", row->flag, row->wants ? " " : "",
                     row->wants ? row->wants : "");
  if (row->type == SHERD__SETTING_CHOICE)
    sherd__setting_choices(row, choices, sizeof choices);
  (void)snprintf(text, sizeof text, "%s%s%s%s%s%s", row->help, *choices ? ": " : "", choices,
                 *row->initial ? " (" : "", row->initial, *row->initial ? ")" : "");
  print(printer, "%s", head);
  if (len < HELP_INDENT)
    print(printer, "%*s", HELP_INDENT - 1 - len, "");
  else
    print(printer, "\n%*s", HELP_INDENT - 1, "");
  print_wrapped(printer, text, HELP_INDENT - 1);
}

enum sherd_status sherd__run_settings_help(struct sherd_buf *out) {
  struct printer printer = {out, SHERD_OK};
  print(&printer, "usage: sherd run [OPTION]...\n"
                  "\n"
                  "All of a bot's shards in one process: their events go to standard output or to "
                  "a unix socket,\nand a restart loses none.\n");
  for (size_t i = 0; i < sherd__settings_section_count; i++) {
    const struct sherd__setting_section *section = &sherd__settings_sections[i];
    print(&printer, "\n%s%s%s%s:\n", section->help, *section->name ? " [" : "", section->name,
          *section->name ? "]" : "");
    for (size_t j = 0; j < sherd__settings_count; j++)
      if (strcmp(sherd__settings_table[j].section, section->name) == 0)
        print_row(&printer, &sherd__settings_table[j]);
  }
  print(&printer, "\nFlags come before the environment, and that before the file. 'man sherd-run' "
                  "has the variables\nand keys.\n");
  return printer.status;
}

/* --- What would run --- */

static const char *choice_name(size_t row, unsigned value) {
  const struct sherd__setting_choice *choice = sherd__settings_table[row].choices;
  while (choice->name && choice->value != value)
    choice++;
  return choice->name;
}

static void print_shards(struct printer *printer, const struct sherd__run_settings *settings) {
  if (settings->range.is_set)
    print(printer, "shards %" PRIu32 " to %" PRIu32 " of %" PRIu32, settings->range.first,
          settings->range.last, settings->shards);
  else if (settings->shards)
    print(printer, "%" PRIu32 " shard%s", settings->shards, settings->shards == 1 ? "" : "s");
  else
    print(printer, "as many shards as the store has or Discord advises");
}

static void print_summary(struct printer *printer, const struct sherd__run_settings *settings) {
  const char *token_file = sherd__run_settings_token_file(settings);
  print(printer, "OK: ");
  print_shards(printer, settings);
  print(printer, ", %s, compression %s\n",
        choice_name(SHERD__ROW(format), (unsigned)settings->format),
        choice_name(SHERD__ROW(compression), (unsigned)settings->compression));
  print(printer, "the token is in %s\n", token_file ? token_file : "SHERD_TOKEN");
  print(printer, "events go to %s\n",
        settings->sink_kind == SHERD__SINK_STDOUT ? "standard output"
        : settings->sink_kind == SHERD__SINK_NONE ? "nobody"
                                                  : settings->socket_path);
  if (settings->store_path)
    print(printer, "sessions are kept in %s\n", settings->store_path);
  else
    print(printer, "sessions are kept in memory: a restart begins new ones\n");
  if (settings->socket_path)
    print(printer, "requests come to %s\n", settings->socket_path);
}

enum sherd_status sherd__run_settings_describe(const struct sherd__run_settings *settings,
                                               struct sherd_buf *out) {
  struct printer printer = {out, SHERD_OK};
  print_summary(&printer, settings);
  for (size_t i = 0; i < sherd__settings_count; i++) {
    const struct sherd__setting *row = &sherd__settings_table[i];
    char place[SHERD__PLACE_SIZE], shown[SHERD__SHOWN_SIZE];
    if (!settings->origins_[i].text || !row->key)
      continue;
    sherd__setting_place(settings, i, place);
    sherd__setting_show(row, settings->origins_[i].text, shown);
    if (settings->origins_[i].source == SHERD__FROM_FILE)
      print(&printer, "%s: [%s] %s = %s\n", place, row->section, row->key, shown);
    else
      print(&printer, "%s: %s\n", place, shown);
  }
  return printer.status;
}
