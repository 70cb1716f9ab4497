#pragma once
// HTTP/1.1 messages (RFC 9110, RFC 9112) as values and views.

#include <cstddef>
#include <cstdint>
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
  std::size_t header_bytes = 16 * 1024;  ///< start line and header fields; the trailer fields of a chunked body again
  std::size_t headers = 100;             ///< fields, and again trailer fields
  std::size_t body_bytes = 64 * 1024;
};

/// What a handler sees. Views into the connection's buffer: valid until the handler's response is returned.
struct Request {
  std::string_view method;
  std::string_view target;  ///< as sent: path and query, or with `http://host` before them
  std::string_view path;    ///< before '?', without scheme and host, not decoded
  std::string_view query;   ///< after '?', raw
  std::span<const HeaderView> headers;
  std::string_view body;

  /// The first value of a header (case-insensitive).
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

  /// The first value of a header (case-insensitive), or null.
  const std::string* header(std::string_view name) const noexcept;
};

/// An RFC 9457 problem document: {"type":"about:blank","title":REASON,"status":STATUS,"detail":DETAIL}.
Response problem(int status, std::string_view detail);

/// "Not Found" for 404; "Unknown" for a number without a registered phrase.
std::string_view reason_phrase(int status) noexcept;
/// %41 becomes A; a '%' that two hexadecimal digits do not follow stays as it is, and so does '+'.
std::string percent_decode(std::string_view text);
/// All but RFC 3986's unreserved characters become %XX.
std::string percent_encode(std::string_view text);

/// `http://host:port/path?query`.
struct Url {
  std::string scheme = "http";
  std::string host;         ///< an IPv6 address without its brackets
  std::string port = "80";  ///< 443 for https
  std::string target = "/";
};
/// Absolute http and https URLs only; nothing for user information, a bad port, or characters that need encoding. A
/// fragment is dropped.
std::optional<Url> parse_url(std::string_view text);
/// `host:port`, with brackets around an IPv6 address.
std::string host_and_port(std::string_view host, std::uint16_t port);

}  // namespace tidegate::http
