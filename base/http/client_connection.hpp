#pragma once
// One connection of a client: connects, sends requests, reads their answers. Internal to base/http.

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/http/client.hpp"
#include "base/http/parser.hpp"

namespace tidegate::http {

using Deadline = std::chrono::steady_clock::time_point;
/// A year at most, so that the largest timeout there is does not overflow.
inline Deadline deadline_after(Nanoseconds timeout) {
  const Nanoseconds bounded = std::min<Nanoseconds>(timeout, std::chrono::hours(365 * 24));
  return std::chrono::steady_clock::now() + std::chrono::duration_cast<Deadline::duration>(bounded);
}

/// What became of requests on one connection.
struct Exchange {
  bool complete = false;
  bool reusable = false;     ///< the connection may carry another request
  bool stale = false;        ///< the connection ended before a byte of any answer
  std::size_t answered = 0;  ///< requests, from the first one on
  Error error;               ///< of the first one without an answer; without the name of the request
};

class ClientConnection : public std::enable_shared_from_this<ClientConnection> {
 public:
  ClientConnection(const asio::any_io_executor& executor, Limits limits);

  /// Tries the endpoints in order. The error says why the last one failed.
  asio::awaitable<error_code> connect(std::vector<asio::ip::tcp::endpoint> endpoints, Deadline deadline);
  using Answered = std::function<void(std::size_t number, Response response)>;
  /// Sends the requests one behind the other, and calls for each answer as it comes. They must outlive the call.
  asio::awaitable<Exchange> exchange(std::span<const ClientRequest* const> requests, std::string host,
                                     Deadline deadline, Answered answered);

  /// Whether a pooled connection still looks usable: open, and nothing in it to read.
  bool is_quiet();
  /// Whatever the connection is waiting for fails.
  void close();
  bool timed_out() const { return timed_out_; }

  Deadline idle_since;  ///< set by the pool

 private:
  void arm(Deadline deadline);
  void disarm();
  asio::awaitable<error_code> send(std::string_view body);
  /// One answer, into the parser.
  asio::awaitable<Exchange> receive();
  Exchange complete_exchange() const;
  Exchange failed_exchange(error_code reason) const;
  /// Takes the body out of the parser.
  Response take_response();

  asio::ip::tcp::socket socket_;
  asio::steady_timer timer_;
  std::uint64_t armed_ = 0;  // which arming of the timer is in force; a late expiry of an earlier one does nothing
  bool timed_out_ = false;
  ResponseParser parser_;
  std::string output_;
  std::array<char, 8 * 1024> input_;
  std::string_view unread_;  // of the input
};

}  // namespace tidegate::http
