// Each format from a finished, a killed and a hostile run.

#include <algorithm>
#include <sstream>

#include "reports/format.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/record/scratch_directory.hpp"
#include "tests/unit/reports/synthetic_run.hpp"

using namespace tidegate;
using namespace tidegate::reports;
using record::Outcome;
using test::ScratchDirectory;

namespace {

std::string rendered(std::string_view format, const record::RunDirectory& directory, const record::RunInfo& info,
                     const record::Verdict& verdict) {
  const Format* found = find_format(format);
  REQUIRE(found != nullptr);
  std::string out;
  const auto result = found->render({directory, info, verdict}, [&out](std::string_view text) {
    out += text;
    return true;
  });
  INFO((result ? std::string() : result.error().message));
  REQUIRE(result.ok());
  return out;
}

std::string of_run(std::string_view format, const test::SyntheticRun& run, const record::Verdict& verdict) {
  const ScratchDirectory scratch;
  const auto directory = test::write_synthetic_run(scratch.file("run"), run);
  return rendered(format, directory, test::synthetic_info(run), verdict);
}

std::string of_run(std::string_view format, const test::SyntheticRun& run = {}) {
  return of_run(format, run, test::synthetic_verdict(run));
}

std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

const std::string kHostile = "</x><script>alert(1)</script>&\"'|`*_[a](b)@you\n=1+1,\x1b[2J\x01\xff";

record::Verdict hostile_verdict() {
  record::Verdict verdict = test::synthetic_verdict({});
  verdict.scenario = verdict.title = verdict.variant = kHostile;
  verdict.reasons = {kHostile};
  for (auto& gate : verdict.gates) gate.name = gate.during = gate.reason = kHostile;
  for (auto& fault : verdict.faults) fault.name = fault.target = fault.reason = kHostile;
  for (auto& lag : verdict.lag) lag.group = lag.topic = kHostile;
  verdict.validity.reasons = {kHostile};
  return verdict;
}

}  // namespace

TEST_CASE("every format renders every kind of run") {
  test::SyntheticRun killed;
  killed.finished = false;
  for (const Format& format : formats()) {
    INFO(format.name);
    CHECK_FALSE(of_run(format.name).empty());
    CHECK_FALSE(of_run(format.name, killed).empty());
    CHECK_FALSE(of_run(format.name, {}, hostile_verdict()).empty());
    CHECK_FALSE(of_run(format.name, {}, record::Verdict{}).empty());
  }
  CHECK(find_format("junit2") == nullptr);
}

TEST_CASE("junit has a case per gate and window, with stable names") {
  const std::string text = of_run("junit");
  CHECK_THAT(text,
             Catch::Contains("<testsuite name=\"black-friday (smoke)\" tests=\"13\" failures=\"5\" errors=\"1\""));
  CHECK(count_of(text, "<testcase") == 13);
  CHECK_THAT(text, Catch::Contains("classname=\"black-friday.gates\" name=\"ack_p99 [ramp]\""));
  CHECK_THAT(text, Catch::Contains("name=\"ack_p99 [during:bank_slow]\""));
  CHECK_THAT(text, Catch::Contains("name=\"availability [all judged time]\""));
  // The names do not depend on how it went.
  test::SyntheticRun passing;
  passing.failing = false;
  const std::string green = of_run("junit", passing);
  CHECK(count_of(green, "<testcase") == 13);
  CHECK_THAT(green, Catch::Contains("failures=\"0\" errors=\"0\""));
  CHECK(count_of(green, "/>\n") >= 13);
}

TEST_CASE("junit: what is not green is a failure or an error, never skipped") {
  struct Row {
    Outcome outcome;
    const char* element;
  };
  for (const Row& row : {Row{Outcome::pass, nullptr}, Row{Outcome::warn, "<system-out>WARN: why"},
                         Row{Outcome::fail, "<failure type=\"FAIL\" message=\"why\">"},
                         Row{Outcome::inconclusive, "<error type=\"INCONCLUSIVE\" message=\"why\">"},
                         Row{Outcome::error, "<error type=\"ERROR\" message=\"why\">"},
                         Row{Outcome::not_asked, "<skipped message=\"why\"/>"}}) {
    record::Verdict verdict;
    verdict.outcome = Outcome::pass;
    record::GateResult gate;
    gate.name = "g";
    gate.outcome = row.outcome;
    gate.reason = "why";
    verdict.gates = {gate};
    const std::string text = of_run("junit", {}, verdict);
    INFO(text);
    for (const char* element : {"<system-out", "<failure", "<error", "<skipped"}) {
      const bool wanted = row.element != nullptr && std::string(row.element).starts_with(element);
      CHECK(count_of(text, element) == (wanted ? 1U : 0U));
    }
    if (row.element != nullptr) CHECK_THAT(text, Catch::Contains(row.element));
  }
}

