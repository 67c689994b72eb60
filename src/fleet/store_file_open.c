/* How a store's file is taken up. */
#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>

#include "fleet/store_file.h"

/* A file that was copied may have lost its mode, and have holes where there was nothing but zeros:
 * on a full disk writing there would end the process. */
static enum sherd_status make_good(struct sherd__store_file *file, const struct stat *info,
                                   struct sherd__store_trouble *trouble) {
  if ((info->st_mode & 07777) != (S_IRUSR | S_IWUSR) && fchmod(file->fd, S_IRUSR | S_IWUSR) != 0)
    return sherd__store_trouble_os(trouble, errno);
  if ((uint64_t)info->st_blocks * 512 < file->bytes)
    return sherd__store_file_reserve(file->fd, file->bytes, trouble);
  return SHERD_OK;
}

enum sherd_status sherd__store_file_take_up(struct sherd__store_file *file,
                                            const struct sherd_store_ops *ops, uint32_t shard_count,
                                            const char *token,
                                            struct sherd__store_trouble *trouble) {
  struct stat info;
  enum sherd_status status = sherd__store_file_lock(file->path, false, &file->fd, trouble);
  if (status)
    return status;
  if (fstat(file->fd, &info) != 0)
    return sherd__store_trouble_os(trouble, errno);
  file->bytes = (uint64_t)info.st_size;
  if (file->bytes < sherd__store_bytes(1) ||
      file->bytes > sherd__store_bytes(SHERD__STORE_SHARDS_MAX))
    return sherd__store_trouble_say(trouble, SHERD_ESTOREDAMAGED,
                                    "has %" PRIu64 " bytes, like no session store", file->bytes);
  status = sherd__store_file_map(file, trouble);
  if (!status)
    status = sherd__store_image_open(&file->image, ops, file->image.base, file->bytes, shard_count,
                                     token, trouble);
  if (!status)
    status = make_good(file, &info, trouble);
  if (status)
    return status;
  if (shard_count == file->image.shard_count && file->image.head.known_as) {
    file->image.head.known_as = 0; /* the configuration has caught up */
    sherd__store_image_keep_head(&file->image);
  }
  sherd__store_file_sign(file);
  return SHERD_OK;
}
