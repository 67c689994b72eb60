#include "sim/asker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define TARGET_SIZE 512
#define TEXT_SIZE   512
#define TEXTS       8

void asker_init(struct asker *asker, struct net *net) {
  *asker = (struct asker){.net = net,
                          .authorization = "Bot sherd-sim-token",
                          .host = "127.0.0.1:4000",
                          .content_type = "application/json"};
  sherd__print_init(&asker->body, sherd_allocator_default());
}

void asker_deinit(struct asker *asker) {
  sherd__print_deinit(&asker->body);
}

/* Finds a parameter in "a=1&b=2", which is cut up for it. */
static const char *query(void *ctx, const char *name) {
  static char found[TARGET_SIZE];
  const char *at = ctx;
  size_t len = strlen(name);
  while (at && *at) {
    if (strncmp(at, name, len) == 0 && at[len] == '=') {
      (void)snprintf(found, sizeof found, "%s", at + len + 1);
      found[strcspn(found, "&")] = '\0';
      return found;
    }
    at = strchr(at, '&');
    at = at ? at + 1 : NULL;
  }
  return NULL;
}

const char *ask(struct asker *asker, unsigned status, const char *method, const char *target,
                const char *body) {
  char path[TARGET_SIZE];
  (void)snprintf(path, sizeof path, "%s", target);
  char *mark = strchr(path, '?');
  if (mark)
    *mark++ = '\0';
  struct sherd__rest_request request = {
      .method = method,
      .path = path,
      .authorization = asker->authorization,
      .host = asker->host,
      .origin = asker->origin,
      .content_type = asker->content_type,
      .body = {(const uint8_t *)body, body ? strlen(body) : 0},
      .query = query,
      .query_ctx = mark,
  };
  asker->answer = (struct sherd__rest_answer){.body = &asker->body};
  sherd__rest_answer(asker->net->sim, &request, asker->net->now_ms, &asker->answer);
  if (!sherd__rest_is_control(path))
    sherd__rest_note(asker->net->sim, &request, asker->answer.status);
  net_flush(asker->net);
  assert_int_equal(asker->body.status, SHERD_OK);
  assert_int_equal(sherd__buf_append_byte(&asker->body.out, '\0'), SHERD_OK);
  asker->body.out.len--;
  if (asker->answer.status != status)
    fail_msg("%s %s: %u, not %u: %s", method, target, asker->answer.status, status,
             (const char *)asker->body.out.data);
  return (const char *)asker->body.out.data;
}

struct sherd_value ask_json(struct asker *asker, unsigned status, const char *method,
                            const char *target, const char *body) {
  struct sherd_value value;
  const char *text = ask(asker, status, method, target, body);
  if (sherd_value_validate(SHERD_FORMAT_JSON, text, strlen(text), NULL))
    fail_msg("%s %s is no JSON: %s", method, target, text);
  assert_int_equal(sherd_value_open(SHERD_FORMAT_JSON, text, strlen(text), &value), SHERD_OK);
  assert_string_equal(asker->answer.content_type, "application/json");
  return value;
}

void expect_text(struct sherd_value value, const char *path, const char *text) {
  if (!sherd_value_equals(sherd_value_path(value, path), text))
    fail_msg("%s is \"%s\", not \"%s\"", path, text_at(value, path), text);
}

void expect_number(struct sherd_value value, const char *path, uint64_t number) {
  uint64_t got = UINT64_MAX;
  assert_int_equal(sherd_value_as_u64(sherd_value_path(value, path), &got), SHERD_OK);
  assert_int_equal(got, number);
}

void expect_count(struct sherd_value value, const char *path, size_t count) {
  size_t got = SIZE_MAX;
  assert_int_equal(sherd_value_count(sherd_value_path(value, path), &got), SHERD_OK);
  assert_int_equal(got, count);
}

const char *text_at(struct sherd_value value, const char *path) {
  static char texts[TEXTS][TEXT_SIZE];
  static size_t next;
  char *text = texts[next++ % TEXTS];
  *text = '\0';
  (void)sherd_value_as_str_copy(sherd_value_path(value, path), text, TEXT_SIZE, NULL);
  return text;
}
