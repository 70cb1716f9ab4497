// Comparisons as they are used: do they find a true slowdown, do they keep quiet when nothing changed, and what do they
// say when they cannot know. Seeds are printed.

#include "gates/regression.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include "gates/baseline.hpp"
#include "gates/fingerprint.hpp"
#include "tests/unit/gates/fixture.hpp"

using namespace tidegate;
using namespace tidegate::gates;

namespace {

constexpr std::uint64_t kSeed = 20241129;
using Random = std::mt19937_64;

/// Percentiles of one run of 2,000 requests: a heavy-tailed body, and the luck of the run, 2 % either way.
std::vector<double> percentiles_of_a_run(Random& random, double slower) {
  const double luck = std::exp(0.02 * std::normal_distribution<>()(random));
  std::vector<double> times;
  for (int i = 0; i < 2000; ++i) {
    times.push_back(0.02 * slower * luck * std::exp(0.4 * std::normal_distribution<>()(random)));
  }
  std::sort(times.begin(), times.end());
  return {times[999], times[1799], times[1899]};
}

/// Whether any of the three measures is called a regression, with five interleaved runs a side.
bool alarms(Random& random, double slower) {
  std::vector<RunSamples> measures(3);
  for (int run = 0; run < 5; ++run) {
    const auto before = percentiles_of_a_run(random, 1), after = percentiles_of_a_run(random, slower);
    for (std::size_t i = 0; i < 3; ++i) {
      measures[i].baseline.push_back(before[i]);
      measures[i].candidate.push_back(after[i]);
    }
  }
  std::vector<Regression> regressions;
  std::vector<double> p_values;
  for (const RunSamples& one : measures) {
    regressions.push_back(compare_samples(one, 0.95));
    p_values.push_back(regressions.back().p);
  }
  const auto corrected = holm(p_values);
  for (std::size_t i = 0; i < 3; ++i) {
    if (regression_outcome(regressions[i], corrected[i], 0.05, 0.95) == Outcome::fail) return true;
  }
  return false;
}

std::string word(Outcome outcome) {
  return std::string(to_string(outcome));
}

}  // namespace

TEST_CASE("a true 10 % slowdown is found 95 times of 100, and nothing is found where nothing changed", "[statistics]") {
  Random random(kSeed);
  int found = 0, false_alarms = 0;
  for (int trial = 0; trial < 200; ++trial) {
    found += alarms(random, 1.1) ? 1 : 0;
    false_alarms += alarms(random, 1.0) ? 1 : 0;
  }
  INFO("seed " << kSeed << ": found " << found << " of 200, false alarms " << false_alarms << " of 200");
  CHECK(found >= 190);
  CHECK(false_alarms <= 2);
}

TEST_CASE("what a comparison says of its runs", "[compare]") {
  struct Row {
    const char* what;
    RunSamples samples;
    Outcome want;
    const char* doubt;
  };
  const double nan = std::nan(""), infinite = INFINITY;
  const Row rows[] = {
      {"the same five times", {{1, 1, 1, 1, 1}, {1, 1, 1, 1, 1}, {}, 0, true}, Outcome::pass, ""},
      {"10 % worse, little noise", {{1, 1.01, 0.99}, {1.1, 1.11, 1.09}, {}, 0, true}, Outcome::fail, ""},
      {"10 % better", {{1, 1.01, 0.99}, {0.9, 0.91, 0.89}, {}, 0, true}, Outcome::pass, ""},
      {"10 % less work done", {{400, 401, 399}, {360, 361, 359}, {}, 0, false}, Outcome::fail, ""},
      {"10 % more work done", {{400, 401, 399}, {440, 441, 439}, {}, 0, false}, Outcome::pass, ""},
      {"10 % worse, much noise", {{1, 1.3, 0.8}, {1.1, 1.4, 0.9}, {}, 0, true}, Outcome::inconclusive, ""},
      {"3 % worse, within what is allowed", {{1, 1.001, 0.999}, {1.03, 1.031, 1.029}, {}, 0, true}, Outcome::pass, ""},
      {"one run a side, nothing stored", {{1}, {2}, {}, 0, true}, Outcome::inconclusive, "one run a side"},
      {"one run a side, noise stored", {{1}, {2}, 0.02, 6, true}, Outcome::fail, ""},
      {"one run a side, noise of two runs", {{1}, {2}, 0.02, 2, true}, Outcome::inconclusive, "one run a side"},
      {"one candidate against five", {{1, 1.01, 0.99, 1, 1}, {1.1}, {}, 0, true}, Outcome::fail, ""},
      // Runs that differ by 8 % by themselves: 12 % is below the floor of single runs.
      {"below the noise floor", {{1}, {1.12}, 0.08, 20, true}, Outcome::inconclusive, ""},
      {"no baseline", {{}, {1}, {}, 0, true}, Outcome::inconclusive, "no value"},
      {"no candidate", {{1}, {}, {}, 0, true}, Outcome::inconclusive, "no value"},
      {"not a number", {{1, 1, 1}, {nan, 1, 1}, {}, 0, true}, Outcome::inconclusive, "no finite value"},
      {"infinite", {{1, 1, infinite}, {1, 1, 1}, {}, 0, true}, Outcome::inconclusive, "no finite value"},
      {"zero on both sides", {{0, 0, 0}, {0, 0, 0}, {}, 0, true}, Outcome::pass, ""},
      {"zero on one side", {{0, 0, 0}, {1, 1, 1}, {}, 0, true}, Outcome::inconclusive, "value 0"},
  };
  for (const Row& row : rows) {
    const Regression regression = compare_samples(row.samples, 0.95);
    INFO(row.what << ": effect " << regression.effect.value_or(-99) << " [" << regression.lower << ", "
                  << regression.upper << "], p " << regression.p << ", floor " << regression.floor);
    CHECK(word(regression_outcome(regression, regression.p, 0.05, 0.95)) == word(row.want));
    CHECK_THAT(regression.doubt, Catch::Contains(row.doubt));
  }
}

