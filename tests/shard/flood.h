/* A server's script that sends more than anybody keeps, for shards that stop reading. */
#ifndef SHERD_TESTS_FLOOD_H
#define SHERD_TESTS_FLOOD_H

#include "support/script_server.h"

#define FLOOD_COUNT 5000
#define TEXT_256                                                                                   \
  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                               \
  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                               \
  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"                               \
  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* One read of 64 KiB brings some 200 of these events beyond the limit. */
#define ONE_READ 300

static const struct script_step flooding[] = {
    SCRIPT_UPGRADE,   SCRIPT_HELLO_MS(1000), /* a busy machine answers in it too */
    SCRIPT_EXPECT(2), SCRIPT_READY,          SCRIPT_FLOOD(FLOOD_COUNT, TEXT_256), SCRIPT_END};

#endif
