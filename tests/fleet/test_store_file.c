/* A store's file: who gets it, and what each one who does not is told. */
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fleet/store_layout.h"
#include "scratch_dir.h"
#include "store_suite.h"
#include "support/failing_alloc.h"

#define SHARDS 4u

static int setup(void **state) {
  (void)state;
  scratch_dir_make();
  return 0;
}

static int teardown(void **state) {
  (void)state;
  scratch_dir_remove();
  return 0;
}

/* A store in which shard 1 has session 1, of which "a" has taken up to 42. */
static void leave_store(const char *name) {
  struct sherd_store *store;
  uint32_t who;
  assert_int_equal(scratch_open(name, SHARDS, &store, NULL), SHERD_OK);
  struct sherd_session session = store_session(1, 1, SHARDS);
  assert_int_equal(sherd_store_consumer(store, "a", &who), SHERD_OK);
  assert_int_equal(sherd_store_begin(store, &session), SHERD_OK);
  assert_int_equal(sherd_store_mark(store, who, 1, sherd_session_tag(session.id), 42), SHERD_OK);
  sherd_store_free(store);
}

static void expect_what_was_left(struct sherd_store *store) {
  struct sherd_session got;
  assert_int_equal(sherd_store_shard_count(store), SHARDS);
  assert_int_equal(sherd_store_load(store, 1, &got), SHERD_OK);
  assert_string_equal(got.id, "session-1-of-shard-1");
  assert_int_equal(got.seq, 42);
}

static void expect_left(const char *name) {
  struct sherd_store *store;
  assert_int_equal(scratch_open(name, 0, &store, NULL), SHERD_OK);
  expect_what_was_left(store);
  sherd_store_free(store);
}

/* One line that names what it is about, and never the token. */
static void expect_line(const struct sherd_error_info *error, const char *name, const char *part) {
  if (!strstr(error->text, part) || !strstr(error->text, name))
    fail_msg("\"%s\" does not say \"%s\" of %s", error->text, part, name);
  assert_null(strchr(error->text, '\n'));
  assert_null(strstr(error->text, SCRATCH_TOKEN));
}

static void expect_refusal(const struct sherd_store_file_config *config, enum sherd_status wanted,
                           const char *name, const char *part) {
  struct sherd_store *store = (struct sherd_store *)&store;
  struct sherd_error_info error;
  memset(&error, 0xA5, sizeof error);
  enum sherd_status status = sherd_store_file_open(config, &store, &error);
  assert_string_equal(sherd_status_name(status), sherd_status_name(wanted));
  assert_null(store);
  assert_int_equal(error.status, wanted);
  expect_line(&error, name, part);
  assert_int_equal(sherd_store_file_open(config, &store, NULL), wanted);
}

static struct sherd_store_file_config config_of(const char *name, uint32_t shard_count) {
  return (struct sherd_store_file_config){
      .path = scratch_path(name), .token = SCRATCH_TOKEN, .shard_count = shard_count};
}

static void refused(const char *name, uint32_t shard_count, enum sherd_status wanted,
                    const char *part) {
  struct sherd_store_file_config config = config_of(name, shard_count);
  expect_refusal(&config, wanted, name, part);
}

static unsigned mode_of(const char *name) {
  struct stat info;
  assert_int_equal(stat(scratch_path(name), &info), 0);
  return info.st_mode & 07777;
}

/* --- What is there after a file was made --- */

static void a_file_is_made_for_its_user_only(void **state) {
  (void)state;
  static const mode_t masks[] = {0, 022, 0777};
  for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
    struct sherd_store *store;
    mode_t before = umask(masks[i]);
    enum sherd_status status = scratch_open("s", SHARDS, &store, NULL);
    umask(before);
    assert_int_equal(status, SHERD_OK);
    assert_int_equal(mode_of("s"), 0600);
    assert_int_equal(scratch_count(), 1); /* and nothing is left beside it */
    sherd_store_free(store);
    assert_int_equal(unlink(scratch_path("s")), 0);
  }
}

