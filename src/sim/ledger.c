#include "sim/ledger.h"

#include <inttypes.h>
#include <stdio.h>

#include "sim/events.h"

/* It is a FILE by another name. */
struct sherd__ledger *sherd__ledger_open(const char *path) {
  FILE *file = fopen(path, "we");
  if (file)
    (void)setvbuf(file, NULL, _IOFBF, 1 << 16);
  return (struct sherd__ledger *)file;
}

void sherd__ledger_add(void *ledger, const struct sherd__sim_produced *it) {
  (void)fprintf(ledger,
                "{\"shard\":%" PRIu32 ",\"session\":\"%s\",\"s\":%" PRIu64
                ",\"t\":\"%s\",\"bytes\":%zu,\"hash\":\"%016" PRIx64 "\"}\n",
                it->shard_id, it->session_id, it->seq,
                sherd__sim_event_row(it->dispatch->type)->name, it->dispatch->len,
                sherd__dispatch_hash(it->dispatch));
}

bool sherd__ledger_close(struct sherd__ledger *ledger) {
  FILE *file = (FILE *)ledger;
  bool is_written = !ferror(file);
  return fclose(file) == 0 && is_written;
}
