#include "chaos/match.hpp"

#include <cmath>

#include "chaos/fault.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/chaos/support/proxy_host.hpp"

using namespace tidegate;
using namespace tidegate::chaos;

namespace {

std::vector<bool> choices(const Match& match, const FaultIdentity& identity, std::uint64_t count = 2000) {
  std::vector<bool> out;
  for (std::uint64_t i = 0; i < count; ++i) out.push_back(picks(match, identity, i));
  return out;
}

double share(const std::vector<bool>& chosen) {
  return static_cast<double>(std::count(chosen.begin(), chosen.end(), true)) / static_cast<double>(chosen.size());
}

}  // namespace

TEST_CASE("which connections are picked is a pure function of seed, fault, target and connection") {
  const Match third{0.3, 1, {}};
  const FaultIdentity identity{7, "bank_slow", "acquiring->bank"};
  const auto chosen = choices(third, identity);
  CHECK(chosen == choices(third, identity));
  CHECK(share(chosen) == Approx(0.3).margin(0.05));  // 2000 fixed draws: no chance is involved
  CHECK(chosen != choices(third, {8, "bank_slow", "acquiring->bank"}));
  CHECK(chosen != choices(third, {7, "bank_gone", "acquiring->bank"}));
  CHECK(chosen != choices(third, {7, "bank_slow", "gateway->bank"}));
}

TEST_CASE("a share is spread evenly, and over seeds each connection has its probability") {
  const Match third{0.3, 1, {}}, third_of_every_fourth{0.3, 4, {}};
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const FaultIdentity identity{seed, "bank_slow", "acquiring->bank"};
    const auto chosen = choices(third, identity, 200);
    for (std::size_t i = 0; i + 10 <= chosen.size(); ++i) {
      const auto picked =
          std::count(chosen.begin() + static_cast<long>(i), chosen.begin() + static_cast<long>(i) + 10, true);
      REQUIRE(picked >= 2);
      REQUIRE(picked <= 4);
    }
    CHECK(share(choices(third_of_every_fourth, identity, 4000)) == Approx(0.075).margin(0.002));
  }
  int first = 0, first_and_second = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const FaultIdentity identity{seed, "f", "a->b"};
    first += picks(third, identity, 0) ? 1 : 0;
    first_and_second += picks({0.5, 1, {}}, identity, 0) && picks({0.5, 1, {}}, identity, 1) ? 1 : 0;
  }
  CHECK(first == Approx(600).margin(60));
  CHECK(first_and_second > 100);  // not one pattern shifted: neighbours may be picked together
}

TEST_CASE("the parts of match: agree") {
  const FaultIdentity identity{7, "f", "a->b"};
  CHECK(share(choices({}, identity)) == 1.0);
  CHECK(choices({1, 4, {}}, identity, 9) ==
        std::vector<bool>{true, false, false, false, true, false, false, false, true});
  Picker two({1, 3, 2}, identity);  // every third, the first two of them
  std::vector<std::uint64_t> taken;
  for (std::uint64_t i = 0; i < 20; ++i) {
    if (two.pick(i)) taken.push_back(i);
  }
  CHECK(taken == std::vector<std::uint64_t>{0, 3});
}

TEST_CASE("a match survives the way to the agent") {
  for (const Match& match : {Match{}, Match{0.3, 1, {}}, Match{1, 5, {}}, Match{0.001, 2, 10}}) {
    Diagnostics diagnostics;
    const auto node = test::parse_yaml(json::serialize(to_json(match)));
    INFO(json::serialize(to_json(match)));
    REQUIRE(schema::check(node, *match_schema(), "match", diagnostics));
    CHECK(parse_match(node, diagnostics) == match);
    CHECK(diagnostics.empty());
  }
}

TEST_CASE("mistakes in match: are found") {
  const char* row = GENERATE("{probability: 1.5}",  // more than all
                             "{probability: 0}",    // nothing
                             "{probability: -0.1}", "{every: 0}", "{first: 0}", "{first: 1.5}",
                             "{per: packet}",                   // nothing that is known
                             "{per: connection, method: GET}",  // connections have no method
                             "{path: v1}", "{probabilty: 0.3}");
  Diagnostics diagnostics;
  const auto node = test::parse_yaml(row);
  if (schema::check(node, *match_schema(), "match", diagnostics)) parse_match(node, diagnostics);
  INFO(row);
  REQUIRE(diagnostics.size() == 1);
  CHECK(diagnostics.list()[0].mark.line == 1);
}
