#pragma once
// What a client is shown of a payment's state: the answer that was just read, or what a departure makes of it.

#include <memory>

#include "base/http/message.hpp"

namespace tidegate::platform {

/// Used on the service's loop only.
class StatusAnswers {
 public:
  virtual ~StatusAnswers() = default;
  /// `fresh` is the state's answer, 200.
  virtual http::Response show(std::int64_t payment, http::Response fresh) = 0;
};

class FreshAnswers final : public StatusAnswers {
 public:
  http::Response show(std::int64_t, http::Response fresh) override { return fresh; }
};

}  // namespace tidegate::platform
