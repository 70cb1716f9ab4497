#include "runner/scenario.hpp"

#include <filesystem>

#include "runner/judge.hpp"
#include "runner/plan_text.hpp"
#include "tests/support/catch.hpp"

using namespace tidegate;

namespace {

runner::ScenarioOptions black_friday(const std::string& variant) {
  runner::ScenarioOptions options;
  options.path = TIDEGATE_SOURCE_DIR "/scenarios/black-friday/scenario.yaml";
  options.variant = variant;
  return options;
}

}  // namespace

TEST_CASE("the shipped scenarios are valid in every variant") {
  for (const char* variant : {"smoke", "full"}) {
    const auto scenario = runner::load_scenario(black_friday(variant));
    INFO(variant << ": " << (scenario ? std::string() : scenario.error().message));
    REQUIRE(scenario.ok());
    CHECK(scenario->faults.size() == 2);
    CHECK(scenario->gates.entries.size() == 6);
    CHECK(scenario->phases.size() == 4);
  }
  runner::ScenarioOptions legacy;
  legacy.path = TIDEGATE_SOURCE_DIR "/scenarios/black-friday/legacy.yaml";
  const auto scenario = runner::load_scenario(legacy);
  INFO((scenario ? std::string() : scenario.error().message));
  REQUIRE(scenario.ok());
  CHECK(scenario->stack.profile == "legacy");
  CHECK(scenario->faults.empty());
}

TEST_CASE("the full variant has the case's own rates and durations, smoke says what it is of them") {
  const auto full = runner::load_scenario(black_friday("full"));
  REQUIRE(full.ok());
  CHECK(full->scale.empty());
  CHECK(full->load->peak_rate() == Approx(5000));
  CHECK(full->end() == 30 + 15 * 60 + 10 * 60 + 4 * 60);
  const auto smoke = runner::load_scenario(black_friday("smoke"));
  REQUIRE(smoke.ok());
  REQUIRE(smoke->scale.size() == 4);
  CHECK(smoke->scale[2].phase == "peak");
  CHECK(smoke->scale[2].rate == Approx(0.12).epsilon(0.05));
  CHECK(smoke->scale[2].time == Approx(15.0 / 600));
}

TEST_CASE("options change what they name, and nothing else") {
  auto options = black_friday("smoke");
  options.sets = {"peak_rate=300/s"};
  options.seed = 5;
  const auto scenario = runner::load_scenario(options);
  REQUIRE(scenario.ok());
  CHECK(scenario->seed == 5);
  CHECK(scenario->load->peak_rate() == Approx(300));
  CHECK(scenario->overrides == options.sets);
}

TEST_CASE("a plan says what would happen") {
  const auto scenario = runner::load_scenario(black_friday("smoke"));
  REQUIRE(scenario.ok());
  const std::string text = runner::plan_text(*scenario);
  for (const char* part :
       {"peak", "bank_slow", "latency", "ledger_killed", "ack_p99", "samples", "needs 299", "blast radius: 2 of"}) {
    INFO(part << "\n" << text);
    CHECK(text.find(part) != std::string::npos);
  }
}

TEST_CASE("the recorded scenario reads back to the same gates") {
  const auto scenario = runner::load_scenario(black_friday("smoke"));
  REQUIRE(scenario.ok());
  Diagnostics diagnostics;
  const yaml::Node again = yaml::parse(scenario->recorded, "recorded", diagnostics);
  INFO(diagnostics.text());
  REQUIRE(diagnostics.empty());
  CHECK(again.find("gates")->entries().size() == scenario->gates.entries.size());
  CHECK(scenario->recorded.find("${peak_rate}") == std::string::npos);
}

