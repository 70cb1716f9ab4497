#pragma once
// What a fault does to one HTTP exchange: a request, and the response to it.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/http/message.hpp"
#include "base/time.hpp"

namespace tidegate::chaos {

/// A response that did not come from the upstream.
struct HttpAnswer {
  int status = 503;
  http::Headers headers;  ///< Content-Length is added
  std::string body;
};

/// Changes of a head; a header that is set replaces all of its name.
struct HeaderEdits {
  http::Headers set;
  std::vector<std::string> remove;
  bool empty() const { return set.empty() && remove.empty(); }
};

/// How a response is broken: in its first line, in a header, or in what it says of its length.
enum class Malformation : std::uint8_t { none, status_line, header, length };
enum class LostReply : std::uint8_t { no, reset, close, silence };

/// The defaults leave an exchange alone.
struct HttpEffect {
  std::optional<HttpAnswer> instead;     ///< the upstream never sees the request
  Nanoseconds hold_request{0};           ///< before the upstream acts
  Nanoseconds hold_response{0};          ///< after it has acted
  LostReply lost_reply = LostReply::no;  ///< it acted, and the client never learns
  HeaderEdits request, response;
  int copies = 0;                            ///< of the request, sent behind it; their responses are thrown away
  int hot_copies = 0;                        ///< of the first request that the fault saw, sent behind this one
  std::optional<std::uint64_t> truncate_at;  ///< bytes of the response's body, as on the wire; then the connection ends
  Malformation malformed = Malformation::none;
};

/// Which message, for choices: the same message meets the same fate, whatever runs beside it.
struct MessageKey {
  /// Of the trace id, the idempotency key or the request id that it carries; else of its connection and number.
  std::uint64_t hash = 0;
  std::uint32_t attempt = 0;  ///< how often this fault has seen that key before
  bool told = false;          ///< the message carries it
};

/// Immutable; a pure function of identity, parameters and key.
class HttpFault {
 public:
  virtual ~HttpFault() = default;
  virtual HttpEffect effect(const MessageKey& key) const = 0;
};

}  // namespace tidegate::chaos
