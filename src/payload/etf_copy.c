#include "payload/etf.h"

/* A list or a map that is open. */
struct frame {
  uint64_t left; /* terms still to come, a list's tail among them */
  bool is_map, has_tail, begun;
};

/* One pass over a term: a head at a time, no recursion. */
struct copy {
  const uint8_t *at, *end;
  unsigned depth; /* lists and maps around the place, those around the whole among them */
  unsigned open;  /* frames in use */
  struct sherd__text *text;
  struct frame frames[SHERD_VALUE_DEPTH_MAX];
};

static void put(struct copy *copy, const char *text, size_t len) {
  if (copy->text)
    sherd__text_put(copy->text, text, len);
}

/* A list of small integers, as numbers. */
static void put_bytes(struct copy *copy, struct sherd_bytes bytes) {
  put(copy, "[", 1);
  for (size_t i = 0; copy->text && i < bytes.len; i++) {
    struct sherd__etf_term item = sherd__etf_describe(SHERD__ETF_SMALL_INTEGER, 0);
    char digits[SHERD__ETF_DIGITS_SIZE];
    size_t len = 0;
    item.body.data = &bytes.data[i];
    sherd__etf_digits(&item, digits, &len);
    put(copy, ",", i > 0);
    put(copy, digits, len);
  }
  put(copy, "]", 1);
}

static enum sherd_status copy_number(struct copy *copy, const struct sherd__etf_term *term) {
  char digits[SHERD__ETF_DIGITS_SIZE];
  size_t len = 0;
  enum sherd_status status =
      copy->text ? sherd__etf_digits(term, digits, &len) : sherd__etf_number_check(term);
  if (status)
    copy->at = term->body.data;
  else
    put(copy, digits, len);
  return status;
}

static enum sherd_status copy_text(struct copy *copy, const struct sherd__etf_term *term) {
  struct sherd__etf_text text;
  enum sherd_status status = sherd__etf_text(term, &text, &copy->at);
  if (status == SHERD_OK && copy->text)
    sherd__etf_text_json(&text, copy->text);
  return status;
}

static enum sherd_status copy_atom(struct copy *copy, const struct sherd__etf_term *term) {
  switch (sherd__etf_atom_type(term->body)) {
  case SHERD_VALUE_NULL:
    put(copy, "null", 4);
    return SHERD_OK;
  case SHERD_VALUE_BOOL:
    put(copy, (const char *)term->body.data, term->body.len);
    return SHERD_OK;
  default:
    return copy_text(copy, term);
  }
}

/* A term without terms in it. */
static enum sherd_status copy_leaf(struct copy *copy, const struct sherd__etf_term *term,
                                   bool is_key) {
  if (is_key)
    return copy_text(copy, term);
  switch (term->kind) {
  case SHERD__ETF_KIND_INTEGER:
  case SHERD__ETF_KIND_FLOAT:
    return copy_number(copy, term);
  case SHERD__ETF_KIND_ATOM:
    return copy_atom(copy, term);
  case SHERD__ETF_KIND_BINARY:
    return copy_text(copy, term);
  default:
    put_bytes(copy, term->body);
    return SHERD_OK;
  }
}

static void open_frame(struct copy *copy, const struct sherd__etf_term *term) {
  struct frame *frame = &copy->frames[copy->open++];
  copy->depth++;
  *frame = (struct frame){
      .left = term->terms,
      .is_map = term->kind == SHERD__ETF_KIND_MAP,
      .has_tail = term->tag == SHERD__ETF_LIST,
  };
  put(copy, frame->is_map ? "{" : "[", 1);
}

static enum sherd_status copy_term(struct copy *copy) {
  struct frame *frame = copy->open ? &copy->frames[copy->open - 1] : NULL;
  if (frame && frame->has_tail && frame->left == 1) {
    frame->left = 0;
    return sherd__etf_read_tail(&copy->at, copy->end);
  }
  bool is_key = frame && frame->is_map && frame->left % 2 == 0;
  struct sherd__etf_term term;
  enum sherd_status status = is_key ? sherd__etf_read_key(&copy->at, copy->end, copy->depth, &term)
                                    : sherd__etf_read(&copy->at, copy->end, copy->depth, &term);
  if (status)
    return status;
  if (frame) {
    if (frame->begun)
      put(copy, frame->is_map && !is_key ? ":" : ",", 1);
    frame->begun = true;
    frame->left--;
  }
  if (term.kind != SHERD__ETF_KIND_LIST && term.kind != SHERD__ETF_KIND_MAP) {
    const uint8_t *after = copy->at;
    status = copy_leaf(copy, &term, is_key);
    if (status == SHERD_OK)
      copy->at = after;
    return status;
  }
  open_frame(copy, &term);
  return SHERD_OK;
}

/* Closes the lists and maps that are complete. */
static void close_frames(struct copy *copy) {
  while (copy->open && copy->frames[copy->open - 1].left == 0) {
    put(copy, copy->frames[copy->open - 1].is_map ? "}" : "]", 1);
    copy->open--;
    copy->depth--;
  }
}

static enum sherd_status run(struct copy *copy, const uint8_t **at) {
  copy->at = *at;
  enum sherd_status status;
  do {
    status = copy_term(copy);
    if (status == SHERD_OK)
      close_frames(copy);
  } while (status == SHERD_OK && copy->open);
  *at = copy->at;
  return status;
}

enum sherd_status sherd__etf_copy(const uint8_t **at, const uint8_t *end, unsigned depth,
                                  struct sherd__text *text) {
  struct copy copy;
  copy.end = end;
  copy.depth = depth;
  copy.open = 0;
  copy.text = text;
  return run(&copy, at);
}
