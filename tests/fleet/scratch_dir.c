#include "scratch_dir.h"

#include <dirent.h>
#include <fcntl.h>
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

enum sherd_status scratch_open(const char *name, uint32_t shard_count, struct sherd_store **out,
                               struct sherd_error_info *error) {
  struct sherd_store_file_config config = {
      .path = scratch_path(name), .token = SCRATCH_TOKEN, .shard_count = shard_count};
  return sherd_store_file_open(&config, out, error);
}

static int open_or_abort(const char *name, int how) {
  int fd = open(scratch_path(name), how, 0600);
  if (fd >= 0)
    return fd;
  perror(name);
  abort();
}

unsigned char *scratch_read(const char *name, size_t *size) {
  int fd = open_or_abort(name, O_RDONLY);
  off_t end = lseek(fd, 0, SEEK_END);
  unsigned char *bytes = malloc((size_t)end + 1);
  if (!bytes || pread(fd, bytes, (size_t)end, 0) != end)
    abort();
  close(fd);
  *size = (size_t)end;
  return bytes;
}

/* The file is never empty meanwhile: some file systems would wait for the disk then. */
void scratch_write(const char *name, const void *bytes, size_t size) {
  int fd = open_or_abort(name, O_WRONLY | O_CREAT);
  if (pwrite(fd, bytes, size, 0) != (ssize_t)size || ftruncate(fd, (off_t)size) != 0)
    abort();
  close(fd);
}
