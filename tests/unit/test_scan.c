/* What looks at sixteen bytes together finds what a look at each byte finds. Built twice: as the
 * machine has it, and with two words in place of its wide registers.
 *
 * Each input ends right before memory that cannot be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bytes16.h"
#include "base/utf8.h"
#include "base/utf8_blocks.h"
#include "payload/json.h"

#define ROOM 8192

static uint8_t *border; /* the first byte that cannot be read */

static int make_border(void **state) {
  (void)state;
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t room = (ROOM + page - 1) / page * page;
  uint8_t *map =
      mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED)
    return -1;
  border = map + room;
  return mprotect(border, page, PROT_NONE);
}

static const uint8_t *place(const void *data, size_t len) {
  return memcpy(border - len, data, len);
}

static uint64_t dice = 88172645463325252; /* xorshift: the same inputs each time */

static size_t roll(size_t under) {
  dice ^= dice << 13;
  dice ^= dice >> 7;
  dice ^= dice << 17;
  return (size_t)(dice % under);
}

static void show(const char *what, const uint8_t *data, size_t len) {
  print_error("%s: ", what);
  for (size_t i = 0; i < len; i++)
    print_error(data[i] >= ' ' && data[i] < 0x7F ? "%c" : "\\x%02x", data[i]);
  print_error("\n");
  fail();
}

/* --- The same, byte by byte --- */

static const uint8_t *plain_find_quote(const uint8_t *at, const uint8_t *end) {
  while (at < end && *at != '"' && *at != '\\')
    at++;
  return at;
}

static enum sherd_status plain_skip_string(const uint8_t **at, const uint8_t *end) {
  for (const uint8_t *p = *at + 1; p < end; p++) {
    if (*p == '"') {
      *at = p + 1;
      return SHERD_OK;
    }
    p += *p == '\\';
  }
  *at = end;
  return SHERD_ETRUNCATED;
}

static enum sherd_status plain_skip(const uint8_t **at, const uint8_t *end, unsigned depth) {
  char closing[SHERD_VALUE_DEPTH_MAX];
  unsigned open = depth;
  while (*at < end) {
    uint8_t byte = **at;
    if (byte == '"') {
      if (plain_skip_string(at, end))
        return SHERD_ETRUNCATED;
      continue;
    }
    if (byte == '[' || byte == '{') {
      if (open == SHERD_VALUE_DEPTH_MAX)
        return SHERD_EDEPTH;
      closing[open++] = byte == '[' ? ']' : '}';
    } else if (byte == ']' || byte == '}') {
      if (closing[--open] != byte)
        return SHERD_EJSON;
      if (open == depth) {
        ++*at;
        return SHERD_OK;
      }
    }
    ++*at;
  }
  return SHERD_ETRUNCATED;
}

/* --- Lists and objects --- */

static void check_skip(const void *document, size_t len, unsigned depth) {
  const uint8_t *data = place(document, len), *at = data, *due = data;
  enum sherd_status due_status = plain_skip(&due, border, depth);
  enum sherd_status status = sherd__json_skip(&at, border, depth);
  if (status == due_status && at == due) { /* and so when it is noted, in chunks that are longer */
    static struct sherd__extent all[ROOM];
    struct sherd__extent_notes notes = {.all = all, .room = ROOM};
    at = data;
    status = sherd__json_skip_container(&at, border, depth, &notes);
    if (status == due_status && at == due && (status || all[0].bytes == (size_t)(due - data)))
      return;
  }
  print_error("%s at %zu, due %s at %zu\n", sherd_status_name(status), (size_t)(at - data),
              sherd_status_name(due_status), (size_t)(due - data));
  show("skip", data, len);
}

static const char letters[] = "\"\\[]{}a";
#define LETTERS (sizeof letters - 1)

/* Writes the letters that a number stands for. */
static void spell(size_t number, char *out, size_t len) {
  for (size_t i = 0; i < len; i++, number /= LETTERS)
    out[i] = letters[number % LETTERS];
}

static void skips_all_short_containers(void **state) {
  (void)state;
  size_t words = 1;
  for (size_t len = 0; len <= 6; len++, words *= LETTERS) {
    for (size_t word = 0; word < words; word++) {
      char document[8] = "[";
      spell(word, document + 1, len);
      check_skip(document, len + 1, 0);
      document[0] = '{';
      check_skip(document, len + 1, SHERD_VALUE_DEPTH_MAX - 2);
    }
  }
}

/* All words of four letters, at each place around the edge of a block; the words end the input or
 * have more than a block after them, in a string or not. */