static void a_looser_mode_is_tightened(void **state) {
  (void)state;
  leave_store("s");
  assert_int_equal(chmod(scratch_path("s"), 0644), 0);
  expect_left("s");
  assert_int_equal(mode_of("s"), 0600);
}

static bool has_holes(const char *name) {
  struct stat info;
  assert_int_equal(stat(scratch_path(name), &info), 0);
  return info.st_blocks * 512 < info.st_size;
}

static void all_room_is_taken_at_once(void **state) {
  (void)state;
  size_t size;
  leave_store("s");
  free(scratch_read("s", &size));
  assert_int_equal(size, sherd__store_bytes(SHARDS));
  assert_false(has_holes("s"));
}

/* What a copier that leaves zeros out has made of it. */
static void holes_are_filled_again(void **state) {
  (void)state;
  leave_store("s");
  /* The last block has marks of consumers that are not there. */
  assert_int_equal(truncate(scratch_path("s"), 16384), 0);
  assert_int_equal(truncate(scratch_path("s"), (off_t)sherd__store_bytes(SHARDS)), 0);
  assert_true(has_holes("s"));
  expect_left("s");
  assert_false(has_holes("s"));
}

static void the_token_is_not_in_it(void **state) {
  (void)state;
  size_t size;
  leave_store("s");
  unsigned char *bytes = scratch_read("s", &size);
  assert_int_equal(size, sherd__store_bytes(SHARDS));
  assert_null(memmem(bytes, size, SCRATCH_TOKEN, 8));
  free(bytes);
}

/* What a process that was killed meanwhile has left does not stand in the way. */
static void what_is_left_of_a_making_is_replaced(void **state) {
  (void)state;
  scratch_write("s.tmp", "half a store", 12);
  assert_int_equal(link(scratch_path("s.tmp"), scratch_path("elsewhere")), 0);
  leave_store("s");
  expect_left("s");
  size_t size;
  unsigned char *bytes = scratch_read("elsewhere", &size);
  assert_int_equal(size, 12); /* whatever else it was is as it was */
  free(bytes);
  assert_int_equal(scratch_count(), 2);
}

/* --- Refusals --- */

static void without_a_count_there_must_be_one(void **state) {
  (void)state;
  struct sherd_store *store;
  struct sherd_error_info error;
  assert_int_equal(scratch_open("s", 0, &store, &error), SHERD_ENOTFOUND);
  assert_null(store);
  assert_non_null(strstr(error.text, "no session store yet"));
  assert_int_equal(scratch_count(), 0);
}

static void what_cannot_be_is_refused(void **state) {
  (void)state;
  struct sherd_store_file_config config = config_of("s", SHARDS);
  config.token = NULL;
  expect_refusal(&config, SHERD_EINVAL, "s", "invalid argument");
  config = config_of("s", SHERD__STORE_SHARDS_MAX + 1);
  expect_refusal(&config, SHERD_EINVAL, "s", "invalid argument");
  config.path = NULL;
  expect_refusal(&config, SHERD_EINVAL, "", "invalid argument");
  config.path = "";
  expect_refusal(&config, SHERD_EINVAL, "", "invalid argument");
  assert_int_equal(scratch_count(), 0);
}

static void another_count_is_refused(void **state) {
  (void)state;
  leave_store("s");
  refused("s", SHARDS + 1, SHERD_ESTORECOUNT, "has 4 shards, not 5");
  expect_left("s");
}

static void another_bots_is_refused(void **state) {
  (void)state;
  leave_store("s");
  struct sherd_store_file_config config = config_of("s", SHARDS);
  config.token = "another.token";
  expect_refusal(&config, SHERD_ESTOREOTHER, "s", "another bot");
  expect_left("s");
}

/* Both copies of the head say another version. */
static void put_in_heads(size_t offset, const void *bytes, size_t size) {
  size_t whole;
  unsigned char *file = scratch_read("s", &whole);
  struct sherd__slots slots = sherd__store_head_slots(file);
  for (int i = 0; i < 2; i++)
    memcpy((unsigned char *)slots.slot[i] + SHERD__SLOT_WORDS(0) * 8 + offset, bytes, size);
  scratch_write("s", file, whole);
  free(file);
}

