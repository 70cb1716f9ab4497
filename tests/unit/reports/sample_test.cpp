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
  test::SyntheticRun pass, fail, killed, hour;
  pass.failing = false;
  killed.finished = false;
  hour.seconds = 3600;
  for (const auto& [name, run] : {std::pair("pass", pass), {"fail", fail}, {"killed", killed}, {"hour", hour}}) {
    const auto directory = test::write_synthetic_run(root + "/" + name, run);
    REQUIRE(reports::write_html(directory).ok());
    const reports::TerminalOptions options{true, 100, directory.report()};
    if (run.seconds < 100) {
      std::cout << reports::render_terminal(test::synthetic_info(run), test::synthetic_verdict(run), options) << "\n\n";
    }
  }
}
