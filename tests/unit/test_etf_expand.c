/* Compressed terms of ETF, and how far they may inflate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "../support/failing_alloc.h"
#include "payload/etf.h"

/* Of gateway facts: a LIST of 1, 2, 3. */
static const uint8_t list[] = {0x83, 0x50, 0x00, 0x00, 0x00, 0x0c, 0x78, 0x9c, 0xcb,
                               0x61, 0x60, 0x60, 0x60, 0x4e, 0x64, 0x4c, 0x64, 0x4a,
                               0x64, 0xce, 0x02, 0x00, 0x0b, 0x61, 0x02, 0x03};

static struct sherd_buf out;
static size_t used;

static int set_up(void **state) {
  (void)state;
  sherd__buf_init(&out, sherd_allocator_default());
  return sherd__buf_append(&out, "kept", 4);
}

static int tear_down(void **state) {
  (void)state;
  sherd__buf_deinit(&out);
  return 0;
}

/* Compresses a term; gives the document, to be freed. */
static struct sherd_bytes compressed(const uint8_t *term, size_t len) {
  uLongf packed_len = compressBound(len);
  uint8_t *document = malloc(6 + packed_len);
  const uint8_t head[] = {
      131, 80, (uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len};
  memcpy(document, head, sizeof head);
  assert_int_equal(compress(document + 6, &packed_len, term, len), Z_OK);
  return (struct sherd_bytes){document, 6 + packed_len};
}

static void a_compressed_document_becomes_plain(void **state) {
  (void)state;
  struct sherd_bytes document = {list, sizeof list};
  struct sherd_value value;
  char json[16];
  assert_true(sherd__etf_is_compressed(document));
  assert_int_equal(sherd__etf_expand(document, 1000, &out, &used), SHERD_OK);
  assert_int_equal(out.len, 4 + 13);
  assert_memory_equal(out.data, "kept", 4);
  assert_int_equal(sherd_value_open(SHERD_FORMAT_ETF, out.data + 4, out.len - 4, &value), SHERD_OK);
  assert_int_equal(sherd_value_to_json(value, json, sizeof json, NULL), SHERD_OK);
  assert_string_equal(json, "[1,2,3]");
  assert_int_equal(sherd_value_validate(SHERD_FORMAT_ETF, list, sizeof list, NULL), SHERD_OK);
}

static void a_view_on_a_compressed_document_is_refused(void **state) {
  (void)state;
  struct sherd_value value;
  size_t offset = 0;
  assert_int_equal(sherd_value_open(SHERD_FORMAT_ETF, list, sizeof list, &value), SHERD_ETAG);
  assert_int_equal(sherd_value_status(value, &offset), SHERD_ETAG);
  assert_int_equal(offset, 1);
}

static void other_documents_are_not_compressed(void **state) {
  (void)state;
  static const uint8_t plain[] = {131, 106};
  struct sherd_bytes documents[] = {{plain, 2}, {plain, 0}, {plain, 1}, {list, 1}, {list + 1, 9}};
  for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
    assert_false(sherd__etf_is_compressed(documents[i]));
    assert_int_equal(sherd__etf_expand(documents[i], 1000, &out, &used), SHERD_EINVAL);
  }
}

static void the_limit_counts_the_plain_document(void **state) {
  (void)state;
  struct sherd_bytes document = {list, sizeof list};
  for (size_t limit = 0; limit < 13; limit++) {
    assert_int_equal(sherd__etf_expand(document, limit, &out, &used), SHERD_EINFLATELIMIT);
    assert_int_equal(out.len, 4);
  }
  assert_int_equal(sherd__etf_expand(document, 13, &out, &used), SHERD_OK);
}

