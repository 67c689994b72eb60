/* Where the token comes from. */
#include <sysexits.h>

#include "cli/cli.h"
#include "cli/settings_load.h"

const char *sherd__run_settings_token_file(const struct sherd__run_settings *settings) {
  bool is_flag = settings->origins_[SHERD__ROW(token_file)].source == SHERD__FROM_FLAG;
  return is_flag || !settings->token_is_in_environment_ ? settings->token_file : NULL;
}

int sherd__run_settings_token(const struct sherd__run_settings *settings,
                              char out[SHERD__TOKEN_SIZE]) {
  int code = sherd__cli_token("run", sherd__run_settings_token_file(settings), out);
  if (code || *out)
    return code;
  sherd__cli_complain("run", "there is no token; put it into SHERD_TOKEN, or alone into a file for "
                             "--token-file");
  return EX_CONFIG;
}
