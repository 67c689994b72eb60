/* Files that come with a message, told of as its attachments. Their bytes are not kept. */
#include <stdio.h>
#include <string.h>

#include "sim/rest_call.h"
#include "sim/rest_parts.h"

#define FILES_MAX      10 /* Discord's, for one message */
#define FILE_NAME_SIZE 128

/* The next file of a request's body; false after the last. */
static bool next_file(struct sherd__rest_parts *parts, struct sherd__rest_part *out) {
  while (sherd__rest_parts_next(parts, out))
    if (out->filename.len)
      return true;
  return false;
}

bool sherd__rest_has_files(const struct sherd__rest_call *call) {
  struct sherd__rest_parts parts;
  struct sherd__rest_part file;
  return sherd__rest_parts_begin(&parts, call->request->content_type, call->request->body) &&
         next_file(&parts, &file);
}

/* As Discord does: what may not stand in a URL becomes an underscore. */
static const char *clean_name(struct sherd_bytes name, char out[FILE_NAME_SIZE]) {
  static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  size_t len = name.len < FILE_NAME_SIZE - 1 ? name.len : FILE_NAME_SIZE - 1;
  for (size_t i = 0; i < len; i++)
    out[i] = name.data[i] && strchr(good, name.data[i]) ? (char)name.data[i] : '_';
  out[len] = '\0';
  return out;
}

static void write_type(struct sherd__print *print, struct sherd_bytes type) {
  for (size_t i = 0; i < type.len; i++)
    if (type.data[i] < ' ' || type.data[i] > '~')
      return;
  if (type.len == 0)
    return;
  sherd__print(print, ",'content_type':");
  sherd__print_text(print, type.data, type.len);
}

static void write_file(struct sherd__rest_call *call, sherd_snowflake id,
                       const struct sherd__rest_part *file) {
  char name[FILE_NAME_SIZE];
  (void)clean_name(file->filename, name);
  sherd__print_comma(call->print);
  sherd__print(call->print, "{'id':'%ju','filename':%s,'size':%ju", (uintmax_t)id, name,
               (uintmax_t)file->data.len);
  write_type(call->print, file->type);
  static const char *const urls[][2] = {{"url", "cdn"}, {"proxy_url", "media"}};
  for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
    char url[FILE_NAME_SIZE + 128];
    (void)snprintf(url, sizeof url, "https://%s.example-media.test/attachments/%ju/%ju/%s",
                   urls[i][1], (uintmax_t)call->ids[0], (uintmax_t)id, name);
    sherd__print(call->print, ",%s:%s", urls[i][0], url);
  }
  sherd__print(call->print, "}");
}

void sherd__rest_write_files(struct sherd__rest_call *call, struct sherd__lane *lane) {
  struct sherd__rest_parts parts;
  struct sherd__rest_part file;
  sherd__print(call->print, "[");
  if (sherd__rest_parts_begin(&parts, call->request->content_type, call->request->body))
    for (int i = 0; i < FILES_MAX && next_file(&parts, &file); i++)
      write_file(call, sherd__rest_new_id(lane), &file);
  sherd__print(call->print, "]");
}