TEST_CASE("packs and switch scenarios are valid") {
  struct Row {
    const char* path;
    std::vector<const char*> variants;
  };
  // A plan draws every arrival, so those of hundreds of millions are left to `tidegate validate`.
  const Row rows[] = {{"evening-peak", {"smoke", "full"}}, {"month-end-payroll", {"smoke", "full"}}};
  const std::string scenarios = TIDEGATE_SOURCE_DIR "/scenarios/";
  std::vector<runner::ScenarioOptions> all;
  for (const Row& row : rows) {
    for (const char* variant : row.variants) {
      all.emplace_back().path = scenarios + row.path + "/scenario.yaml";
      all.back().variant = variant;
    }
  }
  for (const char* pack : {"black-friday", "diwali-flash-sale", "evening-peak", "month-end-payroll", "hyperscale"}) {
    all.emplace_back().path = scenarios + pack + "/legacy.yaml";
  }
  for (const auto& entry : std::filesystem::directory_iterator(scenarios + "switches")) {
    if (entry.path().extension() == ".yaml") all.emplace_back().path = entry.path().string();
  }
  CHECK(all.size() > 30);
  for (runner::ScenarioOptions& options : all) {
    const auto scenario = runner::load_scenario(options);
    INFO(options.path << " " << options.variant << ": " << (scenario ? std::string() : scenario.error().message));
    CHECK(scenario.ok());
  }
}

TEST_CASE("a wrong profile or switch is one clear message before anything starts") {
  struct Row {
    const char* stack;
    const char* says;
  };
  const Row rows[] = {
      {"profile: modren", "has no profile 'modren'; did you mean 'modern'"},
      {"switches: {pool_36: on}", "has no switch 'pool_36'; did you mean 'pool_35'"},
      {"switches: {pool_35: maybe}", "on or off, or a scale above 0 and at most 1, not 'maybe'"},
      {"switches: {pool_35: 0}", "a scale above 0"},
      {"switches: {sync_fraud: 0.5}", "switch 'sync_fraud' is on or off, not '0.5'"},
      {"switches: {no_idempotency: on, cache_only_idempotency: on}", "exclude each other"},
      {"profile: legacy-paynest, switches: {round_per_row: on}", "exclude each other"},
      {"profile: legacy-paynest, switches: {round_per_row: on, float32_money: off}", ""},
      {"profile: legacy-paystream, switches: {pool_35: 0.5, client_retry_storm: off}", ""},
  };
  for (const Row& row : rows) {
    runner::ScenarioOptions options;
    options.path = TIDEGATE_SOURCE_DIR "/scenarios/black-friday/changed.yaml";
    options.text = "tidegate: 1\nname: changed\nstack: {topology: ../../compose/local/embedded.yaml, " +
                   std::string(row.stack) +
                   "}\nflows: {look: [{get: /healthz, name: look}]}\nphases: {play: {for: 1s}}\n"
                   "load: {one: {executor: shared-iterations, flows: {look: 100}, vus: 1, iterations: 1}}\n";
    const auto scenario = runner::load_scenario(options);
    const std::string said = scenario ? std::string() : scenario.error().message;
    INFO(row.stack << ": " << said);
    CHECK(scenario.ok() == std::string(row.says).empty());
    CHECK(said.find(row.says) != std::string::npos);
  }
}

TEST_CASE("switches need a topology that has them") {
  runner::ScenarioOptions options;
  options.path = "changed.yaml";
  options.text =
      "tidegate: 1\nname: changed\nstack: {base_url: 'http://127.0.0.1:1', switches: {pool_35: on}}\n"
      "flows: {look: [{get: /healthz, name: look}]}\nphases: {play: {for: 1s}}\n"
      "load: {one: {executor: shared-iterations, flows: {look: 100}, vus: 1, iterations: 1}}\n";
  const auto scenario = runner::load_scenario(options);
  REQUIRE_FALSE(scenario.ok());
  CHECK(scenario.error().message.find("changed.yaml:3:") != std::string::npos);
  CHECK(scenario.error().message.find("need a topology") != std::string::npos);
}

