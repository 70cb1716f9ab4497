#include "base/file.hpp"
#include "platform/service/command_line.hpp"
#include "platform/service/metrics.hpp"
#include "platform/service/options.hpp"
#include "platform/service/problem.hpp"
#include "platform/service/router.hpp"
#include "platform/service/trace_context.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/platform_workers/support.hpp"

using namespace tidegate;
using namespace tidegate::platform;

namespace {

CommandLine parse(std::vector<const char*> words) {
  words.insert(words.begin(), "tidegate-platform");
  return parse_command_line(static_cast<int>(words.size()), words.data());
}

}  // namespace

TEST_CASE("a command line that is right") {
  const auto line =
      parse({"gateway", "--data", "/d", "--ready-file", "/r", "--peers", "/p", "--port", "4000", "--operator-token",
             "t", "--profile", "legacy", "--switch", "serial_hops", "--switch", "pool_35=false"});
  INFO(line.text);
  REQUIRE(line.run);
  CHECK(line.options.role == "gateway");
  CHECK(line.options.data_directory == "/d");
  CHECK(line.options.ready_file == "/r");
  CHECK(line.options.peers_file == "/p");
  CHECK(line.options.port == 4000);
  CHECK(line.options.operator_token == "t");
  CHECK(line.options.profile == "legacy");
  CHECK(line.options.switches == std::map<std::string, std::string>{{"serial_hops", "true"}, {"pool_35", "false"}});
  using Roles = std::vector<std::string>;
  CHECK(parse({"ledger", "--data", "d"}).options.roles == Roles{"ledger"});
  CHECK(parse({"worker", "--roles", "ledger,acquiring", "--data", "d"}).options.roles == Roles{"ledger", "acquiring"});
  CHECK(parse({"broker"}).run);
  CHECK(parse({"ledger", "--data", "d", "--workers", "4", "--worker-index", "3"}).options.worker_index == 3);
}

TEST_CASE("a command line that is wrong says what to change") {
  struct Row {
    std::vector<const char*> words;
    const char* says;
  };
  const std::vector<Row> rows = {
      {{}, "ROLE"},
      {{"gatway", "--data", "d"}, "did you mean 'gateway'"},
      {{"gateway"}, "--data"},
      {{"worker", "--data", "d"}, "--roles"},
      {{"worker", "--roles", "legder", "--data", "d"}, "did you mean 'ledger'"},
      {{"worker", "--roles", "broker", "--data", "d"}, "does not exist"},
      {{"worker", "--roles", "ledger,ledger", "--data", "d"}, "twice"},
      {{"ledger", "--roles", "ledger", "--data", "d"}, "belongs to the role 'worker'"},
      {{"gateway", "--data", "d", "--profile", "modren"}, "did you mean 'modern'"},
      {{"gateway", "--data", "d", "--switch", "pool_36"}, "did you mean 'pool_35'"},
      {{"gateway", "--data", "d", "--switch", "pool_35=maybe"}, "true or false or a scale"},
      {{"gateway", "--data", "d", "--switch", "pool_35=0"}, "a scale above 0"},
      {{"gateway", "--data", "d", "--switch", "pool_35=1.5"}, "a scale above 0"},
      {{"gateway", "--data", "d", "--switch", "pool_35=0.5x"}, "a scale above 0"},
      {{"gateway", "--data", "d", "--switch", "sync_fraud=0.5"}, "true or false, not '0.5'"},
      {{"gateway", "--data", "d", "--switch", "no_idempotency", "--switch", "cache_only_idempotency"},
       "exclude each other"},
      {{"gateway", "--data", "d", "--profile", "legacy-paynest", "--switch", "round_per_row"}, "exclude each other"},
      {{"gateway", "--data", "d", "--port", "70000"}, "70000"},
      {{"gateway", "--data", "d", "--port", "http"}, "http"},
      {{"ledger", "--data", "d", "--workers", "0"}, "--workers is 0"},
      {{"ledger", "--data", "d", "--prune-after", "gateway,legder"}, "did you mean 'ledger'"},
      {{"ledger", "--data", "d", "--prune-after", "vault"}, "the group of --prune-after 'vault'"},
      {{"ledger", "--data", "d", "--keep-events", "11h"}, "it must be 1s to 10h"},
      {{"ledger", "--data", "d", "--keep-events", "0s"}, "it must be 1s to 10h"},
      {{"ledger", "--data", "d", "--keep-events", "soon"}, "--keep-events: "},
      {{"ledger", "--data", "d", "--workers", "2", "--worker-index", "2"}, "0 to 1"},
      {{"ledger", "--data", "d", "--worker-index", "-1"}, "--worker-index"},
      {{"ledger", "--data", "d", "--thread-affinity"}, "belongs to the role 'gateway'"},
      {{"gateway", "--data", "d", "--unknown"}, "--unknown"},
      {{"gateway", "ledger", "--data", "d"}, "ledger"},
  };
  for (const Row& row : rows) {
    const auto line = parse(row.words);
    INFO(line.text);
    CHECK_FALSE(line.run);
    CHECK(line.exit_code == 104);
    CHECK(line.text.find(row.says) != std::string::npos);
  }
  CHECK(parse({"--version"}).exit_code == 0);
  CHECK(parse({"--version"}).text.find("tidegate-platform 0.") == 0);
  CHECK(parse({"--help"}).text.find("--ready-file") != std::string::npos);
}

