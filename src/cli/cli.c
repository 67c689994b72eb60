#include "cli/cli.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <sysexits.h>

#include "base/mem.h"
#include "cli/quantity.h"

void sherd__cli_complain(const char *verb, const char *format, ...) {
  va_list args;
  va_start(args, format);
  fprintf(stderr, "sherd %s: ", verb);
  vfprintf(stderr, format, args);
  fputc('\n', stderr);
  va_end(args);
}

int sherd__cli_number(const char *verb, const char *option, const char *text, uint64_t min,
                      uint64_t max, uint64_t *out) {
  uint64_t number;
  if (!sherd__quantity_number(text, &number) || number < min || number > max) {
    sherd__cli_complain(verb, "--%s wants a whole number from %" PRIu64 " to %" PRIu64 ", not '%s'",
                        option, min, max, text);
    return 0;
  }
  *out = number;
  return 1;
}

static int read_token_file(const char *verb, const char *path, char out[SHERD__TOKEN_SIZE]) {
  FILE *file = fopen(path, "re");
  if (!file) {
    sherd__cli_complain(verb, "cannot read the token file %s: %s", path, strerror(errno));
    return EX_NOINPUT;
  }
  size_t len = fread(out, 1, SHERD__TOKEN_SIZE, file);
  int failed = ferror(file);
  (void)fclose(file);
  while (len && isspace((unsigned char)out[len - 1]))
    len--;
  out[len < SHERD__TOKEN_SIZE ? len : 0] = '\0';
  if (!failed && sherd__token_is_good(out))
    return EX_OK;
  sherd__wipe(out, SHERD__TOKEN_SIZE);
  sherd__cli_complain(verb,
                      "the token file %s has no token that can be read; put the bot's bare token "
                      "alone in it",
                      path);
  return EX_DATAERR;
}

int sherd__cli_token(const char *verb, const char *file, char out[SHERD__TOKEN_SIZE]) {
  const char *variable = getenv("SHERD_TOKEN");
  *out = '\0';
  if (file)
    return read_token_file(verb, file, out);
  if (!variable || !*variable)
    return EX_OK;
  if (!sherd__token_is_good(variable)) {
    sherd__cli_complain(verb, "SHERD_TOKEN is no token; give the bot's bare token, without spaces");
    return EX_DATAERR;
  }
  (void)snprintf(out, SHERD__TOKEN_SIZE, "%s", variable);
  return EX_OK;
}
