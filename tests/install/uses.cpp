// The headers are C, and C++ takes them as they are.
#include <sherd.h>

#include <cstring>

static void on_event(sherd_shard *, const sherd_event *event, void *count) {
  if (event->type == SHERD_EVENT_MESSAGE_CREATE)
    ++*static_cast<int *>(count);
}

int main() {
  int count = 0;
  sherd_shard_config config = sherd_shard_config();
  config.on_event = on_event;
  config.user = &count;
  sherd_shard *shard = nullptr;
  // No token: the call says so, and makes nothing.
  const sherd_status status = sherd_shard_new(&config, &shard);
  return status == SHERD_ETOKEN && shard == nullptr &&
                 std::strcmp(sherd_version(), SHERD_VERSION) == 0
             ? 0
             : 1;
}
