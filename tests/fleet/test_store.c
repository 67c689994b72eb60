/* The behaviour suite of session stores, on the one in memory and on the one in a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "scratch_dir.h"
#include "store_suite.h"

static struct sherd_store *make_in_memory(uint32_t shard_count) {
  struct sherd_store *store;
  assert_int_equal(sherd_store_memory_new(NULL, shard_count, &store), SHERD_OK);
  return store;
}

static struct sherd_store *open_file(uint32_t shard_count) {
  struct sherd_store *store;
  assert_int_equal(scratch_open("sessions", shard_count, &store, NULL), SHERD_OK);
  return store;
}

static struct sherd_store *make_file(uint32_t shard_count) {
  scratch_dir_make();
  return open_file(shard_count);
}

static struct sherd_store *reopen_file(struct sherd_store *store) {
  sherd_store_free(store);
  return open_file(0);
}

int main(void) {
  struct store_maker memory = {make_in_memory, NULL}, file = {make_file, reopen_file};
  int failed = store_suite_run("store in memory", &memory);
  failed += store_suite_run("store in a file", &file);
  scratch_dir_remove();
  return failed;
}
