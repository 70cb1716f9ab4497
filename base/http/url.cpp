#include <charconv>

#include "base/http/characters.hpp"
#include "base/http/message.hpp"

namespace tidegate::http {

namespace {

/// Splits `host`, `host:port` and `[address]:port`. False when it is none of them.
bool take_authority(std::string_view authority, Url& url) {
  std::string_view host = authority;
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos) return false;
    host = authority.substr(1, bracket - 1);
    port = authority.substr(bracket + 1);
  } else if (const std::size_t colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon);
  }
  if (host.empty()) return false;
  for (const char c : host) {
    if (!is_in(authority_bytes, c) || c == '[' || c == ']') return false;
  }
  url.host = host;
  if (port.empty()) return true;
  if (port.front() != ':') return false;
  port.remove_prefix(1);
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc{} || end != port.data() + port.size() || number == 0) return false;
  url.port = std::to_string(number);
  return true;
}

}  // namespace

std::string percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high >= 0 && low >= 0) {
        out += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_in(unreserved_bytes, c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4U];
    out += digits[byte & 0xfU];
  }
  return out;
}

std::optional<Url> parse_url(std::string_view text) {
  Url url;
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  if (same_name(text.substr(0, colon), "https")) {
    url.scheme = "https";
    url.port = "443";
  } else if (!same_name(text.substr(0, colon), "http")) {
    return std::nullopt;
  }
  text.remove_prefix(colon + 3);
  text = text.substr(0, text.find('#'));
  const std::size_t path = text.find_first_of("/?");
  if (!take_authority(text.substr(0, path), url)) return std::nullopt;
  if (path == std::string_view::npos) return url;
  const std::string_view target = text.substr(path);
  for (const char c : target) {
    if (!is_target_byte(c)) return std::nullopt;
  }
  url.target = target.front() == '/' ? std::string(target) : "/" + std::string(target);
  return url;
}

std::string host_and_port(std::string_view host, std::uint16_t port) {
  std::string out;
  const bool address = host.find(':') != std::string_view::npos;
  if (address) out += '[';
  out += host;
  if (address) out += ']';
  out += ':';
  out += std::to_string(port);
  return out;
}

}  // namespace tidegate::http
