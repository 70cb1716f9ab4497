// Toxiproxy's API as its clients use it. Its own command line is run against it by tests/end_to_end.
#include "chaos/toxiproxy_api.hpp"

#include "base/http/client.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/chaos/support/proxy_host.hpp"
#include "tests/unit/chaos/support/test_server.hpp"

using namespace tidegate;
using namespace tidegate::chaos;
using namespace tidegate::chaos::test;

namespace {

class Toxiproxy {
 public:
  Toxiproxy() : host_("") {
    host_.on_thread([this] {
      toxics_ = std::make_unique<Toxics>(host_.state());
      server_ = std::make_unique<http::Server>(host_.executor(), toxiproxy_api(*toxics_));
      return server_->start().ok();
    });
  }
  ~Toxiproxy() {
    host_.on_thread([this] {
      server_.reset();
      return 0;
    });
  }
  std::pair<int, json::value> call(const std::string& method, const std::string& path, const std::string& body = {}) {
    const std::string address = "http://127.0.0.1:" + std::to_string(server_->port());
    auto response = http::fetch(address + path, {method, path, {}, body}, kDeadline);
    REQUIRE(response.ok());
    auto parsed = parse_json(response->body);
    return {response->status, parsed ? *parsed : json::value()};
  }
  /// The address of a proxy to that upstream.
  std::string proxy(const std::string& name, const std::string& upstream) {
    const auto [status, made] = call(
        "POST", "/proxies", R"({"name":")" + name + R"(","listen":"127.0.0.1:0","upstream":")" + upstream + R"("})");
    REQUIRE(status == 201);
    return std::string(made.at("listen").as_string());
  }
  ProxyHost& host() { return host_; }

 private:
  ProxyHost host_;
  std::unique_ptr<Toxics> toxics_;
  std::unique_ptr<http::Server> server_;
};

bool echoes(const std::string& address) {
  TestClient client(address);
  return client.connected() && client.send("hello") && client.receive(5) == "hello";
}

}  // namespace

TEST_CASE("toxiproxy: proxies are made, shown, switched off and on, moved, deleted") {
  Toxiproxy toxiproxy;
  TestServer server(echo), other(echo);
  const std::string address = toxiproxy.proxy("redis", server.address());
  CHECK(echoes(address));
  auto [status, shown] = toxiproxy.call("GET", "/proxies/redis");
  CHECK(status == 200);
  CHECK(shown.at("enabled") == json::value(true));
  CHECK(shown.at("upstream") == json::value(server.address()));
  CHECK(shown.at("toxics").as_array().empty());
  CHECK(toxiproxy.call("GET", "/proxies").second.as_object().contains("redis"));

  TestClient open(address);
  REQUIRE(open.connected());
  CHECK(toxiproxy.call("POST", "/proxies/redis", R"({"enabled":false})").first == 200);
  CHECK_FALSE(TestClient(address).connected());
  CHECK(open.was_reset());
  CHECK(toxiproxy.call("PATCH", "/proxies/redis", R"({"enabled":true})").first == 200);
  CHECK(echoes(address));
  CHECK(toxiproxy.call("POST", "/proxies/redis", R"({"upstream":")" + other.address() + R"("})").first == 200);
  const int before = other.accepted();
  CHECK(echoes(address));
  CHECK(other.accepted() == before + 1);
  CHECK(toxiproxy.call("DELETE", "/proxies/redis").first == 204);
  CHECK(toxiproxy.call("GET", "/proxies/redis").first == 404);
  CHECK_FALSE(TestClient(address).connected());
}

