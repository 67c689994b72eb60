#include "cli/control.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include <sherd/value.h>

#include "cli/cli.h"
#include "cli/settings.h"

#define PATIENCE_S     10
#define READ_BYTES     65536
#define ANSWER_MAX     (256u << 20) /* ten thousand shards say about 10 MiB */
#define ERROR_TEXT_MAX 512

/* -1, with errno saying why. */
static int dial(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  struct timeval patience = {.tv_sec = PATIENCE_S};
  size_t len = strlen(path);
  if (len >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(address.sun_path, path, len);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -1;
  (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
    return fd;
  int why = errno;
  close(fd);
  errno = why;
  return -1;
}

static bool send_all(int fd, const char *text) {
  size_t len = strlen(text);
  while (len) {
    ssize_t sent = send(fd, text, len, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent < 0)
      return false;
    text += sent;
    len -= (size_t)sent;
  }
  return true;
}

/* Reads up to the first line feed; the answer is in one line. */
static bool receive_line(int fd, struct sherd_buf *line) {
  for (;;) {
    if (line->len > ANSWER_MAX || sherd__buf_reserve(line, READ_BYTES)) {
      errno = ENOMEM;
      return false;
    }
    ssize_t got = recv(fd, line->data + line->len, READ_BYTES, 0);
    if (got < 0 && errno == EINTR)
      continue;
    if (got == 0)
      errno = ECONNRESET;
    if (got <= 0)
      return false;
    const uint8_t *end = memchr(line->data + line->len, '\n', (size_t)got);
    line->len += (size_t)got;
    if (end) {
      line->len = (size_t)(end - line->data);
      return true;
    }
  }
}

static int take_result(const char *verb, const struct sherd_buf *line, struct sherd_buf *value) {
  struct sherd_value root;
  struct sherd_bytes raw;
  char text[ERROR_TEXT_MAX];
  if (sherd_value_open(SHERD_FORMAT_JSON, line->data, line->len, &root) ||
      !sherd_value_equals(sherd_value_get(root, "t"), "RESULT")) {
    sherd__cli_complain(verb, "what answers there is no 'sherd run'; check the socket's path");
    return EX_PROTOCOL;
  }
  if (!sherd_value_equals(sherd_value_path(root, "d.status"), "SHERD_OK")) {
    size_t len;
    if (sherd_value_as_str_copy(sherd_value_path(root, "d.text"), text, sizeof text, &len))
      strcpy(text, "it was refused");
    sherd__cli_complain(verb, "%s", text);
    return EX_TEMPFAIL;
  }
  if (sherd_value_raw(sherd_value_path(root, "d.value"), &raw) == SHERD_OK &&
      sherd__buf_append(value, raw.data, raw.len))
    return EX_OSERR;
  return EX_OK;
}

extern char **environ;

int sherd__cli_control_path(const char *verb, const char *given,
                            char out[SHERD__CONTROL_PATH_SIZE]) {
  const char *path = given ? given : getenv("SHERD_CONTROL");
  if (!path || !*path) {
    if (sherd__control_default(environ, out, SHERD__CONTROL_PATH_SIZE))
      return EX_OK;
    sherd__cli_complain(verb, "say where the control socket is: give --control PATH, the one that "
                              "'sherd run' has as --control");
    return EX_USAGE;
  }
  if (strlen(path) >= SHERD__CONTROL_PATH_SIZE) {
    sherd__cli_complain(verb, "the path of the control socket is too long: %s", path);
    return EX_USAGE;
  }
  strcpy(out, path);
  return EX_OK;
}

int sherd__cli_ask(const char *verb, const char *path, const char *request,
                   struct sherd_buf *value) {
  struct sherd_buf line;
  int fd = dial(path);
  if (fd < 0) {
    sherd__cli_complain(verb,
                        "nobody answers at %s (%s); is 'sherd run' running, and is this its "
                        "control socket?",
                        path, strerror(errno));
    return EX_UNAVAILABLE;
  }
  sherd__buf_init(&line, value->allocator);
  int code = EX_UNAVAILABLE;
  if (send_all(fd, request) && receive_line(fd, &line))
    code = take_result(verb, &line, value);
  else
    sherd__cli_complain(verb, "no answer at %s: %s", path, strerror(errno));
  sherd__buf_deinit(&line);
  close(fd);
  return code;
}
