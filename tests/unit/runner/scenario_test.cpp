#include "runner/scenario.hpp"

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

TEST_CASE("a missing file is one clear message") {
  runner::ScenarioOptions options;
  options.path = "none/such.yaml";
  const auto scenario = runner::load_scenario(options);
  REQUIRE_FALSE(scenario.ok());
  CHECK(scenario.error().kind == Error::Kind::usage);
  CHECK(scenario.error().message.find("none/such.yaml") != std::string::npos);
}
