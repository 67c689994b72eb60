#include "sim/control_journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "sim/events.h"

#define SESSION_ID_SIZE 33
#define CAP_MIN         64

/* An entry with what it owns. */
struct sherd__journal_record {
  struct sherd__journal_entry entry;
  char session_id[SESSION_ID_SIZE];
  char *texts; /* method, path and body, one after the other; NULL: none */
  size_t size; /* what it counts for */
};

static struct sherd__journal_record *record_at(const struct sherd__journal *journal,
                                               uint64_t number) {
  return &journal->records[(number - 1) & (journal->cap - 1)];
}

void sherd__journal_init(struct sherd__journal *journal, const struct sherd_allocator *allocator) {
  *journal = (struct sherd__journal){.allocator = allocator, .secret = "", .oldest = 1};
}

static void forget_oldest(struct sherd__journal *journal) {
  struct sherd__journal_record *record = record_at(journal, journal->oldest++);
  journal->bytes -= record->size;
  sherd__dispatch_release(record->entry.dispatch);
  sherd__free(journal->allocator, record->texts);
  *record = (struct sherd__journal_record){0};
}

void sherd__journal_clear(struct sherd__journal *journal) {
  while (journal->oldest <= journal->newest)
    forget_oldest(journal);
}

void sherd__journal_deinit(struct sherd__journal *journal) {
  sherd__journal_clear(journal);
  sherd__free(journal->allocator, journal->records);
  journal->records = NULL;
  journal->cap = 0;
}

static void grow(struct sherd__journal *journal) {
  uint32_t cap = journal->cap ? journal->cap * 2 : CAP_MIN;
  struct sherd__journal_record *grown = sherd__calloc(journal->allocator, cap * sizeof *grown);
  if (!grown)
    return;
  for (uint64_t n = journal->oldest; n <= journal->newest; n++)
    grown[(n - 1) & (cap - 1)] = *record_at(journal, n);
  sherd__free(journal->allocator, journal->records);
  journal->records = grown;
  journal->cap = cap;
}

static void mask(const char *secret, void *data, size_t size) {
  size_t len = strlen(secret);
  uint8_t *at = data, *end = at + size;
  while (len && (at = memmem(at, (size_t)(end - at), secret, len))) {
    memset(at, '*', len);
    at += len;
  }
}

/* Copies what the entry points to; false when there is no memory. */
static bool keep_texts(struct sherd__journal *journal, struct sherd__journal_record *record) {
  struct sherd__journal_entry *entry = &record->entry;
  if (entry->session_id) /* snprintf() would be half the cost of a note */
    memcpy(record->session_id, entry->session_id,
           strnlen(entry->session_id, sizeof record->session_id - 1));
  entry->session_id = NULL; /* the record moves when the ring grows */
  if (!entry->path)
    return true;
  size_t method_size = strlen(entry->method) + 1, path_size = strlen(entry->path) + 1;
  record->texts = sherd__malloc(journal->allocator, method_size + path_size + entry->body.len);
  if (!record->texts)
    return false;
  memcpy(record->texts, entry->method, method_size);
  memcpy(record->texts + method_size, entry->path, path_size);
  mask(journal->secret, record->texts + method_size, path_size - 1);
  if (entry->body.len)
    memcpy(record->texts + method_size + path_size, entry->body.data, entry->body.len);
  entry->method = record->texts;
  entry->path = record->texts + method_size;
  entry->body.data = (const uint8_t *)entry->path + path_size;
  record->size += method_size + path_size + entry->body.len;
  return true;
}

void sherd__journal_add(struct sherd__journal *journal, const struct sherd__journal_entry *entry) {
  struct sherd__journal_record record = {.entry = *entry};
  if (record.entry.body.len > SHERD__JOURNAL_BODY_MAX)
    record.entry.body.len = 0;
  uint64_t count = journal->newest + 1 - journal->oldest;
  if (count == journal->cap && count < SHERD__JOURNAL_ENTRIES_MAX)
    grow(journal);
  if (!journal->cap || !keep_texts(journal, &record)) {
    sherd__journal_clear(journal); /* so that the number which is missing is seen to be */
    journal->oldest = ++journal->newest + 1;
    return;
  }
  if (count == journal->cap)
    forget_oldest(journal);
  if (entry->dispatch) {
    (void)sherd__dispatch_retain(entry->dispatch);
    record.size += entry->dispatch->len;
  }
  journal->bytes += record.size;
  *record_at(journal, ++journal->newest) = record;
  while (journal->bytes > SHERD__JOURNAL_BYTES_MAX && journal->oldest < journal->newest)
    forget_oldest(journal);
}