static void every_prefix_is_truncated(void **state) {
  (void)state;
  for (size_t len = 2; len < sizeof list; len++) {
    struct sherd_bytes cut = {list, len};
    size_t offset = 0;
    assert_int_equal(sherd__etf_expand(cut, 1000, &out, &used), SHERD_ETRUNCATED);
    assert_int_equal(out.len, 4);
    assert_int_equal(sherd_value_validate(SHERD_FORMAT_ETF, list, len, &offset), SHERD_ETRUNCATED);
    assert_int_equal(offset, len);
  }
}

/* Some bits of a zlib stream mean nothing; all others are found out by its checksum. */
static void damage_of_any_bit_changes_nothing_unseen(void **state) {
  (void)state;
  size_t refused = 0;
  for (size_t bit = 16; bit < 8 * sizeof list; bit++) {
    uint8_t damaged[sizeof list];
    memcpy(damaged, list, sizeof list);
    damaged[bit / 8] ^= (uint8_t)(1 << bit % 8);
    struct sherd_bytes document = {damaged, sizeof damaged};
    out.len = 0;
    if (sherd__etf_expand(document, 1 << 20, &out, &used) == SHERD_OK)
      assert_memory_equal(out.data, "\x83l\0\0\0\3a\1a\2a\3j", 13);
    else
      refused++;
  }
  assert_in_range(refused, 8 * (sizeof list - 2) - 16, 8 * (sizeof list - 2));
}

static void announced_sizes_must_be_true(void **state) {
  (void)state;
  uint8_t lying[sizeof list + 1] = {0};
  memcpy(lying, list, sizeof list);
  for (int change = -1; change <= 1; change += 2) {
    lying[5] = (uint8_t)(12 + change);
    assert_int_equal(sherd__etf_expand((struct sherd_bytes){lying, sizeof list}, 1000, &out, &used),
                     SHERD_EZLIB);
    assert_int_equal(out.len, 4);
  }
  lying[5] = 12; /* what follows is no part of it */
  size_t offset = 0;
  assert_int_equal(sherd__etf_expand((struct sherd_bytes){lying, sizeof lying}, 1000, &out, &used),
                   SHERD_OK);
  assert_int_equal(used, sizeof list);
  assert_int_equal(sherd_value_validate(SHERD_FORMAT_ETF, lying, sizeof lying, &offset),
                   SHERD_EETF);
  assert_int_equal(offset, sizeof list);
}

/* 64 MiB of zeros that claim to be 100 bytes: they are not even inflated. */
static void a_bomb_is_left_alone(void **state) {
  (void)state;
  size_t len = 64 * 1024 * 1024;
  uint8_t *zeros = calloc(1, len);
  struct sherd_bytes document = compressed(zeros, len);
  ((uint8_t *)(uintptr_t)document.data)[2] = 0;
  ((uint8_t *)(uintptr_t)document.data)[5] = 100;
  assert_int_equal(sherd__etf_expand(document, 1 << 20, &out, &used), SHERD_EZLIB);
  assert_in_range(out.cap, 4, 1 << 17);
  free((void *)(uintptr_t)document.data);
  free(zeros);
}

static void what_is_inside_is_checked(void **state) {
  (void)state;
  static const struct {
    uint8_t term[8];
    size_t len;
    enum sherd_status status;
  } rows[] = {{{106}, 1, SHERD_OK},
              {{104, 1, 106}, 3, SHERD_OK},
              {{106, 106}, 2, SHERD_EETF},
              {{104, 2, 106}, 3, SHERD_EETF},
              {{131, 106}, 2, SHERD_ETAG},
              {{80, 0, 0, 0, 1}, 5, SHERD_ETAG},
              {{109, 0, 0, 0, 1, 0xFF}, 6, SHERD_EUTF8}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sherd_bytes document = compressed(rows[i].term, rows[i].len);
    size_t offset = 0;
    assert_int_equal(sherd_value_validate(SHERD_FORMAT_ETF, document.data, document.len, &offset),
                     rows[i].status);
    assert_int_equal(offset, rows[i].status ? 1 : 0);
    free((void *)(uintptr_t)document.data);
  }
}

