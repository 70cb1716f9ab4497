#pragma once
// The connections of a client and who may use them. Internal to base/http.

#include <deque>
#include <functional>
#include <memory>
#include <unordered_set>
#include <vector>

#include "base/http/client_connection.hpp"

namespace tidegate::http {

class ClientLease;

/// A request that may share its connection with others.
struct PipelinedCall {
  ClientRequest request;
  Deadline deadline;
  std::function<void(Result<Response>)>
      done;  ///< called once, on the executor, never from within the call that made it
};

struct ClientState : std::enable_shared_from_this<ClientState> {
  /// Someone who waits for a free slot. Whoever frees one grants it and cancels the timer.
  struct Waiter {
    explicit Waiter(const asio::any_io_executor& executor) : timer(executor) {}
    asio::steady_timer timer;
    bool granted = false;
  };

  ClientState(asio::any_io_executor executor, std::string host, std::uint16_t port, ClientOptions options);

  /// Coroutines. A slot is the right to one connection: first come, first served.
  static asio::awaitable<bool> take_slot(std::shared_ptr<ClientState> state, Deadline deadline);
  /// Connects, into the lease.
  static asio::awaitable<Result<void>> open_connection(std::shared_ptr<ClientState> state, ClientLease* lease,
                                                       Deadline deadline);
  /// The name's addresses, resolved once. Sets `endpoints`.
  static asio::awaitable<error_code> resolve(std::shared_ptr<ClientState> state);

  void release_slot();
  Error connect_error(const ClientConnection& connection, error_code error) const;
  /// The pooled connection used last, if one is still good; null otherwise.
  std::shared_ptr<ClientConnection> take_idle();
  void keep_idle(std::shared_ptr<ClientConnection> connection);
  /// Sends it together with what else is made before the executor comes to it.
  void gather(PipelinedCall call);
  void send_gathered(std::vector<PipelinedCall> calls);
  void stop();

  asio::any_io_executor executor;
  std::string host;
  std::uint16_t port;
  std::string host_field;  // the value of Host, and the peer's name in messages
  ClientOptions options;
  asio::ip::tcp::resolver resolver;
  std::vector<asio::ip::tcp::endpoint> endpoints;
  std::size_t slots_taken = 0;  // idle connections hold none; taken ones and idle ones together stay within the limit
  std::vector<std::shared_ptr<ClientConnection>> idle;  // last in, first out; the oldest in front
  std::unordered_set<ClientConnection*> busy;           // those in leases, for stop()
  std::deque<std::weak_ptr<Waiter>> waiters;
  std::weak_ptr<std::vector<PipelinedCall>> gathering;  // the executor holds it, for the calls hold this object
  std::size_t pipelined = 0;                            // calls without an answer, those gathered included
  bool stopped = false;
};

/// A slot and the connection in it, given back on every way out.
class ClientLease {
 public:
  explicit ClientLease(std::shared_ptr<ClientState> state) : state_(std::move(state)) {}
  ClientLease(const ClientLease&) = delete;
  ClientLease& operator=(const ClientLease&) = delete;
  ~ClientLease();

  void hold(std::shared_ptr<ClientConnection> connection);
  /// Closes the connection and keeps the slot.
  void drop();
  /// Pools the connection.
  void keep();
  /// The one held.
  ClientConnection& connection() const { return *connection_; }

 private:
  std::shared_ptr<ClientState> state_;
  std::shared_ptr<ClientConnection> connection_;
};

}  // namespace tidegate::http
