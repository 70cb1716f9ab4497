#include "reports/quantity_text.hpp"

#include <limits>

#include "tests/support/catch.hpp"

using namespace tidegate;
using namespace tidegate::reports;

TEST_CASE("values are shown in the unit of their gate") {
  struct Row {
    std::optional<double> value;
    const char* unit;
    const char* want;
  };
  const Row rows[] = {
      {0.612, "s", "612 ms"},
      {0.999, "share", "99.9 %"},
      {600, "1/s", "600/s"},
      {1204, "records", "1,204 records"},
      {2.31, "", "2.31"},
      {0, "count", "0"},
      {-3, "count", "-3"},
      {1e300, "", "1e+300"},
      {std::nullopt, "s", "–"},
      {std::numeric_limits<double>::quiet_NaN(), "share", "–"},
      {std::numeric_limits<double>::infinity(), "", "–"},
  };
  for (const Row& row : rows) CHECK(quantity_text(row.value, row.unit) == row.want);
}

TEST_CASE("limits and intervals say their unit once where they can") {
  record::GateResult gate;
  gate.unit = "s";
  CHECK(limit_text(gate).empty());
  CHECK(interval_text(gate).empty());
  gate.limit = 0.5;
  CHECK(limit_text(gate) == "500 ms");
  gate.comparison = "<=";
  CHECK(limit_text(gate) == "<= 500 ms");
  gate.interval = {0.598, 0.631};
  CHECK(interval_text(gate) == "598 … 631 ms");
  gate.interval = {0.9, 1.2};
  CHECK(interval_text(gate) == "900 ms … 1.2 s");
  gate.unit = "";
  gate.interval = {1, 2};
  CHECK(interval_text(gate) == "1 … 2");
}

TEST_CASE("factors have three digits") {
  CHECK(factor_text(0.12) == "×0.12");
  CHECK(factor_text(0.0077777) == "×0.00778");
  CHECK(factor_text(1) == "×1");
}
