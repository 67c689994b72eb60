/* The session store: what a process must leave behind so that the next one resumes.
 *
 * A store follows what the consumers have *taken*, never what has merely been received. For each
 * shard it keeps the session, and for each consumer a mark: the last sequence number that this
 * consumer has taken. A later process resumes each session from the lowest mark; the gateway sends
 * again what came after it, and each consumer is shown only what lies above its own mark. So
 * nothing taken is shown again and nothing untaken is missed, and no event has to be written down.
 *
 * A mark belongs to one session. One that is absent, damaged, or another session's counts as "has
 * taken nothing but READY": doubt repeats events, or ends in SESSION_LOST, and never loses
 * silently.
 *
 * This is an interface: sherd_store_memory_new() and sherd_store_file_open() make two of its kind,
 * and whoever fills in the operations has another. All calls are thread-safe, but for free.
 * The token is never in a store: it knows a keyed hash of it, to refuse another bot's. */
#ifndef SHERD_STORE_H
#define SHERD_STORE_H

#include <stdint.h>

#include <sherd/alloc.h>
#include <sherd/error.h>
#include <sherd/session.h>
#include <sherd/status.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SHERD_STORE_CONSUMERS_MAX 8
#define SHERD_CONSUMER_NAME_MAX   63 /* bytes, without the NUL: letters, digits, '-', '_', '.' */

struct sherd_store;

/* Each operation has the contract of the call below that bears its name. None may be NULL. */
struct sherd_store_ops {
  void (*free)(struct sherd_store *);
  uint32_t (*shard_count)(const struct sherd_store *);
  uint64_t (*touched_ms)(const struct sherd_store *);
  enum sherd_status (*consumer)(struct sherd_store *, const char *name, uint32_t *out);
  enum sherd_status (*drop_consumer)(struct sherd_store *, const char *name);
  const char *(*consumer_name)(const struct sherd_store *, uint32_t consumer);
  enum sherd_status (*load)(struct sherd_store *, uint32_t shard_id, struct sherd_session *out);
  enum sherd_status (*mark_of)(struct sherd_store *, uint32_t consumer, uint32_t shard_id,
                               uint64_t *out);
  enum sherd_status (*begin)(struct sherd_store *, const struct sherd_session *session);
  enum sherd_status (*forget)(struct sherd_store *, uint32_t shard_id);
  enum sherd_status (*mark)(struct sherd_store *, uint32_t consumer, uint32_t shard_id,
                            uint64_t session_tag, uint64_t seq);
  enum sherd_status (*sync)(struct sherd_store *, uint64_t now_unix_ms);
  enum sherd_status (*promote)(struct sherd_store *);
};

struct sherd_store {
  const struct sherd_store_ops *ops;
};

/* Frees it; what a file holds stays. NULL is allowed. */
void sherd_store_free(struct sherd_store *store);

/* The number of shards of the set that it is for. Never changes. */
uint32_t sherd_store_shard_count(const struct sherd_store *store);

/* When the process that had it was last seen alive: unix milliseconds, 0 when it is new. */
uint64_t sherd_store_touched_ms(const struct sherd_store *store);

/* Finds the consumer of that name, or adds it; its index is below SHERD_STORE_CONSUMERS_MAX and
 * good as long as the store and the consumer are. One that is added has no marks yet: whoever adds
 * it to sessions under way sets them (sherd_store_mark()).
 * Errors: SHERD_EINVAL for a name that is empty, too long or of other characters; SHERD_EQUEUEFULL
 * when there are SHERD_STORE_CONSUMERS_MAX already; SHERD_ESTOREWRITE. */
enum sherd_status sherd_store_consumer(struct sherd_store *store, const char *name, uint32_t *out);

/* Forgets a consumer and its marks. Errors: SHERD_ENOTFOUND, SHERD_ESTOREWRITE. */
enum sherd_status sherd_store_drop_consumer(struct sherd_store *store, const char *name);

/* NULL for an index that is free. Lifetime: until the consumer is dropped. */
const char *sherd_store_consumer_name(const struct sherd_store *store, uint32_t consumer);

/* The session to resume, with `seq` the lowest mark of all consumers (READY's own number where
 * there is no consumer or a mark is in doubt).
 * Errors, with *out zeroed: SHERD_ENOTFOUND when there is none; SHERD_ESTOREDAMAGED when there was
 * one that cannot be read any more; SHERD_EINVAL for a shard id not below the count. */
