#pragma once
// HTTP on one link: the faults that look at messages, and which message meets which.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/http/head_parser.hpp"
#include "chaos/http_fault.hpp"
#include "chaos/proxy/active_fault.hpp"
#include "chaos/proxy/protocol_filter.hpp"

namespace tidegate::chaos {

/// A message as selection sees it.
struct MessagePlace {
  std::uint64_t connection = 0;
  std::uint64_t number = 0;  ///< of the request on its connection
};

/// How long a fault that is still on holds a message.
struct MessageHold {
  std::shared_ptr<ActiveFault> fault;
  Nanoseconds request{0}, response{0};
};

/// All that the faults of the link do to one exchange.
struct ExchangeFate {
  HttpEffect effect;  ///< without holds
  std::vector<MessageHold> holds;
  bool touched = false;
};

/// The picking of messages by one fault. Not thread-safe.
class MessagePicker {
 public:
  MessagePicker(Match match, const FaultIdentity& identity);
  /// The key when the message is picked. Asked once for each message, in the order of their coming.
  std::optional<MessageKey> pick(const http::HeadParser& head, const MessagePlace& place);

 private:
  bool selects(const http::HeadParser& head) const;
  std::uint32_t attempt_of(std::uint64_t key);

  Match match_;
  std::uint64_t seed_, stream_;
  std::uint64_t selected_ = 0, taken_ = 0;
  std::unordered_map<std::uint64_t, std::uint32_t> attempts_;
  std::deque<std::uint64_t> order_;  ///< the oldest keys are forgotten first
};

class HttpProtocol final : public LinkProtocol {
 public:
  std::unique_ptr<ProtocolFilter> filter(std::uint64_t connection) override;
  void add_fault(std::shared_ptr<ActiveFault> fault) override;
  void remove_fault(const ActiveFault* fault) override;

  bool has_faults() const noexcept { return !entries_.empty(); }
  /// The request that faults send again and again, once one was seen; bytes and whether it is a HEAD.
  struct HotRequest {
    std::string bytes;
    bool head_method = false;
  };
  HotRequest& hot() noexcept { return hot_; }
  ExchangeFate decide(const http::HeadParser& head, const MessagePlace& place);

 private:
  struct Entry {
    std::shared_ptr<ActiveFault> fault;
    MessagePicker picker;
  };
  std::vector<Entry> entries_;
  HotRequest hot_;
};

/// message_hash of what a request says identifies it: its trace id, else its idempotency key or request id.
std::optional<std::uint64_t> told_identity(const http::HeadParser& head);
/// The same; of a request that says nothing, the hash of its place.
std::uint64_t message_key(const http::HeadParser& head, const MessagePlace& place);
/// `*` stands for any run of characters.
bool matches_pattern(std::string_view pattern, std::string_view text) noexcept;

}  // namespace tidegate::chaos
