#include "stream_file.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(bool holds, const char *path, const char *what) {
  if (holds)
    return;
  fprintf(stderr, "%s: %s; make it anew with bench_stream\n", path, what);
  exit(EXIT_FAILURE);
}

struct stream_file stream_file_open(const char *path) {
  struct stream_file file = {0};
  struct stat info;
  uintmax_t events = 0, hello_bytes = 0, text_bytes = 0, user_id = 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  must(fd >= 0 && fstat(fd, &info) == 0, path, "cannot be read");
  must(info.st_size > STREAM_HEAD_BYTES, path, "is no stream");
  size_t len = (size_t)info.st_size;
  const uint8_t *bytes = mmap(NULL, len, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
  must(bytes != MAP_FAILED, path, "cannot be mapped");
  close(fd);
  /* The head ends with a line feed, where sscanf stops at the latest. */
  must(bytes[STREAM_HEAD_BYTES - 1] == '\n' &&
           sscanf((const char *)bytes, STREAM_HEAD_FORMAT, &events, &hello_bytes, &text_bytes,
                  &user_id) == 4,
       path, "is no stream");
  len -= STREAM_HEAD_BYTES;
  must(hello_bytes < len, path, "is cut off");
  file.hello = (struct sherd_bytes){bytes + STREAM_HEAD_BYTES, hello_bytes};
  file.rest = (struct sherd_bytes){file.hello.data + hello_bytes, len - hello_bytes};
  file.events = events;
  file.text_bytes = text_bytes;
  file.user_id = user_id;
  return file;
}

/* Of a server's frame, which has no mask: 2, 4 or 10 bytes. Source: RFC 6455 section 5.2. */
static size_t head_size(const uint8_t *frame) {
  return frame[1] == 126 ? 4 : frame[1] == 127 ? 10 : 2;
}

struct sherd_bytes stream_file_next(struct sherd_bytes *bytes) {
  if (bytes->len == 0)
    return (struct sherd_bytes){NULL, 0};
  must(bytes->len >= 2 && bytes->len >= head_size(bytes->data), "the stream", "is cut off");
  size_t head = head_size(bytes->data);
  uint64_t len = head == 2 ? bytes->data[1] : 0;
  for (size_t i = 2; i < head; i++)
    len = len << 8 | bytes->data[i];
  must(len <= bytes->len - head, "the stream", "is cut off");
  struct sherd_bytes payload = {bytes->data + head, (size_t)len};
  bytes->data += head + len;
  bytes->len -= head + (size_t)len;
  return payload;
}
