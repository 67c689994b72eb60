/* A file of settings. Properties:
 *   - each problem is one line that names a line of the file;
 *   - without a problem, the same values in the environment give the same settings;
 *   - no memory leaks, whichever allocation fails, and its want is told. */
#include <sysexits.h>

#include "../tests/support/failing_alloc.h"
#include "base/mem.h"
#include "cli/settings_load.h"
#include "cli/settings_value.h"
#include "fuzz.h"

static char *argv[] = {"run", NULL};

static int load_text(struct sherd_bytes text, struct sherd__test_alloc *alloc,
                     struct sherd__run_settings *settings, struct sherd_buf *problems) {
  static char *none[] = {NULL};
  struct sherd__run_sources sources = {1, argv, none, &alloc->allocator};
  struct sherd__loading loading = {.sources = &sources, .settings = settings, .problems = problems};
  loading.code = sherd__run_settings_load(&sources, settings, problems);
  if (loading.code)
    return loading.code;
  settings->config = sherd__strdup(&alloc->allocator, "sherd.conf");
  if (!settings->config)
    return EX_OSERR;
  sherd__loading_text(&loading, text);
  if (!loading.code)
    sherd__loading_finish(&loading);
  return loading.code;
}

static size_t count_lines(struct sherd_bytes text) {
  size_t lines = 1;
  for (size_t i = 0; i < text.len; i++)
    lines += text.data[i] == '\n';
  return lines;
}

static void check_problems(const struct sherd_buf *problems, size_t lines) {
  char *text = malloc(problems->len + 1);
  FUZZ_CHECK(text && problems->len && problems->data[problems->len - 1] == '\n');
  memcpy(text, problems->data, problems->len);
  text[problems->len] = '\0';
  FUZZ_CHECK(strlen(text) == problems->len);
  for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
    unsigned number = 0;
    FUZZ_CHECK(sscanf(line, "sherd.conf:%u:", &number) == 1);
    FUZZ_CHECK(number >= 1 && number <= lines);
    for (const char *c = line; *c; c++)
      FUZZ_CHECK((unsigned char)*c >= ' ');
  }
  free(text);
}

/* Each value that the file gave, as a variable. To be freed. */
static char *make_variable(const char *name, const char *text) {
  size_t size = strlen(name) + strlen(text) + 2;
  char *variable = malloc(size);
  FUZZ_CHECK(variable != NULL);
  (void)snprintf(variable, size, "%s=%s", name, text);
  return variable;
}

static void check_environment(const struct sherd__run_settings *settings) {
  char *variables[SHERD__SETTINGS_MAX + 1] = {NULL};
  size_t count = 0;
  struct sherd__run_settings again;
  struct sherd_buf problems;
  struct sherd__run_sources sources = {1, argv, variables, NULL};
  for (size_t i = 0; i < sherd__settings_count; i++)
    if (settings->origins_[i].text)
      variables[count++] =
          make_variable(sherd__settings_table[i].variable, settings->origins_[i].text);
  sherd__buf_init(&problems, sherd_allocator_default());
  FUZZ_CHECK(sherd__run_settings_load(&sources, &again, &problems) == EX_OK);
  for (size_t i = 0; i < sherd__settings_count; i++)
    FUZZ_CHECK(!sherd__settings_table[i].key ||
               sherd__setting_equals(&sherd__settings_table[i], settings, &again));
  sherd__run_settings_free(&again);
  sherd__buf_deinit(&problems);
  while (count)
    free(variables[--count]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sherd_bytes text = {data, size};
  struct sherd__test_alloc alloc;
  struct sherd__run_settings settings;
  struct sherd_buf problems;
  sherd__buf_init(&problems, sherd_allocator_default());
  sherd__test_alloc_init(&alloc, 0);
  int code = load_text(text, &alloc, &settings, &problems);
  size_t requests = alloc.requests;
  FUZZ_CHECK(code == EX_OK || code == EX_CONFIG);
  if (code)
    check_problems(&problems, count_lines(text));
  else
    check_environment(&settings);
  FUZZ_CHECK(code || !problems.len);
  sherd__run_settings_free(&settings);
  FUZZ_CHECK(alloc.live == 0);

  sherd__test_alloc_init(&alloc, 1 + size % requests);
  FUZZ_CHECK(load_text(text, &alloc, &settings, &problems) != EX_OK);
  sherd__run_settings_free(&settings);
  FUZZ_CHECK(alloc.live == 0);
  sherd__buf_deinit(&problems);
  return 0;
}