static void another_versions_is_refused(void **state) {
  (void)state;
  static const uint32_t versions[] = {0, 2, UINT32_MAX};
  for (size_t i = 0; i < 3; i++) {
    leave_store("s");
    put_in_heads(offsetof(struct sherd__store_head, version), &versions[i], sizeof versions[i]);
    refused("s", SHARDS, SHERD_ESTOREVERSION, "has format ");
    assert_int_equal(unlink(scratch_path("s")), 0);
  }
  leave_store("s");
  uint64_t swapped = __builtin_bswap64(SHERD__STORE_MAGIC);
  put_in_heads(0, &swapped, sizeof swapped);
  refused("s", SHARDS, SHERD_ESTOREVERSION, "byte order");
}

static void what_is_no_store_is_refused_and_left_alone(void **state) {
  (void)state;
  static const char letter[] = "Dear diary, this is no session store.\n";
  char *large = calloc(1, sherd__store_bytes(SHARDS));
  size_t size;
  assert_non_null(large);
  memcpy(large, letter, sizeof letter);
  scratch_write("short", letter, sizeof letter);
  scratch_write("empty", "", 0);
  scratch_write("large", large, sherd__store_bytes(SHARDS));
  assert_int_equal(chmod(scratch_path("large"), 0644), 0);
  refused("short", SHARDS, SHERD_ESTOREDAMAGED, "has 39 bytes");
  refused("empty", 0, SHERD_ESTOREDAMAGED, "has 0 bytes");
  refused("large", 0, SHERD_ESTOREDAMAGED, "is no session store");
  assert_int_equal(mode_of("large"), 0644);
  unsigned char *bytes = scratch_read("large", &size);
  assert_memory_equal(bytes, large, size);
  free(bytes);
  free(large);
}

static void a_file_that_lost_its_end_is_refused(void **state) {
  (void)state;
  leave_store("s");
  size_t size;
  unsigned char *bytes = scratch_read("s", &size);
  for (size_t cut = 1; cut < size; cut += 97) {
    struct sherd_store *store;
    scratch_write("s", bytes, size - cut);
    assert_int_equal(scratch_open("s", SHARDS, &store, NULL), SHERD_ESTOREDAMAGED);
  }
  scratch_write("s", bytes, size - 1);
  refused("s", SHARDS, SHERD_ESTOREDAMAGED, "not the 16896 of its 4 shards");
  free(bytes);
}

static void a_file_that_grew_is_refused(void **state) {
  (void)state;
  leave_store("s");
  assert_int_equal(truncate(scratch_path("s"), 1 << 20), 0);
  refused("s", SHARDS, SHERD_ESTOREDAMAGED, "has 1048576 bytes");
  assert_int_equal(truncate(scratch_path("s"), (off_t)1 << 40), 0);
  refused("s", SHARDS, SHERD_ESTOREDAMAGED, "has 1099511627776 bytes");
}

static void a_head_that_is_lost_twice_is_damage(void **state) {
  (void)state;
  leave_store("s");
  put_in_heads(offsetof(struct sherd__store_head, salt), "not the salt", 12);
  refused("s", SHARDS, SHERD_ESTOREDAMAGED, "both copies of its head");
}

static void only_regular_files_will_do(void **state) {
  (void)state;
  leave_store("s");
  assert_int_equal(symlink(scratch_path("s"), scratch_path("link")), 0);
  refused("link", SHARDS, SHERD_ESTOREOWNER, "is a symbolic link");
  assert_int_equal(mkdir(scratch_path("folder"), 0700), 0);
  refused("folder", SHARDS, SHERD_ESTOREOWNER, "is no regular file");
  assert_int_equal(mkfifo(scratch_path("pipe"), 0600), 0);
  refused("pipe", SHARDS, SHERD_ESTOREOWNER, "is no regular file");
  assert_int_equal(symlink(scratch_path("s"), scratch_path("new.tmp")), 0);
  refused("new", SHARDS, SHERD_ESTOREOWNER, "new.tmp: is a symbolic link");
  expect_left("s");
}

