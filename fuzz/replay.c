/* Runs a target on files, or on all files of a folder, as an ordinary test: the corpus that fuzzing
 * left, with a seed for each fault that it found. */
#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"

static void replay_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) {
    perror(path);
    exit(1);
  }
  uint8_t *data = malloc(1);
  size_t size = 0;
  for (int byte; (byte = getc(file)) != EOF;) {
    data = realloc(data, size + 1); /* exact, for the sanitizers */
    FUZZ_CHECK(data != NULL);
    data[size++] = (uint8_t)byte;
  }
  fclose(file);
  LLVMFuzzerTestOneInput(data, size);
  free(data);
}

static size_t replay_folder(const char *path) {
  size_t count = 0;
  DIR *folder = opendir(path);
  if (!folder) {
    perror(path);
    exit(1);
  }
  for (struct dirent *entry; (entry = readdir(folder));) {
    char name[4096];
    if (entry->d_name[0] == '.')
      continue;
    snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
    replay_file(name);
    count++;
  }
  closedir(folder);
  return count;
}

int main(int argc, char **argv) {
  size_t count = 0;
  for (int i = 1; i < argc; i++) {
    struct stat info;
    if (stat(argv[i], &info) == 0 && S_ISDIR(info.st_mode)) {
      count += replay_folder(argv[i]);
    } else {
      replay_file(argv[i]);
      count++;
    }
  }
  printf("%zu inputs\n", count);
  return count ? 0 : 1;
}
