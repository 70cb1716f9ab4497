#pragma once
// `GET /internal/outbox/PRODUCER/TOPIC/PARTITION?from=N&limit=M` and `GET /internal/outbox/PRODUCER/TOPIC`. Private to
// platform/outbox.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/http/message.hpp"
#include "platform/store/store.hpp"

namespace tidegate::platform::outbox {

struct Source {
  std::string producer;
  std::string topic;
  std::int64_t topic_number = 0;
};

http::Response serve(const Source& source, std::string_view rest, const http::Request& request, Connection& reader);

}  // namespace tidegate::platform::outbox
