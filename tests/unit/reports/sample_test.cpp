// Not run by default: writes sample reports to look at.
//   build/dev/bin/tests/unit_reports "[sample]"    then open build/dev/sample-runs/*/report.html

#include <filesystem>
#include <iostream>

#include "reports/html.hpp"
#include "reports/terminal.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/reports/synthetic_run.hpp"

using namespace tidegate;

TEST_CASE("sample reports are written", "[.][sample]") {
  const std::string root = std::string(TIDEGATE_BINARY_DIR) + "/sample-runs";
  std::filesystem::remove_all(root);
  test::SyntheticRun pass, fail, killed, hour, hostile;
  pass.failing = false;
  killed.finished = false;
  hour.seconds = 3600;
  hostile.step = "</script><script>alert(1)</script>\x1b[2J\xe2\x80\xae" + std::string(300, 'x') + "<b>&amp;</b>";
  for (const auto& [name, run] :
       {std::pair("pass", pass), {"fail", fail}, {"killed", killed}, {"hour", hour}, {"hostile", hostile}}) {
    const auto directory = test::write_synthetic_run(root + "/" + name, run);
    if (run.step == hostile.step) {
      record::Verdict verdict = test::synthetic_verdict(run);
      verdict.title = verdict.reasons.at(0) = verdict.gates.at(0).name = verdict.gates.at(0).during = run.step;
      verdict.faults.at(0).name = verdict.faults.at(0).target = verdict.lag.at(0).group = run.step;
      verdict.audit.at(1).counterexamples = {json::object{{run.step, run.step}}};
      REQUIRE(directory.write_verdict(verdict).ok());
    }
    REQUIRE(reports::write_html(directory).ok());
    const reports::TerminalOptions options{true, 100, directory.report()};
    if (run.seconds < 100) {
      std::cout << reports::render_terminal(test::synthetic_info(run), test::synthetic_verdict(run), options) << "\n\n";
    }
  }
}
