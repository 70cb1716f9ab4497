// Error budgets beyond one gate: the ledger and its freezes, OpenSLO files, timeslices and burn alerts.

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>

#include "gates/budget/burn.hpp"
#include "gates/budget/ledger.hpp"
#include "gates/budget/openslo.hpp"
#include "tests/unit/gates/fixture.hpp"
#include "tests/unit/record/scratch_directory.hpp"

using namespace tidegate;
using namespace tidegate::gates;

namespace {

std::int64_t moment(int year, int month, int day, int hour = 0) {
  std::tm parts{};
  parts.tm_year = year - 1900;
  parts.tm_mon = month - 1;
  parts.tm_mday = day;
  parts.tm_hour = hour;
  return timegm(&parts);
}

constexpr std::int64_t kDay = 24 * 3600;
const LedgerSlo kSlo{"pay", 0.999};

}  // namespace

TEST_CASE("the ledger freezes releases by both rules, computed and never typed", "[budget]") {
  struct Row {
    const char* what;
    std::vector<LedgerEntry> entries;
    std::int64_t now;
    bool known;
    std::size_t freezes;
    double month_spent;
  };
  const auto entry = [](std::int64_t at, std::uint64_t bad) {
    return LedgerEntry{"pay", at, 1'000'000 - bad, 1'000'000, "edge"};
  };
  const Row rows[] = {
      {"nothing recorded", {}, moment(2024, 11, 10), false, 0, 0},
      {"clean", {entry(moment(2024, 11, 5), 0)}, moment(2024, 11, 10), true, 0, 0},
      // Burn 2 on the 10th of 30 days: 9/30 of the month at twice the rate.
      {"60 % spent on the 10th", {entry(moment(2024, 11, 5), 2000)}, moment(2024, 11, 10), true, 2, 0.6},
      {"30 % spent on the 10th", {entry(moment(2024, 11, 5), 1000)}, moment(2024, 11, 10), true, 0, 0.3},
      // The same spending after half of the month is over does not freeze by the month's rule.
      {"60 % spent on the 19th", {entry(moment(2024, 11, 5), 1000)}, moment(2024, 11, 19), true, 0, 0.6},
      {"overspent last month, within four weeks",
       {entry(moment(2024, 10, 25), 3000)},
       moment(2024, 11, 10),
       true,
       1,
       0},
      {"overspent five weeks ago", {entry(moment(2024, 10, 1), 3000)}, moment(2024, 11, 10), false, 0, 0},
      // A clock that was stepped back when it was recorded, or one that runs ahead: what is not yet is not counted.
      {"an entry from the future", {entry(moment(2024, 12, 1), 5000)}, moment(2024, 11, 10), false, 0, 0},
      {"the first second of a month", {entry(moment(2024, 11, 1), 1000)}, moment(2024, 11, 1), true, 0, 0},
      {"across the year", {entry(moment(2024, 12, 25), 500)}, moment(2025, 1, 5), true, 0, 0},
  };
  for (const Row& row : rows) {
    const test::ScratchDirectory scratch;
    auto ledger = Ledger::open(scratch.file("budget.db"));
    REQUIRE(ledger.ok());
    for (const LedgerEntry& one : row.entries) REQUIRE(ledger->record(kSlo, one).ok());
    const auto status = budget_status(*ledger, kSlo, row.now);
    REQUIRE(status.ok());
    INFO(row.what << ": " << status_text(*status));
    CHECK(status->known == row.known);
    CHECK(status->freezes.size() == row.freezes);
    CHECK(status->month_spent == Approx(row.month_spent).margin(1e-9));
  }
}

TEST_CASE("what a ledger refuses", "[budget]") {
  const test::ScratchDirectory scratch;
  const std::string path = scratch.file("budget.db");
  const auto refused = [&](const LedgerSlo& slo, const LedgerEntry& entry, const char* why) {
    auto ledger = Ledger::open(path);
    REQUIRE(ledger.ok());
    const auto recorded = ledger->record(slo, entry);
    REQUIRE_FALSE(recorded.ok());
    CHECK_THAT(recorded.error().message, Catch::Contains(why));
  };
  REQUIRE(Ledger::open(path)->record(kSlo, {"pay", 1000, 9, 10, "edge"}).ok());
  refused(kSlo, {"pay", 1000, 9, 10, "edge"}, "counting it twice would spend twice");
  refused(kSlo, {"pay", 1001, 11, 10, "edge"}, "more good ones than there were");
  refused(kSlo, {"pay", 1001, 0, 0, "edge"}, "says nothing");
  refused({"pay", 0.99}, {"pay", 1001, 9, 10, "edge"}, "with the objective");
  refused({"pay", 1}, {"pay", 1001, 9, 10, "edge"}, "between 0% and 100%");
  CHECK(Ledger::open(path)->record(kSlo, {"pay", 1000, 9, 10, "other"}).ok());
  CHECK(Ledger::open(path)->entries("pay", 0, 2000)->size() == 2);

  std::ofstream(scratch.file("text")) << "this is not a database, and long enough to be asked whether it is one";
  CHECK_THAT(Ledger::open(scratch.file("text")).error().message, Catch::Contains("not a SQLite file"));
  CHECK_FALSE(Ledger::open(scratch.file("absent/budget.db")).ok());
}

