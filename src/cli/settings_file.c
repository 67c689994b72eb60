#include "cli/settings_file.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <ini.h>

#include "base/utf8.h"

struct reading {
  const struct sherd__settings_file_host *host;
  struct sherd_bytes rest;
  unsigned line;       /* the one that inih has, from 1 */
  bool is_key_awaited; /* inih is to make a key of it, and has not yet */
  bool is_more;        /* it goes on from the line before */
  char fault[160];
};

static bool is_blank(uint8_t byte) {
  return byte == ' ' || byte == '\t';
}

static struct sherd_bytes take_line(struct reading *reading) {
  const uint8_t *feed =
      reading->rest.len ? memchr(reading->rest.data, '\n', reading->rest.len) : NULL;
  struct sherd_bytes line = {reading->rest.data, reading->rest.len};
  if (feed)
    line.len = (size_t)(feed - reading->rest.data) + 1;
  reading->rest.data += line.len;
  reading->rest.len -= line.len;
  while (line.len && (line.data[line.len - 1] == '\n' || line.data[line.len - 1] == '\r'))
    line.len--;
  return line;
}

/* inih passes over a line that it cannot read; nobody shall search for it. */
static void settle(struct reading *reading) {
  if (reading->is_key_awaited)
    reading->host->fault(reading->host->ctx, reading->line,
                         "is neither [section] nor key = value nor a comment");
  reading->is_key_awaited = false;
}

static bool has_sign(struct sherd_bytes line) {
  return memchr(line.data, '=', line.len) || memchr(line.data, ':', line.len);
}

/* inih tells of sections only with their keys. */
static void see_section(struct reading *reading, struct sherd_bytes line) {
  char name[64];
  const uint8_t *end = memchr(line.data, ']', line.len);
  if (!end) {
    reading->host->fault(reading->host->ctx, reading->line, "has no ] after its [");
    return;
  }
  for (const uint8_t *at = end + 1; at < line.data + line.len && *at != '#' && *at != ';'; at++)
    if (!is_blank(*at)) {
      reading->host->fault(reading->host->ctx, reading->line, "has more after its ]");
      return;
    }
  (void)snprintf(name, sizeof name, "%.*s", (int)(end - line.data - 1),
                 (const char *)line.data + 1);
  reading->host->section(reading->host->ctx, reading->line, name);
}

/* What is wrong with the bytes of a line; NULL: nothing. */
static const char *fault_of(struct reading *reading, struct sherd_bytes line, size_t room) {
  if (line.len && memchr(line.data, '\0', line.len))
    return "has a NUL byte: this is no text file";
  if (!sherd__utf8_is_valid(line.data, line.len, NULL))
    return "is not UTF-8";
  if (line.len + 3 <= room) /* and CR, LF, NUL */
    return NULL;
  (void)snprintf(reading->fault, sizeof reading->fault,
                 "is longer than %zu bytes; a list may go on in the next line, behind a blank, "
                 "and anything may stand in a flag or a variable",
                 room - 3);
  return reading->fault;
}

/* Looks at a line before inih does, and gives what inih shall see of it. An indented "key = value"
 * is a key like others: inih would take it for more of the value before, as it takes any indented
 * line, which is right for lists only. */
static struct sherd_bytes prepare(struct reading *reading, struct sherd_bytes line, size_t room) {
  static const struct sherd_bytes nothing = {(const uint8_t *)"", 0};
  struct sherd_bytes bare = line;
  const char *fault = fault_of(reading, line, room);
  reading->is_more = false;
  while (bare.len && is_blank(*bare.data)) {
    bare.data++;
    bare.len--;
  }
  if (fault) {
    reading->host->fault(reading->host->ctx, reading->line, fault);
    return nothing;
  }
  if (!bare.len || *bare.data == '#' || *bare.data == ';')
    return nothing;
  if (*bare.data == '[') {
    see_section(reading, bare);
    return bare;
  }
  reading->is_key_awaited = true;
  reading->is_more = bare.data != line.data && !has_sign(bare);
  return reading->is_more ? line : bare;
}

/* Gives inih a line, as fgets() would. */
static char *give_line(char *out, int room, void *ctx) {
  struct reading *reading = ctx;
  settle(reading);
  if (!reading->rest.len)
    return NULL;
  reading->line++;
  struct sherd_bytes line = prepare(reading, take_line(reading), (size_t)room);
  memcpy(out, line.data, line.len);
  memcpy(out + line.len, "\n", 2);
  return out;
}

static int take_value(void *ctx, const char *section, const char *key, const char *value) {
  struct reading *reading = ctx;
  reading->is_key_awaited = false;
  reading->host->value(reading->host->ctx, reading->line, section, key, value, reading->is_more);
  return 1;
}

void sherd__settings_file_read(struct sherd_bytes text,
                               const struct sherd__settings_file_host *host) {
  static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
  struct reading reading = {.host = host, .rest = text};
  if (text.len >= sizeof mark && memcmp(text.data, mark, sizeof mark) == 0) {
    reading.rest.data += sizeof mark;
    reading.rest.len -= sizeof mark;
  }
  (void)ini_parse_stream(give_line, &reading, take_value, &reading);
  settle(&reading);
}