static void the_public_call_fills_the_callers_buffer(void **state) {
  (void)state;
  static const uint8_t plain[] = {131, 97, 7};
  uint8_t buf[16], longer[sizeof list + 1] = {0};
  size_t len = 0;
  assert_int_equal(sherd_value_expand(list, sizeof list, NULL, 0, &len), SHERD_ENOSPACE);
  assert_int_equal(len, 13);
  assert_int_equal(sherd_value_expand(list, sizeof list, buf, 12, NULL), SHERD_ENOSPACE);
  assert_int_equal(sherd_value_expand(list, sizeof list, buf, 13, NULL), SHERD_OK);
  assert_memory_equal(buf, "\x83l\0\0\0\3a\1a\2a\3j", 13);
  assert_int_equal(sherd_value_expand(plain, 3, buf, 2, &len), SHERD_ENOSPACE);
  assert_int_equal(sherd_value_expand(plain, 3, buf, sizeof buf, &len), SHERD_OK);
  assert_int_equal(len, 3);
  assert_memory_equal(buf, plain, 3);
  assert_int_equal(sherd_value_expand(NULL, 0, NULL, 0, &len), SHERD_OK);
  assert_int_equal(sherd_value_expand(NULL, 1, buf, sizeof buf, &len), SHERD_EINVAL);
  assert_int_equal(sherd_value_expand(list, 5, buf, sizeof buf, &len), SHERD_ETRUNCATED);
  assert_int_equal(sherd_value_expand(list, 20, buf, sizeof buf, &len), SHERD_ETRUNCATED);
  memcpy(longer, list, sizeof list);
  assert_int_equal(sherd_value_expand(longer, sizeof longer, buf, 16, &len), SHERD_EZLIB);
  longer[5]--;
  assert_int_equal(sherd_value_expand(longer, sizeof list, buf, 16, &len), SHERD_EZLIB);
  longer[5] += 2;
  assert_int_equal(sherd_value_expand(longer, sizeof list, buf, 16, &len), SHERD_EZLIB);
}

static void each_allocation_may_fail(void **state) {
  (void)state;
  struct sherd_bytes document = {list, sizeof list};
  struct sherd__test_alloc alloc;
  size_t fail_at = 0;
  do {
    struct sherd_buf buf;
    sherd__test_alloc_init(&alloc, ++fail_at);
    sherd__buf_init(&buf, &alloc.allocator);
    enum sherd_status status = sherd__etf_expand(document, 1000, &buf, &used);
    bool has_failed = sherd__test_alloc_has_failed(&alloc);
    assert_int_equal(status, has_failed ? SHERD_ENOMEM : SHERD_OK);
    assert_int_equal(buf.len, has_failed ? 0 : 13);
    sherd__buf_deinit(&buf);
    assert_int_equal(alloc.live, 0);
  } while (sherd__test_alloc_has_failed(&alloc));
  assert_in_range(fail_at, 3, 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_compressed_document_becomes_plain, set_up, tear_down),
      cmocka_unit_test(a_view_on_a_compressed_document_is_refused),
      cmocka_unit_test_setup_teardown(other_documents_are_not_compressed, set_up, tear_down),
      cmocka_unit_test_setup_teardown(the_limit_counts_the_plain_document, set_up, tear_down),
      cmocka_unit_test_setup_teardown(every_prefix_is_truncated, set_up, tear_down),
      cmocka_unit_test_setup_teardown(damage_of_any_bit_changes_nothing_unseen, set_up, tear_down),
      cmocka_unit_test_setup_teardown(announced_sizes_must_be_true, set_up, tear_down),
      cmocka_unit_test_setup_teardown(a_bomb_is_left_alone, set_up, tear_down),
      cmocka_unit_test(what_is_inside_is_checked),
      cmocka_unit_test(the_public_call_fills_the_callers_buffer),
      cmocka_unit_test(each_allocation_may_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
