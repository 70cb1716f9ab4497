#include "base/http/serialize.hpp"

#include <algorithm>
#include <charconv>

#include "base/http/characters.hpp"

namespace tidegate::http {

namespace {

void append_number(std::string& out, std::size_t number) {
  char digits[20];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  static_cast<void>(error);
  out.append(digits, end);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name);
  out.append(": ");
  out.append(value);
  out.append("\r\n");
}

void append_length(std::string& out, std::size_t length) {
  out.append("Content-Length: ");
  append_number(out, length);
  out.append("\r\n");
}

void append_status_line(std::string& out, int status) {
  if (status == 200) {
    out.append("HTTP/1.1 200 OK\r\n");
    return;
  }
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::size_t>(status));
  out.append(" ");
  out.append(reason_phrase(status));
  out.append("\r\n");
}

bool is_value(std::string_view text) noexcept {
  return find_control(text.data(), text.data() + text.size()) == text.data() + text.size();
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return is_in(token_bytes, c); });
}

bool are_fields(const Headers& headers) noexcept {
  return std::all_of(headers.begin(), headers.end(),
                     [](const auto& field) { return is_token(field.first) && is_value(field.second); });
}

bool is_framing_field(std::string_view name) noexcept {
  return same_name(name, "content-length") || same_name(name, "transfer-encoding") || same_name(name, "connection");
}

bool has_field(const Headers& headers, std::string_view name) noexcept {
  return std::any_of(headers.begin(), headers.end(),
                     [name](const auto& field) { return same_name(field.first, name); });
}

}  // namespace

bool sendable(const Response& response) noexcept {
  return response.status >= 200 && response.status <= 999 && is_value(response.content_type) &&
         are_fields(response.headers);
}

bool status_has_body(int status) noexcept {
  return status != 204 && status != 304;
}

void append_head(std::string& out, const Response& response, const ResponseContext& context) {
  append_status_line(out, response.status);
  if (status_has_body(response.status)) {
    if (!response.body.empty() && !response.content_type.empty() && !has_field(response.headers, "content-type")) {
      append_field(out, "Content-Type", response.content_type);
    }
    append_length(out, response.body.size());
  }
  for (const auto& [name, value] : response.headers) {
    if (!is_framing_field(name)) append_field(out, name, value);
  }
  if (!context.keep_alive) {
    out.append("Connection: close\r\n");
  } else if (context.to_http_1_0) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append("\r\n");
}

bool sendable(const ClientRequest& request) noexcept {
  const std::string& target = request.target;
  return is_token(request.method) && !target.empty() && std::all_of(target.begin(), target.end(), is_target_byte) &&
         is_value(request.content_type) && are_fields(request.headers);
}

void append_head(std::string& out, const ClientRequest& request, std::string_view host) {
  out.append(request.method).append(" ").append(request.target).append(" HTTP/1.1\r\n");
  if (!has_field(request.headers, "host")) append_field(out, "Host", host);
  const bool has_body = !request.body.empty();
  if (has_body && !request.content_type.empty() && !has_field(request.headers, "content-type")) {
    append_field(out, "Content-Type", request.content_type);
  }
  // Methods that carry content say so even when it is empty (RFC 9110 section 8.6).
  if (has_body || request.method == "POST" || request.method == "PUT" || request.method == "PATCH") {
    append_length(out, request.body.size());
  }
  for (const auto& [name, value] : request.headers) {
    if (!same_name(name, "content-length") && !same_name(name, "transfer-encoding")) append_field(out, name, value);
  }
  out.append("\r\n");
}

}  // namespace tidegate::http
