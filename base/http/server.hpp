#pragma once
// An HTTP/1.1 server on Asio: keep-alive, pipelined requests answered in order, Content-Length and chunked bodies,
// 100-continue, limits and slow-client timeouts. Malformed requests get their 4xx and are never shown to the handler.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/asio.hpp"
#include "base/http/message.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace tidegate::http {

/// Called once per request, on the server's executor; requests of one connection one after the other, unless
/// ServerOptions::pipelined says otherwise. An exception becomes a 500 problem document. It may suspend for as long as
/// it likes: the client may be gone when it returns.
using Handler = std::function<asio::awaitable<Response>(const Request&)>;

struct ServerOptions {
  std::string address = "127.0.0.1";  ///< an IP address, not a name
  std::uint16_t port = 0;             ///< 0: chosen by the system
  Limits limits{};
  /// From the first byte of a request to its last (slow-loris; answered 408), and for a client that reads nothing of
  /// its answer. Timeouts are checked by a sweep: they act up to 2 s or a quarter of the shorter one late, never early.
  Nanoseconds header_timeout = std::chrono::seconds(10);
  Nanoseconds idle_timeout = std::chrono::seconds(120);  ///< between requests
  std::size_t max_connections = 15000;                   ///< beyond it: 503 and close
  /// How many requests that a client has sent ahead (RFC 9112, 9.3.2) are handled at the same time. Their answers leave
  /// in order and together, when the last of them is there; what comes meanwhile waits. More than 1 is for services
  /// whose requests do not depend on each other's effects.
  std::size_t pipelined = 1;
};

struct ServerState;

/// Not thread-safe: all calls on its executor's thread. Binds with SO_REUSEPORT, so that a supervisor can hold the port
/// across a restart. Chunked answers and 1xx statuses of a handler are not supported: an answer has a Content-Length.
class Server {
 public:
  Server(asio::any_io_executor executor, Handler handler, ServerOptions options = {});
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Binds and starts to accept. The error names address and port.
  Result<void> start();
  std::uint16_t port() const noexcept;
  std::size_t connections() const noexcept;
  /// Refuses new connections, lets requests in progress end (with `Connection: close`) up to the limit, then closes and
  /// cancels what their handlers wait for (they see operation_aborted). Returns when all have ended, at most 1 s later.
  /// Not to be awaited by a handler of the same server, which would wait for itself.
  /// What the handler refers to must live until then; destruction without stop() aborts and does not wait.
  asio::awaitable<void> stop(Nanoseconds limit);

 private:
  std::shared_ptr<ServerState> state_;
};

}  // namespace tidegate::http
