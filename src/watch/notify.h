/* What systemd wants to hear (sd_notify): one datagram to the socket that NOTIFY_SOCKET names. The
 * protocol is one sendto(), so libsystemd is not linked for it. Does nothing without systemd. */
#ifndef SHERD_WATCH_NOTIFY_H
#define SHERD_WATCH_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* Sends `state`, as in "READY=1\nSTATUS=1024 shards". False when nobody wants it or it failed. */
bool sherd__notify(const char *state);

/* How often to say "WATCHDOG=1": half of WATCHDOG_USEC, if WATCHDOG_PID is this process or unset;
 * 0: never. */
uint64_t sherd__notify_watchdog_ms(void);

#endif