TEST_CASE("OpenSLO files are read and written to the same", "[budget]") {
  const std::string text =
      "apiVersion: openslo/v1\n"
      "kind: Service\n"
      "metadata: {name: shop}\n"
      "---\n"
      "apiVersion: openslo/v1\n"
      "kind: SLO\n"
      "metadata: {name: availability}\n"
      "spec:\n"
      "  service: shop\n"
      "  indicator:\n"
      "    metadata: {name: i}\n"
      "    spec:\n"
      "      ratioMetric:\n"
      "        counter: true\n"
      "        good: {metricSource: {type: tidegate, spec: {of: create_payment, good: expected and response_time < "
      "800ms}}}\n"
      "        total: {metricSource: {type: tidegate, spec: {of: create_payment}}}\n"
      "  timeWindow: [{duration: 4w, isRolling: true}]\n"
      "  budgetingMethod: Timeslices\n"
      "  objectives: [{target: 0.9995, timeSliceTarget: 0.95, timeSliceWindow: 1m}]\n";
  Diagnostics diagnostics;
  const auto slos = parse_openslo(text, "slo.yaml", diagnostics);
  INFO(diagnostics.text());
  REQUIRE(diagnostics.empty());
  REQUIRE(slos.size() == 1);
  CHECK(slos[0].name == "availability");
  CHECK(slos[0].target == Approx(0.9995));
  CHECK(slos[0].window == std::chrono::hours(24 * 28));
  CHECK(slos[0].timeslices);
  CHECK(slos[0].slice_target == Approx(0.95));
  CHECK(slos[0].slice_window == std::chrono::minutes(1));
  CHECK(slos[0].of == "create_payment");
  CHECK(slos[0].good == "expected and response_time < 800ms");
  const std::string written = write_openslo(slos);
  const auto again = parse_openslo(written, "again.yaml", diagnostics);
  REQUIRE(diagnostics.empty());
  CHECK(write_openslo(again) == written);
  CHECK(again[0].good == slos[0].good);
  CHECK(again[0].slice_window == slos[0].slice_window);
}

TEST_CASE("mistakes in an OpenSLO file have their line", "[budget]") {
  const std::string head = "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a}\nspec:\n";
  struct Row {
    std::string text;
    const char* message;
  };
  const Row rows[] = {
      {"apiVersion: openslo/v2\nkind: SLO\n", "this program reads openslo/v1"},
      {"apiVersion: openslo/v1\nkind: SLO\nspec: {objectives: [{target: 0.9}]}\n", "needs metadata.name"},
      {"apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: a}\n", "needs a spec"},
      {head + "  service: x\n", "one objective is expected"},
      {head + "  objectives: [{target: 0.9}, {target: 0.99}]\n", "one objective is expected"},
      {head + "  objectives: [{target: 99.9}]\n", "slo.yaml:5:25: target '99.9' must lie between 0 and 1"},
      {head + "  objectives: [{targetPercent: 100}]\n", "must lie between 0 and 100"},
      {head + "  objectives: [{}]\n", "needs target or targetPercent"},
      {head + "  budgetingMethod: Timeslice\n  objectives: [{target: 0.9}]\n", "did you mean 'Timeslices'"},
      {head + "  budgetingMethod: Timeslices\n  objectives: [{target: 0.9}]\n", "need timeSliceTarget"},
      {head + "  timeWindow: [{duration: soon}]\n  objectives: [{target: 0.9}]\n", "'soon' is not a duration"},
      {"a: [", "slo.yaml"},
  };
  for (const Row& row : rows) {
    Diagnostics diagnostics;
    CHECK(parse_openslo(row.text, "slo.yaml", diagnostics).empty());
    INFO(row.text << "\n" << diagnostics.text());
    CHECK_THAT(diagnostics.text(), Catch::Contains(row.message));
  }
}

TEST_CASE("a budget gate takes its terms from an OpenSLO file, and keeps its own", "[budget]") {
  const test::ScratchDirectory scratch;
  std::ofstream(scratch.file("slo.yaml"))
      << "apiVersion: openslo/v1\nkind: SLO\nmetadata: {name: fast}\nspec:\n  indicator: {spec: {ratioMetric: {good: "
         "{metricSource: {type: tidegate, spec: {of: create_payment, good: expected}}}}}}\n  objectives: [{target: "
         "0.99}]\n---\napiVersion: openslo/v1\nkind: SLO\nmetadata: {name: other}\nspec: {objectives: [{target: "
         "0.9}]}\n";
  const auto inlined = [&](const std::string& text, std::string& mistakes) {
    Diagnostics diagnostics;
    yaml::Node gates = yaml::parse(text, "gates.yaml", diagnostics);
    inline_openslo(gates, std::filesystem::path(scratch.file("x")).parent_path().string(), diagnostics);
    mistakes = diagnostics.text();
    return gates;
  };
  std::string mistakes;
  const yaml::Node gates = inlined("g: {budget: {openslo: slo.yaml#fast, max_burn: 2}}", mistakes);
  CHECK(mistakes.empty());
  const yaml::Node& budget = *gates.find("g")->find("budget");
  CHECK(budget.find("openslo") == nullptr);
  CHECK(budget.find("objective")->text() == "99%");
  CHECK(budget.find("of")->text() == "create_payment");
  CHECK(budget.find("max_burn")->text() == "2");
  CHECK(outcome_of(judged(SyntheticRun(), yaml::emit(gates))) == "PASS");
  for (const auto& [text, why] :
       {std::pair<const char*, const char*>{"g: {budget: {openslo: slo.yaml}}", "write slo.yaml#NAME"},
        {"g: {budget: {openslo: slo.yaml#fats}}", "did you mean 'fast'"},
        {"g: {budget: {openslo: absent.yaml}}", "absent.yaml"}}) {
    inlined(text, mistakes);
    CHECK_THAT(mistakes, Catch::Contains(why));
  }
}

