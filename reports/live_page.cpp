// Each answer to /events carries one event and ends; the browser's EventSource asks again after the `retry` that the
// answer names, with the id of the last event. So the server needs no streams, and nothing is computed for pages that
// were closed.
//
//   GET /        the page with what is known now
//   GET /events  waits for something newer than Last-Event-ID: `data` (the run goes on), `done` (the last), `beat`

#include "reports/live_page.hpp"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <map>
#include <optional>
#include <thread>

#include <boost/asio/use_future.hpp>

#include "base/asio.hpp"
#include "base/http/server.hpp"
#include "record/compact_json.hpp"
#include "reports/html.hpp"
#include "reports/page_data.hpp"

namespace tidegate::reports {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kLook = milliseconds(100);  // how often a waiting answer looks whether there is something
constexpr auto kBeat = seconds(10);
constexpr int kRetryMs = 100;
constexpr int kNice = 10;
constexpr auto kPageIsOpen = seconds(3);  // since its last question

bool is_loopback(std::string_view host) {
  const std::string_view name = host.substr(0, host.rfind(':'));
  return name == "127.0.0.1" || name == "localhost" || name == "[::1]" || host == "localhost";
}

std::uint64_t last_event_id(const http::Request& request) {
  const auto text = request.header("Last-Event-ID");
  std::uint64_t id = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), id);
  return id;
}

/// Servers bind with SO_REUSEPORT, which would let a second one share the port unseen.
Result<void> check_free(std::uint16_t port) {
  asio::io_context io;
  asio::ip::tcp::acceptor acceptor(io);
  error_code failure;
  const asio::ip::tcp::endpoint address(asio::ip::address_v4::loopback(), port);
  acceptor.open(address.protocol(), failure);
  if (!failure) acceptor.set_option(asio::socket_base::reuse_address(true), failure);
  if (!failure) acceptor.bind(address, failure);
  if (!failure) acceptor.listen(1, failure);
  if (failure) return usage_error("port " + std::to_string(port) + ": " + failure.message());
  return {};
}

http::Response page_response(std::string body, const char* type) {
  http::Response response;
  response.content_type = type;
  response.body = std::move(body);
  response.headers = {{"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}};
  return response;
}

}  // namespace

struct LivePage::State {
  explicit State(const record::RunDirectory& opened) : directory(opened), source(opened) {}

  Result<void> bind(std::uint16_t wanted) {
    if (wanted != 0) {
      if (auto free = check_free(wanted); !free) return free;
    }
    http::ServerOptions options;
    options.port = wanted;
    options.max_connections = 64;
    server.emplace(
        io.get_executor(), [this](const http::Request& request) { return answer(request); }, options);
    if (auto started = server->start(); !started) return started;
    port = server->port();
    return {};
  }

  record::RunDirectory directory;
  asio::io_context io{1};
  PageSource source;
  std::optional<http::Server> server;
  std::thread thread;
  std::uint16_t port = 0;
  std::atomic<bool> over{false};

  // Of the thread.
  std::uint64_t version = 0;
  std::string data;  // one line of JSON
  bool last = false;
  Nanoseconds read_at{0};
  std::map<std::string, Nanoseconds> pages;  // when each page last asked, by the name that it gave itself

  /// Reads the directory anew when what is known is old.
  void refresh() {
    if (last) return;
    const Nanoseconds now = monotonic_now();
    const bool ending = over.load();
    const Nanoseconds age = seconds(std::max(1, source.resolution_s()));
    if (version > 0 && !ending && now - read_at < age) return;
    auto read = ending ? page_data(directory) : source.data();
    read_at = now;
    if (!read) return;
    (*read)["live"] = !ending;
    data = record::compact_json(*read);
    last = ending;
    ++version;
  }

  asio::awaitable<http::Response> answer(const http::Request& request) {
    const auto host = request.header("Host");
    if (!host || !is_loopback(*host)) co_return http::problem(403, "only for this machine");
    if (request.method != "GET") co_return http::problem(405, "only GET");
    if (request.path == "/events") {
      const std::uint64_t seen = last_event_id(request);
      std::string name = request.query_parameter("page").value_or("");
      co_return co_await next_event(seen, std::move(name));
    }
    if (request.path != "/") co_return http::problem(404, "there are / and /events");
    refresh();
    auto known = parse_json(data);
    if (!known) co_return http::problem(503, "the run directory cannot be read yet");
    co_return page_response(page_with_data(page_template(), *known, PageKind::live), "text/html; charset=utf-8");
  }

  asio::awaitable<http::Response> next_event(std::uint64_t seen, std::string name) {
    if (pages.size() < 64) pages[name] = monotonic_now();
    const Nanoseconds deadline = monotonic_now() + kBeat;
    asio::steady_timer timer(io);
    // An id from before this server means nothing.
    if (seen > version) seen = 0;
    for (refresh(); version <= seen && monotonic_now() < deadline; refresh()) {
      if (pages.contains(name)) pages[name] = monotonic_now();
      timer.expires_after(kLook);
      co_await timer.async_wait(asio::use_awaitable);
    }
    const char* kind = version <= seen ? "beat" : last ? "done" : "data";
    if (last) pages.erase(name);
    std::string body = "retry: " + std::to_string(kRetryMs) + "\nid: " + std::to_string(version) + "\nevent: " + kind;
    body += "\ndata: " + (version <= seen ? std::string("{}") : data) + "\n\n";
    co_return page_response(std::move(body), "text/event-stream");
  }

  /// Pages that asked lately and do not have the end yet.
  asio::awaitable<bool> ask_whether_someone_waits() {
    const Nanoseconds now = monotonic_now();
    std::erase_if(pages, [now](const auto& page) { return now - page.second > kPageIsOpen; });
    co_return !pages.empty();
  }
};

LivePage::LivePage(std::unique_ptr<State> state) : state_(std::move(state)) {}

Result<std::unique_ptr<LivePage>> LivePage::start(const record::RunDirectory& directory, std::uint16_t port) {
  auto state = std::make_unique<State>(directory);
  if (auto bound = state->bind(port); !bound) return bound.error();
  State& running = *state;
  state->thread = std::thread([&running] {
    // Load comes first: this thread takes what is left.
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), kNice);
    running.io.run();
  });
  return std::unique_ptr<LivePage>(new LivePage(std::move(state)));
}

LivePage::~LivePage() {
  asio::co_spawn(state_->io, state_->server->stop(Nanoseconds{0}),
                 [this](const std::exception_ptr&) { state_->io.stop(); });
  state_->thread.join();
}

std::string LivePage::url() const {
  return "http://127.0.0.1:" + std::to_string(state_->port) + "/";
}

void LivePage::finish(Nanoseconds limit) {
  state_->over = true;
  const Nanoseconds deadline = monotonic_now() + limit;
  bool waits = true;
  while (waits && monotonic_now() < deadline) {
    waits = asio::co_spawn(state_->io, state_->ask_whether_someone_waits(), asio::use_future).get();
    if (waits) std::this_thread::sleep_for(kLook);
  }
}

}  // namespace tidegate::reports