TEST_CASE("junit: a verdict that no gate explains is there, and so is a doubtful generator") {
  record::Verdict verdict;
  verdict.outcome = Outcome::fail;
  verdict.reasons = {"process fraud died"};
  verdict.validity.outcome = Outcome::inconclusive;
  verdict.validity.reasons = {"1.4 % of the schedule was late"};
  const std::string text = of_run("junit", {}, verdict);
  CHECK_THAT(text, Catch::Contains("<failure type=\"FAIL\" message=\"process fraud died\">"));
  CHECK_THAT(text, Catch::Contains("<error type=\"INCONCLUSIVE\" message=\"1.4 % of the schedule was late\">"));
}

TEST_CASE("junit: equal names are numbered") {
  record::Verdict verdict;
  verdict.gates.resize(2);
  verdict.gates[0].name = verdict.gates[1].name = "same";
  const std::string text = of_run("junit", {}, verdict);
  CHECK_THAT(text, Catch::Contains("name=\"same [all judged time]\"") &&
                       Catch::Contains("name=\"same [all judged time] #2\""));
}

TEST_CASE("hostile names stay text in XML, Markdown, OpenMetrics") {
  const std::string junit = of_run("junit", {}, hostile_verdict());
  CHECK(junit.find("<script") == std::string::npos);
  CHECK(junit.find('\x1b') == std::string::npos);
  CHECK(junit.find('\x01') == std::string::npos);
  CHECK_THAT(junit, Catch::Contains("&lt;script&gt;") && Catch::Contains("&#10;") && Catch::Contains("\xef\xbf\xbd"));
  const std::string markdown = of_run("markdown", {}, hostile_verdict());
  CHECK(markdown.find("<script") == std::string::npos);
  CHECK(markdown.find("@you") == std::string::npos);
  CHECK(markdown.find("[a](b)") == std::string::npos);
  CHECK(markdown.find('\x1b') == std::string::npos);
  for (const std::string& line : lines_of(of_run("openmetrics", {}, hostile_verdict()))) {
    INFO(line);
    CHECK((line.starts_with("tidegate_") || line.starts_with("# ")));
    CHECK(line.find('\x1b') == std::string::npos);
  }
}

