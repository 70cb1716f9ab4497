#pragma once
// What the header fields say about where a message ends and what becomes of its connection (RFC 9112 sections 6, 9).
// Internal to base/http.

#include <cstdint>
#include <string_view>

#include "base/http/parse_error.hpp"

namespace tidegate::http {

struct Framing {
  std::uint64_t content_length = 0;
  bool has_length = false;
  bool chunked = false;
  bool close = false;             ///< Connection: close
  bool keep_alive = false;        ///< Connection: keep-alive, which HTTP/1.0 needs
  bool expects_continue = false;  ///< Expect: 100-continue
  std::uint8_t hosts = 0;         ///< Host fields seen

  /// Takes note of one field. Fields without a part in framing pass.
  ParseError apply(std::string_view name, std::string_view value) noexcept;
  /// After the last field: do they agree? `minor_version` is that of HTTP/1.x.
  ParseError check(bool is_request, int minor_version) const noexcept;
  /// Whether the connection may serve another message, as far as the fields say.
  bool persistent(int minor_version) const noexcept { return !close && (minor_version > 0 || keep_alive); }

 private:
  ParseError apply_content_length(std::string_view value) noexcept;
  ParseError apply_transfer_encoding(std::string_view value) noexcept;
  ParseError apply_host(std::string_view value) noexcept;
  void apply_connection(std::string_view value) noexcept;
};

}  // namespace tidegate::http
