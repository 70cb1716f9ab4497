// The control API as curl would use it, and the client that the harness uses.
#include "chaos/agent_api.hpp"

#include "base/http/client.hpp"
#include "base/http/server.hpp"
#include "chaos/control.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/chaos/support/proxy_host.hpp"
#include "tests/unit/chaos/support/test_server.hpp"

using namespace tidegate;
using namespace tidegate::chaos;
using namespace tidegate::chaos::test;

namespace {

class ApiHost {
 public:
  ApiHost() : host_("") {
    host_.on_thread([this] {
      server_ = std::make_unique<http::Server>(host_.executor(), agent_api(host_.state(), "secret"));
      return server_->start().ok();
    });
  }
  ~ApiHost() {
    host_.on_thread([this] {
      server_.reset();
      return 0;
    });
  }
  std::string address() { return "127.0.0.1:" + std::to_string(server_->port()); }
  AgentControl control(const std::string& token = "secret") { return AgentControl({address(), token, 0}, kDeadline); }
  http::Response call(const std::string& method, const std::string& path, const std::string& body = {}) {
    auto response = http::fetch("http://" + address() + path,
                                {method, path, {{"Authorization", "Bearer secret"}}, body}, kDeadline);
    REQUIRE(response.ok());
    return *std::move(response);
  }
  ProxyHost& host() { return host_; }

 private:
  ProxyHost host_;
  std::unique_ptr<http::Server> server_;
};

LeaseRequest request_for(const std::string& link) {
  LeaseRequest request;
  request.id = "bank slow/1";  // a name that needs encoding
  request.link = link;
  request.kind = "latency";
  request.parameters = parse_yaml("{delay: 30m, distribution: uniform, jitter: 50ms}");
  request.match = {0.5, 1, 100};
  request.seed = 18446744073709551615ULL;
  request.duration = std::chrono::seconds(60);
  return request;
}

}  // namespace

TEST_CASE("the client opens a link, injects, reads hits, and heals") {
  ApiHost api;
  TestServer server(echo);
  const AgentControl control = api.control();
  const auto link = control.open_link({"acquiring->bank"});
  REQUIRE(link.ok());
  REQUIRE(control.set_upstream("acquiring->bank", server.address()).ok());
  auto lease = request_for("acquiring->bank");
  lease.match = {};
  const auto injected = control.inject(lease);
  INFO((injected ? "" : injected.error().message));
  REQUIRE(injected.ok());
  CHECK(injected->active);
  TestClient client(link->address);
  REQUIRE(client.send("x"));
  CHECK(eventually([&] {
    const auto report = control.report(lease.id);
    return report && report->hits == 1;
  }));
  const auto status = control.heartbeat();
  REQUIRE(status.ok());
  CHECK(status->links.size() == 2);
  REQUIRE(status->faults.size() == 1);
  CHECK(status->faults[0].id == lease.id);
  const auto healed = control.heal(lease.id);
  REQUIRE(healed.ok());
  CHECK_FALSE(healed->active);
  CHECK(healed->hits == 1);
  CHECK(client.receive(1) == "x");
  CHECK(control.heal_all().ok());
  CHECK(control.status().ok());
}

TEST_CASE("a lease survives the way to the agent") {
  const auto sent = request_for("a->b");
  const auto wire = parse_json(json::serialize(to_json(sent)));
  REQUIRE(wire.ok());
  const auto got = lease_from_json(*wire);
  INFO((got ? "" : got.error().message));
  REQUIRE(got.ok());
  CHECK(got->id == sent.id);
  CHECK(got->seed == sent.seed);
  CHECK(got->match == sent.match);
  CHECK(got->duration == sent.duration);
  CHECK(got->grace == sent.grace);
  CHECK(got->needs_heartbeat == sent.needs_heartbeat);
  CHECK(got->parameters.find("delay")->text() == "30m");
}

TEST_CASE("without the token nothing is answered or done") {
  ApiHost api;
  const char* token = GENERATE("", "secre", "secrets", "SECRET", "wrong");
  const auto refused = api.control(token).heal_all();
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message.find("token") != std::string::npos);
  const auto bare = http::fetch("http://" + api.address() + "/v1/status", kDeadline);
  REQUIRE(bare.ok());
  CHECK(bare->status == 401);
}

