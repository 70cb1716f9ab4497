#pragma once
// The HTTP messages of one connection as they pass, and what faults do to them. Sans-I/O.
//
// Requests meet their fate when their head is complete; responses belong to requests in order (RFC 9112, 9.3.2), so
// each exchange carries its fate along until its response has passed. What is no HTTP/1.1 for certain passes untouched.

#include <cstdint>
#include <deque>
#include <string>

#include "chaos/http/http_protocol.hpp"
#include "chaos/http/message_splitter.hpp"
#include "chaos/proxy/protocol_filter.hpp"

namespace tidegate::chaos {

class HttpFilter final : public ProtocolFilter {
 public:
  /// The protocol outlives it.
  HttpFilter(HttpProtocol& protocol, std::uint64_t connection) : protocol_(protocol), connection_(connection) {}

  void take(Direction direction, std::string_view bytes, Nanoseconds now, FilterOutput& output) override;
  void ended(Direction direction, FilterOutput& output) override;

 private:
  struct Exchange {
    bool head_method = false;
    bool becomes_opaque = false;  ///< CONNECT, or an upgrade that may be agreed
    bool copy = false;            ///< of a request that the client sent once: its response goes nowhere
    ExchangeFate fate;
  };

  bool untouched() const;
  void track(Direction direction, std::string_view bytes, FilterOutput& output);
  void tell(FilterOutput& output) const;
  void take_requests(std::string_view bytes, FilterOutput& output);
  void take_responses(std::string_view bytes, FilterOutput& output);
  void request_head(std::string head, bool ended, FilterOutput& output);
  void response_head(std::string head, bool ended, FilterOutput& output);
  void response_body(std::string_view bytes, bool ended, FilterOutput& output);
  void response_ended();
  void send_copies(FilterOutput& output);
  void send_hot_copies(FilterOutput& output);
  void answer_what_is_due(FilterOutput& output);
  Exchange exchange_of_request() const;
  void head_of_response_seen();
  void all_opaque();

  HttpProtocol& protocol_;
  std::uint64_t connection_, requests_ = 0;
  MessageSplitter up_{http::HeadParser::Kind::request}, down_{http::HeadParser::Kind::response};
  std::string held_up_, held_down_;  ///< heads that are not complete
  std::string copied_;               ///< the request of which copies are to follow, as far as it came
  int copies_ = 0, hot_copies_ = 0;
  std::deque<Exchange> exchanges_;  ///< whose responses have not ended
  std::uint64_t response_body_bytes_ = 0;
  bool dropping_request_ = false;                   ///< the body of a request that is answered here
  bool passing_up_ = false, passing_down_ = false;  ///< a head has been passed in part, before a fault came
  bool silent_ = false;                             ///< nothing more goes downstream
};

/// A head with its edits, and broken where the malformation says so. `head` ends with its empty line.
std::string edited_head(std::string_view head, const HeaderEdits& edits, Malformation malformed);
/// The bytes of an answer; to a HEAD request without its body.
std::string answer_bytes(const HttpAnswer& answer, bool to_head_request);

}  // namespace tidegate::chaos
