#include <charconv>

#include "base/http/client.hpp"

namespace tidegate::http {

namespace {

asio::awaitable<void> run_request(Client* client, ClientRequest request, Nanoseconds timeout,
                                  Result<Response>* result) {
  *result = co_await client->send(std::move(request), timeout);
}

/// The completion of the one request of an event loop: an exception is nobody's but the caller's.
void rethrow(const std::exception_ptr& failure) {
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

Result<Response> fetch(const std::string& url, const ClientRequest& request, Nanoseconds timeout) {
  const std::optional<Url> parts = parse_url(url);
  if (!parts) return usage_error("\"" + url + "\" is not a URL of the form http://host:port/path");
  if (parts->scheme != "http") return usage_error("\"" + url + "\": only http is supported");
  std::uint16_t port = 0;
  std::from_chars(parts->port.data(), parts->port.data() + parts->port.size(), port);

  try {
    asio::io_context loop(1);
    ClientOptions options;
    options.connect_timeout = timeout;
    Client client(loop.get_executor(), parts->host, port, options);
    ClientRequest sent = request;
    sent.target = parts->target;
    sent.headers.emplace_back("Connection", "close");
    Result<Response> result = internal_error(url + ": no result");
    asio::co_spawn(loop, run_request(&client, std::move(sent), timeout, &result), rethrow);
    loop.run();
    return result;
  } catch (const boost::system::system_error& error) {
    // An event loop is made of descriptors, and there were none left.
    return system_error(url, error.code().value());
  }
}

Result<Response> fetch(const std::string& url, Nanoseconds timeout) {
  return fetch(url, ClientRequest{}, timeout);
}

}  // namespace tidegate::http
