#pragma once
// Messages as bytes. Internal to base/http.

#include <string>
#include <string_view>

#include "base/http/client.hpp"
#include "base/http/message.hpp"

namespace tidegate::http {

struct ResponseContext {
  bool keep_alive = true;    ///< what the head says about the connection
  bool to_http_1_0 = false;  ///< the client needs to be told about keep-alive
};

/// Whether a response may be sent at all: a final status, and no line break in what goes into its head, which would let
/// whoever chose the value write headers or a second answer.
bool sendable(const Response& response) noexcept;
/// Whether an answer with this status has a body (RFC 9110: 204 and 304 never do).
bool status_has_body(int status) noexcept;
/// Appends status line and header fields. Framing fields of `response.headers` are left out: they are decided here.
void append_head(std::string& out, const Response& response, const ResponseContext& context);

/// The same for requests. `host` is the value of the Host field.
bool sendable(const ClientRequest& request) noexcept;
void append_head(std::string& out, const ClientRequest& request, std::string_view host);

}  // namespace tidegate::http