static void skips_alike_at_the_edge_of_a_block(void **state) {
  (void)state;
  char document[256];
  for (size_t at = 58; at < 66; at++) {
    for (size_t word = 0; word < LETTERS * LETTERS * LETTERS * LETTERS; word++) {
      for (unsigned variant = 0; variant < 4; variant++) {
        memset(document, 'a', sizeof document);
        document[0] = '[';
        document[1] = variant & 1 ? '"' : '1';
        spell(word, document + at, 4);
        size_t len = at + 4;
        if (variant & 2) {
          len += 70;
          memcpy(document + len, "\"]]", 3);
          len += 3;
        }
        check_skip(document, len, 3);
      }
    }
  }
}

static void skips_runs_of_backslashes_of_every_length(void **state) {
  (void)state;
  char document[256];
  for (size_t before = 0; before < 70; before++) {
    for (size_t run = 0; run < 140; run++) {
      memset(document, 'a', before + 2);
      memcpy(document, "[\"", 2);
      memset(document + before + 2, '\\', run);
      memcpy(document + before + 2 + run, "\"]\"]", 4);
      check_skip(document, before + run + 6, 0);
      document[1] = 'a'; /* they are in no string, and escape nothing */
      check_skip(document, before + run + 6, 0);
    }
  }
}

static void skips_whatever_comes(void **state) {
  (void)state;
  static const char *const mixes[] = {"[{\"\\]}a", "[[[[{{{]}aa", "\"\"\"[]\\aaaaaaaa",
                                      "\"\\\\\\[]{}a", "aaaaaaaaaaaaaaaaa\"]{"};
  char document[5000];
  for (size_t i = 0; i < 200000; i++) {
    const char *mix = mixes[roll(sizeof mixes / sizeof *mixes)];
    size_t len = 1 + roll(i % 100 ? 150 : sizeof document);
    for (size_t j = 0; j < len; j++)
      document[j] = roll(50) ? mix[roll(strlen(mix))] : (char)roll(256);
    document[0] = roll(2) ? '[' : '{';
    check_skip(document, len, (unsigned)roll(SHERD_VALUE_DEPTH_MAX));
  }
}

static void skips_what_is_well_formed(void **state) {
  (void)state;
  char document[ROOM];
  for (size_t i = 0; i < 20000; i++) {
    char closing[SHERD_VALUE_DEPTH_MAX];
    size_t open = 0, len = 0, wanted = roll(i % 20 ? 400 : 4000);
    do {
      size_t what = len < wanted ? roll(4) : 0;
      if (open == 0 || (what == 1 && open < 100)) {
        document[len++] = roll(2) ? '[' : '{';
        closing[open++] = document[len - 1] == '[' ? ']' : '}';
      } else if (what == 0) {
        document[len++] = closing[--open];
      } else if (what == 2) {
        document[len++] = '"';
        for (size_t left = roll(40); left; left--)
          document[len++] = "ab]}[{"[roll(6)];
        memcpy(document + len, "\\\\\\\"\"", 5);
        len += 5;
      } else {
        document[len++] = ",:1 "[roll(4)];
      }
    } while (open);
    const uint8_t *at = place(document, len);
    assert_int_equal(sherd__json_skip(&at, border, (unsigned)roll(20)), SHERD_OK);
    assert_ptr_equal(at, border);
    check_skip(document, len, 0);
    check_skip(document, len - 1, 0);
  }
}

/* --- Strings --- */

/* Each byte, at each place of strings of every length around the sixteen. */
static void strings_end_where_they_end(void **state) {
  (void)state;
  for (size_t len = 1; len < 70; len++) {
    for (size_t at = 0; at < len; at++) {
      for (int byte = 0; byte < 256; byte++) {
        uint8_t text[72];
        memset(text, 'x', sizeof text);
        text[0] = '"';
        if (at)
          text[at] = (uint8_t)byte;
        const uint8_t *data = place(text, len), *end = data, *due = data;
        assert_ptr_equal(sherd__json_find_quote(data + 1, border),
                         plain_find_quote(data + 1, border));
        assert_int_equal(sherd__json_skip_string(&end, border), plain_skip_string(&due, border));
        assert_ptr_equal(end, due);
        bool is_plain = byte >= 0x20 && byte != '"' && byte != '\\';
        if (at)
          assert_int_equal(sherd__json_plain_len(data + 1, len - 1), is_plain ? len - 1 : at - 1);
      }
    }
  }
}

