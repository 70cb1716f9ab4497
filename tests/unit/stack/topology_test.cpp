#include "stack/topology.hpp"

#include <unistd.h>

#include <filesystem>

#include "base/file.hpp"
#include "tests/support/catch.hpp"

using namespace tidegate;

namespace {

stack::Topology parse(const std::string& text, Diagnostics& diagnostics) {
  const yaml::Node node = yaml::parse(text, "topology.yaml", diagnostics);
  return stack::parse_topology(node, diagnostics);
}

const std::string kGood = R"(
tidegate_topology: 1
name: small
secrets: {token: {}, fixed: {value: abc}}
processes:
  shop: {command: [shop, "${port}"], hold_port: http, ready: {path: /up, within: 3s}}
  bank: {command: [bank], cpu_scheduling: idle}
links: {shop->bank: {endpoint: http}, harness->shop: {}}
groups: {ledger: {topic: payments, partitions: 4, process: shop}}
exports: {payments: {endpoint: shop.http, path: /export}}
base_url: shop.http
)";

}  // namespace

TEST_CASE("a topology is read whole") {
  Diagnostics diagnostics;
  const stack::Topology topology = parse(kGood, diagnostics);
  INFO(diagnostics.text());
  REQUIRE(diagnostics.empty());
  CHECK(topology.processes.size() == 2);
  CHECK(topology.process("shop")->ready.path == "/up");
  CHECK(topology.process("shop")->ready.within == std::chrono::seconds(3));
  CHECK(topology.process("bank")->ready.path == "/readyz");
  CHECK(topology.process("bank")->idle_scheduling);
  CHECK_FALSE(topology.process("shop")->idle_scheduling);
  CHECK(topology.link("shop->bank")->to == "bank");
  CHECK(topology.link("harness->shop")->from == "harness");
  CHECK(topology.groups.front().partitions == 4);
  CHECK(topology.secrets.size() == 2);
}

TEST_CASE("the shipped topologies are valid") {
  struct Row {
    const char* file;
    std::size_t processes;
    const char* base_url;
  };
  const Row row = GENERATE(values<Row>({
      {"embedded.yaml", 7, "gateway.http"},
      {"edge.yaml", 8, "edge.http"},        // adds a process
      {"core.yaml", 6, "gateway.http"},     // takes some away, and their links, stores, groups and exports
      {"payments.yaml", 7, "gateway.http"}  // changes what is left of the worker
  }));
  Diagnostics diagnostics;
  const auto topology =
      stack::load_topology(TIDEGATE_SOURCE_DIR "/compose/local/" + std::string(row.file), diagnostics);
  INFO(row.file << ": " << diagnostics.text());
  CHECK(diagnostics.empty());
  CHECK(topology.processes.size() == row.processes);
  CHECK(topology.base_url == row.base_url);
  CHECK(topology.name + ".yaml" == row.file);
}

TEST_CASE("what takes a process away must take away what names it") {
  const std::string path = std::filesystem::temp_directory_path() / ("tidegate-extends-" + std::to_string(getpid()));
  REQUIRE(write_file_atomically(path, "extends: " TIDEGATE_SOURCE_DIR "/compose/local/embedded.yaml\nname: less\n"
                                      "processes: {vault: null}\n")
              .ok());
  Diagnostics diagnostics;
  stack::load_topology(path, diagnostics);
  std::filesystem::remove(path);
  CHECK(diagnostics.text().find("names the process 'vault'") != std::string::npos);
}

TEST_CASE("mistakes in a topology are named with their place") {
  struct Row {
    const char* what;
    std::string from, to;  // replaced in the good text
    std::string expected;
  };
  const Row row = GENERATE(values<Row>({
      {"unknown key", "base_url:", "base_ulr:", "base_url"},
      {"link to nobody", "shop->bank:", "shop->bnak:", "did you mean 'bank'"},
      {"link without arrow", "shop->bank:", "shop-bank:", "FROM->TO"},
      {"endpoint of nobody", "base_url: shop.http", "base_url: shp.http", "did you mean 'shop'"},
      {"endpoint without a dot", "base_url: shop.http", "base_url: shop", "PROCESS.ENDPOINT"},
      {"bare number for a duration", "within: 3s", "within: 3", "duration"},
      {"unknown scheduling", "cpu_scheduling: idle", "cpu_scheduling: idel", "did you mean 'idle'"},
      {"empty command", "command: [bank]", "command: []", "empty command"},
      {"future version", "tidegate_topology: 1", "tidegate_topology: 2", "version 2"},
      {"group of an unknown process", "process: shop", "process: shopp", "did you mean 'shop'"},
      {"a switch that excludes nobody", "base_url:", "switches: {a: {excludes: b}}\nbase_url:", "excludes 'b'"},
      {"no processes", "processes:", "procesess:", "processes"},
  }));
  std::string text = kGood;
  text.replace(text.find(row.from), row.from.size(), row.to);
  Diagnostics diagnostics;
  parse(text, diagnostics);
  INFO(row.what << ": " << diagnostics.text());
  REQUIRE_FALSE(diagnostics.empty());
  CHECK(diagnostics.text().find(row.expected) != std::string::npos);
  CHECK(diagnostics.text().find("topology.yaml:") != std::string::npos);
}
