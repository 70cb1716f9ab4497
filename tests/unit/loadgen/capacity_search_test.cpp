// The search for the highest rate, against systems that break where the test says.

#include "loadgen/capacity_search.hpp"

#include <functional>
#include <vector>

#include "tests/support/catch.hpp"

namespace tidegate::loadgen {
namespace {

CapacityPlan plan_of(double start, double cap, double precision = 0.05) {
  CapacityPlan plan;
  plan.start_rate = start;
  plan.max_rate = cap;
  plan.precision = precision;
  plan.gates = {"p99"};
  return plan;
}

struct Found {
  CapacityAnswer answer;
  std::vector<CapacityStep> steps;
};

using System = std::function<StepVerdict(const CapacityStep&)>;

Found search(const CapacityPlan& plan, const System& system) {
  CapacitySearch search(plan);
  Found found;
  while (const auto step = search.step()) {
    REQUIRE(found.steps.size() < 100);
    CHECK(step->rate <= plan.max_rate);
    CHECK(step->rate > 0);
    found.steps.push_back(*step);
    search.judge(system(*step));
  }
  found.answer = search.answer();
  return found;
}

System breaks_over(double capacity) {
  return [=](const CapacityStep& step) { return step.rate <= capacity ? StepVerdict::holds : StepVerdict::breaks; };
}

}  // namespace

TEST_CASE("the answer encloses the capacity, as narrowly as was asked") {
  for (const double precision : {0.01, 0.05, 0.2}) {
    for (double capacity = 100; capacity < 90'000; capacity *= 1.37) {
      INFO(capacity << " within " << precision);
      const Found found = search(plan_of(100, 100'000, precision), breaks_over(capacity));
      REQUIRE(found.answer.breaks);
      CHECK(found.answer.confirmed);
      CHECK_FALSE(found.answer.generator_limit);
      CHECK(found.answer.holds <= capacity);
      CHECK(*found.answer.breaks > capacity);
      // Rates have three digits, so the interval may be one of their steps wider.
      CHECK(*found.answer.breaks - found.answer.holds <= found.answer.holds * (precision + 0.02));
      CHECK(found.steps.size() <= 11 + 8 + 3);
      CHECK(found.steps.back().confirming);
      CHECK(found.steps.back().rate == found.answer.holds);
    }
  }
}

TEST_CASE("the ends of the search") {
  SECTION("the cap holds: there is no upper bound") {
    const Found found = search(plan_of(100, 1000), breaks_over(5000));
    CHECK(found.answer.holds == 1000);
    CHECK_FALSE(found.answer.breaks);
    CHECK(found.answer.confirmed);
  }
  SECTION("the first rate breaks: nothing holds, and nothing else is tried") {
    const Found found = search(plan_of(100, 1000), breaks_over(50));
    CHECK(found.answer.holds == 0);
    CHECK(found.answer.breaks == 100.0);
    CHECK_FALSE(found.answer.confirmed);
    CHECK(found.steps.size() == 1);
  }
  SECTION("one rate only") {
    const Found found = search(plan_of(100, 100), breaks_over(100));
    CHECK(found.answer.holds == 100);
    CHECK(found.steps.size() == 2);  // measured and confirmed
  }
  SECTION("undecided is not held, and is named") {
    const Found found = search(plan_of(100, 10'000), [](const CapacityStep& step) {
      return step.rate <= 700 ? StepVerdict::holds : StepVerdict::undecided;
    });
    CHECK(found.answer.holds <= 700);
    CHECK(found.answer.generator_limit);
    CHECK(found.answer.confirmed);
  }
}

TEST_CASE("what holds for a short time only is not the answer") {
  const Found found = search(plan_of(100, 10'000, 0.1), [](const CapacityStep& step) {
    const double capacity = step.confirming ? 800 : 1000;
    return step.rate <= capacity ? StepVerdict::holds : StepVerdict::breaks;
  });
  CHECK(found.answer.confirmed);
  CHECK(found.answer.holds <= 800);
  CHECK(found.answer.holds > 700);
  REQUIRE(found.answer.breaks);
  CHECK(*found.answer.breaks <= 1000);
  for (std::size_t i = 1; i < found.steps.size(); ++i) {
    if (found.steps[i - 1].confirming) CHECK(found.steps[i].rate < found.steps[i - 1].rate);
  }
}

TEST_CASE("a system that never confirms ends the search all the same") {
  const Found found = search(plan_of(100, 10'000, 0.5), [](const CapacityStep& step) {
    return step.confirming ? StepVerdict::breaks : breaks_over(1000)(step);
  });
  CHECK_FALSE(found.answer.confirmed);
  CHECK(found.steps.size() < 20);
}

TEST_CASE("a search whose time is over says what it knows") {
  CapacitySearch search(plan_of(100, 10'000));
  search.judge(StepVerdict::holds);
  search.judge(StepVerdict::holds);
  search.stop();
  CHECK_FALSE(search.step());
  CHECK(search.answer().holds == 200);
  CHECK_FALSE(search.answer().confirmed);
  CHECK_FALSE(search.answer().breaks);
}

}  // namespace tidegate::loadgen
