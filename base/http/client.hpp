#pragma once
// HTTP/1.1 clients: a pooled asynchronous one for services, and a blocking call for tools. The load engine drives its
// own connections over the same parser (base/http/parser.hpp).

#include <cstdint>
#include <memory>
#include <string>

#include "base/asio.hpp"
#include "base/http/message.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace tidegate::http {

/// Host, Content-Length and Content-Type are added unless `headers` has a Host or Content-Type of its own.
struct ClientRequest {
  std::string method = "GET";  ///< not CONNECT
  std::string target = "/";
  Headers headers;
  std::string body;
  std::string content_type = "application/json";  ///< sent when there is a body
};

struct ClientOptions {
  std::size_t max_connections = 256;  ///< further requests wait for a free one, within their timeout
  Nanoseconds connect_timeout = std::chrono::seconds(2);
  Nanoseconds idle_timeout = std::chrono::seconds(30);  ///< pooled connections older than this are not reused
  /// Pipelining (RFC 9112, 9.3.2): once more requests than `pipeline_after` are in progress, those that are made at the
  /// same time go out on one connection, in one write, up to so many. Their answers come in order, so each waits for
  /// those before it, and what ends the connection ends all that have no answer. For small requests to a service where
  /// the caller can find out what became of one without an answer. 1: never.
  std::size_t pipeline_depth = 1;
  std::size_t pipeline_after = 32;
  Limits limits{16 * 1024, 100, 16 * 1024 * 1024};
};

struct ClientState;

/// One upstream. Not thread-safe: use it on its executor's thread. Connections are pooled, the one used last first; one
/// whose request failed, timed out or was cancelled is closed and never reused.
/// Errors: Kind::timeout (connect or answer), Kind::closed (refused, reset, closed early, stopped), Kind::protocol (the
/// answer is not HTTP/1.1, or beyond the limits), Kind::usage (a request that cannot be sent, such as a line break in a
/// header). The message names the request and the upstream. A request on a pooled connection that turns out closed
/// before a byte of the answer is retried once on a fresh connection only when its method is GET, HEAD, PUT or DELETE.
/// With pipelining, a caller that is cancelled still waits for the answer.
class Client {
 public:
  Client(asio::any_io_executor executor, std::string host, std::uint16_t port, ClientOptions options = {});
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// `timeout` spans everything: the wait for a connection, the connect, the answer to its last byte. Names are
  /// resolved once; only that wait, which the system bounds, can last longer.
  asio::awaitable<Result<Response>> send(ClientRequest request, Nanoseconds timeout);
  /// Closes pooled connections; requests in progress fail with Kind::closed.
  void stop();

 private:
  std::shared_ptr<ClientState> state_;
};

/// Blocking, on a connection and an event loop of its own; for set-up steps, tools and tests. `request.target` is not
/// used: the URL has it. Errors as Client's, and Kind::usage for what is not an http URL.
Result<Response> fetch(const std::string& url, const ClientRequest& request, Nanoseconds timeout);
/// GET.
Result<Response> fetch(const std::string& url, Nanoseconds timeout);

}  // namespace tidegate::http
