/* Commands that were accepted and are not sent yet, in their order; bounded. */
#ifndef SHERD_ENGINE_COMMAND_QUEUE_H
#define SHERD_ENGINE_COMMAND_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/alloc.h>
#include <sherd/bytes.h>
#include <sherd/status.h>
#include <sherd/value.h>

struct sherd__queued_command {
  struct sherd__queued_command *next;
  uint32_t op;
  sherd_snowflake full_list_of; /* a request for all members of this guild; 0: anything else */
  size_t len;
  uint8_t payload[];
};

struct sherd__command_queue {
  struct sherd__queued_command *first;
  uint32_t count;
};

/* Adds a copy of `payload` at the end. Errors: SHERD_EQUEUEFULL at `max` commands; SHERD_ENOMEM. */
enum sherd_status sherd__command_queue_add(struct sherd__command_queue *queue, uint32_t max,
                                           uint32_t op, sherd_snowflake full_list_of,
                                           struct sherd_bytes payload,
                                           const struct sherd_allocator *allocator);

/* Takes a command out and frees it. */
void sherd__command_queue_remove(struct sherd__command_queue *queue,
                                 struct sherd__queued_command *command,
                                 const struct sherd_allocator *allocator);

/* Takes all commands of an opcode out. */
void sherd__command_queue_remove_op(struct sherd__command_queue *queue, uint32_t op,
                                    const struct sherd_allocator *allocator);

void sherd__command_queue_deinit(struct sherd__command_queue *queue,
                                 const struct sherd_allocator *allocator);

#endif
