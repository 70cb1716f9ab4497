#pragma once
// One connection of a server: reads requests, calls the handler, writes the answers, in order. Internal to base/http.
// What a client has sent ahead is handled together, as far as the server's options let it: a batch is read, handled,
// and answered in one write.
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
  struct Batch;
  enum class Phase : std::uint8_t { idle, reading, handling, writing, lingering };

  asio::awaitable<bool> read_more();
  /// Whether the requests read so far are a batch: nothing may follow, or nothing more has come.
  bool batch_complete() const;
  asio::awaitable<bool> answer_batch();
  /// Sets `responses_`.
  asio::awaitable<void> handle_batch();
  asio::awaitable<Response> handle(const Request& request);
  asio::awaitable<void> answer_error(Response response);
  /// Appends the head to the output, and the body when it is small. Returns the part of the body that was not.
  std::string_view prepare(const Response& response, const RequestParser& parser, bool with_body, bool keep_alive);
  /// What the socket takes at once, which is nearly always everything; `output_` and `body` are cut by it. False when
  /// the connection is broken.
  bool send_now(std::string_view& head, std::string_view& body);
  asio::awaitable<bool> send_rest(std::string_view head, std::string_view body);
  asio::awaitable<void> linger();
  void enter(Phase phase);
  Nanoseconds limit() const;
  std::string_view unread() const { return {input_.data() + begin_, end_ - begin_}; }
  /// Of the request that is being read.
  RequestParser& parser() { return *parsers_[complete_]; }

  std::shared_ptr<ServerState> server_;
  asio::ip::tcp::socket socket_;
  std::vector<std::unique_ptr<RequestParser>> parsers_;  // of the batch, and of the request behind it
  std::size_t complete_ = 0;                             // how many of them have read their request
  std::vector<Response> responses_;                      // to the batch, in its order
  std::vector<char> input_;
  std::size_t begin_ = 0, end_ = 0;  // of what was read and not yet parsed
  std::string output_;
  Phase phase_ = Phase::idle;
  ServerState::Time since_;
  bool refused_;
  bool timed_out_ = false;
  asio::cancellation_signal cancel_handler_;
  std::weak_ptr<Batch> batch_;  // being handled, when there is more than one request in it
};

}  // namespace tidegate::http
