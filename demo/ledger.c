#include "ledger.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"

/* One line: {"shard":0,"session":"...","s":3,"t":"...","bytes":120,"hash":"16 hex digits"}. */
struct entry {
  uint64_t shard;
  struct seen_event event;
};

static bool parse(const char *line, size_t len, struct entry *out) {
  struct sherd_value value;
  char hash[17];
  uint64_t bytes;
  *out = (struct entry){0};
  if (sherd_value_open(SHERD_FORMAT_JSON, line, len, &value) ||
      sherd_value_as_u64(sherd_value_get(value, "shard"), &out->shard) ||
      sherd_value_as_u64(sherd_value_get(value, "s"), &out->event.seq) ||
      sherd_value_as_u64(sherd_value_get(value, "bytes"), &bytes) ||
      sherd_value_as_str_copy(sherd_value_get(value, "hash"), hash, sizeof hash, NULL) ||
      sherd_value_as_str_copy(sherd_value_get(value, "t"), out->event.name, sizeof out->event.name,
                              NULL))
    return false;
  out->event.bytes = (size_t)bytes;
  return sscanf(hash, "%16" SCNx64, &out->event.hash) == 1;
}

static bool is_same(const struct seen_event *a, const struct seen_event *b) {
  return a->seq == b->seq && a->hash == b->hash && a->bytes == b->bytes &&
         strcmp(a->name, b->name) == 0;
}

static void show_difference(const struct seen *seen, const struct seen_event *sent,
                            const struct seen_event *got) {
  say_line("shard %u    DIFFERS: sent %llu %s (%zu bytes, %016" PRIx64 "), saw %llu %s (%zu bytes, "
           "%016" PRIx64 ")",
           (unsigned)seen->id, (unsigned long long)sent->seq, sent->name, sent->bytes, sent->hash,
           (unsigned long long)(got ? got->seq : 0), got ? got->name : "nothing",
           got ? got->bytes : 0, got ? got->hash : 0);
}

/* Walks the ledger beside the shard's events. */
static bool agrees(FILE *file, struct seen *seen) {
  char *line = NULL;
  size_t cap = 0, at = 0;
  ssize_t len;
  bool same = true;
  rewind(file);
  while (same && (len = getline(&line, &cap, file)) > 0) {
    struct entry entry;
    if (!parse(line, (size_t)len, &entry)) {
      say_line("ledger     a line cannot be read: %.60s", line);
      same = false;
    } else if (entry.shard == seen->id) {
      const struct seen_event *got = at < seen->count ? &seen->events[at] : NULL;
      same = got && is_same(&entry.event, got);
      if (!same)
        show_difference(seen, &entry.event, got);
      at++;
    }
  }
  free(line);
  if (same && at != seen->count) {
    say_line("shard %u    DIFFERS: %zu events were sent, %zu seen", (unsigned)seen->id, at,
             seen->count);
    same = false;
  }
  if (same)
    say_line("shard %u    all %zu events that the simulator sent, byte for byte, in order, once",
             (unsigned)seen->id, at);
  return same && at > 0;
}

bool ledger_agrees(const char *path, struct seen *seen, size_t count) {
  FILE *file = fopen(path, "r");
  if (!file) {
    say_line("ledger     the simulator has left none at %s", path);
    return false;
  }
  bool same = true;
  for (size_t i = 0; i < count; i++)
    same &= agrees(file, &seen[i]);
  fclose(file);
  return same;
}
