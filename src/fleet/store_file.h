/* A store's file: found or made, locked, and mapped into memory. */
#ifndef SHERD_FLEET_STORE_FILE_H
#define SHERD_FLEET_STORE_FILE_H

#include "fleet/store_image.h"

struct sherd__store_file {
  struct sherd__store_image image;
  const struct sherd_allocator *allocator;
  uint64_t bytes; /* that are mapped */
  int fd;         /* holds the lock; -1: none */
  char *path;   /* where it is: "PATH.new" when it stands beside another; the head's lock guards */
  char *beside; /* "PATH", or NULL: it stands beside none; likewise */
};

/* A path with an ending; the caller frees it. NULL: no memory. */
char *sherd__store_file_path(const struct sherd_allocator *allocator, const char *path,
                             const char *ending);

/* Opens `path`, which must be a regular file of this user, and locks it; with `may_make`, an empty
 * one of mode 0600 is made when there is none.
 * Errors: SHERD_ENOTFOUND, SHERD_ESTOREOWNER, SHERD_ESTOREBUSY, SHERD_ESTOREFULL,
 * SHERD_ESTOREWRITE. */
enum sherd_status sherd__store_file_lock(const char *path, bool may_make, int *fd,
                                         struct sherd__store_trouble *trouble);

/* Takes all the room of the file's first `bytes` bytes. Errors: SHERD_ESTOREFULL,
 * SHERD_ESTOREWRITE. */
enum sherd_status sherd__store_file_reserve(int fd, uint64_t bytes,
                                            struct sherd__store_trouble *trouble);

/* Maps file->fd; file->bytes says how much of it. Errors: SHERD_ENOMEM, SHERD_ESTOREWRITE. */
enum sherd_status sherd__store_file_map(struct sherd__store_file *file,
                                        struct sherd__store_trouble *trouble);

/* Takes up the store at file->path. Errors: those of sherd_store_file_open(). */
enum sherd_status sherd__store_file_take_up(struct sherd__store_file *file,
                                            const struct sherd_store_ops *ops, uint32_t shard_count,
                                            const char *token,
                                            struct sherd__store_trouble *trouble);

/* Makes the store at file->path: whole, or not at all. What is there is replaced if the store
 * stands beside another. Errors: SHERD_EAGAIN when there is one by now and it must not be replaced;
 * else those of sherd_store_file_open(). */
enum sherd_status sherd__store_file_make(struct sherd__store_file *file,
                                         const struct sherd_store_ops *ops,
                                         const struct sherd_store_file_config *config,
                                         struct sherd__store_trouble *trouble);

/* Whether a file could be made there: a directory that is not there, or not ours to write to, is
 * better told now than when the first session is to be kept. Gives SHERD_ENOTFOUND when it could;
 * else SHERD_ESTOREWRITE, SHERD_ENOMEM. */
enum sherd_status sherd__store_file_check_place(const struct sherd__store_file *file,
                                                struct sherd__store_trouble *trouble);

/* Notes in the file that this process has it. */
void sherd__store_file_sign(struct sherd__store_file *file);

/* Has what is in the file survive the machine's fall. Errors: SHERD_ESTOREFULL, SHERD_ESTOREWRITE.
 */
enum sherd_status sherd__store_file_flush(struct sherd__store_file *file,
                                          struct sherd__store_trouble *trouble);

/* Gives a file another name, in the place of what has it; `old_path` and `new_path` are in the same
 * directory. Errors: SHERD_ESTOREFULL, SHERD_ESTOREWRITE: nothing has changed. */
enum sherd_status sherd__store_file_rename(const char *old_path, const char *new_path,
                                           struct sherd__store_trouble *trouble);

#endif
