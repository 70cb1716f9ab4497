#include "platform/worker/breaker.hpp"

#include <vector>

#include "tests/support/catch.hpp"

using namespace tidegate;
using namespace tidegate::platform;
using Outcome = Breaker::Outcome;
using State = Breaker::State;
using std::chrono::seconds;

TEST_CASE("a breaker opens after three failures or two timeouts in a row, not before") {
  struct Row {
    const char* why;
    std::vector<Outcome> outcomes;
    bool opens;
  };
  const std::vector<Row> rows = {
      {"two failures", {Outcome::failure, Outcome::failure}, false},
      {"three failures", {Outcome::failure, Outcome::failure, Outcome::failure}, true},
      {"a success between", {Outcome::failure, Outcome::failure, Outcome::success, Outcome::failure}, false},
      {"one timeout", {Outcome::timeout}, false},
      {"two timeouts", {Outcome::timeout, Outcome::timeout}, true},
      {"timeouts apart", {Outcome::timeout, Outcome::success, Outcome::timeout}, false},
      {"a timeout among failures", {Outcome::failure, Outcome::timeout, Outcome::failure}, true},
      {"a failure between timeouts", {Outcome::timeout, Outcome::failure}, false},
      {"cancelled calls teach nothing", {Outcome::failure, Outcome::cancelled, Outcome::failure}, false},
  };
  for (const Row& row : rows) {
    INFO(row.why);
    Breaker breaker;
    for (const Outcome outcome : row.outcomes) {
      CHECK(breaker.allow(seconds(0)));
      breaker.report(outcome, seconds(0));
    }
    CHECK((breaker.state(seconds(0)) == State::open) == row.opens);
    CHECK(breaker.allow(seconds(0)) != row.opens);
  }
}

TEST_CASE("half-open lets one probe through, whose outcome decides") {
  Breaker breaker;
  for (int i = 0; i < 3; ++i) breaker.report(Outcome::failure, seconds(0));
  CHECK_FALSE(breaker.allow(seconds(4)));
  CHECK(breaker.state(seconds(5)) == State::half_open);
  CHECK(breaker.allow(seconds(5)));
  CHECK_FALSE(breaker.allow(seconds(5)));  // one at a time
  breaker.report(Outcome::failure, seconds(6));
  CHECK(breaker.state(seconds(10)) == State::open);  // counted from the failed probe
  CHECK(breaker.allow(seconds(11)));
  breaker.report(Outcome::cancelled, seconds(11));
  CHECK(breaker.allow(seconds(11)));  // a probe that was given up makes room for the next
  breaker.report(Outcome::success, seconds(12));
  CHECK(breaker.state(seconds(12)) == State::closed);
  breaker.report(Outcome::failure, seconds(12));
  CHECK(breaker.state(seconds(12)) == State::closed);  // the count began anew
  CHECK(breaker.openings() == 2);
}

TEST_CASE("a late success of a call from before the opening does not close it") {
  Breaker breaker;
  for (int i = 0; i < 3; ++i) breaker.report(Outcome::failure, seconds(0));
  breaker.report(Outcome::success, seconds(1));
  CHECK(breaker.state(seconds(1)) == State::open);
}