/* Whoever the tests run as, there is a file of somebody else. */
static void another_users_is_refused(void **state) {
  (void)state;
  struct sherd_store_file_config config = config_of("s", SHARDS);
  leave_store("s");
  char line[64];
  if (geteuid() == 0)
    assert_int_equal(chown(scratch_path("s"), 65534, 65534), 0);
  else
    config.path = "/etc/passwd";
  snprintf(line, sizeof line, "belongs to uid %d, this process is uid %d",
           geteuid() == 0 ? 65534 : 0, (int)geteuid());
  expect_refusal(&config, SHERD_ESTOREOWNER, config.path, line);
}

static void a_directory_that_is_missing_is_trouble(void **state) {
  (void)state;
  refused("nowhere/s", SHARDS, SHERD_ESTOREWRITE, "No such file or directory");
  leave_store("s");
  refused("s/s", SHARDS, SHERD_ESTOREWRITE, "Not a directory");
}

static void long_paths_are_shortened(void **state) {
  (void)state;
  char name[201];
  memset(name, 'd', 200);
  name[200] = '\0';
  memcpy(name + 100, "\n\xFF", 2);
  memcpy(name + 192, "/missing", 8);
  struct sherd_store_file_config config = config_of(name, SHARDS);
  expect_refusal(&config, SHERD_ESTOREWRITE, "ddd/missing", "No such file or directory");
}

/* --- One process at a time --- */

static void one_process_has_it_once(void **state) {
  (void)state;
  struct sherd_store *store;
  assert_int_equal(scratch_open("s", SHARDS, &store, NULL), SHERD_OK);
  refused("s", SHARDS, SHERD_ESTOREBUSY, "this process has it already");
  sherd_store_free(store);
  assert_int_equal(scratch_open("s", SHARDS, &store, NULL), SHERD_OK);
  sherd_store_free(store);
}

static void another_process_is_named(void **state) {
  (void)state;
  struct sherd_store *store;
  char line[64];
  int ready[2], done[2];
  char byte;
  assert_int_equal(pipe(ready) | pipe(done), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    close(done[1]);
    if (scratch_open("s", SHARDS, &store, NULL) == SHERD_OK && write(ready[1], "", 1) == 1)
      _exit(read(done[0], &byte, 1) == 0 ? 0 : 2);
    _exit(1);
  }
  close(ready[1]);
  assert_int_equal(read(ready[0], &byte, 1), 1);
  snprintf(line, sizeof line, "process %d has it", (int)child);
  refused("s", SHARDS, SHERD_ESTOREBUSY, line);
  close(done[1]);
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(status, 0);
  close(ready[0]);
  close(done[0]);
  assert_int_equal(scratch_open("s", SHARDS, &store, NULL), SHERD_OK); /* gone with the process */
  sherd_store_free(store);
}

/* --- No room --- */

/* Runs `fn` in a process of its own; it gives 0 when all was well. */
static int in_child(int (*fn)(void)) {
  int status;
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0)
    _exit(fn());
  assert_int_equal(waitpid(child, &status, 0), child);
  return status;
}

static int meet_a_limit(void) {
  struct sherd_store *store;
  struct sherd_error_info error;
  struct rlimit limit = {4096, 4096};
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
    return 1;
  if (scratch_open("s", SHARDS, &store, &error) != SHERD_ESTOREFULL)
    return 2;
  if (!strstr(error.text, "needs 16896 bytes, over the limit of ulimit -f"))
    return 3;
  return scratch_count() == 0 ? 0 : 4;
}

static void a_limit_on_files_leaves_nothing_behind(void **state) {
  (void)state;
  assert_int_equal(in_child(meet_a_limit), 0);
}

#define NO_MOUNTS 77

