/* How each format spells a value; the writer decides when. All append to `out`.
 * Errors: SHERD_ENOMEM. */
#ifndef SHERD_PAYLOAD_FORMAT_WRITER_H
#define SHERD_PAYLOAD_FORMAT_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/status.h>

#include "base/buf.h"

/* --- json_writer.c --- */

/* `text` must be UTF-8. */
enum sherd_status sherd__json_put_str(struct sherd_buf *out, const char *text, size_t len);
enum sherd_status sherd__json_put_int(struct sherd_buf *out, bool is_negative, uint64_t magnitude);

/* --- etf_writer.c. Source: Erlang's External Term Format --- */

enum sherd_status sherd__etf_put_version(struct sherd_buf *out);
enum sherd_status sherd__etf_put_map(struct sherd_buf *out, uint32_t pairs);
/* The items follow, and then, unless there are none, sherd__etf_put_list_end(). */
enum sherd_status sherd__etf_put_list(struct sherd_buf *out, uint32_t items);
enum sherd_status sherd__etf_put_list_end(struct sherd_buf *out);
/* A binary, as Discord wants texts and keys. */
enum sherd_status sherd__etf_put_str(struct sherd_buf *out, const char *text, size_t len);
/* The shortest of the integer tags that has room. */
enum sherd_status sherd__etf_put_int(struct sherd_buf *out, bool is_negative, uint64_t magnitude);
/* nil, true, false. */
enum sherd_status sherd__etf_put_atom(struct sherd_buf *out, const char *name);

#endif
