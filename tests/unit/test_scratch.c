/* The buffer that a thread's engines share, and the parking of messages that are not whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../support/failing_alloc.h"
#include "engine/scratch.h"

struct fixture {
  struct sherd__test_alloc alloc;
  struct sherd_scratch *scratch;
  struct sherd_buf parked;
};

static void begin(struct fixture *f, size_t fail_at) {
  sherd__test_alloc_init(&f->alloc, 0);
  assert_int_equal(sherd_scratch_new(&f->alloc.allocator, &f->scratch), SHERD_OK);
  sherd__buf_init(&f->parked, &f->alloc.allocator);
  f->alloc.requests = 0;
  f->alloc.fail_at = fail_at;
}

static void end(struct fixture *f) {
  sherd_scratch_free(f->scratch);
  sherd__buf_deinit(&f->parked);
  assert_int_equal(f->alloc.live, 0);
}

static void put(struct fixture *f, const char *text) {
  assert_int_equal(sherd__buf_append(&f->scratch->buf, text, strlen(text)), SHERD_OK);
}

static void assert_holds(const struct sherd_buf *buf, const char *text) {
  assert_int_equal(buf->len, strlen(text));
  if (buf->len)
    assert_memory_equal(buf->data, text, buf->len);
}

static void a_scratch_is_made_and_freed(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, 0);
  assert_int_equal(f.scratch->buf.cap, 0); /* nothing is held before it is needed */
  put(&f, "something");
  end(&f);

  struct sherd_scratch *scratch;
  assert_int_equal(sherd_scratch_new(NULL, &scratch), SHERD_OK);
  sherd_scratch_free(scratch);
  sherd_scratch_free(NULL);
  sherd__test_alloc_init(&f.alloc, 1);
  assert_int_equal(sherd_scratch_new(&f.alloc.allocator, &scratch), SHERD_ENOMEM);
  assert_null(scratch);
}

static void clearing_keeps_the_memory_unless_it_is_large(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, 0);
  assert_int_equal(sherd__buf_reserve(&f.scratch->buf, SHERD__SCRATCH_KEEP_BYTES), SHERD_OK);
  f.scratch->buf.len = SHERD__SCRATCH_KEEP_BYTES;
  sherd__scratch_clear(f.scratch);
  assert_int_equal(f.scratch->buf.len, 0);
  assert_int_equal(f.scratch->buf.cap, SHERD__SCRATCH_KEEP_BYTES);
  assert_int_equal(sherd__buf_reserve(&f.scratch->buf, SHERD__SCRATCH_KEEP_BYTES + 1), SHERD_OK);
  sherd__scratch_clear(f.scratch);
  assert_int_equal(f.scratch->buf.cap, 0);
  end(&f);
}

static void what_is_parked_comes_back(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, 0);
  put(&f, "done and half");
  assert_int_equal(sherd__scratch_park(f.scratch, 9, &f.parked), SHERD_OK);
  assert_holds(&f.parked, "half");
  assert_holds(&f.scratch->buf, "");
  put(&f, "another's");
  sherd__scratch_clear(f.scratch);
  assert_int_equal(sherd__scratch_unpark(f.scratch, &f.parked), SHERD_OK);
  assert_holds(&f.parked, "");
  assert_int_equal(f.parked.cap, 0);
  put(&f, " a message");
  assert_holds(&f.scratch->buf, "half a message");
  end(&f);
}

static void an_end_leaves_nothing_parked(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, 0);
  put(&f, "done");
  assert_int_equal(sherd__scratch_park(f.scratch, 4, &f.parked), SHERD_OK);
  assert_int_equal(f.parked.cap, 0);
  assert_int_equal(sherd__scratch_unpark(f.scratch, &f.parked), SHERD_OK);
  assert_holds(&f.scratch->buf, "");
  put(&f, "ha");
  assert_int_equal(sherd__scratch_park(f.scratch, 0, &f.parked), SHERD_OK);
  assert_int_equal(sherd__scratch_unpark(f.scratch, &f.parked), SHERD_OK);
  put(&f, "lf");
  assert_int_equal(sherd__scratch_park(f.scratch, 4, &f.parked), SHERD_OK);
  assert_int_equal(f.parked.cap, 0); /* an idle shard holds nothing */
  assert_holds(&f.scratch->buf, "");
  end(&f);
}

