#include "chaos/plan.hpp"

#include "chaos/sections.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/chaos/support/plan_context.hpp"
#include "tests/unit/chaos/support/proxy_host.hpp"

using namespace tidegate;
using namespace tidegate::chaos;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::parse_yaml;

namespace {

std::vector<FaultSpec> plan_of(const std::string& text) {
  Diagnostics diagnostics;
  auto specs = parse_faults(parse_yaml(text), test::plan_context(), diagnostics);
  INFO(text << "\n" << diagnostics.text());
  REQUIRE(diagnostics.empty());
  return specs;
}

struct TimeRow {
  const char* times;
  Nanoseconds inject, heal;
};

}  // namespace

TEST_CASE("times of faults lie on the run clock") {
  // warmup 0-3, ramp 3-10, peak 10-25, recovery 25-33
  const auto row = GENERATE(values<TimeRow>({
      {"at: peak + 20%, for: 20%", seconds(13), seconds(16)},
      {"at: peak, for: 100%", seconds(10), seconds(25)},
      {"at: peak + 5s, for: 1500ms", seconds(15), milliseconds(16500)},
      {"at: 12s, for: 2s", seconds(12), seconds(14)},
      {"at: 0s, for: 33s", seconds(0), seconds(33)},                            // the whole run
      {"at: '  peak+5s ', for: ' 20% '", seconds(15), seconds(18)},             // blanks do not matter
      {"at: recovery + 50%, for: 4s", seconds(29), seconds(33)},                // ends with the run
      {"at: warmup + 50%, for: 10s", milliseconds(1500), milliseconds(11500)},  // reaches into the next phases
  }));
  const auto specs =
      plan_of("f: {" + std::string(row.times) + ", target: {link: acquiring->bank}, inject: {latency: {delay: 1ms}}}");
  INFO(row.times);
  REQUIRE(specs.size() == 1);
  CHECK(specs[0].inject_at == row.inject);
  CHECK(specs[0].heal_at == row.heal);
}

TEST_CASE("a plan holds what the scenario says") {
  const auto specs = plan_of(R"(
bank_slow:
  at: peak + 20%
  for: 20%
  target: {link: acquiring->bank}
  inject: {latency: {delay: 300ms, jitter: 50ms}}
  match: {probability: 0.3, per: connection}
  expect: {gate: settled_p99, within: 60s}
ledger_dies:
  at: 20s
  target: {process: ledger}
  inject: {kill: {restart_after: 2s}}
)");
  REQUIRE(specs.size() == 2);
  CHECK(specs[0].name == "bank_slow");
  CHECK(specs[0].mark.line == 2);
  CHECK(specs[0].kind == "latency");
  CHECK(specs[0].target == "acquiring->bank");
  CHECK(specs[0].match.probability == 0.3);
  REQUIRE(specs[0].expect.has_value());
  CHECK(specs[0].expect->gate == "settled_p99");
  CHECK(specs[0].expect->within == seconds(60));
  CHECK(specs[1].target_kind == TargetKind::process);
  CHECK(specs[1].heal_at == seconds(22));
  CHECK_FALSE(specs[1].expect.has_value());
  CHECK(links_needed(specs) == std::set<std::string>{"acquiring->bank"});
}

TEST_CASE("a fault can follow another one, written before or after it") {
  const auto specs = plan_of(R"(
third: {after: second + 1s, for: 2s, target: {link: acquiring->bank}, inject: {partition: {}}}
first: {at: 12s, for: 2s, target: {link: acquiring->bank}, inject: {partition: {}}}
second: {after: first, target: {process: ledger}, inject: {kill: {restart_after: 3s}}}
)");
  REQUIRE(specs.size() == 3);
  CHECK(specs[0].after == "second");
  CHECK(specs[0].after_offset == seconds(1));
  CHECK(specs[0].inject_at == seconds(18));
  CHECK(specs[0].heal_at == seconds(20));
  CHECK(specs[2].inject_at == seconds(14));
  CHECK(specs[1].after.empty());
}

