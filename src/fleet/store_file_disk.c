/* A store's file, its room, its memory, and how both last. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fleet/store_file.h"

enum sherd_status sherd__store_file_reserve(int fd, uint64_t bytes,
                                            struct sherd__store_trouble *trouble) {
  struct rlimit limit;
  /* Over it there would be a signal, and a process that does not expect it would end. */
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
      bytes > limit.rlim_cur)
    return sherd__store_trouble_say(trouble, SHERD_ESTOREFULL,
                                    "needs %" PRIu64 " bytes, over the limit of ulimit -f", bytes);
  int os_error;
  do
    os_error = posix_fallocate(fd, 0, (off_t)bytes);
  while (os_error == EINTR);
  return os_error ? sherd__store_trouble_os(trouble, os_error) : SHERD_OK;
}

enum sherd_status sherd__store_file_map(struct sherd__store_file *file,
                                        struct sherd__store_trouble *trouble) {
  void *base = mmap(NULL, (size_t)file->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file->fd, 0);
  if (base == MAP_FAILED)
    return sherd__store_trouble_os(trouble, errno);
  file->image.base = base;
  return SHERD_OK;
}

void sherd__store_file_sign(struct sherd__store_file *file) {
  uint64_t pid = (uint64_t)getpid();
  memcpy((uint8_t *)file->image.base + offsetof(struct sherd__store_note, pid), &pid, sizeof pid);
}

enum sherd_status sherd__store_file_flush(struct sherd__store_file *file,
                                          struct sherd__store_trouble *trouble) {
  if (msync(file->image.base, (size_t)file->bytes, MS_SYNC) != 0 || fsync(file->fd) != 0)
    return sherd__store_trouble_os(trouble, errno);
  return SHERD_OK;
}

/* The rename has happened, so that there is no failing any more: at worst the machine falls and
 * finds the name as it was before. */
static void sync_directory(const char *path) {
  char directory[PATH_MAX];
  const char *slash = strrchr(path, '/');
  if (slash)
    snprintf(directory, sizeof directory, "%.*s", (int)(slash - path) + 1, path);
  else
    strcpy(directory, ".");
  int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return;
  fsync(fd);
  close(fd);
}

enum sherd_status sherd__store_file_rename(const char *old_path, const char *new_path,
                                           struct sherd__store_trouble *trouble) {
  if (rename(old_path, new_path) != 0)
    return sherd__store_trouble_os(trouble, errno);
  sync_directory(new_path);
  return SHERD_OK;
}
