#include <sherd/event.h>

#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "payload/extent.h"

/* A kept event: one block with the event, the extents in its data, its texts, and the bytes of its
 * data. */
struct kept {
  struct sherd_event event;
  const struct sherd_allocator *allocator;
  atomic_uint owners;
  struct sherd__extent extents[];
};

/* ETF's documents begin with a version byte, which a term inside one does not have. */
#define ETF_VERSION 131

/* The document that `data` would be by itself. */
static size_t document_size(const struct sherd_value *data, const struct sherd_bytes *raw) {
  return raw->len + (data->format_ == SHERD_FORMAT_ETF);
}

static size_t count_extents(const struct sherd_value *data) {
  return data->extent_ ? data->extent_->count : 0;
}

static void copy_data(struct kept *kept, const struct sherd_value *data,
                      const struct sherd_bytes *raw, char *to) {
  char *document = to;
  if (data->format_ == SHERD_FORMAT_ETF)
    *to++ = (char)ETF_VERSION;
  memcpy(to, raw->data, raw->len);
  struct sherd_value *own = &kept->event.data;
  sherd_value_open((enum sherd_data_format)data->format_, document, document_size(data, raw), own);
  if (data->extent_)
    own->extent_ = memcpy(kept->extents, data->extent_, count_extents(data) * sizeof *own->extent_);
}

static enum sherd_status keep(const struct sherd_event *event, struct sherd_event **out) {
  size_t extents_size = count_extents(&event->data) * sizeof(struct sherd__extent);
  size_t name_size = strlen(event->name) + 1;
  size_t session_size = strlen(event->session) + 1;
  struct sherd_bytes raw = {NULL, 0};
  bool has_data = sherd_value_raw(event->data, &raw) == SHERD_OK;
  const struct sherd_allocator *allocator = sherd__allocator_or_default(event->allocator_);
  struct kept *kept =
      sherd__malloc(allocator, sizeof *kept + extents_size + name_size + session_size +
                                   (has_data ? document_size(&event->data, &raw) : 0));
  if (!kept)
    return SHERD_ENOMEM;
  kept->event = *event;
  kept->event.kept_ = kept;
  kept->allocator = allocator;
  atomic_init(&kept->owners, 1);
  char *texts = (char *)kept->extents + extents_size;
  kept->event.name = memcpy(texts, event->name, name_size);
  kept->event.session = memcpy(texts + name_size, event->session, session_size);
  if (has_data)
    copy_data(kept, &event->data, &raw, texts + name_size + session_size);
  *out = &kept->event;
  return SHERD_OK;
}

enum sherd_status sherd_event_retain(const struct sherd_event *event, struct sherd_event **out) {
  *out = NULL;
  struct kept *kept = event->kept_;
  if (!kept)
    return keep(event, out);
  atomic_fetch_add_explicit(&kept->owners, 1, memory_order_relaxed);
  *out = &kept->event;
  return SHERD_OK;
}

void sherd_event_release(struct sherd_event *event) {
  if (!event)
    return;
  struct kept *kept = event->kept_;
  if (atomic_fetch_sub_explicit(&kept->owners, 1, memory_order_acq_rel) == 1)
    sherd__free(kept->allocator, kept);
}
