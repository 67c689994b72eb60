#include "payload/envelope.h"

#include "payload/envelope_json.h"
#include "payload/etf.h"
#include "payload/json.h"
#include "payload/view.h"

/* The four members, each as the first key of its name gave it; zeroed when absent. */
struct members {
  struct sherd_value op, s, t, d;
};

static enum sherd_status fail_at(const struct sherd_value *value, size_t *error_offset) {
  *error_offset = (size_t)(value->at_ - value->base_);
  return SHERD_EENVELOPE;
}

/* Where the member of a key goes; NULL for a key that the envelope does not have. */
static struct sherd_value *member_of(struct members *members, const struct sherd_value *key) {
  if (sherd__value_text_equals(key, "op", 2))
    return &members->op;
  if (sherd__value_text_equals(key, "s", 1))
    return &members->s;
  if (sherd__value_text_equals(key, "t", 1))
    return &members->t;
  if (sherd__value_text_equals(key, "d", 1))
    return &members->d;
  return NULL;
}

static bool is_container(const struct sherd_value *value) {
  enum sherd_value_type type = sherd_value_type(*value);
  return type == SHERD_VALUE_LIST || type == SHERD_VALUE_OBJECT;
}

/* Steps over `d`, which the walk has come to, and notes the extents in it. What fails is left for
 * the walk to find. */
static void note_extents(struct sherd_value_iter *iter, struct sherd_value *data,
                         struct sherd__extents *extents) {
  const uint8_t *at = data->at_;
  struct sherd__extent_notes notes = sherd__extents_begin(extents, (size_t)(data->end_ - at));
  enum sherd_status status = data->format_ == SHERD_FORMAT_JSON
                                 ? sherd__json_skip_container(&at, data->end_, data->depth_, &notes)
                                 : sherd__etf_skip_noting(&at, data->end_, data->depth_, &notes);
  if (status)
    return;
  data->extent_ = notes.all;
  iter->next_.at_ = at;
  iter->place_ = SHERD__PLACE_PAST;
}

/* Walks over the document once. *end is the byte after it. */
static enum sherd_status find_members(const struct sherd_value *document, struct members *members,
                                      struct sherd__extents *extents, const uint8_t **end,
                                      size_t *error_offset) {
  struct sherd_value_iter iter = sherd_value_iterate(*document);
  struct sherd_value key, value;
  while (sherd_value_next(&iter, &key, &value)) {
    struct sherd_value *member = member_of(members, &key);
    if (!member || member->at_)
      continue;
    *member = value;
    if (member == &members->d && iter.place_ == SHERD__PLACE_AT && is_container(member))
      note_extents(&iter, member, extents);
  }
  *end = iter.next_.at_;
  return iter.status_ ? sherd_value_status(value, error_offset) : SHERD_OK;
}

static enum sherd_status read_count(const struct sherd_value *value, uint64_t *out,
                                    size_t *error_offset) {
  enum sherd_status status = sherd_value_as_u64(*value, out);
  if (status == SHERD_OK)
    return SHERD_OK;
  if (status == SHERD_ETYPE || status == SHERD_ERANGE)
    return fail_at(value, error_offset);
  return sherd__value_check(value, error_offset);
}

static enum sherd_status read_op(const struct sherd_value *value, uint32_t *out,
                                 size_t *error_offset) {
  uint64_t op;
  enum sherd_status status = read_count(value, &op, error_offset);
  if (status)
    return status;
  if (op > UINT32_MAX)
    return fail_at(value, error_offset);
  *out = (uint32_t)op;
  return SHERD_OK;
}

static enum sherd_status read_members(const struct members *members, struct sherd__envelope *out,
                                      size_t *error_offset) {
  enum sherd_status status = read_op(&members->op, &out->op, error_offset);
  if (status)
    return status;
  out->has_seq = members->s.at_ && sherd_value_type(members->s) != SHERD_VALUE_NULL;
  if (out->has_seq && (status = read_count(&members->s, &out->seq, error_offset)))
    return status;
  enum sherd_value_type t = sherd_value_type(members->t);
  if (t != SHERD_VALUE_NULL && t != SHERD_VALUE_STRING)
    return fail_at(&members->t, error_offset);
  out->name = members->t;
  out->data = members->d;
  return SHERD_OK;
}

/* Makes the document's end the end of its members too: what follows belongs to another one. */
static void close_document(struct sherd__envelope *envelope, const uint8_t *end) {
  if (envelope->name.at_)
    envelope->name.end_ = end;
  if (envelope->data.at_)
    envelope->data.end_ = end;
}

enum sherd_status sherd__envelope_scan(enum sherd_data_format format, struct sherd_bytes in,
                                       struct sherd__extents *extents, struct sherd__envelope *out,
                                       size_t *error_offset) {
  size_t unwanted;
  if (!error_offset)
    error_offset = &unwanted;
  *out = (struct sherd__envelope){0};
  *error_offset = 0;
  if (format == SHERD_FORMAT_JSON && sherd__envelope_find_json(in, extents, out))
    return SHERD_OK;
  struct sherd_value document;
  enum sherd_status status = sherd_value_open(format, in.data, in.len, &document);
  if (status) {
    sherd_value_status(document, error_offset);
    return status;
  }
  if (sherd_value_type(document) != SHERD_VALUE_OBJECT)
    return fail_at(&document, error_offset);

  struct members members = {0};
  const uint8_t *end = NULL;
  status = find_members(&document, &members, extents, &end, error_offset);
  if (status)
    return status;
  if (!members.op.at_) { /* missed at the document's last byte, where it could still have come */
    *error_offset = (size_t)(end - in.data) - 1;
    return SHERD_EENVELOPE;
  }
  status = read_members(&members, out, error_offset);
  if (status)
    return status;
  close_document(out, end);
  if (format == SHERD_FORMAT_JSON)
    sherd__json_skip_space(&end, in.data + in.len);
  out->size = (size_t)(end - in.data);
  return SHERD_OK;
}
