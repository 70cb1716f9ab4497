#include "tests/unit/platform_workers/scripted_bank.hpp"

#include "base/json.hpp"

namespace tidegate::platform {
namespace {

using asio::ip::tcp;

std::string response(int status, const std::string& body) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

std::size_t content_length(const std::string& head) {
  const auto at = head.find("Content-Length: ");
  return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
}

void reset(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(asio::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

}  // namespace

ScriptedBank::ScriptedBank(std::vector<Act> posts, std::vector<Act> enquiries)
    : posts_(posts.begin(), posts.end()),
      enquiries_(enquiries.begin(), enquiries.end()),
      acceptor_(loop_.context(), tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)) {
  address_ = "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  asio::co_spawn(loop_.context(), accept_all(), asio::detached);
}

ScriptedBank::~ScriptedBank() {
  loop_.run([this] { acceptor_.close(); });
}

ScriptedBank::Seen ScriptedBank::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

asio::awaitable<void> ScriptedBank::accept_all() {
  while (true) {
    error_code failed;
    tcp::socket socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, failed));
    if (failed) co_return;
    asio::co_spawn(loop_.context(), serve(std::move(socket)), asio::detached);
  }
}

asio::awaitable<void> ScriptedBank::serve(tcp::socket socket) {
  std::string input;
  std::array<char, 4096> buffer{};
  while (socket.is_open()) {
    error_code failed;
    const std::size_t size =
        co_await socket.async_read_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, failed));
    if (failed) co_return;
    input.append(buffer.data(), size);
    const auto end = input.find("\r\n\r\n");
    if (end == std::string::npos) continue;
    const std::string head = input.substr(0, end + 4);
    const std::size_t length = content_length(head);
    if (input.size() < head.size() + length) continue;
    const std::string body = input.substr(head.size(), length);
    input.erase(0, head.size() + length);
    const std::string output = react(head, body, socket);
    if (output.empty()) continue;
    co_await asio::async_write(socket, asio::buffer(output), asio::redirect_error(asio::use_awaitable, failed));
  }
}

std::string ScriptedBank::react(const std::string& head, const std::string& body, tcp::socket& socket) {
  const std::lock_guard lock(mutex_);
  const bool is_post = head.rfind("POST ", 0) == 0;
  seen_.traced = seen_.traced && head.find("traceparent: 00-") != std::string::npos;
  std::string reference;
  if (is_post) {
    seen_.posts += 1;
    seen_.bodies.push_back(body);
    reference = string_member(parse_json(body)->as_object(), "reference").value_or("");
    seen_.posted_references.push_back(reference);
  } else {
    seen_.enquiries += 1;
    const std::string prefix = "GET /v1/charges/";
    reference = head.substr(prefix.size(), head.find(' ', prefix.size()) - prefix.size());
  }
  std::deque<Act>& script = is_post ? posts_ : enquiries_;
  Act act = Act::answer;
  if (!script.empty()) {
    act = script.front();
    script.pop_front();
  }
  return perform(act, reference, is_post, socket);
}

std::string ScriptedBank::perform(Act act, const std::string& reference, bool is_post, tcp::socket& socket) {
  const bool records = is_post && (act == Act::answer || act == Act::record_silent || act == Act::record_reset ||
                                   act == Act::record_503 || act == Act::record_nonsense);
  if (records && seen_.charged.count(reference) == 0) seen_.charged[reference] = 1;
  switch (act) {
    case Act::answer:
      if (seen_.charged.count(reference) == 0) return response(404, "{}");
      return response(200, R"({"reference":")" + reference + R"(","status":"approved","auth_code":"OK1"})");
    case Act::elsewhere:
      return response(201, R"({"reference":")" + reference +
                               R"(","status":"declined","reason":"acquirer_unavailable","try_elsewhere":true})");
    case Act::record_silent:
    case Act::ignore:
      return {};
    case Act::record_reset:
    case Act::reset:
      reset(socket);
      return {};
    case Act::record_503:
    case Act::refuse_503:
      return response(503, "");
    case Act::garbage:
      return "\x16\x03\x01 no HTTP at all\r\n\r\n";
    case Act::record_nonsense:
      return response(200, "<html>maintenance</html>");
  }
  return {};
}

}  // namespace tidegate::platform
