/* One setting's value, from the text that somebody wrote. */
#ifndef SHERD_CLI_SETTINGS_VALUE_H
#define SHERD_CLI_SETTINGS_VALUE_H

#include "cli/settings.h"
#include "cli/settings_table.h"

#define SHERD__WHY_SIZE 512

/* Reads `text` into the row's member; a text that was there is freed. False, with what is wanted in
 * `why` ("": memory), when it is none, and the member is then as it was. */
bool sherd__setting_read(const struct sherd__setting *row, const char *text,
                         struct sherd__run_settings *settings, char why[SHERD__WHY_SIZE]);

/* Whether both have the same value. */
bool sherd__setting_equals(const struct sherd__setting *row, const struct sherd__run_settings *a,
                           const struct sherd__run_settings *b);

/* Exchanges the values and their origins. */
void sherd__setting_swap(const struct sherd__setting *row, struct sherd__run_settings *a,
                         struct sherd__run_settings *b);

/* `text` as it may be shown: cut, without control characters, and not at all where it could be a
 * password or the token. */
#define SHERD__SHOWN_SIZE 84
void sherd__setting_show(const struct sherd__setting *row, const char *text,
                         char out[SHERD__SHOWN_SIZE]);

/* Whether there is what could be a bot's token, which somebody put where it does not belong. */
bool sherd__looks_like_token(const char *text);

/* Writes the names of choices, as "a, b or c". */
void sherd__setting_choices(const struct sherd__setting *row, char *out, size_t size);

#endif
