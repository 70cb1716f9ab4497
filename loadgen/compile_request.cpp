#include <algorithm>
#include <charconv>
#include <map>

#include "base/http/characters.hpp"
#include "base/json.hpp"
#include "base/schema.hpp"
#include "base/units.hpp"
#include "loadgen/compile.hpp"
#include "loadgen/digest.hpp"

namespace tidegate::loadgen {
namespace {

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return out;
}

bool is_token(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return http::is_in(http::token_bytes, c); });
}

/// Headers that the engine itself decides.
bool is_framing(std::string_view name) {
  return http::same_name(name, "Content-Length") || http::same_name(name, "Transfer-Encoding") ||
         http::same_name(name, "Connection") || http::same_name(name, "Expect");
}

Template compile_target(const yaml::Node& path, Names& names, Diagnostics& diagnostics) {
  const std::string& text = path.text();
  // A slot at the very start may hold a whole path, as a captured Location does.
  const Escape escape = text.starts_with("${") ? Escape::whole_target : Escape::target;
  if (text.starts_with("http://") || text.starts_with("https://")) {
    diagnostics.add(path.mark(), "write the path only; the address comes from the stack");
    return {};
  }
  if (!text.starts_with('/') && escape == Escape::target) {
    diagnostics.add(path.mark(), "a path must start with /, found '" + text + "'");
    return {};
  }
  Template target = compile_template(text, escape, names, path.mark(), diagnostics);
  for (const Piece& piece : target.pieces()) {
    if (!std::all_of(piece.literal.begin(), piece.literal.end(), http::is_target_byte)) {
      diagnostics.add(path.mark(), "a path cannot hold spaces, # or bytes beyond ASCII; write them as %XX");
      break;
    }
  }
  return target;
}

void compile_headers(const yaml::Node& headers, RequestSpec& request, Names& names, Diagnostics& diagnostics) {
  for (const auto& [name, value] : headers.entries()) {
    if (!is_token(name.text())) {
      diagnostics.add(name.mark(), "'" + name.text() + "' is not a header name");
      continue;
    }
    if (is_framing(name.text())) {
      diagnostics.add(name.mark(), "header '" + name.text() + "' is set by the load engine");
      continue;
    }
    if (http::find_control(value.text().data(), value.text().data() + value.text().size()) !=
        value.text().data() + value.text().size()) {
      diagnostics.add(value.mark(), "a header value cannot hold control characters");
      continue;
    }
    Template compiled = compile_template(value.text(), Escape::header, names, value.mark(), diagnostics);
    if (http::same_name(name.text(), "Content-Type")) {
      request.content_type = std::move(compiled);
    } else {
      request.headers.emplace_back(name.text(), std::move(compiled));
    }
  }
}

/// `Authorization` from `auth`.
void compile_auth(const yaml::Node& auth, RequestSpec& request, Names& names, Diagnostics& diagnostics) {
  const yaml::Node* basic = auth.find("basic");
  const yaml::Node* bearer = auth.find("bearer");
  if ((basic == nullptr) == (bearer == nullptr)) {
    diagnostics.add(auth.mark(), "'auth' takes either 'basic' or 'bearer'");
    return;
  }
  for (const auto& [name, value] : request.headers) {
    if (http::same_name(name, "Authorization")) {
      diagnostics.add(auth.mark(), "the header Authorization is set already");
      return;
    }
  }
  Template value;
  if (bearer != nullptr) {
    value.append_literal("Bearer ");
    value.append(compile_template(bearer->text(), Escape::header, names, bearer->mark(), diagnostics));
  } else {
    Template pair = compile_template(basic->find("user")->text() + ":" + basic->find("password")->text(), Escape::none,
                                     names, basic->mark(), diagnostics);
    value.append_literal("Basic ");
    if (pair.constant()) {
      value.append_literal(to_base64(pair.literal()));
    } else {
      Slot slot;
      slot.source = Slot::Source::digest;
      slot.function = Slot::Function::base64;
      slot.name = "basic";
      slot.arguments.push_back(std::move(pair));
      value.append_slot(std::move(slot), Escape::header);
    }
  }
  request.headers.emplace_back("Authorization", std::move(value));
}

void append_json_text(Template& out, const std::string& text, Names& names, const Mark& mark,
                      Diagnostics& diagnostics) {
  out.append_literal("\"");
  out.append(compile_template(text, Escape::json_string, names, mark, diagnostics));
  out.append_literal("\"");
}

/// A scalar that is one slot and nothing else keeps its type.
bool is_single_slot(const std::string& text) {
  return text.starts_with("${") && 2 + slot_length(std::string_view(text).substr(2)) + 1 == text.size();
}

}  // namespace

Template compile_json(const yaml::Node& node, Names& names, Diagnostics& diagnostics) {
  Template out;
  switch (node.kind()) {
    case yaml::Node::Kind::null:
      out.append_literal("null");
      break;
    case yaml::Node::Kind::scalar:
      if (is_single_slot(node.text())) {
        out = compile_template(node.text(), Escape::json_value, names, node.mark(), diagnostics);
      } else if (node.text().find("${") != std::string::npos) {
        append_json_text(out, node.text(), names, node.mark(), diagnostics);
      } else {
        out.append_literal(json::serialize(to_json(node)));
      }
      break;
    case yaml::Node::Kind::list: {
      const char* separator = "[";
      for (const yaml::Node& item : node.items()) {
        out.append_literal(std::exchange(separator, ","));
        out.append(compile_json(item, names, diagnostics));
      }
      out.append_literal(node.items().empty() ? "[]" : "]");
      break;
    }
    case yaml::Node::Kind::map: {
      const char* separator = "{";
      for (const auto& [key, value] : node.entries()) {
        out.append_literal(std::exchange(separator, ","));
        append_json_text(out, key.text(), names, key.mark(), diagnostics);
        out.append_literal(":");
        out.append(compile_json(value, names, diagnostics));
      }
      out.append_literal(node.entries().empty() ? "{}" : "}");
      break;
    }
  }
  return out;
}

