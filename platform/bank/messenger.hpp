#pragma once
// The messages that the banks send by themselves (provider callbacks): signed, repeated as the knobs say.

#include <memory>
#include <string>

#include "base/json.hpp"
#include "platform/service/runtime.hpp"
#include "platform/worker/peer_client.hpp"

namespace tidegate::platform {

/// Lives on the runtime's loop. Messages go to the peer acquiring.http, or worker.http where that is not known. One
/// that is not taken is tried again twice; a bank gives up then: it can be asked.
class Messenger {
 public:
  explicit Messenger(ServiceRuntime& runtime);
  void tell(std::string acquirer, json::object message, Nanoseconds after, std::int64_t copies);

 private:
  asio::awaitable<void> send(std::string acquirer, std::string body, Nanoseconds after);
  asio::awaitable<void> stop();

  ServiceRuntime& runtime_;
  PeerClient acquiring_, worker_;
  std::int64_t in_flight_ = 0;
  bool stopping_ = false;
  Counter& sent_;
};

}  // namespace tidegate::platform