TEST_CASE("the peers file is followed, and a broken one keeps the former addresses") {
  const ScratchDirectory scratch;
  PeerDirectory peers(scratch.file("peers.json"));
  CHECK_FALSE(peers.find("gateway.http"));
  CHECK_FALSE(peers.wait("gateway.http", std::chrono::milliseconds(1)).ok());
  scratch.write_peers({{"gateway.http", "127.0.0.1:1"}});
  CHECK(*peers.wait("gateway.http", kDeadline) == "127.0.0.1:1");
  CHECK(peers.generation() == 1);
  REQUIRE(write_file_atomically(scratch.file("peers.json"), "{\"peers\": [").ok());
  CHECK(*peers.wait("gateway.http", kDeadline) == "127.0.0.1:1");
  REQUIRE(write_file_atomically(scratch.file("peers.json"),
                                R"({"generation":2,"peers":{"bank-simulator.http":"127.0.0.1:2"}})")
              .ok());
  CHECK(*peers.wait("bank-simulator.http", kDeadline) == "127.0.0.1:2");
  CHECK(peers.generation() == 2);
  CHECK_FALSE(peers.find("gateway.http"));
}

TEST_CASE("addresses") {
  CHECK(parse_address("127.0.0.1:4000")->port == 4000);
  for (const char* bad : {"", ":", "127.0.0.1", ":80", "h:", "h:0", "h:65536", "h:-1", "h:x", "h:80x"}) {
    INFO(bad);
    CHECK_FALSE(parse_address(bad).ok());
  }
}

TEST_CASE("metrics are written as Prometheus reads them") {
  Metrics metrics;
  Counter& counter = metrics.counter("things_total", "Things.", {{"kind", "a \"b\"\\\n"}});
  counter.add();
  counter.add(2);
  CHECK(&metrics.counter("things_total", "Things.", {{"kind", "a \"b\"\\\n"}}) == &counter);
  metrics.counter("things_total", "Things.", {{"kind", "c"}}).add(5);
  metrics.gauge("depth", "Depth.", {}, [] { return 1.5; });
  const std::string text = metrics.text();
  CHECK(text.find("# TYPE things_total counter\n") != std::string::npos);
  CHECK(text.find("things_total{kind=\"a \\\"b\\\"\\\\\\n\"} 3\n") != std::string::npos);
  CHECK(text.find("things_total{kind=\"c\"} 5\n") != std::string::npos);
  CHECK(text.find("# TYPE depth gauge\ndepth 1.5\n") != std::string::npos);
  CHECK(text.find("process_start_time_seconds ") != std::string::npos);
}