static void strings_over_ascii_are_checked_wherever_they_are(void **state) {
  (void)state;
  static const struct {
    const char *text;
    enum sherd_status status;
  } rows[] = {{"\xC3\xA9\"", SHERD_OK}, {"\xE9\"", SHERD_EUTF8}, {"\"\xE9", SHERD_OK}};
  for (size_t before = 0; before < 70; before++) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
      char text[100] = "\"";
      memset(text + 1, 'x', before);
      strcpy(text + 1 + before, rows[i].text);
      strcat(text, "the rest, over 16");
      const uint8_t *at = place(text, strlen(text));
      struct sherd__json_string string;
      assert_int_equal(sherd__json_read_string(&at, border, &string), rows[i].status);
    }
  }
}

/* --- Bytes and UTF-8 --- */

static void marks_are_those_of_the_bytes(void **state) {
  (void)state;
  for (size_t i = 0; i < 100000; i++) {
    uint8_t bytes[16], sought = (uint8_t)roll(256);
    for (size_t j = 0; j < sizeof bytes; j++)
      bytes[j] = (uint8_t)(roll(3) ? sought ^ (uint8_t)(1u << roll(8)) : roll(3) ? sought : 0);
    uint32_t equal = 0, control = 0, high = 0;
    for (size_t j = 0; j < sizeof bytes; j++) {
      equal |= (uint32_t)(bytes[j] == sought) << j;
      control |= (uint32_t)(bytes[j] < 0x20) << j;
      high |= (uint32_t)(bytes[j] >= 0x80) << j;
    }
    struct sherd__bytes16 loaded = sherd__bytes16_load(bytes);
    assert_int_equal(sherd__bytes16_mask(sherd__bytes16_equal(loaded, sought)), equal);
    assert_int_equal(sherd__bytes16_mask(sherd__bytes16_control(loaded)), control);
    assert_int_equal(sherd__bytes16_mask(loaded), high);
    struct sherd__bytes16 either = sherd__bytes16_or(loaded, sherd__bytes16_fill(0x80));
    assert_int_equal(sherd__bytes16_mask(either), 0xFFFF);
  }
}

/* The bytes before the first sequence that is not what its code point is written as. */
static size_t plain_utf8_len(const uint8_t *data, size_t len) {
  for (size_t i = 0; i < len;) {
    uint8_t lead = data[i], again[4];
    size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    uint32_t code = size == 1 ? lead : lead & (0x7Fu >> size);
    if (lead >= 0xF8 || (lead & 0xC0) == 0x80 || size > len - i)
      return i;
    for (size_t j = 1; j < size; j++) {
      if ((data[i + j] & 0xC0) != 0x80)
        return i;
      code = code << 6 | (data[i + j] & 0x3F);
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) ||
        sherd__utf8_encode(code, again) != size)
      return i;
    i += size;
  }
  return len;
}

static void utf8_is_judged_alike_at_every_place(void **state) {
  (void)state;
  uint8_t text[160];
  size_t good_count = 0;
  for (size_t i = 0; i < 300000; i++) {
    size_t len = 0, wanted = roll(130);
    while (len < wanted) {
      uint32_t code = (uint32_t)roll(roll(2) ? 0x110000 : 0x900);
      if (roll(4) == 0 && (code < 0xD800 || code >= 0xE000))
        len += sherd__utf8_encode(code, text + len);
      else
        for (size_t run = roll(40); run && len < wanted; run--)
          text[len++] = 'a';
    }
    if (len && roll(2))
      text[roll(len)] = (uint8_t)(0x80 + roll(0x80));
    const uint8_t *data = place(text, len);
    size_t fault = len, due = plain_utf8_len(data, len);
    if (sherd__utf8_is_valid(data, len, &fault) != (due == len) || fault != due)
      show("UTF-8", data, len);
    if (sherd__utf8_has_blocks() && sherd__utf8_blocks_are_valid(data, len) != (due == len))
      show("UTF-8 in blocks", data, len);
    good_count += due == len;
  }
  assert_in_range(good_count, 100000, 250000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(skips_all_short_containers),
      cmocka_unit_test(skips_alike_at_the_edge_of_a_block),
      cmocka_unit_test(skips_runs_of_backslashes_of_every_length),
      cmocka_unit_test(skips_whatever_comes),
      cmocka_unit_test(skips_what_is_well_formed),
      cmocka_unit_test(strings_end_where_they_end),
      cmocka_unit_test(strings_over_ascii_are_checked_wherever_they_are),
      cmocka_unit_test(marks_are_those_of_the_bytes),
      cmocka_unit_test(utf8_is_judged_alike_at_every_place),
  };
  return cmocka_run_group_tests(tests, make_border, NULL);
}
