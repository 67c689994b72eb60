/* How settings are put together: what the files of loading share. */
#ifndef SHERD_CLI_SETTINGS_LOAD_H
#define SHERD_CLI_SETTINGS_LOAD_H

#include "cli/settings.h"
#include "cli/settings_table.h"

#define SHERD__SETTINGS_FILE_BYTES_MAX (1u << 20)

struct sherd__loading {
  const struct sherd__run_sources *sources;
  struct sherd__run_settings *settings;
  struct sherd_buf *problems;
  const char *flags[SHERD__SETTINGS_MAX]; /* what each row's flag was given; NULL: nothing */
  unsigned lines[SHERD__SETTINGS_MAX];    /* where each row's key stands in the file; 0: nowhere */
  const char *section;                    /* of the file, as the table has it; NULL: none of it */
  int code;                               /* EX_OK until something is wrong */
};

/* Adds a line to the problems. The first one's code is the whole's. */
__attribute__((format(printf, 3, 4))) void
sherd__loading_complain(struct sherd__loading *loading, int code, const char *format, ...);

/* Takes a value for a row, or complains of it. */
void sherd__loading_take(struct sherd__loading *loading, size_t row,
                         enum sherd__setting_source source, unsigned line, const char *text);

/* Sorts the command line into `flags`. settings_args.c */
void sherd__loading_args(struct sherd__loading *loading);

/* Takes what the file says, or what would stand in one: the problems have the settings' `config`
 * for its name. settings_conf.c */
void sherd__loading_file(struct sherd__loading *loading, const char *path);
void sherd__loading_text(struct sherd__loading *loading, struct sherd_bytes text);

/* Complains of what does not go together, and fills in what follows. settings_check.c */
void sherd__loading_finish(struct sherd__loading *loading);

/* The value of an environment variable; NULL when it is not there or empty. */
const char *sherd__environment_get(char *const *environment, const char *name);

/* Where a row's value comes from, as "sherd.conf:7", "--sink" or "SHERD_SINK". */
#define SHERD__PLACE_SIZE 320
void sherd__setting_place(const struct sherd__run_settings *settings, size_t row,
                          char out[SHERD__PLACE_SIZE]);

/* The row whose member is at that offset. */
size_t sherd__setting_row(size_t offset);
#define SHERD__ROW(member) sherd__setting_row(offsetof(struct sherd__run_settings, member))

#endif
