/* Sherd: Discord's gateway shard. This header brings in all the others. */
#ifndef SHERD_H
#define SHERD_H

#include <sherd/alloc.h>
#include <sherd/bytes.h>
#include <sherd/command.h>
#include <sherd/config.h>
#include <sherd/engine.h>
#include <sherd/error.h>
#include <sherd/event.h>
#include <sherd/event_types.h>
#include <sherd/fleet.h>
#include <sherd/intents.h>
#include <sherd/log.h>
#include <sherd/ndjson.h>
#include <sherd/rest.h>
#include <sherd/runtime.h>
#include <sherd/session.h>
#include <sherd/shard.h>
#include <sherd/shard_ops.h>
#include <sherd/status.h>
#include <sherd/store.h>
#include <sherd/value.h>
#include <sherd/version.h>

#endif