enum sherd_status sherd_store_load(struct sherd_store *store, uint32_t shard_id,
                                   struct sherd_session *out);

/* What this consumer has taken of the session that sherd_store_load() gives: READY's own number
 * where its mark is in doubt. Errors: SHERD_ENOTFOUND, SHERD_ESTOREDAMAGED, SHERD_EINVAL. */
enum sherd_status sherd_store_mark_of(struct sherd_store *store, uint32_t consumer,
                                      uint32_t shard_id, uint64_t *out);

/* All consumers have taken this session's READY: keeps it, `seq` being READY's own number, in the
 * place of the shard's session before. Marks that bear its tag hold from now on.
 * Errors: SHERD_EINVAL for a session that is not set, of another count, or not below it;
 * SHERD_ESTOREWRITE: what was there before is still there. */
enum sherd_status sherd_store_begin(struct sherd_store *store, const struct sherd_session *session);

/* All consumers have taken that the session has ended. Harmless when there is none.
 * Errors: SHERD_EINVAL, SHERD_ESTOREWRITE. */
enum sherd_status sherd_store_forget(struct sherd_store *store, uint32_t shard_id);

/* The consumer has taken everything up to `seq` of the session of that tag (also one that
 * sherd_store_begin() has not been told of yet). Cheap: a few dozen nanoseconds, no system call;
 * a process killed right after has it kept. Errors: SHERD_EINVAL for a consumer or shard that is
 * not. */
enum sherd_status sherd_store_mark(struct sherd_store *store, uint32_t consumer, uint32_t shard_id,
                                   uint64_t session_tag, uint64_t seq);

/* Has it survive the machine's fall too, not only the process's, and notes that the process is
 * alive. Blocks on the disk: call it now and then, off the hot threads. Errors: SHERD_ESTOREWRITE.
 */
enum sherd_status sherd_store_sync(struct sherd_store *store, uint64_t now_unix_ms);

/* One that was opened beside another (sherd_store_file_config.beside) takes that one's place: from
 * now on a later process finds this one. Errors: SHERD_ESTOREWRITE, nothing has changed;
 * SHERD_ESTATE when it stands beside none. */
enum sherd_status sherd_store_promote(struct sherd_store *store);

/* The tag of a session in marks: a hash of its id, never 0. Thread-safe. */
uint64_t sherd_session_tag(const char *session_id);

/* --- The two that are there --- */

/* Keeps everything in memory: for one process's life. Errors: SHERD_EINVAL for no shards or over
 * 1,000,000; SHERD_ENOMEM. */
enum sherd_status sherd_store_memory_new(const struct sherd_allocator *allocator,
                                         uint32_t shard_count, struct sherd_store **out);

struct sherd_store_file_config {
  const char *path;     /* the file; its directory must be there */
  const char *token;    /* whose bot it is: only a keyed hash of it is kept */
  uint32_t shard_count; /* 0: as the file has it */
  /* Of one that is made: another number by which a later process may ask for it. After a
   * re-sharding a configuration still says the number of before, and shall not stop a restart:
   * sherd_store_shard_count() then says what the file has. Forgotten as soon as somebody asks by
   * the file's own number. 0: none. */
  uint32_t known_as;
  /* For a new set beside the one that `path` holds: the store is made in "PATH.new" (one that an
   * earlier process left there is replaced), and sherd_store_promote() moves it to `path`. */
  int beside;
  const struct sherd_allocator *allocator; /* NULL: the default */
};

/* Opens a store in a file, or makes it (mode 0600) when there is none. One process at a time may
 * have it. All its room is taken at once, so that a disk that fills up later cannot hurt it.
 * Errors, *error (unless NULL) saying in one line which file, why, and what to do:
 * SHERD_ENOTFOUND when shard_count is 0 and there is no file yet; SHERD_ESTORECOUNT when the file
 * is for another number of shards; SHERD_ESTOREOTHER: another bot's; SHERD_ESTOREVERSION: another
 * version's; SHERD_ESTOREDAMAGED: no store, or its head is damaged; SHERD_ESTOREBUSY: another
 * process has it; SHERD_ESTOREOWNER: another user's, or no regular file; SHERD_ESTOREFULL: no room
 * on the disk; SHERD_ESTOREWRITE: any other trouble of the file system; SHERD_ENOMEM. */
enum sherd_status sherd_store_file_open(const struct sherd_store_file_config *config,
                                        struct sherd_store **out, struct sherd_error_info *error);

#ifdef __cplusplus
}
#endif
#endif
