#include "reports/terminal.hpp"

#include <sstream>

#include "reports/visible_text.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/reports/synthetic_run.hpp"

using namespace tidegate;
using namespace tidegate::reports;
using record::Outcome;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::string rendered(const record::Verdict& verdict, TerminalOptions options = {}) {
  return render_terminal(test::synthetic_info({}), verdict, options);
}

}  // namespace

TEST_CASE("the verdict is on the first and on the last line") {
  const auto lines = lines_of(rendered(test::synthetic_verdict({}), {false, 100, "runs/x/report.html"}));
  REQUIRE(lines.size() > 10);
  CHECK_THAT(lines.front(), Catch::StartsWith("FAIL  black-friday · smoke"));
  CHECK_THAT(lines.back(), Catch::StartsWith("FAIL  black-friday · smoke") && Catch::EndsWith("exit code 99"));
  CHECK(lines.at(lines.size() - 2) == "report  runs/x/report.html");
}

TEST_CASE("everything that decided is in the summary") {
  const std::string text = rendered(test::synthetic_verdict({}));
  for (const char* part :
       {"✗ ack_p99 during peak: 612 ms [598, 631] is over 500 ms",  // a reason
        "×0.00778", "✗ FAIL", "✓ PASS", "? INCONCLUSIVE", "during:bank_slow", "< 500 ms", "598 … 631 ms", "8,987",
        "212 samples; 299 are needed for p99",  // why a gate is not a pass
        "acquiring->bank-simulator", "718", "no_double_charge", "16,021", "offered 486/s", "95 % interval"}) {
    INFO(part);
    CHECK_THAT(text, Catch::Contains(part));
  }
}

TEST_CASE("a run whose load loops had a tick says so") {
  record::Verdict verdict = test::synthetic_verdict({});
  CHECK_THAT(rendered(verdict), !Catch::Contains("tick"));
  verdict.validity.tick_s = 0.001;
  CHECK_THAT(rendered(verdict), Catch::Contains("tick 1 ms"));
}

TEST_CASE("how busy the machine was, when that was recorded") {
  record::Verdict verdict = test::synthetic_verdict({});
  CHECK_THAT(rendered(verdict), !Catch::Contains("machine"));
  verdict.validity.machine_busy = 0.83;
  CHECK_THAT(rendered(verdict), Catch::Contains("machine 83 % busy"));
}

TEST_CASE("lines fit into the width and columns line up") {
  for (const int width : {60, 80, 100, 160}) {
    for (const std::string& line : lines_of(rendered(test::synthetic_verdict({}), {false, width, ""}))) {
      INFO(width << ": " << line);
      if (width >= 100) CHECK(column_width(line) <= static_cast<std::size_t>(width));
      CHECK((line.empty() || line.back() != ' '));
    }
  }
  const auto lines = lines_of(rendered(test::synthetic_verdict({})));
  std::vector<std::size_t> limits;
  for (const std::string& line : lines) {
    const std::size_t at = line.find("< 500 ms");
    if (at != std::string::npos) limits.push_back(column_width(line.substr(0, at)));
  }
  REQUIRE(limits.size() == 4);
  CHECK(std::count(limits.begin(), limits.end(), limits.front()) == 4);
}

TEST_CASE("without colour there is no escape sequence, with it there is") {
  CHECK(rendered(test::synthetic_verdict({})).find('\x1b') == std::string::npos);
  const std::string coloured = rendered(test::synthetic_verdict({}), {true, 100, ""});
  CHECK_THAT(coloured, Catch::Contains("\x1b[1;97;41m FAIL \x1b[0m"));
}

TEST_CASE("hostile names cannot command the terminal nor forge lines") {
  record::Verdict verdict = test::synthetic_verdict({});
  const std::string hostile = "\x1b[2J\nPASS everything\r\xe2\x80\xae";
  verdict.scenario = hostile;
  verdict.title = hostile;
  verdict.variant = hostile;
  verdict.reasons = {hostile};
  verdict.gates.at(0).name = hostile;
  verdict.gates.at(1).reason = hostile;
  verdict.gates.at(1).during = hostile;
  verdict.faults.at(0).target = hostile;
  verdict.audit.at(0).checker = hostile;
  verdict.lag.at(0).group = hostile;
  verdict.scale.at(0).phase = hostile;
  verdict.validity.reasons = {hostile};
  const std::string text = rendered(verdict, {false, 100, hostile});
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find('\r') == std::string::npos);
  CHECK(text.find("\xe2\x80\xae") == std::string::npos);
  for (const std::string& line : lines_of(text)) CHECK_FALSE(line.rfind("PASS everything", 0) == 0);
}

TEST_CASE("each outcome has its word, also for runs that were not judged, were cut or interrupted") {
  record::Verdict verdict;
  for (const Outcome outcome : {Outcome::pass, Outcome::warn, Outcome::fail, Outcome::inconclusive, Outcome::error}) {
    verdict.outcome = outcome;
    CHECK_THAT(rendered(verdict), Catch::StartsWith(std::string(to_string(outcome))));
  }
  verdict.judged = false;
  verdict.exit_code = 0;
  CHECK_THAT(rendered(verdict), Catch::StartsWith("NOT JUDGED") && Catch::Contains("no gates"));
  verdict.cut_short = true;
  verdict.interrupted = true;
  CHECK_THAT(rendered(verdict), Catch::Contains("cut short") && Catch::Contains("interrupted"));
}

TEST_CASE("an unhealed fault without hits stands out, and an absurd width does no harm") {
  record::Verdict verdict;
  record::FaultResult fault;
  fault.name = "bank_slow";
  fault.outcome = Outcome::error;
  fault.reason = "it hit nothing";
  verdict.faults = {fault};
  const std::string text = rendered(verdict, {false, -5, ""});
  CHECK_THAT(text, Catch::Contains("not healed") && Catch::Contains("it hit nothing") && Catch::Contains("✗ ERROR"));
}
