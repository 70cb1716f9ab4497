#include "loadgen/outgoing.hpp"

#include <algorithm>

#include "base/http/characters.hpp"
#include "loadgen/loop.hpp"

namespace tidegate::loadgen {
namespace {

/// A request in parts, as bytes.
void serialize(const RenderedRequest& parts, const std::string& host, std::string& out) {
  out = parts.method + " " + parts.target + " HTTP/1.1\r\n";
  const bool has_host = std::any_of(parts.headers.begin(), parts.headers.end(),
                                    [](const auto& header) { return http::same_name(header.first, "Host"); });
  if (!has_host) out += "Host: " + host + "\r\n";
  for (const auto& [name, value] : parts.headers) out += name + ": " + value + "\r\n";
  if (!parts.content_type.empty()) out += "Content-Type: " + parts.content_type + "\r\n";
  const bool has_body = !parts.body.empty() || parts.method == "POST" || parts.method == "PUT";
  if (has_body) out += "Content-Length: " + std::to_string(parts.body.size()) + "\r\n";
  out += "\r\n" + parts.body;
}

/// What becomes of a request that there is no memory for.
Task<Attempt> unsent(Nanoseconds started) {
  Attempt attempt;
  attempt.error = ErrorClass::memory;
  attempt.started = attempt.sending = attempt.sent_at = attempt.first_byte = attempt.ended = started;
  co_return attempt;
}

/// The target of a request line.
std::string_view target_of(std::string_view bytes) {
  const std::size_t start = std::min(bytes.find(' '), bytes.size() - 1) + 1;
  return bytes.substr(start, bytes.find(' ', start) - start);
}

}  // namespace

Outgoing::Outgoing(Vu& vu, const Step& step, std::string& memory)
    : vu_(vu), step_(step), other_(vu.loop.transport(step.request.protocol)), memory_(memory) {
  if (other_ == nullptr && !step.request.prepared.empty()) {
    bytes_ = step.request.prepared;
    if (step.request.has_body) body_size_ = step.request.body.literal().size();
    if (vu.cookies != nullptr) add_cookies();
    return;
  }
  if (!vu.now_ms) vu.now_ms = vu.loop.runtime().clock.to_unix(vu.loop.now()).count() / 1'000'000;
  if (other_ != nullptr) {
    parts();
  } else {
    whole_ = render_request(vu.scope(), step.request, vu.loop.scratch(), memory);
    bytes_ = memory;
    if (step.request.has_body) body_size_ = vu.loop.scratch().size();
  }
  if (vu.cookies != nullptr && whole_) add_cookies();
}

RenderedRequest& Outgoing::parts() {
  if (!parts_) {
    parts_ = std::make_unique<RenderedRequest>();
    whole_ = render_parts(vu_.scope(), step_.request, *parts_);
  }
  return *parts_;
}

void Outgoing::add_cookies() {
  if (vu_.cookies->empty()) return;
  const bool secure = vu_.loop.runtime().origin.is_tls();
  std::string value;
  if (other_ != nullptr || parts_) {
    RenderedRequest& request = parts();
    std::erase_if(request.headers, [](const auto& header) { return http::same_name(header.first, "Cookie"); });
    if (vu_.cookies->append(request.target, secure, value)) request.headers.emplace_back("Cookie", std::move(value));
    return;
  }
  if (!vu_.cookies->append(target_of(bytes_), secure, value)) return;
  if (bytes_.data() != memory_.data()) memory_ = std::string(bytes_);
  memory_.insert(memory_.find("\r\n") + 2, "Cookie: " + value + "\r\n");
  bytes_ = memory_;
}

std::uint32_t Outgoing::body_hash() const {
  if (parts_) return record::body_hash(parts_->body);
  return record::body_hash(bytes_.substr(bytes_.size() - body_size_));
}

Task<Attempt> Outgoing::send(Nanoseconds started, Nanoseconds deadline) const {
  if (vu_.loop.memory_short()) [[unlikely]]
    return unsent(started);
  if (other_ != nullptr) {
    const Expectation& until = step_.kind == Step::Kind::poll ? step_.until : step_.expect;
    return other_->exchange(&vu_, {&step_.request, *parts_, &until, started, deadline});
  }
  const bool head = parts_ ? parts_->method == "HEAD" : step_.request.method == "HEAD";
  return exchange(&vu_, {bytes_, started, deadline, head, step_.reads_body()});
}

bool Outgoing::follow(const Answer& answer) {
  const int status = answer.status;
  if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308) return false;
  const auto location = answer.header("Location");
  if (!location) return false;
  const Origin& origin = vu_.loop.runtime().origin;
  RenderedRequest& request = parts();
  auto target = local_target(*location, request.target, origin);
  if (!target || !whole_) return false;
  request.target = *std::move(target);
  const bool becomes_get = (status == 303 && request.method != "HEAD") || (status <= 302 && request.method == "POST");
  if (becomes_get) {
    request.method = "GET";
    request.body.clear();
    request.content_type.clear();
  }
  if (vu_.cookies != nullptr) add_cookies();
  if (other_ == nullptr) {
    serialize(request, origin.host_header, memory_);
    bytes_ = memory_;
  }
  return true;
}

std::optional<std::string> local_target(std::string_view location, std::string_view from, const Origin& origin) {
  location = location.substr(0, location.find('#'));
  if (location.empty() || !std::all_of(location.begin(), location.end(), http::is_target_byte)) return std::nullopt;
  if (location.starts_with("//") || location.find("://") != std::string_view::npos) {
    const std::string whole =
        location.starts_with("//") ? origin.scheme + ":" + std::string(location) : std::string(location);
    const auto url = http::parse_url(whole);
    if (!url || url->scheme != origin.scheme || url->host != origin.host || url->port != origin.port)
      return std::nullopt;
    return url->target;
  }
  if (location.starts_with('/')) return std::string(location);
  const std::string_view path = from.substr(0, from.find('?'));
  if (location.starts_with('?')) return std::string(path) + std::string(location);
  const std::size_t slash = path.rfind('/');
  return std::string(path.substr(0, slash == std::string_view::npos ? 0 : slash + 1)) + std::string(location);
}

}  // namespace tidegate::loadgen
