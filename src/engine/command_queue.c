#include "engine/command_queue.h"

#include <string.h>

#include "base/mem.h"

enum sherd_status sherd__command_queue_add(struct sherd__command_queue *queue, uint32_t max,
                                           uint32_t op, sherd_snowflake full_list_of,
                                           struct sherd_bytes payload,
                                           const struct sherd_allocator *allocator) {
  if (queue->count >= max)
    return SHERD_EQUEUEFULL;
  struct sherd__queued_command *command = sherd__malloc(allocator, sizeof *command + payload.len);
  if (!command)
    return SHERD_ENOMEM;
  *command = (struct sherd__queued_command){NULL, op, full_list_of, payload.len};
  memcpy(command->payload, payload.data, payload.len);
  struct sherd__queued_command **end = &queue->first;
  while (*end)
    end = &(*end)->next;
  *end = command;
  queue->count++;
  return SHERD_OK;
}

void sherd__command_queue_remove(struct sherd__command_queue *queue,
                                 struct sherd__queued_command *command,
                                 const struct sherd_allocator *allocator) {
  struct sherd__queued_command **at = &queue->first;
  while (*at != command)
    at = &(*at)->next;
  *at = command->next;
  queue->count--;
  sherd__free(allocator, command);
}

void sherd__command_queue_remove_op(struct sherd__command_queue *queue, uint32_t op,
                                    const struct sherd_allocator *allocator) {
  struct sherd__queued_command *next;
  for (struct sherd__queued_command *command = queue->first; command; command = next) {
    next = command->next;
    if (command->op == op)
      sherd__command_queue_remove(queue, command, allocator);
  }
}

void sherd__command_queue_deinit(struct sherd__command_queue *queue,
                                 const struct sherd_allocator *allocator) {
  while (queue->first)
    sherd__command_queue_remove(queue, queue->first, allocator);
}