TEST_CASE("an export that the audit cannot read is refused") {
  struct Row {
    const char* base_url;
    const char* get;
    const char* says;
  };
  const Row rows[] = {
      {"http://127.0.0.1:1", "/orders", ""},
      {"https://127.0.0.1:1", "/orders", "changed.yaml:4:"},
      {"https://127.0.0.1:1", "/orders", "would be read from https://127.0.0.1:1/orders"},
      {"unix:/tmp/shop.sock", "/orders", "http:// only"},
      {"https://127.0.0.1:1", "http://127.0.0.1:2/orders", ""},
  };
  for (const Row& row : rows) {
    runner::ScenarioOptions options;
    options.path = "changed.yaml";
    options.text = "tidegate: 1\nname: changed\nstack: {base_url: '" + std::string(row.base_url) +
                   "'}\naudit: {payments: {get: '" + row.get +
                   "', id: $.id, key: $.k, amount: $.a, currency: EUR, status: $.s}}\n"
                   "flows: {look: [{get: /healthz, name: look}]}\nphases: {play: {for: 1s}}\n"
                   "load: {one: {executor: constant-arrival-rate, flows: {look: 100}, rate: 10/s, duration: 1s, "
                   "max_vus: 5}}\n";
    const auto scenario = runner::load_scenario(options);
    const std::string said = scenario ? std::string() : scenario.error().message;
    INFO(row.base_url << " " << row.get << ": " << said);
    CHECK(scenario.ok() == std::string(row.says).empty());
    CHECK(said.find(row.says) != std::string::npos);
  }
}

TEST_CASE("a phase that no load is sure to reach is refused") {
  struct Row {
    const char* phases;
    const char* says;
    const char* beside = "";  // another block
  };
  const Row rows[] = {
      {"play: {for: 10s}", ""},
      {"play: {for: 9s}, tail: {for: 5s}", ""},
      {"play: {for: 10s}, tail: {for: 5s}",
       "changed.yaml:5:28: phase 'tail' begins at 10 s, when the last load has ended (10 s)"},
      {"play: {for: 11s}, tail: {for: 5s}, end: {for: 1s}", "phase 'end' begins at 16 s"},
      // One that ends with its work is sure to begin, and no more.
      {"play: {for: 10s}, tail: {for: 5s}", "phase 'tail' begins at 10 s",
       "two: {executor: per-vu-iterations, flows: {look: 100}, vus: 1, iterations: 1, start_after: 10s}"},
      {"play: {for: 10s}, tail: {for: 5s}", "",
       "two: {executor: per-vu-iterations, flows: {look: 100}, vus: 1, iterations: 1, start_after: 11s}"},
      {"play: {for: 10s}, tail: {for: 5s}, end: {for: 1s}", "phase 'end' begins at 15 s",
       "two: {executor: constant-vus, flows: {look: 100}, vus: 1, duration: 15s}"},
  };
  for (const Row& row : rows) {
    runner::ScenarioOptions options;
    options.path = "changed.yaml";
    options.text =
        "tidegate: 1\nname: changed\nstack: {base_url: 'http://127.0.0.1:1'}\n"
        "flows: {look: [{get: /healthz, name: look}]}\nphases: {" +
        std::string(row.phases) +
        "}\nload: {one: {executor: constant-arrival-rate, flows: {look: 100}, rate: 10/s, duration: 10s, max_vus: "
        "5}, " +
        std::string(row.beside) + "}\n";
    const auto scenario = runner::load_scenario(options);
    const std::string said = scenario ? std::string() : scenario.error().message;
    INFO(row.phases << ": " << said);
    CHECK(scenario.ok() == std::string(row.says).empty());
    CHECK(said.find(row.says) != std::string::npos);
  }
}

TEST_CASE("a missing file is one clear message") {
  runner::ScenarioOptions options;
  options.path = "none/such.yaml";
  const auto scenario = runner::load_scenario(options);
  REQUIRE_FALSE(scenario.ok());
  CHECK(scenario.error().kind == Error::Kind::usage);
  CHECK(scenario.error().message.find("none/such.yaml") != std::string::npos);
}
