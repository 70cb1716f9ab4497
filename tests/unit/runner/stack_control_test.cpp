#include "runner/stack_control.hpp"

#include "tests/support/catch.hpp"

using namespace tidegate::runner;

TEST_CASE("a metric is summed over its labels, and only it") {
  const char* page =
      "# HELP charges_total Charges.\n"
      "# TYPE charges_total counter\n"
      "charges_total{status=\"ok\",note=\"a } in a label\"} 12\n"
      "charges_total{status=\"failed\"} 3 1700000000000\n"
      "charges_total_other 100\n"
      "plain_total 7\n"
      "broken_total x\n";
  CHECK(sum_of_metric(page, "charges_total") == 15.0);
  CHECK(sum_of_metric(page, "plain_total") == 7.0);
  CHECK_FALSE(sum_of_metric(page, "broken_total").has_value());
  CHECK_FALSE(sum_of_metric(page, "charges").has_value());
  CHECK_FALSE(sum_of_metric("", "charges_total").has_value());
}