TEST_CASE("p values are corrected for how many there are", "[compare]") {
  const auto near = [](const std::vector<double>& have, const std::vector<double>& want) {
    REQUIRE(have.size() == want.size());
    for (std::size_t i = 0; i < want.size(); ++i) CHECK(have[i] == Approx(want[i]));
  };
  near(holm(std::vector<double>{}), {});
  near(holm(std::vector<double>{0.03}), {0.03});
  near(holm(std::vector<double>{0.04, 0.01, 0.03}), {0.06, 0.03, 0.06});
  near(holm(std::vector<double>{0.5, 0.9}), {1, 1});
}

TEST_CASE("compare gates are judged against the baseline of the run directory, together", "[compare]") {
  const std::string gates =
      "slow: {compare: {metric: 'p99(response_time)', allow: 5%}}\n"
      "work: {compare: {metric: 'rate(iterations{outcome=ok})', allow: 5%}, during: peak}\n";
  const auto verdict_of = [&](const SyntheticRun& run, const Baseline* baseline) {
    const GateSet set = gates_of(gates, context_of(run));
    const auto series = run.series();
    return judge(run.info, set, series, run.events, run.findings, baseline);
  };
  Baseline baseline;
  baseline.runs = {"a", "b", "c", "d"};
  baseline.metrics = {{"p99(response_time)", "", {0.0199, 0.02, 0.0201, 0.02}},
                      {"rate(iterations{outcome=ok})", "peak", {100, 100.5, 99.5, 100}}};
  SyntheticRun slower;
  slower.slow(0, 30, 30'000);
  CHECK(outcome_of(verdict_of(SyntheticRun(), nullptr)) == "PASS");  // not judged
  CHECK(outcome_of(verdict_of(SyntheticRun(), &baseline)) == "PASS");
  const auto failed = verdict_of(slower, &baseline);
  CHECK(outcome_of(failed) == "FAIL");
  CHECK_THAT(lines(failed.reasons), Catch::Contains("worse than the baseline") && Catch::Contains("over 5 %"));
  // Read back from the run directory, it is the same verdict.
  const auto again = baseline_from_json(to_json(baseline));
  REQUIRE(again.ok());
  CHECK(json::serialize(to_json(verdict_of(slower, &*again))) == json::serialize(to_json(failed)));

  Baseline missing;
  missing.missing = "store/ holds no run of this scenario on this machine";
  CHECK(outcome_of(verdict_of(SyntheticRun(), &missing)) == "INCONCLUSIVE");
  Baseline other = baseline;
  other.metrics.pop_back();  // a baseline that measured something else
  CHECK(outcome_of(verdict_of(SyntheticRun(), &other)) == "INCONCLUSIVE");
  SyntheticRun silent;
  silent.erase_all();
  CHECK(outcome_of(verdict_of(silent, &baseline)) == "INCONCLUSIVE");
}

TEST_CASE("a baseline that is damaged is an error, never half a baseline", "[compare]") {
  for (const char* text :
       {"{}", "[]", "{\"schema\": \"tidegate.baseline/2\"}", "{\"schema\": \"tidegate.baseline/1\", \"metrics\": 3}",
        "{\"schema\": \"tidegate.baseline/1\", \"metrics\": [{\"values\": [\"x\"]}]}"}) {
    INFO(text);
    CHECK_FALSE(baseline_from_json(*parse_json(text)).ok());
  }
}

TEST_CASE("runs are comparable by what they play and where, not by name or gates", "[compare]") {
  SyntheticRun run;
  run.info.scenario = "load: {a: {rate: 100/s}}\nflows: {x: 1, y: 2}\ngates: {g: 1}\ntitle: one\n";
  run.info.machine = {"Xeon", "Linux 6.1.0-18-amd64", "Debian", 2, 24'000'000'000ULL};
  struct Row {
    const char* what;
    std::function<void(record::RunInfo&)> change;
    const char* differs;  // empty: comparable
  };
  const Row rows[] = {
      {"nothing", [](record::RunInfo&) {}, ""},
      {"gates and text",
       [](record::RunInfo& info) { info.scenario = "flows: {y: 2, x: 1}\nload: {a: {rate: 100/s}}\n"; }, ""},
      {"a later kernel of the series", [](record::RunInfo& info) { info.machine.kernel = "Linux 6.1.0-31-amd64"; }, ""},
      {"load", [](record::RunInfo& info) { info.scenario = "load: {a: {rate: 200/s}}\nflows: {x: 1, y: 2}\n"; },
       "not with the same stack, load"},
      {"another scenario",
       [](record::RunInfo& info) {
         info.name = "other";
         info.scenario = "load: 1\n";
       },
       "the candidate other"},
      {"faults", [](record::RunInfo& info) { info.scenario += "faults: {f: 1}\n"; }, "not with the same"},
      {"cores", [](record::RunInfo& info) { info.machine.cores = 4; }, "the machines differ"},
      {"processor", [](record::RunInfo& info) { info.machine.cpu_model = "EPYC"; }, "the machines differ"},
      {"kernel series", [](record::RunInfo& info) { info.machine.kernel = "Linux 6.6.1"; }, "the machines differ"},
  };
  for (const Row& row : rows) {
    record::RunInfo other = run.info;
    row.change(other);
    INFO(row.what << ": " << mismatch(run.info, other));
    CHECK(mismatch(run.info, other).empty() == (*row.differs == '\0'));
    CHECK_THAT(mismatch(run.info, other), Catch::Contains(row.differs));
  }
}
