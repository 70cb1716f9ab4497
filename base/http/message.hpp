#pragma once
// HTTP/1.1 messages (RFC 9110, RFC 9112) as values and views.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::http {

struct HeaderView {
  std::string_view name;
  std::string_view value;
};

using Headers = std::vector<std::pair<std::string, std::string>>;

/// Case-insensitive comparison of header names.
bool same_name(std::string_view a, std::string_view b) noexcept;

/// Limits on what a peer may send; beyond them it is an error of its own class.
struct Limits {
  std::size_t header_bytes = 16 * 1024;
  std::size_t headers = 100;
  std::size_t body_bytes = 64 * 1024;
};

/// What a handler sees. Views into the connection's buffer: valid until the handler's response is returned.
struct Request {
  std::string_view method;
  std::string_view target;  ///< as sent, path and query
  std::string_view path;    ///< before '?'
  std::string_view query;   ///< after '?', raw
  std::span<const HeaderView> headers;
  std::string_view body;

  std::optional<std::string_view> header(std::string_view name) const noexcept;
  /// The first value of a query parameter, percent-decoded.
  std::optional<std::string> query_parameter(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  Headers headers;
  bool close = false;  ///< close the connection after it

  const std::string* header(std::string_view name) const noexcept;
};

std::string_view reason_phrase(int status) noexcept;
std::string percent_decode(std::string_view text);
std::string percent_encode(std::string_view text);

/// `http://host:port/path?query`.
struct Url {
  std::string scheme = "http";
  std::string host;
  std::string port = "80";
  std::string target = "/";
};
std::optional<Url> parse_url(std::string_view text);

}  // namespace tidegate::http
