#include "watch/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The socket's address; 0 when there is none. '@' stands for the NUL of an abstract name. */
static socklen_t find_socket(struct sockaddr_un *out) {
  const char *path = getenv("NOTIFY_SOCKET");
  size_t len = path ? strlen(path) : 0;
  if (len < 2 || len >= sizeof out->sun_path || (*path != '/' && *path != '@'))
    return 0;
  *out = (struct sockaddr_un){.sun_family = AF_UNIX};
  memcpy(out->sun_path, path, len);
  if (*path == '@')
    out->sun_path[0] = '\0';
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

bool sherd__notify(const char *state) {
  struct sockaddr_un address;
  socklen_t len = find_socket(&address);
  if (!len)
    return false;
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return false;
  ssize_t sent;
  do
    sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address, len);
  while (sent < 0 && errno == EINTR);
  close(fd);
  return sent >= 0;
}

static uint64_t number_in(const char *name) {
  const char *text = getenv(name);
  char *end;
  if (!text || *text < '0' || *text > '9')
    return 0;
  errno = 0;
  unsigned long long number = strtoull(text, &end, 10);
  return *end || errno ? 0 : number;
}

uint64_t sherd__notify_watchdog_ms(void) {
  if (getenv("WATCHDOG_PID") && number_in("WATCHDOG_PID") != (uint64_t)getpid())
    return 0;
  return number_in("WATCHDOG_USEC") / 2000;
}
