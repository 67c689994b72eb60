#include "scratch_dir.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[256];

void scratch_dir_make(void) {
  const char *parent = getenv("TMPDIR");
  scratch_dir_remove();
  snprintf(directory, sizeof directory, "%s/sherd-store-XXXXXX", parent ? parent : "/tmp");
  if (!mkdtemp(directory)) {
    perror(directory);
    abort();
  }
}

/* Counts the directory's entries, and removes them if that is wanted. */
static size_t visit(int removes) {
  size_t count = 0;
  DIR *stream = directory[0] ? opendir(directory) : NULL;
  for (struct dirent *entry; stream && (entry = readdir(stream));) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
      continue;
    count++;
    if (removes)
      remove(scratch_path(entry->d_name));
  }
  if (stream)
    closedir(stream);
  return count;
}

void scratch_dir_remove(void) {
  visit(1);
  if (directory[0])
    rmdir(directory);
  directory[0] = '\0';
}

const char *scratch_path(const char *name) {
  static char paths[8][sizeof directory + 256];
  static unsigned next;
  char *path = paths[next++ % 8];
  snprintf(path, sizeof paths[0], "%s/%s", directory, name);
  return path;
}

size_t scratch_count(void) {
  return visit(0);
}
