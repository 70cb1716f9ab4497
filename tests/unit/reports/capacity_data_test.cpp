#include "reports/capacity_data.hpp"

#include "reports/run_events.hpp"
#include "tests/support/catch.hpp"

namespace tidegate::reports {
namespace {

record::Event step(const char* block, double rate, bool confirming, int from, const char* outcome) {
  return {std::chrono::seconds(from),
          "capacity_step",
          {{"block", block}, {"rate", rate}, {"confirming", confirming}, {"from", from}, {"outcome", outcome}}};
}

}  // namespace

TEST_CASE("the steps of each search stand in the order of their rates, a confirmation after its measurement") {
  record::EventLog log;
  log.events = {step("a", 100, false, 5, "holds"),   step("b", 10, false, 6, "breaks"),
                step("a", 200, false, 15, "breaks"), step("a", 150, false, 25, "holds"),
                step("a", 150, true, 35, "holds"),   {std::chrono::seconds(50), "run_ended", {}}};
  log.events.push_back({std::chrono::seconds(45),
                        "capacity_found",
                        {{"block", "a"}, {"holds", 150.0}, {"breaks", 200.0}, {"confirmed", true}}});
  const json::array searches = capacity_searches(log);
  REQUIRE(searches.size() == 2);
  const json::object& first = searches[0].as_object();
  CHECK(first.at("block").as_string() == "a");
  std::string order;
  for (const json::value& one : first.at("steps").as_array()) {
    order +=
        std::to_string(static_cast<int>(one.at("rate").as_double())) + (one.at("confirming").as_bool() ? "c " : " ");
  }
  CHECK(order == "100 150 150c 200 ");
  CHECK(first.at("found").at("holds").as_double() == 150);
  CHECK(searches[1].at("found").is_null());
  CHECK(capacity_searches(record::EventLog{}).empty());
}

TEST_CASE("the answer of a search in words") {
  const std::pair<json::object, const char*> rows[] = {
      {{{"holds", 150.0}, {"breaks", 200.0}, {"confirmed", true}}, "150/s held, 200/s broke"},
      {{{"holds", 150.0}, {"breaks", 200.0}, {"confirmed", false}}, "150/s held (not confirmed), 200/s broke"},
      {{{"holds", 150.0}, {"breaks", 200.0}, {"confirmed", true}, {"generator_limit", true}},
       "150/s held, 200/s could not be decided"},
      {{{"holds", 400.0}, {"confirmed", true}}, "400/s held, which is the cap"},
      {{{"holds", 400.0}, {"confirmed", false}}, "400/s held (not confirmed), none broke"},
      {{{"holds", 0.0}, {"breaks", 10.0}, {"confirmed", false}}, "no rate held, 10/s broke"},
      {{}, "no rate held, none broke"},
  };
  for (const auto& [found, text] : rows) CHECK(capacity_answer(found) == text);
  CHECK(describe({Nanoseconds{0}, "capacity_step", {{"block", "l"}, {"rate", 100.0}, {"outcome", "holds"}}}).text ==
        "capacity of l: 100/s holds");
  CHECK(describe({Nanoseconds{0}, "output_failed", {{"output", "otlp"}, {"message", "m"}}}).wrong);
  CHECK(describe({Nanoseconds{0}, "aborted", {{"message", "m"}}}).text == "load ended early: m");
}

}  // namespace tidegate::reports
