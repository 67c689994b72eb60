/* How a store's file is opened: nobody else's, and one process at a time. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fleet/store_file.h"

/* What one meets may be moved away between two steps; whoever meets that so often has company. */
#define TRIES 16

static enum sherd_status say_owner(struct sherd__store_trouble *trouble, uid_t owner) {
  return sherd__store_trouble_say(trouble, SHERD_ESTOREOWNER,
                                  "belongs to uid %ju, this process is uid %ju", (uintmax_t)owner,
                                  (uintmax_t)geteuid());
}

static enum sherd_status explain_open(const char *path, int os_error,
                                      struct sherd__store_trouble *trouble) {
  struct stat info;
  switch (os_error) {
  case ENOENT:
    return SHERD_ENOTFOUND;
  case ELOOP:
    return sherd__store_trouble_say(trouble, SHERD_ESTOREOWNER, "is a symbolic link");
  case EISDIR:
  case ENXIO:
  case ENODEV:
    return sherd__store_trouble_say(trouble, SHERD_ESTOREOWNER, "is no regular file");
  case EACCES:
  case EPERM:
    if (lstat(path, &info) == 0 && info.st_uid != geteuid())
      return say_owner(trouble, info.st_uid);
  }
  return sherd__store_trouble_os(trouble, os_error);
}

/* The process that has signed the file may be another by now, or one of another container. */
static enum sherd_status say_busy(int fd, struct sherd__store_trouble *trouble) {
  struct sherd__store_note note = {.pid = 0};
  ssize_t got = pread(fd, &note, sizeof note, 0);
  if (got != sizeof note || note.pid == 0 || note.pid > INT32_MAX)
    return sherd__store_trouble_say(trouble, SHERD_ESTOREBUSY, "is locked");
  if (note.pid == (uint64_t)getpid())
    return sherd__store_trouble_say(trouble, SHERD_ESTOREBUSY, "this process has it already");
  return sherd__store_trouble_say(trouble, SHERD_ESTOREBUSY, "process %" PRIu64 " has it",
                                  note.pid);
}

static enum sherd_status check_and_lock(int fd, struct stat *info,
                                        struct sherd__store_trouble *trouble) {
  if (fstat(fd, info) != 0)
    return sherd__store_trouble_os(trouble, errno);
  if (!S_ISREG(info->st_mode))
    return sherd__store_trouble_say(trouble, SHERD_ESTOREOWNER, "is no regular file");
  if (info->st_uid != geteuid())
    return say_owner(trouble, info->st_uid);
  while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK)
      return say_busy(fd, trouble);
    if (errno != EINTR)
      return sherd__store_trouble_os(trouble, errno);
  }
  return SHERD_OK;
}

static bool is_still_there(const char *path, const struct stat *info) {
  struct stat now;
  return lstat(path, &now) == 0 && now.st_dev == info->st_dev && now.st_ino == info->st_ino;
}

enum sherd_status sherd__store_file_lock(const char *path, bool may_make, int *fd,
                                         struct sherd__store_trouble *trouble) {
  int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | (may_make ? O_CREAT : 0);
  for (int i = 0; i < TRIES; i++) {
    struct stat info;
    *fd = open(path, flags, S_IRUSR | S_IWUSR);
    if (*fd < 0)
      return explain_open(path, errno, trouble);
    enum sherd_status status = check_and_lock(*fd, &info, trouble);
    if (!status && is_still_there(path, &info))
      return SHERD_OK;
    close(*fd);
    *fd = -1;
    if (status)
      return status;
  }
  return sherd__store_trouble_say(trouble, SHERD_ESTOREBUSY, "is being replaced all the time");
}