/* A disk of 64 KiB, in a world of this process alone. */
static int mount_small_disk(void) {
  if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
    return NO_MOUNTS;
  mkdir(scratch_path("disk"), 0700);
  if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount("none", scratch_path("disk"), "tmpfs", 0, "size=64k,mode=700") != 0)
    return NO_MOUNTS;
  return 0;
}

static int fill_disk(void) {
  static const char block[512];
  int fd = open(scratch_path("disk/all-the-rest"), O_WRONLY | O_CREAT, 0600);
  while (write(fd, block, sizeof block) > 0)
    ;
  return close(fd);
}

static int meet_a_full_disk(void) {
  struct sherd_store *store;
  struct sherd_error_info error;
  struct sherd_session got, session;
  int failed = mount_small_disk();
  if (failed)
    return failed;
  if (scratch_open("disk/s", 1000, &store, &error) != SHERD_ESTOREFULL ||
      !strstr(error.text, "No space left on device"))
    return 1;
  if (access(scratch_path("disk/s.tmp"), F_OK) == 0 || access(scratch_path("disk/s"), F_OK) == 0)
    return 2;
  if (scratch_open("disk/s", SHARDS, &store, NULL) != SHERD_OK || fill_disk() != 0)
    return 3;
  for (uint32_t i = 0; i < SHARDS; i++) {
    session = store_session(7, i, SHARDS);
    if (sherd_store_begin(store, &session) != SHERD_OK)
      return 4;
  }
  for (uint32_t i = 0; i < SHERD_STORE_CONSUMERS_MAX; i++) {
    uint32_t who;
    if (sherd_store_consumer(store, (char[]){(char)('a' + i), '\0'}, &who) != SHERD_OK ||
        sherd_store_mark(store, who, 1, sherd_session_tag("session-7-of-shard-1"), 9) != SHERD_OK)
      return 5;
  }
  if (sherd_store_sync(store, 5) != SHERD_OK)
    return 6;
  sherd_store_free(store);
  if (scratch_open("disk/s", SHARDS, &store, NULL) != SHERD_OK ||
      sherd_store_load(store, 1, &got) != SHERD_OK || got.seq != 9)
    return 7;
  sherd_store_free(store);
  return 0;
}

static void a_full_disk_cannot_hurt_what_is_there(void **state) {
  (void)state;
  int status = in_child(meet_a_full_disk);
  if (WIFEXITED(status) && WEXITSTATUS(status) == NO_MOUNTS) {
    print_message("no disk can be mounted here: the limit on files has shown a part of this\n");
    skip();
  }
  assert_int_equal(status, 0);
}

/* --- A set of shards beside another --- */

static struct sherd_store *open_beside(const char *name, uint32_t shard_count) {
  struct sherd_store_file_config config = config_of(name, shard_count);
  struct sherd_store *store;
  config.beside = 1;
  assert_int_equal(sherd_store_file_open(&config, &store, NULL), SHERD_OK);
  return store;
}

static void a_store_beside_takes_the_place(void **state) {
  (void)state;
  struct sherd_store *old, *later;
  struct sherd_session got, session = store_session(1, 7, 2 * SHARDS);
  leave_store("s");
  assert_int_equal(scratch_open("s", SHARDS, &old, NULL), SHERD_OK);
  struct sherd_store *new = open_beside("s", 2 * SHARDS);
  assert_int_equal(sherd_store_begin(new, &session), SHERD_OK);
  expect_what_was_left(old);
  assert_int_equal(sherd_store_promote(new), SHERD_OK);
  assert_int_equal(sherd_store_promote(new), SHERD_ESTATE);
  assert_int_equal(scratch_count(), 1);
  expect_what_was_left(old); /* to the end of those who have it */
  assert_int_equal(sherd_store_sync(old, 1), SHERD_OK);
  refused("s", 2 * SHARDS, SHERD_ESTOREBUSY, "this process has it already");
  sherd_store_free(old);
  session.seq = 1;
  assert_int_equal(sherd_store_begin(new, &session), SHERD_OK);
  sherd_store_free(new);
  assert_int_equal(scratch_open("s", 0, &later, NULL), SHERD_OK);
  assert_int_equal(sherd_store_shard_count(later), 2 * SHARDS);
  assert_int_equal(sherd_store_load(later, 7, &got), SHERD_OK);
  sherd_store_free(later);
}

