// The dashboard shows what the run says, and stays within the terminal.

#include "runner/dashboard.hpp"

#include <string>

#include "base/units.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::runner {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

ProgressState busy() {
  ProgressState state;
  state.stage = "steady";
  state.now = seconds(12);
  state.end = 33;
  state.load.target_rate = 600;
  state.load.achieved_rate = 598.7;
  state.load.request_rate = 1198;
  state.load.p50 = milliseconds(1);
  state.load.p99 = milliseconds(8);
  state.load.errors = 3;
  state.load.dropped = 2;
  state.load.late = 1;
  state.load.vus = 14;
  state.worst_lag_s = 0.2;
  state.active_faults = {"bank_slow", "broker_down"};
  return state;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

}  // namespace

TEST_CASE("a dashboard shows rates, latencies, errors, lag and faults") {
  const std::string text = joined(Dashboard().lines(busy(), 200));
  INFO(text);
  for (const char* part : {"steady", "12s of 33s", "21s left", "599/s of 600/s", "1,198/s", "vus 14", "errors  3",
                           "dropped 2", "late 1", "lag ", "faults  bank_slow, broker_down"}) {
    INFO(part);
    CHECK(text.find(part) != std::string::npos);
  }
  CHECK(text.find("p50     " + format_duration(milliseconds(1))) != std::string::npos);
  CHECK(text.find("p99 " + format_duration(milliseconds(8))) != std::string::npos);
}

TEST_CASE("what is not known is not shown") {
  ProgressState state;
  state.stage = "waiting";
  state.now = seconds(-1);
  const std::string text = joined(Dashboard().lines(state, 200));
  INFO(text);
  CHECK(text.find("lag") == std::string::npos);
  CHECK(text.find("faults") == std::string::npos);
  CHECK(text.find("left") == std::string::npos);
  CHECK(text.find(" of ") == std::string::npos);
}

TEST_CASE("lines stay within the terminal, however long the run") {
  Dashboard dashboard;
  for (const std::size_t columns : {20U, 40U, 79U}) {
    for (int i = 0; i < 200; ++i) {
      for (const std::string& line : dashboard.lines(busy(), columns)) REQUIRE(line.size() <= columns);
    }
  }
}

TEST_CASE("bars and heights") {
  CHECK(bar(0, 10, 4) == "----");
  CHECK(bar(5, 10, 4) == "##--");
  CHECK(bar(20, 10, 4) == "####");
  CHECK(bar(1, 0, 4) == "----");
  CHECK(heights({}) == "");
  CHECK(heights({milliseconds(0), milliseconds(0)}) == "  ");
  CHECK(heights({milliseconds(0), milliseconds(9), milliseconds(5)}) == " @+");
}

}  // namespace tidegate::runner
