/* What a consumer sends to the hub: bytes, cut anywhere, that become lines and requests.
 * Properties:
 *   - the lines are the same however the bytes were cut, and none is over the limit;
 *   - what is refused has a text, of one line; what is not has a name that may be, or none;
 *   - the same line without white space is the same request;
 *   - a filter wants nothing beyond its types and its guilds;
 *   - no memory leaks, whichever allocation fails, and its want is said. */
#include <inttypes.h>

#include "../tests/support/failing_alloc.h"
#include "base/consumer_name.h"
#include "fuzz.h"
#include "sink/lines.h"
#include "sink/subscribe.h"

/* --- Lines --- */

static bool is_blank(struct sherd_bytes line) {
  for (size_t i = 0; i < line.len; i++)
    if (line.data[i] != ' ' && line.data[i] != '\t' && line.data[i] != '\r')
      return false;
  return true;
}

/* The next line that is not blank, in a way that is too simple to be wrong; false: none. */
static bool next_line(struct sherd_bytes *input, struct sherd_bytes *out, bool *is_too_long) {
  *is_too_long = false;
  while (input->len) {
    const uint8_t *end = memchr(input->data, '\n', input->len);
    size_t len = end ? (size_t)(end - input->data) : input->len;
    *is_too_long = len > SHERD__LINE_BYTES_MAX;
    if (*is_too_long || !end)
      return false;
    *out = fuzz_take(input, len);
    (void)fuzz_take(input, 1);
    if (!is_blank(*out))
      return true;
  }
  return false;
}

static void check_lines(struct sherd_bytes input, uint8_t how) {
  struct fuzz_cuts cuts = fuzz_cuts_from(how);
  struct sherd_bytes expected = input, line, wanted;
  struct sherd__lines lines;
  enum sherd_status status = SHERD_OK;
  bool is_too_long = false;
  sherd__lines_init(&lines, sherd_allocator_default());
  while (input.len && !status) {
    struct sherd_bytes piece = fuzz_piece(&cuts, &input);
    FUZZ_CHECK(sherd__lines_feed(&lines, piece.data, piece.len) == SHERD_OK);
    fuzz_piece_free(piece);
    while (sherd__lines_next(&lines, &line, &status)) {
      FUZZ_CHECK(next_line(&expected, &wanted, &is_too_long));
      FUZZ_CHECK(fuzz_equal(line, wanted));
    }
  }
  FUZZ_CHECK(!next_line(&expected, &wanted, &is_too_long));
  FUZZ_CHECK(is_too_long == (status == SHERD_ETOOLONG));
  sherd__lines_deinit(&lines);
}

/* --- Requests --- */

static void check_echo(const struct sherd__hub_request *request, enum sherd_status status,
                       const char *text) {
  struct sherd_buf out;
  sherd__buf_init(&out, sherd_allocator_default());
  FUZZ_CHECK(sherd__result_write(request->id, request->op_name, status, text,
                                 (struct sherd_bytes){0}, &out) == SHERD_OK);
  FUZZ_CHECK(sherd_value_validate(SHERD_FORMAT_JSON, out.data, out.len, NULL) == SHERD_OK);
  FUZZ_CHECK(memchr(out.data, '\n', out.len) == out.data + out.len - 1);
  sherd__buf_deinit(&out);
}

/* An event of every kind that a filter looks at. */
static void check_filter(const struct sherd__filter *filter, enum sherd_event_type type,
                         const char *text) {
  struct {
    struct sherd__record record;
    char line[96];
  } event = {.record = {.type = (uint16_t)type, .line_len = (uint32_t)strlen(text)}};
  memcpy(event.line, text, strlen(text));
  bool is_wanted = sherd__filter_wants(filter, &event.record);
  bool has_type = !filter->has_types || type == SHERD_EVENT_UNKNOWN ||
                  filter->types[(unsigned)type / 64] >> (unsigned)type % 64 & 1;
  FUZZ_CHECK(!is_wanted || has_type);
  if (is_wanted && filter->has_types && type == SHERD_EVENT_UNKNOWN)
    FUZZ_CHECK(filter->name_count > 0);
  if (is_wanted && filter->has_guilds && strstr(text, "guild_id"))
    FUZZ_CHECK(filter->guild_count > 0);
  if (!filter->has_types && !filter->has_guilds)
    FUZZ_CHECK(is_wanted);
}

