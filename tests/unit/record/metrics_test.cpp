#include "record/metrics.hpp"

#include <set>

#include "tests/support/catch.hpp"

using namespace tidegate::record;

TEST_CASE("the catalogue names each metric once, with a unit and a sentence") {
  std::set<std::string_view> names;
  for (const MetricInfo& metric : metric_catalogue()) {
    INFO(metric.name);
    CHECK(names.insert(metric.name).second);
    CHECK_FALSE(metric.unit.empty());
    CHECK_FALSE(metric.doc.empty());
    CHECK((metric.kind != SeriesKind::histogram || metric.unit == "us"));
    CHECK(find_metric(metric.name) == &metric);
  }
  CHECK(names.size() >= 27);
}

TEST_CASE("a metric that is not in the catalogue is nobody") {
  CHECK(find_metric("") == nullptr);
  CHECK(find_metric("response_tim") == nullptr);
  CHECK(find_metric("payment_settled") == nullptr);  // poll steps name their own
  REQUIRE(find_metric(kLagAge) != nullptr);
  CHECK(find_metric(kLagAge)->unit == "s");
}
