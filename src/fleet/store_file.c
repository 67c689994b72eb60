/* A store in a file: it outlives the process. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "fleet/store_file.h"

char *sherd__store_file_path(const struct sherd_allocator *allocator, const char *path,
                             const char *ending) {
  size_t len = strlen(path), more = strlen(ending);
  char *joined = sherd__malloc(allocator, len + more + 1);
  if (joined) {
    memcpy(joined, path, len);
    memcpy(joined + len, ending, more + 1);
  }
  return joined;
}

/* Lets go of what the file has: its memory, and its lock. */
static void let_go(struct sherd__store_file *file) {
  if (file->image.store.ops)
    sherd__store_image_deinit(&file->image);
  if (file->image.base)
    munmap(file->image.base, (size_t)file->bytes);
  if (file->fd >= 0)
    close(file->fd);
  file->image.store.ops = NULL;
  file->image.base = NULL;
  file->fd = -1;
}

static void free_store(struct sherd_store *store) {
  struct sherd__store_file *file = (struct sherd__store_file *)store;
  let_go(file);
  sherd__free(file->allocator, file->path);
  sherd__free(file->allocator, file->beside);
  sherd__free(file->allocator, file);
}

static enum sherd_status sync_store(struct sherd_store *store, uint64_t now_unix_ms) {
  struct sherd__store_file *file = (struct sherd__store_file *)store;
  struct sherd__store_trouble trouble;
  sherd__store_image_touch(&file->image, now_unix_ms);
  return sherd__store_file_flush(file, &trouble) ? SHERD_ESTOREWRITE : SHERD_OK;
}

/* The caller holds the head's lock. */
static enum sherd_status take_place(struct sherd__store_file *file) {
  struct sherd__store_trouble trouble;
  if (!file->beside)
    return SHERD_ESTATE;
  if (sherd__store_file_flush(file, &trouble) ||
      sherd__store_file_rename(file->path, file->beside, &trouble))
    return SHERD_ESTOREWRITE;
  sherd__free(file->allocator, file->path);
  file->path = file->beside;
  file->beside = NULL;
  return SHERD_OK;
}

static enum sherd_status promote(struct sherd_store *store) {
  struct sherd__store_file *file = (struct sherd__store_file *)store;
  pthread_mutex_lock(&file->image.head_lock);
  enum sherd_status status = take_place(file);
  pthread_mutex_unlock(&file->image.head_lock);
  return status;
}

static const struct sherd_store_ops file_ops = {
    .free = free_store, .sync = sync_store, .promote = promote, SHERD__STORE_IMAGE_OPS};

/* --- Opening --- */

static enum sherd_status open_or_make(struct sherd__store_file *file,
                                      const struct sherd_store_file_config *config,
                                      struct sherd__store_trouble *trouble) {
  enum sherd_status status = SHERD_EAGAIN;
  while (status == SHERD_EAGAIN) { /* another process may make it, or take it away, meanwhile */
    status = SHERD_ENOTFOUND;
    if (!file->beside)
      status =
          sherd__store_file_take_up(file, &file_ops, config->shard_count, config->token, trouble);
    if (status == SHERD_ENOTFOUND && config->shard_count)
      status = sherd__store_file_make(file, &file_ops, config, trouble);
    else if (status == SHERD_ENOTFOUND && !file->beside)
      status = sherd__store_file_check_place(file, trouble);
    if (status)
      let_go(file);
  }
  return status;
}

static enum sherd_status new_file(const struct sherd_store_file_config *config,
                                  struct sherd__store_file **out) {
  const struct sherd_allocator *allocator = sherd__allocator_or_default(config->allocator);
  struct sherd__store_file *file = sherd__calloc(allocator, sizeof *file);
  *out = file;
  if (!file)
    return SHERD_ENOMEM;
  file->allocator = allocator;
  file->fd = -1;
  file->path = sherd__store_file_path(allocator, config->path, config->beside ? ".new" : "");
  if (config->beside)
    file->beside = sherd__strdup(allocator, config->path);
  return file->path && (file->beside || !config->beside) ? SHERD_OK : SHERD_ENOMEM;
}

enum sherd_status sherd_store_file_open(const struct sherd_store_file_config *config,
                                        struct sherd_store **out, struct sherd_error_info *error) {
  struct sherd__store_trouble trouble = {0};
  struct sherd__store_file *file = NULL;
  *out = NULL;
  enum sherd_status status = SHERD_EINVAL;
  if (config->path && config->path[0] && config->token &&
      config->shard_count <= SHERD__STORE_SHARDS_MAX)
    status = new_file(config, &file);
  if (!status)
    status = open_or_make(file, config, &trouble);
  const char *path = file && file->path ? file->path : config->path;
  sherd__store_trouble_tell(&trouble, status, path ? path : "", error);
  if (!status)
    *out = &file->image.store;
  else if (file)
    free_store(&file->image.store);
  return status;
}
