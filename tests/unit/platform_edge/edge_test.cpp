// The edge in front of services that answer, fail, go away and come back.

#include "platform/edge/edge.hpp"

#include <atomic>
#include <filesystem>
#include <future>
#include <thread>

#include "base/file.hpp"
#include "base/http/client.hpp"
#include "base/http/server.hpp"
#include "base/json.hpp"
#include "base/random.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/platform_gateway/waiting.hpp"

namespace tidegate::platform {
namespace {

using test::wait_until;

constexpr Nanoseconds kLimit = std::chrono::seconds(20);

/// A service on a thread of its own. `port` 0: any.
class Upstream {
 public:
  explicit Upstream(std::string name, std::uint16_t port = 0, int status = 200)
      : name_(std::move(name)), status_(status) {
    http::ServerOptions options;
    options.port = port;
    server_ = std::make_unique<http::Server>(
        context_.get_executor(), [this](const http::Request& request) { return answer(request); }, options);
    auto started = server_->start();
    if (!started) throw std::runtime_error(started.error().message);
    thread_ = std::thread([this] { context_.run(); });
  }
  ~Upstream() {
    asio::co_spawn(context_, stop(), asio::detached);
    thread_.join();
  }
  std::uint16_t port() const { return server_->port(); }
  std::string address() const { return "127.0.0.1:" + std::to_string(port()); }
  int requests() const { return requests_; }
  void set_status(int status) { status_ = status; }

 private:
  asio::awaitable<http::Response> answer(const http::Request& request) {
    http::Response response;
    if (request.path == "/healthz") co_return response;
    requests_ += 1;
    response.status = status_;
    response.body =
        name_ + " " + std::string(request.method) + " " + std::string(request.target) + " " + std::string(request.body);
    response.headers.emplace_back("X-Upstream", name_);
    co_return response;
  }
  asio::awaitable<void> stop() {
    co_await server_->stop(std::chrono::seconds(1));
    context_.stop();
  }

  const std::string name_;
  asio::io_context context_{1};
  std::unique_ptr<http::Server> server_;
  std::atomic<int> status_;
  std::atomic<int> requests_{0};
  std::thread thread_;
};

class RunningEdge {
 public:
  using Peers = std::map<std::string, std::string>;
  explicit RunningEdge(const Peers& peers)
      : directory_(std::filesystem::temp_directory_path() / ("tidegate-edge-" + random_hex(8))) {
    std::filesystem::create_directories(directory_);
    json::object addresses;
    for (const auto& [name, address] : peers) addresses[name + ".http"] = address;
    options_.role = "edge";
    options_.data_directory = (directory_ / "data").string();
    options_.ready_file = (directory_ / "ready.json").string();
    options_.peers_file = (directory_ / "peers.json").string();
    options_.operator_token = "secret";
    REQUIRE(write_file_atomically(options_.peers_file,
                                  json::serialize(json::object{{"generation", 1}, {"peers", addresses}}))
                .ok());
    start();
  }
  ~RunningEdge() {
    stop();
    std::filesystem::remove_all(directory_);
  }
  void start() {
    std::filesystem::remove(options_.ready_file);
    runtime_ = std::make_unique<ServiceRuntime>(options_);
    auto opened = Edge::open(*runtime_);
    REQUIRE(opened.ok());
    edge_ = std::move(*opened);
    thread_ = std::thread([this] { runtime_->run(); });
    wait_until([&] { return std::filesystem::exists(options_.ready_file); });
    url_ = "http://" + std::string(parse_json(*read_file(options_.ready_file))->at("http").as_string());
  }
  void stop() {
    runtime_->request_stop();
    thread_.join();
    edge_.reset();
    runtime_.reset();
  }
  http::Response send(const std::string& method, const std::string& target, const std::string& key = "",
                      const std::string& body = "", const std::string& token = "") const {
    http::ClientRequest request;
    request.method = method;
    request.body = body;
    if (!key.empty()) request.headers.emplace_back("Idempotency-Key", key);
    if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
    auto response = http::fetch(url_ + target, request, kLimit);
    if (!response) throw std::runtime_error(response.error().message);
    return std::move(*response);
  }
  http::Response put(const std::string& settings) const { return send("PUT", "/admin/edge", "", settings, "secret"); }
  json::object status() const { return parse_json(send("GET", "/admin/edge", "", "", "secret").body)->as_object(); }

