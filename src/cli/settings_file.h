/* sherd.conf: sections, keys and values, by inih; what inih would pass over is told. Pure. */
#ifndef SHERD_CLI_SETTINGS_FILE_H
#define SHERD_CLI_SETTINGS_FILE_H

#include <stdbool.h>

#include <sherd/bytes.h>

struct sherd__settings_file_host {
  /* A section begins. */
  void (*section)(void *ctx, unsigned line, const char *name);
  /* A key with its value; `section` is "" before the first one. `is_more`: the line goes on from
   * the key's line before. */
  void (*value)(void *ctx, unsigned line, const char *section, const char *key, const char *value,
                bool is_more);
  /* A line that is nothing. */
  void (*fault)(void *ctx, unsigned line, const char *what);
  void *ctx;
};

/* Reads a whole file's text. Every line is either given to the host or tells nothing. */
void sherd__settings_file_read(struct sherd_bytes text,
                               const struct sherd__settings_file_host *host);

#endif