TEST_CASE("timeslices are a census of slices", "[budget]") {
  struct Row {
    const char* what;
    std::function<void(SyntheticRun&)> change;
    const char* slice;
    Outcome want;
    const char* in_reason;
  };
  const Row rows[] = {
      {"healthy", [](SyntheticRun&) {}, "2s", Outcome::pass, "0 bad of 10 slices of 2 s"},
      {"one bad slice of ten", [](SyntheticRun& run) { run.fail_requests(12, 13, 50); }, "2s", Outcome::fail,
       "1 bad of 10"},
      {"a slice within its target", [](SyntheticRun& run) { run.fail_requests(12, 13, 2); }, "2s", Outcome::pass,
       "0 bad"},
      {"a slice without events",
       [](SyntheticRun& run) {
         run.erase(record::kResponseTime, 12, 14);
         run.erase(record::kResponseTimeFromSend, 12, 14);
       },
       "2s", Outcome::inconclusive, "1 without events"},
      {"no events at all", [](SyntheticRun& run) { run.erase(record::kResponseTime, 0, 99); }, "2s",
       Outcome::inconclusive, "no slice has events"},
      {"longer than the window", [](SyntheticRun&) {}, "30s", Outcome::inconclusive, "shorter than a slice"},
  };
  for (const Row& row : rows) {
    SyntheticRun run;
    row.change(run);
    const auto verdict = judged(
        run, std::string("g: {budget: {objective: 95%, of: create_payment, slice: ") + row.slice + "}, during: peak}");
    INFO(row.what << ": " << verdict.gates[0].reason);
    CHECK(to_string(verdict.gates[0].outcome) == to_string(row.want));
    CHECK_THAT(verdict.gates[0].reason, Catch::Contains(row.in_reason));
  }
  const auto context = context_of(SyntheticRun());
  CHECK_THAT(mistakes_in("g: {budget: {objective: 95%, of: create_payment, slice: 1500ms}}", context),
             Catch::Contains("whole seconds"));
  CHECK_THAT(mistakes_in("g: {budget: {objective: 95%, of: create_payment, slice_target: 90%}}", context),
             Catch::Contains("belongs to slice"));
}

TEST_CASE("burn alerts are evaluated where their windows fit, and say so where they do not", "[budget]") {
  std::vector<Share> hour(3700, {0, 100}), burning = hour;
  for (std::size_t i = 2000; i < burning.size(); ++i) burning[i] = {40, 100};
  CHECK_THAT(alert_summary({}, 0.001),
             Catch::Contains("not evaluated") && Catch::Contains("14.4x over 1h") && Catch::Contains("1x over 3d"));
  CHECK_THAT(alert_summary(hour, 0.001), Catch::Contains("14.4x over 1h and 5m would not fire"));
  CHECK_THAT(alert_summary(burning, 0.001),
             Catch::Contains("would fire after 3600 s") && Catch::Contains("not evaluated"));
  // Long enough ago that only the long window still burns: it does not fire any more.
  std::vector<Share> past(7000, {0, 100});
  for (std::size_t i = 0; i < 30; ++i) past[i] = {100, 100};
  CHECK_THAT(alert_summary(past, 0.001), Catch::Contains("would not fire"));
}

TEST_CASE("Prometheus rules hold every window and every alert", "[budget]") {
  const std::string rules =
      prometheus_rules({{"pay", 0.9995, "sum(rate(bad{x=\"it's\"}[{{.window}}]))", "sum(rate(all[{{.window}}]))"}});
  for (const char* want : {"[5m]", "[30m]", "[1h]", "[2h]", "[6h]", "[1d]", "[3d]", "14.4 * 0.0005", "it''s",
                           "severity: page", "severity: ticket", "slo: pay"}) {
    CHECK_THAT(rules, Catch::Contains(want));
  }
  CHECK_THAT(rules, !Catch::Contains("{{"));
  Diagnostics diagnostics;
  const yaml::Node node = yaml::parse(rules, "rules.yaml", diagnostics);
  REQUIRE(diagnostics.empty());
  CHECK(node.find("groups")->items().front().find("rules")->items().size() == 11);
}