static void a_store_beside_that_was_left_is_replaced(void **state) {
  (void)state;
  leave_store("s");
  struct sherd_store *new = open_beside("s", 2 * SHARDS);
  struct sherd_session got, session = store_session(1, 0, 2 * SHARDS);
  assert_int_equal(sherd_store_begin(new, &session), SHERD_OK);
  struct sherd_store_file_config config = config_of("s", SHARDS);
  config.beside = 1;
  expect_refusal(&config, SHERD_ESTOREBUSY, "s.new", "this process has it already");
  sherd_store_free(new);
  expect_left("s");
  new = open_beside("s", 2 * SHARDS);
  assert_int_equal(sherd_store_load(new, 0, &got), SHERD_ENOTFOUND);
  sherd_store_free(new);
  expect_left("s");
}

/* The configuration still says the number of before the re-sharding. */
static void a_set_that_took_the_place_is_found_by_the_old_number_too(void **state) {
  (void)state;
  struct sherd_store_file_config config = config_of("s", 2 * SHARDS);
  struct sherd_store *store;
  leave_store("s");
  config.beside = 1;
  config.known_as = SHARDS;
  assert_int_equal(sherd_store_file_open(&config, &store, NULL), SHERD_OK);
  assert_int_equal(sherd_store_promote(store), SHERD_OK);
  sherd_store_free(store);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(scratch_open("s", SHARDS, &store, NULL), SHERD_OK);
    assert_int_equal(sherd_store_shard_count(store), 2 * SHARDS);
    sherd_store_free(store);
  }
  refused("s", 3 * SHARDS, SHERD_ESTORECOUNT, "");
  assert_int_equal(scratch_open("s", 2 * SHARDS, &store, NULL), SHERD_OK); /* it has caught up */
  sherd_store_free(store);
  refused("s", SHARDS, SHERD_ESTORECOUNT, "");
}

/* Before a count is known nothing is made; but where nothing could be made is told. */
static void a_place_where_none_can_be_made_is_told_early(void **state) {
  (void)state;
  struct sherd_store_file_config config = config_of("s", 0);
  expect_refusal(&config, SHERD_ENOTFOUND, "", "no session store yet");
  refused("nowhere/s", 0, SHERD_ESTOREWRITE, "No such file or directory");
  struct sherd_store *store;
  config.path = "/nowhere";
  enum sherd_status status = sherd_store_file_open(&config, &store, NULL);
  assert_int_equal(status, access("/", W_OK) == 0 ? SHERD_ENOTFOUND : SHERD_ESTOREWRITE);
}

static void one_beside_needs_a_count(void **state) {
  (void)state;
  struct sherd_store_file_config config = config_of("s", 0);
  config.beside = 1;
  expect_refusal(&config, SHERD_ENOTFOUND, "", "no session store yet");
}

static void a_place_that_cannot_be_taken_changes_nothing(void **state) {
  (void)state;
  struct sherd_store *new = open_beside("s", SHARDS), *again;
  struct sherd_session session = store_session(1, 0, SHARDS);
  assert_int_equal(mkdir(scratch_path("s"), 0700), 0);
  assert_int_equal(sherd_store_promote(new), SHERD_ESTOREWRITE);
  assert_int_equal(sherd_store_begin(new, &session), SHERD_OK);
  assert_int_equal(rmdir(scratch_path("s")), 0);
  assert_int_equal(sherd_store_promote(new), SHERD_OK);
  sherd_store_free(new);
  assert_int_equal(scratch_open("s", SHARDS, &again, NULL), SHERD_OK);
  assert_int_equal(sherd_store_load(again, 0, &session), SHERD_OK);
  sherd_store_free(again);
}