 private:
  std::filesystem::path directory_;
  ServiceOptions options_;
  std::unique_ptr<ServiceRuntime> runtime_;
  std::unique_ptr<Edge> edge_;
  std::thread thread_;
  std::string url_;
};

TEST_CASE("edge: requests and answers pass as they are; the inside is not reachable; settings need the token") {
  Upstream gateway("gateway");
  RunningEdge edge(RunningEdge::Peers{{"gateway", gateway.address()}});
  const http::Response answer = edge.send("POST", "/v1/payments?x=%20y", "k", "{\"a\": 1}");
  CHECK(answer.status == 200);
  CHECK(answer.body == "gateway POST /v1/payments?x=%20y {\"a\": 1}");
  CHECK(*answer.header("x-upstream") == "gateway");
  gateway.set_status(422);
  CHECK(edge.send("GET", "/anything").status == 422);
  CHECK(edge.send("GET", "/internal/outbox/gateway-0/payments").status == 404);
  CHECK(edge.send("GET", "/healthz").body.find("edge") != std::string::npos);
  CHECK(edge.send("GET", "/admin/edge").status == 401);
  CHECK(edge.send("PUT", "/admin/edge", "", "{}", "wrong").status == 401);
  CHECK(edge.put("[]").status == 400);
  CHECK(edge.put(R"({"hold":"x"})").status == 400);
}

TEST_CASE("edge: a keyed request outlives a restart of the service behind it, an unkeyed one waits before it is sent") {
  auto gateway = std::make_unique<Upstream>("gateway");
  const std::uint16_t port = gateway->port();
  RunningEdge edge(RunningEdge::Peers{{"gateway", gateway->address()}});
  CHECK(edge.send("POST", "/v1/payments", "before").status == 200);
  gateway.reset();
  auto keyed = std::async(std::launch::async, [&] { return edge.send("POST", "/v1/payments", "during").status; });
  auto read = std::async(std::launch::async, [&] { return edge.send("GET", "/v1/payments/x").status; });
  wait_until([&] { return edge.status().at("held").as_int64() == 2; });
  // It is known to be away by now: nothing is sent until it is back.
  auto unkeyed =
      std::async(std::launch::async, [&] { return edge.send("POST", "/v1/idempotency-keys/k/void").status; });
  wait_until([&] { return edge.status().at("held").as_int64() == 3; });
  gateway = std::make_unique<Upstream>("gateway", port);
  CHECK(keyed.get() == 200);
  CHECK(read.get() == 200);
  CHECK(unkeyed.get() == 200);
  CHECK(gateway->requests() == 3);
}

TEST_CASE("edge: the hold ends, and says so") {
  RunningEdge edge(RunningEdge::Peers{{"gateway", "127.0.0.1:1"}});
  REQUIRE(edge.put(R"({"hold":"100ms"})").status == 200);
  const http::Response keyed = edge.send("POST", "/v1/payments", "k");
  CHECK(keyed.status == 503);
  CHECK(*keyed.header("retry-after") == "1");
  CHECK(edge.send("POST", "/v1/x").status == 503);
  CHECK(edge.status().at("held").as_int64() == 0);
}

TEST_CASE("edge: a candidate that fails is taken back by itself, and that is remembered over a restart") {
  Upstream gateway("gateway");
  Upstream canary("canary");
  RunningEdge edge(RunningEdge::Peers{{"gateway", gateway.address()}, {"canary", canary.address()}});
  REQUIRE(
      edge.put(R"({"canary":{"upstream":"canary","share":50},"rollback":{"least_requests":10,"error_share":"10%"}})")
          .status == 200);
  int to_canary = 0;
  for (int i = 0; i < 100; ++i)
    to_canary += edge.send("POST", "/v1/payments", std::to_string(i)).body[0] == 'c' ? 1 : 0;
  CHECK(to_canary > 25);
  CHECK(to_canary < 75);
  canary.set_status(500);
  for (int i = 0; i < 1000 && !edge.status().contains("rolled_back"); ++i) {
    edge.send("POST", "/v1/payments", "bad-" + std::to_string(i));
  }
  REQUIRE(edge.status().contains("rolled_back"));
  const auto share = [&] { return edge.status().at("settings").at("canary").at("share").as_int64(); };
  CHECK(share() == 0);
  const int before = canary.requests();
  for (int i = 0; i < 50; ++i) CHECK(edge.send("POST", "/v1/payments", "after-" + std::to_string(i)).status == 200);
  CHECK(canary.requests() == before);
  edge.stop();
  edge.start();
  CHECK(share() == 0);
}

TEST_CASE("edge: a candidate whose probes fail is taken back without a client's request") {
  Upstream gateway("gateway");
  RunningEdge edge(RunningEdge::Peers{{"gateway", gateway.address()}, {"canary", "127.0.0.1:1"}});
  REQUIRE(edge.put(R"({"canary":{"upstream":"canary","share":1},"probe_every":"10ms"})").status == 200);
  wait_until([&] { return edge.status().contains("rolled_back"); });
  CHECK(edge.status().at("probes").at("gateway").as_bool());
  CHECK_FALSE(edge.status().at("probes").at("canary").as_bool());
}

TEST_CASE("edge: a shadow gets copies, its answers reach nobody, and its trouble slows nobody") {
  Upstream gateway("gateway");
  Upstream canary("canary", 0, 500);
  RunningEdge edge(RunningEdge::Peers{{"gateway", gateway.address()}, {"canary", canary.address()}});
  REQUIRE(
      edge.put(R"({"canary":{"upstream":"canary","share":0,"shadow":100},"rollback":{"failed_probes":1000}})").status ==
      200);
  for (int i = 0; i < 20; ++i) CHECK(edge.send("POST", "/v1/payments", std::to_string(i)).body[0] == 'g');
  wait_until([&] { return canary.requests() == 20; });
  const std::string metrics = edge.send("GET", "/metrics").body;
  CHECK(metrics.find("\nedge_shadow_requests_total 20") != std::string::npos);
  wait_until([&] {
    return edge.send("GET", "/metrics").body.find("\nedge_shadow_differences_total 20") != std::string::npos;
  });
}

TEST_CASE("edge: strangled paths and transforms hold end to end") {
  Upstream gateway("gateway");
  Upstream legacy("legacy");
  RunningEdge edge(RunningEdge::Peers{{"gateway", gateway.address()}, {"legacy", legacy.address()}});
  REQUIRE(edge.put(R"({"strangler":[{"path":"/v1/payouts","upstream":"legacy"}],
                       "transforms":[{"path":"/v1/payouts","rename_members":{"sum":"amount"}}]})")
              .status == 200);
  CHECK(edge.send("POST", "/v1/payouts", "k", R"({"sum":5})").body == R"(legacy POST /v1/payouts {"amount":5})");
  CHECK(edge.send("POST", "/v1/payments", "k", R"({"sum":5})").body == R"(gateway POST /v1/payments {"sum":5})");
}

}  // namespace
}  // namespace tidegate::platform
