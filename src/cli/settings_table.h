/* The one table of all settings of `sherd run`. From it come the parsing, --help, man/sherd-run.1,
 * docs/configuration.md and packaging/sherd.conf (scripts/gen-settings-docs). */
#ifndef SHERD_CLI_SETTINGS_TABLE_H
#define SHERD_CLI_SETTINGS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a value is, and the member that holds it. */
enum sherd__setting_type {
  SHERD__SETTING_SWITCH = 0, /* bool: a flag without a value, and nothing else */
  SHERD__SETTING_BOOL,       /* bool */
  SHERD__SETTING_TEXT,       /* char * */
  SHERD__SETTING_U32,        /* uint32_t: `min` to `max`; a choice may stand for a number */
  SHERD__SETTING_TIME,       /* uint32_t: milliseconds; a choice may stand for a number */
  SHERD__SETTING_SIZE,       /* uint64_t: bytes */
  SHERD__SETTING_CHOICE,     /* an enum */
  SHERD__SETTING_BITS,       /* uint64_t: the sum of choices and numbers */
  SHERD__SETTING_RANGE,      /* struct sherd__range */
  SHERD__SETTING_ADDRESS,    /* struct sherd__address */
  SHERD__SETTING_NAMES       /* struct sherd__names */
};

struct sherd__setting_choice {
  const char *name;
  uint64_t value;
};

struct sherd__setting {
  const char *key; /* in sherd.conf; NULL: not there */
  const char *section;
  const char *flag;     /* without the dashes */
  const char *variable; /* NULL: none */
  enum sherd__setting_type type;
  const char *wants; /* what stands for a value in help, as "N" */
  size_t offset;     /* of the member in struct sherd__run_settings */
  uint64_t min, max;
  const struct sherd__setting_choice *choices; /* ends with a name that is NULL */
  const char *initial;                         /* the default, as one would write it; "": unset */
  const char *help;                            /* one sentence, in lower case, without its end */
  bool reloads;                                /* on SIGHUP */
  bool is_secret;                              /* may hold a password: never shown */
};

extern const struct sherd__setting sherd__settings_table[];
extern const size_t sherd__settings_count;

struct sherd__setting_section {
  const char *name;
  const char *help;
};

/* In the order of the table. The first one, "", is of what is no setting of the file. */
extern const struct sherd__setting_section sherd__settings_sections[];
extern const size_t sherd__settings_section_count;

#endif