const char* method_of(const yaml::Node& step) {
  const auto found = std::find_if(kMethods.begin(), kMethods.end(), [&](const char* name) { return step.find(name); });
  return found == kMethods.end() ? nullptr : *found;
}

std::string default_name(const RequestSpec& request) {
  return request.method + " " + request.target.outline();
}

RequestSpec compile_request(const yaml::Node& step, std::string_view method, const yaml::Node& path, Names& names,
                            CompileContext& context) {
  RequestSpec request;
  request.method = upper(method);
  request.target = compile_target(path, names, context.diagnostics);
  compile_body(step, request, names, context);
  const bool has_type = !request.content_type.empty();
  Template own_type = std::exchange(request.content_type, {});
  names.allow_body(true);
  if (const yaml::Node* headers = step.find("headers")) compile_headers(*headers, request, names, context.diagnostics);
  if (const yaml::Node* auth = step.find("auth")) compile_auth(*auth, request, names, context.diagnostics);
  names.allow_body(false);
  if (has_type && request.content_type.empty()) request.content_type = std::move(own_type);
  // A POST without a body still says so, or servers wait for one.
  if (request.method == "POST" || request.method == "PUT" || request.method == "PATCH") request.has_body = true;
  return request;
}

RequestSpec compile_any_request(const yaml::Node& step, Names& names, CompileContext& context) {
  if (is_foreign_request(step)) return compile_foreign_request(step, names, context);
  const yaml::Node* method = step.find("method");
  for (const char* key : {"send", "receive", "hold", "close", "message", "descriptors", "key"}) {
    if (const yaml::Node* value = step.find(key)) {
      context.diagnostics.add(value->mark(), std::string("'") + key + "' goes with websocket, grpc or publish only");
    }
  }
  if (const yaml::Node* path = step.find("request")) {
    if (method == nullptr || !is_token(method->text()) || method->text() == "CONNECT") {
      context.diagnostics.add(path->mark(), "'request' needs 'method', an HTTP method other than CONNECT");
      return {};
    }
    RequestSpec request = compile_request(step, "get", *path, names, context);
    request.method = method->text();
    return request;
  }
  if (method != nullptr) context.diagnostics.add(method->mark(), "'method' needs 'request'");
  const char* known = method_of(step);
  return compile_request(step, known, *step.find(known), names, context);
}

std::string Capture::text() const {
  switch (from) {
    case From::json:
      return path.text();
    case From::header:
      return "header " + key;
    case From::cookie:
      return "cookie " + key;
    case From::regex:
      return "match of " + key;
  }
  return {};
}

std::optional<Capture> compile_place(const yaml::Node& node, Diagnostics& diagnostics) {
  Capture capture;
  if (node.is_scalar()) {
    auto path = JsonPath::parse(node.text());
    if (!path) {
      diagnostics.add(node.mark(), path.error().message);
      return std::nullopt;
    }
    capture.path = *std::move(path);
    return capture;
  }
  if (node.entries().size() != 1) {
    diagnostics.add(node.mark(),
                    "a place is a JSON path, or one of {header: NAME}, {regex: EXPRESSION}, {cookie: NAME}");
    return std::nullopt;
  }
  const auto& [kind, value] = node.entries().front();
  capture.key = value.text();
  capture.from = kind.text() == "header"   ? Capture::From::header
                 : kind.text() == "cookie" ? Capture::From::cookie
                                           : Capture::From::regex;
  if (capture.from != Capture::From::regex) return capture;
  auto pattern = Pattern::compile(capture.key);
  if (!pattern) {
    diagnostics.add(value.mark(), pattern.error().message);
    return std::nullopt;
  }
  capture.pattern = *std::move(pattern);
  return capture;
}

std::vector<Capture> compile_captures(const yaml::Node* node, Diagnostics& diagnostics) {
  std::vector<Capture> captures;
  if (node == nullptr) return captures;
  for (const auto& [name, value] : node->entries()) {
    if (name.text().empty() || name.text().find_first_of(".(){}$ ") != std::string::npos) {
      diagnostics.add(name.mark(), "'" + name.text() + "' cannot name a variable");
      continue;
    }
    auto capture = compile_place(value, diagnostics);
    if (!capture) continue;
    capture->name = name.text();
    captures.push_back(*std::move(capture));
  }
  return captures;
}

Nanoseconds duration_at(const yaml::Node& node, std::string_view key, Nanoseconds otherwise) {
  const yaml::Node* value = node.find(key);
  return value == nullptr ? otherwise : schema::as_duration(*value);
}

Nanoseconds timeout_at(const yaml::Node& node, Nanoseconds otherwise, Diagnostics& diagnostics) {
  const Nanoseconds timeout = duration_at(node, "timeout", otherwise);
  if (timeout.count() <= 0) diagnostics.add(node.find("timeout")->mark(), "a timeout must be longer than 0");
  return timeout;
}

}  // namespace tidegate::loadgen