/* --- Reading --- */

struct sherd__dispatch *sherd__journal_dispatch(const struct sherd__journal *journal,
                                                uint64_t number) {
  return record_at(journal, number)->entry.dispatch;
}

static const char *const kinds[] = {
    [SHERD__JOURNAL_CONNECTED] = "connected", [SHERD__JOURNAL_DISPATCH] = "dispatch",
    [SHERD__JOURNAL_SENT] = "sent",           [SHERD__JOURNAL_RECEIVED] = "received",
    [SHERD__JOURNAL_CLOSED] = "closed",       [SHERD__JOURNAL_CLOSED_BY_BOT] = "closed by bot",
    [SHERD__JOURNAL_GONE] = "gone",           [SHERD__JOURNAL_REQUEST] = "request",
    [SHERD__JOURNAL_RESET] = "reset",
};

/* Writes JSON on one line as the value of `key`, unless it is large. A token that is, say, a comma
 * is not masked without harm; what is no JSON any more is left out. */
static void print_json(struct sherd__print *print, const char *key, struct sherd_bytes json,
                       const char *secret) {
  struct sherd_value value;
  size_t start = print->out.len, len = 0;
  if (!json.len || json.len > SHERD__JOURNAL_BODY_MAX ||
      sherd_value_open(SHERD_FORMAT_JSON, json.data, json.len, &value) ||
      sherd_value_to_json(value, NULL, 0, &len) != SHERD_ENOSPACE)
    return;
  sherd__print(print, ",%s:", key);
  if (print->status || (print->status = sherd__buf_reserve(&print->out, len + 1)))
    return;
  size_t value_start = print->out.len;
  (void)sherd_value_to_json(value, (char *)print->out.data + value_start, len + 1, &len);
  print->out.len += len;
  mask(secret, print->out.data + value_start, len);
  if (sherd_value_validate(SHERD_FORMAT_JSON, print->out.data + value_start, len, NULL))
    print->out.len = start;
}

static void print_dispatch(struct sherd__print *print, const struct sherd__journal_entry *entry,
                           const char *secret, bool with_data) {
  struct sherd__dispatch *dispatch = entry->dispatch;
  char hash[17];
  (void)snprintf(hash, sizeof hash, "%016" PRIx64, sherd__dispatch_hash(dispatch));
  sherd__print(print, ",'s':%ju,'t':%s,'bytes':%ju,'hash':%s", (uintmax_t)entry->seq,
               sherd__sim_event_row(dispatch->type)->name, (uintmax_t)dispatch->len, hash);
  if (with_data)
    print_json(print, "d", (struct sherd_bytes){dispatch->data, dispatch->len}, secret);
}

static void print_what(struct sherd__print *print, const struct sherd__journal_entry *entry,
                       const char *secret, bool with_data) {
  switch (entry->kind) {
  case SHERD__JOURNAL_DISPATCH:
    print_dispatch(print, entry, secret, with_data);
    break;
  case SHERD__JOURNAL_SENT:
  case SHERD__JOURNAL_RECEIVED:
    if (entry->number == UINT32_MAX)
      sherd__print(print, ",'op':null,'bytes':%ju", (uintmax_t)entry->bytes);
    else
      sherd__print(print, ",'op':%u,'bytes':%ju", entry->number, (uintmax_t)entry->bytes);
    break;
  case SHERD__JOURNAL_CLOSED:
  case SHERD__JOURNAL_CLOSED_BY_BOT:
    sherd__print(print, ",'code':%u", entry->number);
    break;
  case SHERD__JOURNAL_REQUEST:
    sherd__print(print, ",'method':%s,'path':%s,'status':%u,'bytes':%ju", entry->method,
                 entry->path, entry->number, (uintmax_t)entry->bytes);
    print_json(print, "body", entry->body, secret);
    break;
  case SHERD__JOURNAL_CONNECTED:
  case SHERD__JOURNAL_GONE:
  case SHERD__JOURNAL_RESET:
    break;
  }
}

void sherd__journal_print(const struct sherd__journal *journal, uint64_t number, bool with_data,
                          struct sherd__print *print) {
  const struct sherd__journal_record *record = record_at(journal, number);
  const struct sherd__journal_entry *entry = &record->entry;
  sherd__print(print, "{'n':%ju,'ms':%ju,'what':%s", (uintmax_t)number, (uintmax_t)entry->time_ms,
               kinds[entry->kind]);
  if (*record->session_id)
    sherd__print(print, ",'shard':%u,'session':%s", entry->shard_id, record->session_id);
  print_what(print, entry, journal->secret, with_data);
  sherd__print(print, "}\n");
}
