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

/// Called once per request, on the server's executor. An exception becomes a 500 problem document.
using Handler = std::function<asio::awaitable<Response>(const Request&)>;

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;            ///< 0: chosen by the system
  Limits limits;
  Nanoseconds header_timeout = std::chrono::seconds(10);  ///< first byte of a request to its last (slow-loris)
  Nanoseconds idle_timeout = std::chrono::seconds(120);   ///< between requests
  std::size_t max_connections = 15000;
};

/// Not thread-safe: all calls on its executor's thread. Binds with SO_REUSEPORT, so that a supervisor can hold the port
/// across a restart.
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
  /// Refuses new connections, lets requests in progress end (with `Connection: close`) up to the limit, then closes.
  asio::awaitable<void> stop(Nanoseconds limit);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tidegate::http