/* --- Memory --- */

static enum sherd_status open_with(struct sherd__test_alloc *alloc, int beside,
                                   struct sherd_store **out) {
  struct sherd_store_file_config config = config_of("s", SHARDS);
  config.allocator = &alloc->allocator;
  config.beside = beside;
  return sherd_store_file_open(&config, out, NULL);
}

static void without_memory_nothing_is_left_behind(void **state) {
  (void)state;
  for (int beside = 0; beside < 2; beside++) {
    struct sherd__test_alloc alloc;
    size_t failures = 0;
    for (size_t fail_at = 1;; fail_at++, failures++) {
      struct sherd_store *store;
      sherd__test_alloc_init(&alloc, fail_at);
      enum sherd_status status = open_with(&alloc, beside, &store);
      if (!sherd__test_alloc_has_failed(&alloc)) {
        assert_int_equal(status, SHERD_OK);
        sherd_store_free(store);
        assert_int_equal(alloc.live, 0);
        break;
      }
      assert_int_equal(status, SHERD_ENOMEM);
      assert_int_equal(alloc.live, 0);
      assert_int_equal(scratch_count(), 0);
    }
    assert_in_range(failures, 3, 10);
    assert_int_equal(remove(scratch_path(beside ? "s.new" : "s")), 0);
  }
}

static void a_store_in_memory_needs_its_memory(void **state) {
  (void)state;
  struct sherd_store *store;
  for (size_t fail_at = 1; fail_at <= 3; fail_at++) {
    struct sherd__test_alloc alloc;
    sherd__test_alloc_init(&alloc, fail_at);
    enum sherd_status status = sherd_store_memory_new(&alloc.allocator, SHARDS, &store);
    assert_int_equal(status, fail_at < 3 ? SHERD_ENOMEM : SHERD_OK);
    assert_true((store != NULL) == (status == SHERD_OK));
    sherd_store_free(store);
    assert_int_equal(alloc.live, 0);
  }
  assert_int_equal(sherd_store_memory_new(NULL, 0, &store), SHERD_EINVAL);
  assert_null(store);
  assert_int_equal(sherd_store_memory_new(NULL, SHERD__STORE_SHARDS_MAX + 1, &store), SHERD_EINVAL);
  assert_null(store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(a_file_is_made_for_its_user_only),
      TEST(a_looser_mode_is_tightened),
      TEST(all_room_is_taken_at_once),
      TEST(holes_are_filled_again),
      TEST(the_token_is_not_in_it),
      TEST(what_is_left_of_a_making_is_replaced),
      TEST(without_a_count_there_must_be_one),
      TEST(what_cannot_be_is_refused),
      TEST(another_count_is_refused),
      TEST(another_bots_is_refused),
      TEST(another_versions_is_refused),
      TEST(what_is_no_store_is_refused_and_left_alone),
      TEST(a_file_that_lost_its_end_is_refused),
      TEST(a_file_that_grew_is_refused),
      TEST(a_head_that_is_lost_twice_is_damage),
      TEST(only_regular_files_will_do),
      TEST(another_users_is_refused),
      TEST(a_directory_that_is_missing_is_trouble),
      TEST(long_paths_are_shortened),
      TEST(one_process_has_it_once),
      TEST(another_process_is_named),
      TEST(a_limit_on_files_leaves_nothing_behind),
      TEST(a_full_disk_cannot_hurt_what_is_there),
      TEST(a_store_beside_takes_the_place),
      TEST(a_store_beside_that_was_left_is_replaced),
      TEST(a_set_that_took_the_place_is_found_by_the_old_number_too),
      TEST(a_place_where_none_can_be_made_is_told_early),
      TEST(one_beside_needs_a_count),
      TEST(a_place_that_cannot_be_taken_changes_nothing),
      TEST(without_memory_nothing_is_left_behind),
      TEST(a_store_in_memory_needs_its_memory),
  };
  return cmocka_run_group_tests_name("the store's file", tests, NULL, NULL);
}