static void the_threads_own_memory_outlives_parked_messages(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, 0);
  put(&f, "the first");
  const uint8_t *own = f.scratch->buf.data;
  assert_int_equal(sherd__scratch_park(f.scratch, 0, &f.parked), SHERD_OK);
  assert_ptr_equal(f.scratch->buf.data, own);
  assert_int_equal(sherd__scratch_unpark(f.scratch, &f.parked), SHERD_OK);
  put(&f, ", whole");
  assert_holds(&f.scratch->buf, "the first, whole");
  sherd__scratch_clear(f.scratch);
  assert_ptr_equal(f.scratch->buf.data, own);
  end(&f);
}

/* 4 MiB in pieces of 64 bytes, parked after each: copying it each time would move 137 GB. */
static void a_message_in_many_pieces_is_not_copied_for_each(void **state) {
  (void)state;
  enum {
    PIECES = 65536
  };
  struct fixture f;
  begin(&f, 0);
  char piece[65];
  for (unsigned i = 0; i < PIECES; i++) {
    assert_int_equal(sherd__scratch_unpark(f.scratch, &f.parked), SHERD_OK);
    memset(piece, (int)('a' + i % 26), 64);
    piece[64] = '\0';
    put(&f, piece);
    assert_int_equal(sherd__scratch_park(f.scratch, 0, &f.parked), SHERD_OK);
  }
  assert_true(f.alloc.requests < 100);
  assert_int_equal(f.parked.len, PIECES * 64);
  for (unsigned i = 0; i < PIECES; i++)
    assert_int_equal(f.parked.data[i * 64 + 63], 'a' + i % 26);
  end(&f);
}

static void memory_of_another_allocator_is_copied(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, 0);
  struct sherd__test_alloc other;
  struct sherd_buf parked;
  sherd__test_alloc_init(&other, 0);
  sherd__buf_init(&parked, &other.allocator);
  put(&f, "half");
  for (int i = 0; i < 3; i++) {
    assert_int_equal(sherd__scratch_park(f.scratch, 0, &parked), SHERD_OK);
    assert_int_equal(sherd__scratch_unpark(f.scratch, &parked), SHERD_OK);
    assert_holds(&f.scratch->buf, "half");
    assert_int_equal(other.live, 0); /* so that the other may end first */
  }
  end(&f);
}

static void failing_memory_loses_nothing(void **state) {
  (void)state;
  struct fixture f;
  begin(&f, 2);
  put(&f, "half");
  assert_int_equal(sherd__scratch_park(f.scratch, 0, &f.parked), SHERD_ENOMEM);
  assert_holds(&f.scratch->buf, "half");
  assert_int_equal(sherd__scratch_park(f.scratch, 0, &f.parked), SHERD_OK);
  assert_holds(&f.parked, "half");
  end(&f);

  begin(&f, 1);
  struct sherd_buf parked;
  sherd__buf_init(&parked, sherd_allocator_default());
  assert_int_equal(sherd__buf_append(&parked, "half", 4), SHERD_OK);
  assert_int_equal(sherd__scratch_unpark(f.scratch, &parked), SHERD_ENOMEM);
  assert_holds(&parked, "half");
  assert_int_equal(sherd__scratch_unpark(f.scratch, &parked), SHERD_OK);
  assert_holds(&f.scratch->buf, "half");
  end(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_scratch_is_made_and_freed),
      cmocka_unit_test(clearing_keeps_the_memory_unless_it_is_large),
      cmocka_unit_test(what_is_parked_comes_back),
      cmocka_unit_test(an_end_leaves_nothing_parked),
      cmocka_unit_test(the_threads_own_memory_outlives_parked_messages),
      cmocka_unit_test(a_message_in_many_pieces_is_not_copied_for_each),
      cmocka_unit_test(memory_of_another_allocator_is_copied),
      cmocka_unit_test(failing_memory_loses_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