TEST_CASE("bad requests are refused with the reason") {
  ApiHost api;
  struct Row {
    const char *method, *path, *body;
    int status;
    const char* detail;
  };
  const auto row = GENERATE(values<Row>({
      {"GET", "/", "", 404, "no GET /"},
      {"GET", "/v1/", "", 404, ""},
      {"GET", "/v1/faults", "", 404, ""},
      {"POST", "/v1/status", "", 404, ""},
      {"GET", "/v1/faults/none", "", 404, "no fault 'none'"},
      {"DELETE", "/v1/faults/none", "", 404, "no fault 'none'"},
      {"PUT", "/v1/links/none/upstream", "{\"address\": \"127.0.0.1:1\"}", 404, "no link 'none'"},
      {"PUT", "/v1/links/a-%3Eb/upstream", "{\"address\": \"nowhere\"}", 400, "nowhere"},
      {"PUT", "/v1/links/a-%3Eb/upstream", "{}", 400, "address"},
      {"PUT", "/v1/links/a-%3Eb/upstream", "[]", 400, "address"},
      {"POST", "/v1/links", "{\"name\": 5}", 400, "name"},
      {"POST", "/v1/links", "{\"name\": \"a->b\"}", 400, "open already"},
      {"POST", "/v1/links", "not json", 400, ""},
      {"POST", "/v1/faults", "not json", 400, ""},
      {"POST", "/v1/faults", "[]", 400, "lease"},
      {"POST", "/v1/faults", "{\"id\": \"f\", \"link\": \"a->b\", \"kind\": \"latncy\"}", 400, "latency"},
      {"POST", "/v1/faults", "{\"id\": \"f\", \"link\": \"a->b\", \"kind\": \"kill\"}", 400, "holds no fault 'kill'"},
      {"POST", "/v1/faults", "{\"id\": \"f\", \"link\": \"a->b\", \"kind\": \"latency\"}", 400, "delay"},
      {"POST", "/v1/faults", "{\"id\": \"f\", \"link\": \"b->a\", \"kind\": \"partition\"}", 400, "no link 'b->a'"},
      {"POST", "/v1/faults", "{\"id\": \"\", \"link\": \"a->b\", \"kind\": \"partition\"}", 400, "id"},
      {"POST", "/v1/faults", "{\"id\": \"f\", \"link\": \"a->b\", \"kind\": \"partition\", \"for_ms\": -1}", 400,
       "for_ms"},
      {"POST", "/v1/faults", "{\"id\": \"f\", \"link\": \"a->b\", \"kind\": \"partition\", \"seed\": \"x\"}", 400,
       "seed"},
      {"POST", "/v1/faults",
       "{\"id\": \"f\", \"link\": \"a->b\", \"kind\": \"partition\", \"match\": {\"probability\": 2}}", 400,
       "probability"},
  }));
  const auto response = api.call(row.method, row.path, row.body);
  INFO(row.method << " " << row.path << " " << row.body << "\n" << response.status << " " << response.body);
  CHECK(response.status == row.status);
  CHECK(response.body.find(row.detail) != std::string::npos);
}

TEST_CASE("the smallest lease that a person would type works") {
  ApiHost api;
  const auto response = api.call("POST", "/v1/faults",
                                 R"({"id": "f", "link": "a->b", "kind": "latency", "parameters": {"delay": "5ms"}})");
  INFO(response.body);
  CHECK(response.status == 201);
  CHECK(api.call("DELETE", "/v1/faults").status == 200);
}

TEST_CASE("the agent's file is for its owner only, and read strictly") {
  TemporaryDirectory directory;
  const std::string path = directory.path() + "/agent.json";
  REQUIRE(write_agent_file(path, {"127.0.0.1:4000", "secret", 42}).ok());
  const auto read = read_agent_file(path);
  REQUIRE(read.ok());
  CHECK(read->address == "127.0.0.1:4000");
  CHECK(read->token == "secret");
  CHECK(read->pid == 42);
  CHECK(mode_of(path) == 0600);
  REQUIRE(write_file_atomically(path, "{}").ok());
  CHECK_FALSE(read_agent_file(path).ok());
  CHECK_FALSE(read_agent_file(directory.path() + "/none").ok());
}

TEST_CASE("an agent that does not answer is an error, not a wait") {
  const AgentControl control({"127.0.0.1:1", "secret", 0}, kDeadline);
  CHECK_FALSE(control.status().ok());
}
