#include "cli/requests.h"

#include "base/mem.h"
#include "sink/request.h"

static enum sherd_status run(const struct sherd__request_doer *doer,
                             const struct sherd__request *request, struct sherd_buf *value,
                             struct sherd_error_info *error) {
  switch (request->op) {
  case SHERD__REQUEST_STATUS:
    return doer->render_status(doer->ctx, value);
  case SHERD__REQUEST_RESHARD:
    return doer->reshard(doer->fleet, request->shard_count, error);
  default:
    return doer->send(doer->fleet, request->shard_id, &request->command, error);
  }
}

/* What the failure itself says is better than what its status says. */
static const char *text_for(enum sherd_status status, const struct sherd_error_info *error) {
  if (!status)
    return "";
  return error->text[0] ? error->text : sherd_strerror(status);
}

void sherd__cli_answer(const struct sherd__request_doer *doer, struct sherd_bytes line,
                       struct sherd_buf *out) {
  struct sherd_error_info error = {0};
  struct sherd_buf value;
  struct sherd__request *request = sherd__malloc(out->allocator, sizeof *request);
  if (!request) { /* to say so takes less */
    (void)sherd__result_write("null", NULL, SHERD_ENOMEM, sherd_strerror(SHERD_ENOMEM),
                              (struct sherd_bytes){0}, out);
    return;
  }
  sherd__buf_init(&value, out->allocator);
  enum sherd_status status = sherd__request_parse(line, request, &error);
  if (!status)
    status = run(doer, request, &value, &error);
  while (value.len && value.data[value.len - 1] == '\n')
    value.len--;
  if (status)
    value.len = 0; /* half an answer is none */
  (void)sherd__result_write(request->id, request->op_name, status, text_for(status, &error),
                            sherd__buf_bytes(&value), out);
  sherd__buf_deinit(&value);
  sherd__free(out->allocator, request);
}
