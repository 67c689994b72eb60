/* Which Sherd this is. */
#ifndef SHERD_VERSION_H
#define SHERD_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

#define SHERD_VERSION_MAJOR 0
#define SHERD_VERSION_MINOR 1
#define SHERD_VERSION_PATCH 0
#define SHERD_VERSION       "0.1.0"

/* The version of the library that runs, which may be newer than the headers that were compiled
 * against, as in "0.1.0". Thread-safe. Lifetime: static. */
const char *sherd_version(void);

#ifdef __cplusplus
}
#endif
#endif
