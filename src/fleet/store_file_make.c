/* How a store's file is made: under another name first, so that it is there whole or not at all. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "fleet/store_file.h"

#define TEMPORARY ".tmp"

enum sherd_status sherd__store_file_check_place(const struct sherd__store_file *file,
                                                struct sherd__store_trouble *trouble) {
  char *directory = sherd__store_file_path(file->allocator, file->path, "");
  if (!directory)
    return SHERD_ENOMEM;
  char *slash = strrchr(directory, '/');
  if (slash)
    slash[slash == directory] = '\0'; /* the root stays what it is */
  bool is_good = access(slash ? directory : ".", W_OK | X_OK) == 0;
  int why = errno;
  sherd__free(file->allocator, directory);
  return is_good ? SHERD_ENOTFOUND : sherd__store_trouble_os(trouble, why);
}

/* Locks the file that is to become the store. Whoever makes one holds this lock, thus is alone. */
static enum sherd_status lock_temporary(struct sherd__store_file *file, const char *temporary,
                                        struct sherd__store_trouble *trouble) {
  for (;;) {
    struct stat info;
    enum sherd_status status = sherd__store_file_lock(temporary, true, &file->fd, trouble);
    if (status)
      return status;
    if (fstat(file->fd, &info) == 0 && info.st_size == 0)
      return SHERD_OK;
    /* A process was killed while it made one. It goes whole, not only its bytes: whatever else has
     * become of that file shall not be hurt. */
    unlink(temporary);
    close(file->fd);
    file->fd = -1;
  }
}

static enum sherd_status fill(struct sherd__store_file *file, const struct sherd_store_ops *ops,
                              const struct sherd_store_file_config *config,
                              struct sherd__store_trouble *trouble) {
  file->bytes = sherd__store_bytes(config->shard_count);
  if (fchmod(file->fd, S_IRUSR | S_IWUSR) != 0) /* whatever the umask has left */
    return sherd__store_trouble_os(trouble, errno);
  enum sherd_status status = sherd__store_file_reserve(file->fd, file->bytes, trouble);
  if (!status)
    status = sherd__store_file_map(file, trouble);
  if (status)
    return status;
  sherd__store_image_make(&file->image, ops, file->image.base, config->shard_count,
                          config->known_as, config->token);
  sherd__store_file_sign(file);
  return sherd__store_file_flush(file, trouble);
}

/* Its own lock is held, so that nobody else makes one meanwhile. */
static enum sherd_status put_in_place(struct sherd__store_file *file, const char *temporary,
                                      struct sherd__store_trouble *trouble) {
  struct stat info;
  if (!file->beside && lstat(file->path, &info) == 0)
    return SHERD_EAGAIN;
  return sherd__store_file_rename(temporary, file->path, trouble);
}

static enum sherd_status make_as(struct sherd__store_file *file, const char *temporary,
                                 const struct sherd_store_ops *ops,
                                 const struct sherd_store_file_config *config,
                                 struct sherd__store_trouble *trouble) {
  enum sherd_status status = lock_temporary(file, temporary, trouble);
  if (status) {
    trouble->ending = status == SHERD_ENOTFOUND ? NULL : TEMPORARY;
    return status;
  }
  status = fill(file, ops, config, trouble);
  if (!status)
    status = put_in_place(file, temporary, trouble);
  if (status)
    unlink(temporary);
  return status;
}

enum sherd_status sherd__store_file_make(struct sherd__store_file *file,
                                         const struct sherd_store_ops *ops,
                                         const struct sherd_store_file_config *config,
                                         struct sherd__store_trouble *trouble) {
  int replaced = -1;
  enum sherd_status status = SHERD_OK;
  if (file->beside) /* nobody may have the one that goes */
    status = sherd__store_file_lock(file->path, false, &replaced, trouble);
  if (status && status != SHERD_ENOTFOUND)
    return status;
  char *temporary = sherd__store_file_path(file->allocator, file->path, TEMPORARY);
  status = temporary ? make_as(file, temporary, ops, config, trouble) : SHERD_ENOMEM;
  sherd__free(file->allocator, temporary);
  if (replaced >= 0)
    close(replaced);
  /* A directory that is not there is trouble now: until here it looked like a new file. */
  return status == SHERD_ENOTFOUND ? sherd__store_trouble_os(trouble, ENOENT) : status;
}