TEST_CASE("a kill that is never restarted never heals") {
  const auto specs = plan_of("f: {at: 12s, target: {process: ledger}, inject: {kill: {restart_after: never}}}");
  CHECK_FALSE(specs.at(0).heal_at.has_value());
}

TEST_CASE("what is not exclusive may overlap, and so may exclusive faults on different targets") {
  CHECK(plan_of(R"(
a: {at: 12s, for: 5s, target: {link: acquiring->bank}, inject: {latency: {delay: 1ms}}}
b: {at: 13s, for: 5s, target: {link: acquiring->bank}, inject: {latency: {delay: 5ms}}}
c: {at: 13s, for: 5s, target: {link: acquiring->bank}, inject: {partition: {}}}
d: {at: 13s, for: 5s, target: {link: harness->gateway}, inject: {partition: {}}}
e: {at: 18s, for: 1s, target: {link: acquiring->bank}, inject: {partition: {}}}
)")
            .size() == 5);  // e begins when c ends
}

TEST_CASE("an absent section is an empty plan") {
  Diagnostics diagnostics;
  CHECK(parse_faults(yaml::Node(), test::plan_context(), diagnostics).empty());
  CHECK(parse_faults(parse_yaml("{}"), test::plan_context(), diagnostics).empty());
  CHECK(diagnostics.empty());
}

TEST_CASE("the schema of the section names every kind of fault") {
  const std::string schema = json::serialize(schema::to_json_schema(*faults_schema()));
  for (const FaultKind& kind : fault_kinds()) CHECK(schema.find("\"" + kind.name + "\"") != std::string::npos);
}

TEST_CASE("repeat: makes one fault several, jitter moves each by its own draw") {
  Diagnostics diagnostics;
  auto context = test::plan_context();
  context.seed = 5;
  const auto node = yaml::parse(
      "f: {at: 4s, for: 500ms, repeat: {times: 3, every: 5s}, jitter: 1s, target: {link: acquiring->bank}, "
      "inject: {partition: {}}}",
      "plan", diagnostics);
  const auto faults = parse_faults(node, context, diagnostics);
  INFO(diagnostics.text());
  REQUIRE(faults.size() == 3);
  CHECK(faults[0].name == "f");
  CHECK(faults[1].name == "f#2");
  CHECK(faults[2].name == "f#3");
  std::set<std::int64_t> shifts;
  for (std::int64_t k = 0; k < 3; ++k) {
    const auto shift = faults[static_cast<std::size_t>(k)].inject_at - std::chrono::seconds(4 + 5 * k);
    CHECK(shift >= Nanoseconds{0});
    CHECK(shift <= std::chrono::seconds(1));
    CHECK(*faults[static_cast<std::size_t>(k)].heal_at - faults[static_cast<std::size_t>(k)].inject_at ==
          std::chrono::milliseconds(500));
    shifts.insert(shift.count());
  }
  CHECK(shifts.size() == 3);
  const auto again = parse_faults(node, context, diagnostics);
  CHECK(again[2].inject_at == faults[2].inject_at);
  context.seed = 6;
  CHECK(parse_faults(node, context, diagnostics)[2].inject_at != faults[2].inject_at);
}

TEST_CASE("the agent is needed for leases, and a proxy only on links that bytes shall change") {
  Diagnostics diagnostics;
  const auto plan = [&](const std::string& text) {
    return parse_faults(yaml::parse(text, "plan", diagnostics), test::plan_context(), diagnostics);
  };
  const auto kill = plan("f: {at: 4s, target: {process: ledger}, inject: {kill: {}}}");
  CHECK_FALSE(agent_needed(kill));
  const auto stop = plan("f: {at: 4s, for: 1s, target: {process: ledger}, inject: {stop: {}}}");
  CHECK(agent_needed(stop));
  CHECK(links_needed(stop).empty());
  const auto herd = plan("f: {at: 4s, for: 1s, target: {link: harness->gateway}, inject: {herd: {}}}");
  CHECK_FALSE(agent_needed(herd));
  CHECK(links_needed(herd).empty());
  INFO(diagnostics.text());
  CHECK(diagnostics.empty());
}