TEST_CASE("a traceparent is continued when valid, else a new trace begins") {
  const std::string parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const std::string child = continue_trace(parent);
  CHECK(is_traceparent(child));
  CHECK(trace_id(child) == trace_id(parent));
  CHECK(child != parent);
  CHECK(child.substr(53) == "01");
  for (const std::string& bad :
       std::vector<std::string>{"", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", parent + "0",
                                "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                                "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                                "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", std::string(55, 'x')}) {
    INFO(bad);
    CHECK_FALSE(is_traceparent(bad));
    const std::string fresh = continue_trace(bad);
    CHECK(is_traceparent(fresh));
    CHECK(fresh != continue_trace(bad));
  }
}

namespace {

/// Status and body for a method and path.
std::pair<int, std::string> route(Router& router, const std::string& method, const std::string& path) {
  http::Request request;
  request.method = method;
  request.target = path;
  request.path = path;
  std::pair<int, std::string> have;
  asio::io_context context;
  const auto task = [](Router& table, const http::Request& asked,
                       std::pair<int, std::string>& out) -> asio::awaitable<void> {
    const http::Response response = co_await table.handle(asked);
    out = {response.status, response.body};
  };
  asio::co_spawn(context, task(router, request, have), asio::detached);
  context.run();
  return have;
}

}  // namespace

TEST_CASE("routes") {
  Metrics metrics;
  Router router(metrics);
  const auto say = [](const std::string& name) {
    return [name](const http::Request&, std::string_view parameter) {
      http::Response response;
      response.body = name + ":" + std::string(parameter);
      return response;
    };
  };
  router.add_immediate("GET", "/v1/payments/{id}", say("one"));
  router.add_immediate("GET", "/v1/payments/export", say("export"));
  router.add_immediate("GET", "/v1/payments", say("list"));
  router.add_immediate("POST", "/v1/payments", say("create"));
  router.add_immediate("POST", "/v1/payments/{id}/capture", say("capture"));
  router.add_immediate("GET", "/internal/outbox/{stream...}", say("outbox"));

  struct Row {
    const char* method;
    const char* path;
    int status;
    const char* body;  // empty: not compared
  };
  const std::vector<Row> rows = {
      {"GET", "/v1/payments/pay_1", 200, "one:pay_1"},
      {"GET", "/v1/payments/export", 200, "export:"},  // the literal path wins
      {"GET", "/v1/payments", 200, "list:"},
      {"POST", "/v1/payments", 200, "create:"},
      {"POST", "/v1/payments/pay_1/capture", 200, "capture:pay_1"},
      {"GET", "/internal/outbox/gateway-0/payments/3", 200, "outbox:gateway-0/payments/3"},
      {"GET", "/v1/payments/", 404, ""},     // an empty parameter is none
      {"GET", "/v1/payments/a/b", 404, ""},  // one segment only
      {"POST", "/v1/payments//capture", 404, ""},
      {"GET", "/", 404, ""},
      {"GET", "", 404, ""},
      {"DELETE", "/v1/payments", 405, ""},
      {"get", "/v1/payments", 405, ""},  // methods are case-sensitive (RFC 9110)
  };
  for (const Row& row : rows) {
    INFO(row.method << " " << row.path);
    const auto have = route(router, row.method, row.path);
    CHECK(have.first == row.status);
    if (row.body[0] != '\0') CHECK(have.second == row.body);
  }
  CHECK(metrics.text().find("http_requests_total{route=\"GET /v1/payments/{id}\",status=\"200\"} 1") !=
        std::string::npos);
}

TEST_CASE("secrets are compared whole") {
  CHECK(same_secret("abc", "abc"));
  CHECK_FALSE(same_secret("abc", "abd"));
  CHECK_FALSE(same_secret("abc", "ab"));
  CHECK_FALSE(same_secret("ab", "abc"));
  CHECK_FALSE(same_secret("", "abc"));
  CHECK_FALSE(same_secret("abcabc", "abc"));
}
