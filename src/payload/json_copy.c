#include "payload/json.h"

/* One pass over a value: a token at a time, no recursion. */
struct copy {
  const uint8_t *at, *end;
  struct sherd__nesting nesting;
  struct sherd__text *text;
};

static void keep(struct copy *copy, const uint8_t *from) {
  if (copy->text)
    sherd__text_put(copy->text, from, (size_t)(copy->at - from));
}

/* Takes one byte of punctuation. */
static void take(struct copy *copy) {
  copy->at++;
  keep(copy, copy->at - 1);
}

static enum sherd_status copy_string(struct copy *copy) {
  struct sherd__json_string string;
  const uint8_t *from = copy->at;
  enum sherd_status status = sherd__json_read_string(&copy->at, copy->end, &string);
  if (status)
    return status;
  if (string.is_escaped && copy->text)
    sherd__json_respell(&string, copy->text);
  else
    keep(copy, from);
  return SHERD_OK;
}

static enum sherd_status copy_scalar(struct copy *copy) {
  const uint8_t *from = copy->at;
  enum sherd_status status = SHERD_OK;
  struct sherd__json_number number;
  if (*from == '"')
    return copy_string(copy);
  if (*from == 't' || *from == 'f' || *from == 'n')
    status = sherd__json_skip(&copy->at, copy->end, copy->nesting.depth);
  else
    status = sherd__json_read_number(&copy->at, copy->end, copy->nesting.depth, &number);
  if (status == SHERD_OK)
    keep(copy, from);
  return status;
}

/* The next byte that is not white space. */
static enum sherd_status look(struct copy *copy) {
  sherd__json_skip_space(&copy->at, copy->end);
  return copy->at == copy->end ? SHERD_ETRUNCATED : SHERD_OK;
}

/* A key and its colon. */
static enum sherd_status copy_key(struct copy *copy) {
  enum sherd_status status = look(copy);
  if (status)
    return status;
  if (*copy->at != '"')
    return SHERD_EJSON;
  if ((status = copy_string(copy)) || (status = look(copy)))
    return status;
  if (*copy->at != ':')
    return SHERD_EJSON;
  take(copy);
  return SHERD_OK;
}

/* A scalar, or the opening of a list or an object; *opened says which. */
static enum sherd_status copy_begin(struct copy *copy, bool *opened) {
  *opened = false;
  sherd__json_skip_space(&copy->at, copy->end);
  enum sherd_status status = sherd__json_peek(&copy->at, copy->end, copy->nesting.depth);
  if (status)
    return status;
  if (*copy->at != '{' && *copy->at != '[')
    return copy_scalar(copy);
  bool is_object = *copy->at == '{';
  sherd__nesting_turn(&copy->nesting, true, is_object);
  take(copy);
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
      take(copy);
      return in_object ? copy_key(copy) : SHERD_OK;
    }
    if (*copy->at != (in_object ? '}' : ']'))
      return SHERD_EJSON;
    take(copy);
    sherd__nesting_turn(&copy->nesting, false, in_object);
  }
  return SHERD_OK;
}

enum sherd_status sherd__json_copy(const uint8_t **at, const uint8_t *end, unsigned depth,
                                   struct sherd__text *text) {
  struct copy copy = {.at = *at, .end = end, .nesting = {.depth = depth}, .text = text};
  enum sherd_status status;
  do {
    bool opened;
    status = copy_begin(&copy, &opened);
    if (status == SHERD_OK && !opened)
      status = copy_ends(&copy, depth);
  } while (status == SHERD_OK && copy.nesting.depth > depth);
  *at = copy.at;
  return status;
}
