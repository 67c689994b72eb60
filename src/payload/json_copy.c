#include "base/utf8.h"
#include "payload/json_pass.h"

/* One pass over a value: a token at a time, no recursion. What stands in the document as it is to
 * be written is only counted on, and written when something comes that does not, or at the end. */
struct copy {
  const uint8_t *at, *end;
  const uint8_t *unwritten; /* from here to `at` */
  struct sherd__nesting nesting;
  struct sherd__text *text;
};

/* Writes what stands before `to`, and goes on at `at`. */
static void leave_out(struct copy *copy, const uint8_t *to) {
  if (copy->text)
    sherd__text_put(copy->text, copy->unwritten, (size_t)(to - copy->unwritten));
  copy->unwritten = copy->at;
}

static void skip_space(struct copy *copy) {
  const uint8_t *from = copy->at;
  if (from == copy->end || *from > ' ')
    return;
  sherd__json_skip_space(&copy->at, copy->end);
  leave_out(copy, from);
}

/* A string that stands for itself, a small number, a literal: false for any other scalar. */
static bool pass_plain(struct copy *copy) {
  struct sherd__json_passed passed;
  const uint8_t *from = copy->at;
  if (*from == '"')
    passed = sherd__json_pass_plain(from, copy->end);
  else if (*from >= 'a')
    passed = sherd__json_pass_literal(from, copy->end);
  else
    passed = sherd__json_pass_digits(from, copy->end);
  if (!passed.after || ((passed.seen & ((1u << SHERD__JSON_KIND_BITS) - 1)) == SHERD__JSON_PLAIN &&
                        !sherd__utf8_is_valid(from, (size_t)(passed.after - from), NULL)))
    return false;
  copy->at = passed.after;
  return true;
}

static enum sherd_status copy_string(struct copy *copy) {
  struct sherd__json_string string;
  const uint8_t *from = copy->at;
  enum sherd_status status = sherd__json_read_string(&copy->at, copy->end, &string);
  if (status || !string.is_escaped)
    return status;
  leave_out(copy, from);
  if (copy->text)
    sherd__json_respell(&string, copy->text);
  return SHERD_OK;
}

static enum sherd_status copy_scalar(struct copy *copy) {
  struct sherd__json_number number;
  if (pass_plain(copy))
    return SHERD_OK;
  enum sherd_status status = sherd__json_peek(&copy->at, copy->end, copy->nesting.depth);
  if (status)
    return status;
  switch (*copy->at) {
  case '"':
    return copy_string(copy);
  case 't':
  case 'f':
  case 'n':
    return sherd__json_skip(&copy->at, copy->end, copy->nesting.depth);
  default:
    return sherd__json_read_number(&copy->at, copy->end, copy->nesting.depth, &number);
  }
}

/* The next byte that is not white space. */
static enum sherd_status look(struct copy *copy) {
  skip_space(copy);
  return copy->at == copy->end ? SHERD_ETRUNCATED : SHERD_OK;
}

/* A key and its colon. */
static enum sherd_status copy_key(struct copy *copy) {
  enum sherd_status status = look(copy);
  if (status)
    return status;
  if (*copy->at != '"')
    return SHERD_EJSON;
  if (!pass_plain(copy) && (status = copy_string(copy)))
    return status;
  if ((status = look(copy)))
    return status;
  if (*copy->at != ':')
    return SHERD_EJSON;
  copy->at++;
  return SHERD_OK;
}

/* A scalar, or the opening of a list or an object; *opened says which. */
static enum sherd_status copy_begin(struct copy *copy, bool *opened) {
  *opened = false;
  enum sherd_status status = look(copy);
  if (status)
    return status;
  if (*copy->at != '{' && *copy->at != '[')
    return copy_scalar(copy);
  status = sherd__json_peek(&copy->at, copy->end, copy->nesting.depth);
  if (status)
    return status;
  bool is_object = *copy->at == '{';
  sherd__nesting_turn(&copy->nesting, true, is_object);
  copy->at++;
  if ((status = look(copy)))
    return status;
  *opened = *copy->at != (is_object ? '}' : ']');
  return *opened && is_object ? copy_key(copy) : SHERD_OK;
}

/* Closes what ends after a value, up to the comma before the next one, or to the outermost end. */
static enum sherd_status copy_ends(struct copy *copy, unsigned depth) {
  while (copy->nesting.depth > depth) {
    enum sherd_status status = look(copy);
    if (status)
      return status;
    bool in_object = sherd__nesting_in_object(&copy->nesting);
    if (*copy->at == ',') {
      copy->at++;
      return in_object ? copy_key(copy) : SHERD_OK;
    }
    if (*copy->at != (in_object ? '}' : ']'))
      return SHERD_EJSON;
    copy->at++;
    sherd__nesting_turn(&copy->nesting, false, in_object);
  }
  return SHERD_OK;
}

enum sherd_status sherd__json_copy(const uint8_t **at, const uint8_t *end, unsigned depth,
                                   struct sherd__text *text) {
  struct copy copy = {
      .at = *at, .end = end, .unwritten = *at, .nesting = {.depth = depth}, .text = text};
  enum sherd_status status;
  do {
    bool opened;
    status = copy_begin(&copy, &opened);
    if (status == SHERD_OK && !opened)
      status = copy_ends(&copy, depth);
  } while (status == SHERD_OK && copy.nesting.depth > depth);
  leave_out(&copy, copy.at);
  *at = copy.at;
  return status;
}