static void check_filters(const struct sherd__filter *filter) {
  check_filter(filter, SHERD_EVENT_MESSAGE_CREATE,
               "{\"t\":\"MESSAGE_CREATE\",\"d\":{\"guild_id\":\"1\"}}\n");
  check_filter(filter, SHERD_EVENT_GUILD_CREATE, "{\"t\":\"GUILD_CREATE\",\"d\":{\"id\":\"1\"}}\n");
  check_filter(filter, SHERD_EVENT_UNKNOWN, "{\"t\":\"NEW\",\"d\":{\"guild_id\":2}}\n");
  check_filter(filter, SHERD_EVENT_SESSION_LOST, "{\"t\":\"SESSION_LOST\",\"d\":{}}\n");
  for (size_t i = 1; i < filter->guild_count; i++)
    FUZZ_CHECK(filter->guilds[i - 1] <= filter->guilds[i]);
}

static void check_same(const struct sherd__hub_request *a, const struct sherd__hub_request *b) {
  FUZZ_CHECK(a->op == b->op && strcmp(a->id, b->id) == 0 && strcmp(a->name, b->name) == 0);
  FUZZ_CHECK(a->has_acks == b->has_acks && a->policy == b->policy && a->n == b->n);
  FUZZ_CHECK(a->queue_bytes == b->queue_bytes);
  FUZZ_CHECK(memcmp(a->filter.types, b->filter.types, sizeof a->filter.types) == 0);
  FUZZ_CHECK(a->filter.guild_count == b->filter.guild_count &&
             a->filter.name_count == b->filter.name_count);
}

static void check_compact(struct sherd_bytes line, const struct sherd__hub_request *request) {
  struct sherd_value value;
  struct sherd__hub_request again;
  struct sherd_error_info error;
  size_t len;
  char *compact = malloc(line.len + 1);
  FUZZ_CHECK(compact != NULL);
  FUZZ_CHECK(sherd_value_open(SHERD_FORMAT_JSON, line.data, line.len, &value) == SHERD_OK);
  FUZZ_CHECK(sherd_value_to_json(value, compact, line.len + 1, &len) == SHERD_OK);
  struct sherd_bytes shorter = {(const uint8_t *)compact, len};
  FUZZ_CHECK(sherd__hub_request_parse(shorter, sherd_allocator_default(), &again, &error) ==
             SHERD_OK);
  check_same(request, &again);
  sherd__hub_request_deinit(&again);
  free(compact);
}

static void check_no_memory(struct sherd_bytes line, size_t fail_at) {
  struct sherd__test_alloc alloc;
  struct sherd__hub_request request;
  struct sherd_error_info error;
  sherd__test_alloc_init(&alloc, fail_at);
  FUZZ_CHECK(sherd__hub_request_parse(line, &alloc.allocator, &request, &error) == SHERD_ENOMEM);
  sherd__hub_request_deinit(&request);
  FUZZ_CHECK(alloc.live == 0);
}

static void check_request(struct sherd_bytes line) {
  struct sherd__test_alloc alloc;
  struct sherd__hub_request request;
  struct sherd_error_info error;
  sherd__test_alloc_init(&alloc, 0);
  enum sherd_status status = sherd__hub_request_parse(line, &alloc.allocator, &request, &error);
  if (status == SHERD_OK) {
    FUZZ_CHECK(!request.name[0] || sherd__consumer_is_name(request.name));
    check_echo(&request, SHERD_OK, "");
    check_filters(&request.filter);
    check_compact(line, &request);
  } else if (status != SHERD_ENOTFOUND) {
    FUZZ_CHECK(status == SHERD_EINVAL || status == SHERD_ETOOLONG);
    FUZZ_CHECK(error.text[0] && strnlen(error.text, sizeof error.text) < sizeof error.text);
    check_echo(&request, status, error.text);
  }
  sherd__hub_request_deinit(&request);
  FUZZ_CHECK(alloc.live == 0);
  for (size_t fail_at = 1; fail_at <= alloc.requests && fail_at < 8; fail_at++)
    check_no_memory(line, fail_at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct sherd_bytes input = {data, size}, line;
  bool is_too_long;
  uint8_t how = fuzz_byte(&input);
  check_lines(input, how);
  while (next_line(&input, &line, &is_too_long))
    check_request(line);
  return 0;
}
