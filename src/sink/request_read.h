/* How a request is read: what its three files share. */
#ifndef SHERD_SINK_REQUEST_READ_H
#define SHERD_SINK_REQUEST_READ_H

#include <stdbool.h>
#include <stddef.h>

#include <sherd/value.h>

#include "sink/request.h"

/* The fields of all requests. */
enum sherd__request_field {
  SHERD__FIELD_ID = 0,
  SHERD__FIELD_OP,
  SHERD__FIELD_SHARD,
  SHERD__FIELD_STATUS,
  SHERD__FIELD_ACTIVITY,
  SHERD__FIELD_IDLE_SINCE,
  SHERD__FIELD_AFK,
  SHERD__FIELD_GUILD_ID,
  SHERD__FIELD_CHANNEL_ID,
  SHERD__FIELD_SELF_MUTE,
  SHERD__FIELD_SELF_DEAF,
  SHERD__FIELD_QUERY,
  SHERD__FIELD_LIMIT,
  SHERD__FIELD_PRESENCES,
  SHERD__FIELD_USER_IDS,
  SHERD__FIELD_NONCE,
  SHERD__FIELD_FIELDS,
  SHERD__FIELD_GUILD_IDS,
  SHERD__FIELD_SHARDS,
  SHERD__FIELD_COUNT
};

struct sherd__request_reader {
  struct sherd__request *request;
  struct sherd_error_info *error;
};

/* --- request.c --- */

/* Copies the line's id as JSON; "null" when there is none. Errors: SHERD_ETOOLONG. */
enum sherd_status sherd__request_echo(const struct sherd__request_reader *reader,
                                      struct sherd_value line, char out[SHERD__REQUEST_ECHO_SIZE]);

/* --- request_values.c --- */

/* Says what is wrong, and gives the status. */
__attribute__((format(printf, 3, 4))) enum sherd_status
sherd__request_fail(const struct sherd__request_reader *reader, enum sherd_status status,
                    const char *format, ...);

/* SHERD_EINVAL: "'field' wants ...". */
enum sherd_status sherd__request_fail_type(const struct sherd__request_reader *reader,
                                           const char *field, const char *wanted);

/* SHERD_EINVAL: a name that is none of those (which may be NULL in places): the nearest of them is
 * told, or all. What was written is shown only if it is short and plain. */
enum sherd_status sherd__request_fail_name(const struct sherd__request_reader *reader,
                                           const char *what, struct sherd_value given,
                                           const char *const *names, size_t count);

/* Which of the names it is. */
bool sherd__request_find_name(struct sherd_value given, const char *const *names, size_t count,
                              size_t *out);

/* Each reads a value, or says what the field wants. */
enum sherd_status sherd__request_bool(const struct sherd__request_reader *reader, const char *field,
                                      struct sherd_value value, bool *out);
enum sherd_status sherd__request_u32(const struct sherd__request_reader *reader, const char *field,
                                     struct sherd_value value, uint32_t max, uint32_t *out);
enum sherd_status sherd__request_id(const struct sherd__request_reader *reader, const char *field,
                                    struct sherd_value value, sherd_snowflake *out);
/* Into the request's own room, where only one list has place. */
enum sherd_status sherd__request_ids(const struct sherd__request_reader *reader, const char *field,
                                     struct sherd_value value, size_t *out_count);
/* Also SHERD_ETOOLONG. null gives NULL. Lifetime: the request's. */
enum sherd_status sherd__request_text(const struct sherd__request_reader *reader, const char *field,
                                      struct sherd_value value, const char **out);

/* --- request_fields.c --- */

/* Reads a field of the command that the request is. */
enum sherd_status sherd__request_field(const struct sherd__request_reader *reader,
                                       enum sherd__request_field field, struct sherd_value value);

#endif
