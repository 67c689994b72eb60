/* The unix socket that consumers come to. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <sherd/config.h>

#include "base/mem.h"
#include "sink/hub_parts.h"

#define BACKLOG 64

__attribute__((format(printf, 4, 5))) static enum sherd_status fail(struct sherd_error_info *error,
                                                                    enum sherd_status status,
                                                                    int os_error,
                                                                    const char *format, ...) {
  va_list args;
  va_start(args, format);
  *error = (struct sherd_error_info){.status = status, .os_error = os_error};
  (void)vsnprintf(error->text, sizeof error->text, format, args);
  va_end(args);
  return status;
}

static enum sherd_status set_address(const char *path, struct sockaddr_un *address,
                                     struct sherd_error_info *error) {
  size_t len = strlen(path);
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  if (len == 0 || len >= sizeof address->sun_path)
    return fail(
        error, SHERD_EINVAL, 0,
        "the path of a unix socket has 1 to %zu bytes, and this one %zu: give a shorter one",
        sizeof address->sun_path - 1, len);
  memcpy(address->sun_path, path, len);
  return SHERD_OK;
}

/* A socket that nobody listens on is left from a process that was killed. */
static enum sherd_status remove_stale(const struct sockaddr_un *address,
                                      struct sherd_error_info *error) {
  struct stat stat;
  const char *path = address->sun_path;
  if (lstat(path, &stat) < 0)
    return SHERD_OK;
  if (!S_ISSOCK(stat.st_mode))
    return fail(error, SHERD_ESYSTEM, EEXIST,
                "%s is there and is no socket: remove it, or give another path", path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return fail(error, SHERD_ESYSTEM, errno, "cannot make a socket: %s", strerror(errno));
  int os_error = connect(fd, (const struct sockaddr *)address, sizeof *address) < 0 ? errno : 0;
  close(fd);
  if (os_error != ECONNREFUSED && os_error != ENOENT)
    return os_error == 0 || os_error == EAGAIN
               ? fail(error, SHERD_ESYSTEM, EADDRINUSE,
                      "another process listens on %s: stop it, or give another path", path)
               : fail(error, SHERD_ESYSTEM, os_error, "cannot use %s: %s", path,
                      strerror(os_error));
  if (unlink(path) < 0 && errno != ENOENT)
    return fail(error, SHERD_ESYSTEM, errno, "cannot remove the old socket %s: %s", path,
                strerror(errno));
  return SHERD_OK;
}

/* Nobody can connect before it listens, and by then the mode is right, whatever the umask. */
static bool bind_private(struct sherd__hub *hub, int fd, const struct sockaddr_un *address) {
  struct stat stat;
  if (bind(fd, (const struct sockaddr *)address, sizeof *address) < 0)
    return false;
  if (chmod(address->sun_path, 0600) < 0 || lstat(address->sun_path, &stat) < 0 ||
      listen(fd, BACKLOG) < 0) {
    int os_error = errno;
    (void)unlink(address->sun_path);
    errno = os_error;
    return false;
  }
  hub->socket_dev = stat.st_dev;
  hub->socket_ino = stat.st_ino;
  return true;
}

static void on_connection(uv_poll_t *poll, int status, int events) {
  struct sherd__hub *hub = poll->data;
  (void)status;
  (void)events;
  for (;;) {
    int fd = accept4(hub->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
      sherd__log(&hub->config.log, SHERD_LOG_WARN, SHERD_NEVER, "hub.refused", "error=\"%s\"",
                 strerror(errno));
      hub->is_accepting = false; /* the hub's timer goes on */
      uv_poll_stop(poll);
    }
    if (fd < 0 && errno != EINTR && errno != ECONNABORTED)
      break;
    if (fd < 0)
      continue;
    struct sherd__peer *peer = sherd__peer_new(hub, fd);
    if (peer && hub->peer_count > SHERD__HUB_PEERS_MAX) {
      sherd__peer_refuse(peer, SHERD_EQUEUEFULL, "there are too many connections: close others");
      sherd__peer_pump(peer);
      sherd__peer_close(peer, "too many connections");
    }
  }
  sherd__hub_turn(hub);
}

void sherd__hub_accept_again(struct sherd__hub *hub) {
  if (hub->listen_fd < 0 || hub->is_accepting)
    return;
  hub->is_accepting = uv_poll_start(hub->listen_poll, UV_READABLE, on_connection) == 0;
}

enum sherd_status sherd__hub_listen(struct sherd__hub *hub, struct sherd_error_info *error) {
  struct sockaddr_un address;
  enum sherd_status status = set_address(hub->config.unix_path, &address, error);
  if (!status)
    status = remove_stale(&address, error);
  if (status)
    return status;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || !bind_private(hub, fd, &address)) {
    int os_error = errno;
    if (fd >= 0)
      close(fd);
    return fail(error, SHERD_ESYSTEM, os_error,
                "cannot listen on %s: %s: check the path and its directory", address.sun_path,
                strerror(os_error));
  }
  hub->listen_fd = fd;
  hub->listen_poll = sherd__peer_poll(hub, fd);
  if (!hub->listen_poll) {
    sherd__hub_unlisten(hub);
    return fail(error, SHERD_ENOMEM, 0, "out of memory");
  }
  sherd__hub_accept_again(hub);
  return SHERD_OK;
}

void sherd__hub_unlisten(struct sherd__hub *hub) {
  struct stat stat;
  if (hub->listen_fd < 0)
    return;
  if (lstat(hub->config.unix_path, &stat) == 0 && stat.st_dev == hub->socket_dev &&
      stat.st_ino == hub->socket_ino)
    (void)unlink(hub->config.unix_path);
  sherd__hub_close_poll(hub, hub->listen_poll);
  close(hub->listen_fd);
  hub->listen_poll = NULL;
  hub->listen_fd = -1;
}
