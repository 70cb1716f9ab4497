#pragma once
// A keyed request's answer as the cache holds it: "FINGERPRINT STATUS CONTENT-TYPE LOCATION\nBODY". Private to
// keyed_requests.cpp; foreign bytes (a shared cache) are refused, not guessed at.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/http/message.hpp"

namespace tidegate::platform {

struct StoredAnswer {
  std::int64_t fingerprint = 0;
  http::Response response;  ///< status, content type, body, and Location when there is one
};

std::string encode_answer(const StoredAnswer& answer);
std::optional<StoredAnswer> decode_answer(std::string_view text);

}  // namespace tidegate::platform
