#include "tests/unit/loadgen/sections_text.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "base/file.hpp"
#include "base/yaml.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::loadgen {
namespace {

/// A directory with the test's data, gone at the end of the program.
class DataDirectory {
 public:
  DataDirectory() {
    char pattern[] = "/tmp/tidegate-loadgen-XXXXXX";
    path_ = ::mkdtemp(pattern);
    const auto written = write_file_atomically(path_ + "/shops.csv", "name,currency\nAda,EUR\nBob,USD\nCy,JPY\n");
    REQUIRE(written.ok());
  }
  ~DataDirectory() {
    std::remove((path_ + "/shops.csv").c_str());
    ::rmdir(path_.c_str());
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

const std::string& data_directory() {
  static const DataDirectory directory;
  return directory.path();
}

}  // namespace

const char* const kPaymentScenario = R"(
data:
  merchants: {file: shops.csv, pick: random}
  orders:
    generate: {key: "${uuid()}", amount: "${int(100, 500000)}", token: "${merchants.api_key}", currency: "${merchants.currency}", card: "${merchants.card_token}"}
    repeat: 5%
    among: 10000
setup:
  - post: /admin/merchants
    for_each: merchants
    headers: {Authorization: "Bearer ${stack.operator_token}"}
    json: {name: "${merchants.name}", currency: "${merchants.currency}"}
    capture: {api_key: $.api_key, card_token: $.card_token}
flows:
  pay:
    - post: /v1/payments
      name: create_payment
      headers: {Idempotency-Key: "${orders.key}", Authorization: "Bearer ${orders.token}"}
      json: {amount: "${orders.amount}", currency: "${orders.currency}", card: "${orders.card}"}
      timeout: 800ms
      retry: {within: 10s, every: 500ms, when: [timeout, reset, 503]}
      capture: {id: $.id}
      expect: {status: 202, json: {$.status: processing}}
      operation: {kind: payment, key: "${orders.key}", scope: "${orders.token}", amount: "${orders.amount}", currency: "${orders.currency}"}
    - poll: /v1/payments/${id}
      name: payment_settled
      since: create_payment
      every: 100ms
      until: {json: {$.status: [captured, settled, declined]}}
      timeout: 30s
load:
  shoppers:
    executor: ramping-arrival-rate
    flows: {pay: 100}
    arrivals: poisson
    start_rate: "48/s"
    stages:
      - {phase: warmup, to: "48/s"}
      - {phase: ramp, to: "600/s"}
      - {phase: peak, to: "600/s"}
      - {phase: recovery, to: "600/s"}
    max_vus: 20000
)";

std::string with_defaults(const std::string& text) {
  std::string out = text + "\n";
  if (!text.starts_with("flows:") && text.find("\nflows:") == std::string::npos) out += "flows: {a: [{get: /a}]}\n";
  if (text.find("load:") == std::string::npos) {
    out += "load: {l: {executor: constant-arrival-rate, rate: 10/s, duration: 1s}}\n";
  }
  return out;
}

Compiled compile_text(const std::string& text, std::uint64_t seed, SegmentChoice segment) {
  std::string placed = text;
  for (std::size_t at; (at = placed.find("DIRECTORY")) != std::string::npos;) placed.replace(at, 9, data_directory());
  Diagnostics diagnostics;
  const yaml::Node root = yaml::parse(placed, "scenario.yaml", diagnostics);
  INFO(diagnostics.text());
  REQUIRE(diagnostics.empty());
  PlanInput input;
  input.load = root.find("load");
  input.generator = root.find("generator");
  input.flows = root.find("flows");
  input.data = root.find("data");
  input.setup = root.find("setup");
  input.phases = {{"warmup", 0, 3, false}, {"ramp", 3, 10, true}, {"peak", 10, 25, true}, {"recovery", 25, 33, true}};
  input.seed = seed;
  input.segment = segment;
  input.teardown = root.find("teardown");
  input.scenario_directory = data_directory();
  input.stack_names = std::vector<std::string>{"operator_token"};
  Compiled compiled;
  compiled.plan = compile(input, diagnostics);
  compiled.messages = diagnostics.text();
  compiled.count = diagnostics.size();
  return compiled;
}

}  // namespace tidegate::loadgen
