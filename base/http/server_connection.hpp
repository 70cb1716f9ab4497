#pragma once
// One connection of a server: reads requests, calls the handler, writes the answers, in order. Internal to base/http.
//
//   idle -> reading -> handling -> writing -> idle ...      -> lingering -> end
//
// The phase and the time it began are all that the timeouts need: the server's sweep looks at them now and then, so a
// request costs no timer.

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <memory>
#include <string>
#include <vector>

#include "base/http/parser.hpp"
#include "base/http/server_state.hpp"

namespace tidegate::http {

class ServerConnection : public std::enable_shared_from_this<ServerConnection> {
 public:
  /// `refused`: beyond the limit of connections, to be answered 503.
  ServerConnection(std::shared_ptr<ServerState> server, asio::ip::tcp::socket socket, bool refused);
  ~ServerConnection() { server_->remove_connection(this); }
  ServerConnection(const ServerConnection&) = delete;
  ServerConnection& operator=(const ServerConnection&) = delete;

  /// Until the connection ends. The completion handler keeps the object alive.
  asio::awaitable<void> run();
  /// Called by the sweep: acts when the phase has lasted too long.
  void check_timeout(ServerState::Time now);
  /// No further request: ends now if none has begun, else after its answer.
  void drain();
  /// Ends now, and so does what the handler waits for.
  void abort();
  asio::cancellation_slot cancellation() { return cancel_handler_.slot(); }

 private:
  enum class Phase : std::uint8_t { idle, reading, handling, writing, lingering };

  asio::awaitable<bool> read_more();
  asio::awaitable<bool> answer_request();
  asio::awaitable<void> answer_error(Response response);
  /// Serializes the head, and the body when it is small. Returns the part of the body that was not.
  std::string_view prepare(const Response& response, bool with_body, bool keep_alive);
  /// What the socket takes at once, which is nearly always everything; `output_` and `body` are cut by it. False when
  /// the connection is broken.
  bool send_now(std::string_view& head, std::string_view& body);
  asio::awaitable<bool> send_rest(std::string_view head, std::string_view body);
  asio::awaitable<void> linger();
  void enter(Phase phase);
  Nanoseconds limit() const;
  std::string_view unread() const { return {input_.data() + begin_, end_ - begin_}; }

  std::shared_ptr<ServerState> server_;
  asio::ip::tcp::socket socket_;
  RequestParser parser_;
  std::vector<char> input_;
  std::size_t begin_ = 0, end_ = 0;  // of what was read and not yet parsed
  std::string output_;
  Phase phase_ = Phase::idle;
  ServerState::Time since_;
  bool refused_;
  bool timed_out_ = false;
  asio::cancellation_signal cancel_handler_;
};

}  // namespace tidegate::http
