#include "payload/envelope_json.h"

#include "payload/json_pass.h"
#include "payload/view.h"

/* With fewer bytes left than "op":0} has it is for the walk to say, so that no end need be looked
 * for in a key. */
#define MEMBER_BYTES_MIN 7

enum {
  HAS_OP = 1,
  HAS_S = 2,
  HAS_T = 4,
  HAS_D = 8
};

/* Eighteen digits never overflow. */
static const uint8_t *pass_number(const uint8_t *at, const uint8_t *end, uint64_t *out) {
  const uint8_t *begin = at;
  uint64_t number = 0;
  for (; at < end && at - begin < 18 && *at >= '0' && *at <= '9'; at++)
    number = number * 10 + (uint64_t)(*at - '0');
  if (at == begin || (*begin == '0' && at - begin > 1))
    return NULL;
  *out = number;
  return at;
}

static const uint8_t *pass_op(const uint8_t *at, const uint8_t *end, struct sherd__envelope *out) {
  uint64_t op = 0;
  at = pass_number(at, end, &op);
  out->op = (uint32_t)op;
  return op <= UINT32_MAX ? at : NULL;
}

static const uint8_t *pass_seq(const uint8_t *at, const uint8_t *end, struct sherd__envelope *out) {
  out->has_seq = *at != 'n';
  return out->has_seq ? pass_number(at, end, &out->seq) : sherd__json_pass_literal(at, end).after;
}

static const uint8_t *pass_name(const uint8_t *at, const uint8_t *end,
                                struct sherd__envelope *out) {
  struct sherd__json_passed name = {NULL, 0};
  if (*at == '"')
    name = sherd__json_pass_plain(at, end);
  else if (*at == 'n')
    name = sherd__json_pass_literal(at, end);
  out->name.at_ = at;
  out->name.offset_ = name.seen;
  return name.after;
}

static const uint8_t *pass_data(const uint8_t *at, const uint8_t *end,
                                struct sherd__extents *extents, struct sherd__envelope *out) {
  if (*at != '{') /* nor is it anything else in a dispatch */
    return NULL;
  struct sherd__extent_notes notes = sherd__extents_begin(extents, (size_t)(end - at));
  out->data.at_ = at;
  if (sherd__json_skip_container(&at, end, 1, &notes))
    return NULL;
  out->data.extent_ = notes.all;
  return at;
}

/* The key at `at`, and *value is where its value begins; 0 for none of the four. */
static unsigned key_at(const uint8_t *at, const uint8_t **value) {
  bool is_op = at[1] == 'o' && at[2] == 'p';
  const uint8_t *closing = at + (is_op ? 3 : 2);
  *value = closing + 2;
  if (at[0] != '"' || closing[0] != '"' || closing[1] != ':')
    return 0;
  return is_op ? HAS_OP : at[1] == 's' ? HAS_S : at[1] == 't' ? HAS_T : at[1] == 'd' ? HAS_D : 0;
}

static const uint8_t *pass_value(unsigned key, const uint8_t *at, const uint8_t *end,
                                 struct sherd__extents *extents, struct sherd__envelope *out) {
  switch (key) {
  case HAS_OP:
    return pass_op(at, end, out);
  case HAS_S:
    return pass_seq(at, end, out);
  case HAS_T:
    return pass_name(at, end, out);
  default:
    return pass_data(at, end, extents, out);
  }
}

/* Passes over the members, from the opening brace to after the closing one. */
static const uint8_t *pass_members(const uint8_t *at, const uint8_t *end,
                                   struct sherd__extents *extents, struct sherd__envelope *out) {
  unsigned has = 0;
  do {
    const uint8_t *value;
    if (end - ++at < MEMBER_BYTES_MIN)
      return NULL;
    unsigned key = key_at(at, &value);
    if (!key || has & key)
      return NULL;
    has |= key;
    at = pass_value(key, value, end, extents, out);
    if (!at)
      return NULL;
    sherd__json_skip_space(&at, end); /* as files have some at their end */
    if (at == end)
      return NULL;
  } while (*at == ',');
  return *at == '}' && has & HAS_OP ? at + 1 : NULL;
}

bool sherd__envelope_find_json(struct sherd_bytes in, struct sherd__extents *extents,
                               struct sherd__envelope *out) {
  if (!in.len || *in.data != '{')
    return false;
  const uint8_t *end = in.data + in.len;
  struct sherd_value member = {.base_ = in.data, .format_ = SHERD_FORMAT_JSON, .depth_ = 1};
  struct sherd__envelope found = {.name = member, .data = member};
  const uint8_t *at = pass_members(in.data, end, extents, &found);
  if (!at)
    return false;
  *out = found;
  /* What follows belongs to another document. */
  if (found.name.at_)
    out->name.end_ = at;
  else
    out->name = (struct sherd_value){0};
  if (found.data.at_)
    out->data.end_ = at;
  else
    out->data = (struct sherd_value){0};
  sherd__json_skip_space(&at, end);
  out->size = (size_t)(at - in.data);
  return true;
}