TEST_CASE("markdown stays within a comment's limit and says what it left out") {
  record::Verdict verdict = test::synthetic_verdict({});
  for (int i = 0; i < 4000; ++i) verdict.gates.push_back(verdict.gates.front());
  verdict.reasons.assign(500, std::string(5000, 'x'));
  const std::string text = of_run("markdown", {}, verdict);
  CHECK(text.size() < 65'536);
  CHECK_THAT(text, Catch::Contains("more are in the report."));
  verdict.validity.machine_busy = 0.83;
  verdict.validity.machine_stolen = 0.02;
  CHECK(of_run("markdown", {}, verdict).find("machine 83 % busy, 2 % given to others") != std::string::npos);
  const std::string usual = of_run("markdown");
  CHECK_THAT(usual,
             Catch::StartsWith("### ❌ FAIL · FinPulse Black Friday") && Catch::Contains("| ❌ FAIL | ack\\_p99 | peak"));
  CHECK_THAT(usual, Catch::Contains("Reproduce: `tidegate run"));
}

TEST_CASE("openmetrics: families are whole, and the text ends as it must") {
  const std::string text = of_run("openmetrics");
  CHECK_THAT(text, Catch::EndsWith("# EOF\n"));
  CHECK_THAT(text, Catch::Contains("tidegate_gate_value{gate=\"ack_p99\",window=\"peak\",unit=\"s\"} 0.612\n"));
  CHECK_THAT(text, Catch::Contains("tidegate_exit_code{") && Catch::Contains("} 99\n"));
  std::vector<std::string> ended;
  std::string current;
  for (const std::string& line : lines_of(text)) {
    if (line.starts_with("#")) continue;
    const std::string family = line.substr(0, line.find_first_of("{ "));
    if (family == current) continue;
    CHECK(std::find(ended.begin(), ended.end(), family) == ended.end());
    ended.push_back(current);
    current = family;
  }
}

TEST_CASE("csv: a row per second and series, as RFC 4180 has it") {
  test::SyntheticRun run;
  run.step = "=cmd(),\"x\"";
  const std::string text = of_run("csv", run);
  const auto lines = lines_of(text);
  CHECK(lines.front() == "second,metric,tags,unit,value,count,min,mean,p50,p90,p95,p99,p99.9,max\r");
  // Two histograms, offered, iterations and two groups in each of 33 seconds; failures and errors in some.
  CHECK(lines.size() > 6 * 33);
  const auto is = [&lines](const char* part) {
    return std::any_of(lines.begin(), lines.end(), [part](const std::string& line) { return line.starts_with(part); });
  };
  CHECK(is("0,scheduled_iterations,block=shoppers;flow=pay,count,"));
  CHECK(is("0,response_time,\"expected=true;flow=pay;name==cmd(),\"\"x\"\"\",s,,"));
  CHECK(is("16,lag_age,group=ledger;partition=all;topic=payments,s,"));
}

TEST_CASE("otlp: each line is a request of one series whose counts add up") {
  const std::string text = of_run("otlp");
  std::int64_t offered = 0, responses = 0;
  for (const std::string& line : lines_of(text)) {
    const auto parsed = parse_json(line);
    REQUIRE(parsed.ok());
    const json::value& metric = parsed->at("resourceMetrics").at(0).at("scopeMetrics").at(0).at("metrics").at(0);
    const json::object& object = metric.as_object();
    if (metric.at("name") == "tidegate.scheduled_iterations") {
      for (const json::value& point : object.at("sum").at("dataPoints").as_array()) {
        offered += static_cast<std::int64_t>(point.at("asDouble").to_number<double>());
      }
      CHECK(object.at("sum").at("aggregationTemporality") == 1);
    }
    if (metric.at("name") == "tidegate.response_time") {
      for (const json::value& point : object.at("exponentialHistogram").at("dataPoints").as_array()) {
        std::int64_t buckets = 0;
        for (const json::value& count : point.at("positive").at("bucketCounts").as_array()) {
          buckets += std::stoll(std::string(count.as_string()));
        }
        CHECK(std::to_string(buckets) == std::string(point.at("count").as_string()));
        responses += buckets;
      }
    }
  }
  const std::string csv = of_run("csv");
  std::int64_t offered_in_csv = 0;
  for (const std::string& line : lines_of(csv)) {
    const std::string lead = ",scheduled_iterations,block=shoppers;flow=pay,count,";
    const std::size_t at = line.find(lead);
    if (at != std::string::npos) offered_in_csv += std::stoll(line.substr(at + lead.size()));
  }
  CHECK(offered == offered_in_csv);
  CHECK(responses > 10'000);
}

TEST_CASE("an HdrHistogram log has an interval per second and step, in the published encoding") {
  test::SyntheticRun run;
  run.step = "a, b";  // tags have neither commas nor spaces
  const auto lines = lines_of(of_run("hdr", run));
  CHECK(lines.at(1) == "#[Histogram log format version 1.3]");
  std::size_t intervals = 0;
  for (const std::string& line : lines) {
    if (!line.starts_with("Tag=")) continue;
    ++intervals;
    const std::string encoded = line.substr(line.rfind(',') + 1);
    CHECK(encoded.starts_with("HISTFAAA"));  // the cookie of a compressed V2 histogram
    CHECK(encoded.size() % 4 == 0);
  }
  CHECK(intervals == 66);
  CHECK(lines.at(5).starts_with("Tag=a__b,0.000,1.000,"));
}

TEST_CASE("a sink that wants no more stops the rendering") {
  const ScratchDirectory scratch;
  const auto directory = test::write_synthetic_run(scratch.file("run"), {});
  const record::RunInfo info = test::synthetic_info({});
  const record::Verdict verdict = test::synthetic_verdict({});
  for (const char* name : {"csv", "hdr", "otlp"}) {
    int pieces = 0;
    const auto result = find_format(name)->render({directory, info, verdict}, [&pieces](std::string_view) {
      ++pieces;
      return false;
    });
    CHECK(result.ok());
    CHECK(pieces == 1);
  }
}