TEST_CASE("toxiproxy: each toxic is made with its attributes, touches open connections, changes, and is removed") {
  struct Row {
    const char *type, *attributes, *update;
  };
  const Row row =
      GENERATE(values<Row>({{"latency", R"({"latency":50,"jitter":10})", R"({"latency":60})"},
                            {"bandwidth", R"({"rate":100})", R"({"rate":200})"},
                            {"slow_close", R"({"delay":50})", R"({"delay":60})"},
                            {"timeout", R"({"timeout":0})", R"({"timeout":100000})"},
                            {"reset_peer", R"({"timeout":100000})", R"({"timeout":0})"},
                            {"slicer", R"({"average_size":2,"size_variation":1,"delay":10})", R"({"delay":0})"},
                            {"limit_data", R"({"bytes":100000})", R"({"bytes":1})"},
                            {"noop", "{}", "{}"}}));
  INFO(row.type);
  Toxiproxy toxiproxy;
  TestServer server(echo);
  const std::string address = toxiproxy.proxy("p", server.address());
  TestClient before(address);
  REQUIRE(before.send("x"));
  REQUIRE(before.receive(1) == "x");
  const auto [status, made] =
      toxiproxy.call("POST", "/proxies/p/toxics",
                     std::string(R"({"type":")") + row.type + R"(","attributes":)" + row.attributes + "}");
  CHECK(status == 200);
  const std::string name = std::string(row.type) + "_downstream";
  CHECK(made.at("name") == json::value(name));
  CHECK(made.at("stream") == json::value("downstream"));
  CHECK(made.at("toxicity") == json::value(1.0));
  CHECK(made.at("attributes") == *parse_json(row.attributes));
  CHECK(toxiproxy.call("GET", "/proxies/p/toxics").second.as_array().size() == 1);
  const auto [updated, changed] =
      toxiproxy.call("POST", "/proxies/p/toxics/" + name, std::string(R"({"attributes":)") + row.update + "}");
  CHECK(updated == 200);
  const auto update = parse_json(row.update);
  REQUIRE(update.ok());
  for (const auto& [key, value] : update->as_object()) CHECK(changed.at("attributes").at(key) == value);
  if (std::string(row.type) == "reset_peer") CHECK(before.was_reset());
  CHECK(toxiproxy.call("GET", "/proxies/p/toxics/" + name).first == 200);
  CHECK(toxiproxy.call("DELETE", "/proxies/p/toxics/" + name).first == 204);
  CHECK(toxiproxy.call("GET", "/proxies/p/toxics/" + name).first == 404);
  CHECK(toxiproxy.call("GET", "/proxies/p/toxics").second.as_array().empty());
  CHECK(echoes(address));
}

TEST_CASE("toxiproxy: a toxic is removed under traffic, and no connection hangs") {
  Toxiproxy toxiproxy;
  TestServer server(echo);
  const std::string address = toxiproxy.proxy("p", server.address());
  std::vector<std::jthread> threads;
  std::atomic<int> intact{0};
  for (std::uint64_t seed = 0; seed < 3; ++seed) {
    threads.emplace_back([&, seed] {
      TestClient client(address);
      const std::string sent = random_bytes(500'000, seed);
      std::jthread sender([&] { client.send(sent); });
      if (client.receive(sent.size()) == sent) ++intact;
    });
  }
  for (int round = 0; round < 10; ++round) {
    for (const char* body : {R"({"type":"latency","attributes":{"latency":20}})",
                             R"({"type":"bandwidth","attributes":{"rate":500},"stream":"upstream"})",
                             R"({"type":"slicer","attributes":{"average_size":1000}})"}) {
      CHECK(toxiproxy.call("POST", "/proxies/p/toxics", body).first == 200);
    }
    CHECK(toxiproxy.call("DELETE", "/proxies/p/toxics/latency_downstream").first == 204);
    CHECK(toxiproxy.call("POST", "/reset").first == 204);
  }
  for (auto& thread : threads) thread.join();
  CHECK(intact == 3);
}

TEST_CASE("toxiproxy: toxicity is a share of the connections, the same ones for the same name") {
  Toxiproxy toxiproxy;
  TestServer server(echo);
  const std::string address = toxiproxy.proxy("p", server.address());
  REQUIRE(toxiproxy.call("POST", "/proxies/p/toxics", R"({"type":"reset_peer","toxicity":0.5})").first == 200);
  int reset = 0;
  for (int i = 0; i < 20; ++i) reset += TestClient(address).was_reset(std::chrono::milliseconds(300)) ? 1 : 0;
  CHECK(reset >= 8);
  CHECK(reset <= 12);
}

TEST_CASE("toxiproxy: populate keeps what is as described, and makes the rest anew") {
  Toxiproxy toxiproxy;
  TestServer server(echo);
  const std::string address = toxiproxy.proxy("p", server.address());
  TestClient open(address);
  REQUIRE(open.send("x"));
  REQUIRE(open.receive(1) == "x");
  const std::string list = R"([{"name":"p","listen":")" + address + R"(","upstream":")" + server.address() +
                           R"("},{"name":"q","listen":"127.0.0.1:0","upstream":")" + server.address() + R"("}])";
  const auto [status, made] = toxiproxy.call("POST", "/populate", list);
  CHECK(status == 201);
  CHECK(made.at("proxies").as_array().size() == 2);
  REQUIRE(open.send("y"));
  CHECK(open.receive(1) == "y");
  CHECK(toxiproxy.call("GET", "/version").second.as_object().contains("version"));
}

TEST_CASE("toxiproxy: mistakes get its own kind of answer, and change nothing") {
  struct Row {
    const char *method, *path, *body;
    int status;
  };
  const Row row = GENERATE(values<Row>({
      {"POST", "/proxies", "not json", 400},
      {"POST", "/proxies", R"({"upstream":"127.0.0.1:1"})", 400},
      {"POST", "/proxies", R"({"name":"q"})", 400},
      {"POST", "/proxies", R"({"name":"q","upstream":"nowhere"})", 400},
      {"POST", "/proxies", R"({"name":"p","upstream":"127.0.0.1:1"})", 409},
      {"POST", "/proxies/p/toxics", R"({"type":"lag"})", 400},
      {"POST", "/proxies/p/toxics", R"({"type":"latency","stream":"sideways"})", 400},
      {"POST", "/proxies/p/toxics", R"({"type":"latency","attributes":{"latency":"long"}})", 400},
      {"POST", "/proxies/none/toxics", R"({"type":"latency"})", 404},
      {"GET", "/proxies/p/toxics/none", "", 404},
      {"DELETE", "/proxies/none", "", 404},
      {"PUT", "/proxies/p", "{}", 405},
      {"POST", "/populate", "{}", 400},
      {"GET", "/elsewhere", "", 404},
  }));
  INFO(row.method << " " << row.path << " " << row.body);
  Toxiproxy toxiproxy;
  TestServer server(echo);
  const std::string address = toxiproxy.proxy("p", server.address());
  const auto [status, answer] = toxiproxy.call(row.method, row.path, row.body);
  CHECK(status == row.status);
  CHECK(answer.at("error").is_string());
  CHECK(answer.at("status") == json::value(row.status));
  CHECK(echoes(address));
}

TEST_CASE("toxiproxy: metrics count bytes as they pass, connections still open included") {
  Toxiproxy toxiproxy;
  TestServer server(echo);
  const std::string address = toxiproxy.proxy("p", server.address());
  TestClient client(address);
  REQUIRE(client.send("12345"));
  REQUIRE(client.receive(5) == "12345");
  CHECK(eventually([&] {
    const auto link = toxiproxy.host().on_thread([&] { return toxiproxy.host().state().link_report("p"); });
    return link.bytes_up == 5 && link.bytes_down == 5;
  }));
}
