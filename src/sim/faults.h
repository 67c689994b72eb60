/* Faults on demand: what the simulator does wrong, and when.
 *
 * Lasting faults are plain settings that the rules look at; the others are done at once, to every
 * WebSocket that is open, or to those of one shard, and give the number of those. */
#ifndef SHERD_SIM_FAULTS_H
#define SHERD_SIM_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sherd/bytes.h>

#include "sim/gateway.h"

#define SHERD__HELLO_NEVER UINT64_MAX

/* Zeroed, nothing is wrong. */
struct sherd__sim_faults {
  bool no_acks;             /* heartbeats are counted and not answered */
  uint32_t ignore_identify; /* so many IDENTIFYs get no answer */
  uint64_t hello_delay_ms;  /* HELLO comes so long after the upgrade; SHERD__HELLO_NEVER */
  uint32_t piece_bytes;     /* messages are sent in frames of this size at most; 0: one frame */

  /* The next dispatches, to whichever session: */
  uint32_t skip_seqs; /* so many are not sent; their numbers are a hole */
  bool misses_seq;    /* one is sent with "s" null */
  bool repeats_seq;   /* one is sent twice */

  /* What is done at once is done to sessions of this shard only, whatever their shard count, and to
   * their connections. */
  bool has_shard;
  uint32_t shard;
};

/* To be changed in place. Lifetime: that of the simulator. */
struct sherd__sim_faults *sherd__sim_faults(struct sherd__sim *sim);

/* Lets go after what is written already; the connection ends in good order (FIN). */
uint32_t sherd__fault_drop(struct sherd__sim *sim);

/* Sends the first half of a frame and resets the connection (RST). */
uint32_t sherd__fault_half_frame(struct sherd__sim *sim);

/* Closes with any code; `reason` may be NULL. Sessions live on, but for 1000, 1001 and 4009. */
uint32_t sherd__fault_close(struct sherd__sim *sim, uint16_t code, const char *reason);

/* Sends a message that is no dispatch; `data` is its `d` in JSON. */
uint32_t sherd__fault_op(struct sherd__sim *sim, uint32_t op, const char *data);

/* Op 9. Sessions that may not be resumed end. */
uint32_t sherd__fault_invalid_session(struct sherd__sim *sim, bool may_resume);

/* Sends JSON text as one message, past session and sequence numbers, to those who speak JSON. */
uint32_t sherd__fault_message(struct sherd__sim *sim, struct sherd_bytes json);

/* Random bytes instead of a frame, or as a frame's payload where a message is due. */
uint32_t sherd__fault_garbage(struct sherd__sim *sim, uint32_t bytes);
uint32_t sherd__fault_garbage_message(struct sherd__sim *sim, uint32_t bytes);

/* --- Through every session, connected or not; these give how many there are. Bursts and the large
 * guild go to all shards --- */

/* A dispatch with the next sequence number; `name` must be one of the documentation's events.
 * For an unknown name 0, and nothing happens. */
uint32_t sherd__fault_dispatch(struct sherd__sim *sim, const char *name, struct sherd_bytes data);

/* So many events of each shard's stream, at once. */
uint32_t sherd__fault_burst(struct sherd__sim *sim, uint32_t events);

/* A GUILD_CREATE of at least that size. */
uint32_t sherd__fault_large_guild(struct sherd__sim *sim, size_t bytes);

#endif
