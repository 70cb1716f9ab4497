// The windows of a fault, and what customers saw in them.

#include "reports/review.hpp"

#include "record/metrics.hpp"
#include "record/series.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/record/scratch_directory.hpp"

using namespace tidegate;
using namespace tidegate::reports;
using record::SeriesKind;
using test::ScratchDirectory;

namespace {

constexpr std::int32_t kEnd = 60;

/// 100 iterations a second answered in 10 ms; from 10 to 14 half of them, in 500 ms, a tenth of the requests failing.
void write_series(const std::string& path) {
  auto writer = std::move(*record::SeriesWriter::create(path));
  const auto intern = [&](std::string_view metric, record::Tags tags, SeriesKind kind, const char* unit) {
    return writer->intern({std::string(metric), std::move(tags), kind, unit});
  };
  const auto done = intern(record::kIterations, {{"outcome", "ok"}}, SeriesKind::counter, "count");
  const auto good = intern(record::kHttpReqs, {{"expected", "true"}}, SeriesKind::counter, "count");
  const auto bad = intern(record::kHttpReqs, {{"expected", "false"}}, SeriesKind::counter, "count");
  const auto times = intern(record::kResponseTime, {{"name", "pay"}}, SeriesKind::histogram, "us");
  const auto items = intern("items", {}, SeriesKind::histogram, "count");
  const auto lag = intern(record::kLagAge, {{"group", "ledger"}, {"partition", "all"}}, SeriesKind::gauge, "s");
  for (std::int32_t second = 0; second < kEnd; ++second) {
    const bool broken = second >= 10 && second < 14;
    writer->add(second, done, broken ? 50 : 100);
    writer->add(second, good, broken ? 90 : 100);
    writer->add(second, bad, broken ? 10 : 0);
    writer->set(second, lag, second >= 10 && second < 16 ? second - 9 : 0);
    Histogram histogram;
    histogram.record(broken ? 500'000 : 10'000, 100);
    writer->merge(second, times, histogram);
    writer->merge(second, items, histogram);
  }
  REQUIRE(writer->flush().ok());
}

record::FaultResult fault(const char* name, double injected, std::optional<double> healed,
                          std::optional<double> recover) {
  record::FaultResult result;
  result.name = name;
  result.injected_s = injected;
  result.healed_s = healed;
  result.time_to_recover_s = recover;
  return result;
}

json::array reviewed(const std::vector<record::FaultResult>& faults, std::vector<record::Window> phases) {
  const ScratchDirectory scratch;
  write_series(scratch.file("series.tgs"));
  const auto index = record::SeriesIndex::open(scratch.file("series.tgs"));
  REQUIRE(index.ok());
  record::RunInfo info;
  info.phases = std::move(phases);
  record::PlannedLoad load;
  load.steps = {{"flow", {"pay", "items"}}};
  info.load = {load};
  record::Verdict verdict;
  verdict.faults = faults;
  return reviews_to_json(info, *index, verdict);
}

/// "before 5..10, during 10..14, ..."
std::string windows_of(const json::value& review) {
  std::string text;
  for (const json::value& window : review.at("windows").as_array()) {
    text += std::string(std::string_view(window.at("name").as_string())) + " " +
            std::to_string(window.at("from").to_number<int>()) + ".." +
            std::to_string(window.at("to").to_number<int>()) + " ";
  }
  return text;
}

std::string row_of(const json::value& review, std::string_view label) {
  for (const json::value& row : review.at("rows").as_array()) {
    if (std::string_view(row.at("label").as_string()) == label) return json::serialize(row.at("values"));
  }
  return "no such row";
}

}  // namespace

TEST_CASE("a failover review compares before, during, recovering and after") {
  const json::array reviews = reviewed({fault("bank_slow", 10.2, 13.9, 2.0)}, {{"peak", 0, 60, true}});
  REQUIRE(reviews.size() == 1);
  CHECK(windows_of(reviews[0]) == "before 5..10 during 10..14 recovering 14..16 after 16..21 ");
  CHECK(row_of(reviews[0], "Iterations completed") == "[100,50,100,100]");
  CHECK(row_of(reviews[0], "Requests failed") == "[0,1E-1,0,0]");
  CHECK(row_of(reviews[0], "p99 of pay") == "[1.0007E-2,5.0022E-1,1.0007E-2,1.0007E-2]");
  CHECK(row_of(reviews[0], "Worst lag of ledger") == "[0,4,6,0]");
  CHECK(row_of(reviews[0], "p99 of items") == "no such row");  // it is no time
}

TEST_CASE("the windows of one fault keep out of the others, out of the warm-up, and end with the data") {
  struct Row {
    const char* what;
    std::vector<record::FaultResult> faults;
    std::size_t which;
    const char* windows;
  };
  const Row rows[] = {
      {"one soon after",
       {fault("a", 10, 14, 2), fault("b", 18, 19, 1)},
       0,
       "before 5..10 during 10..14 recovering 14..16 after 16..18 "},
      {"one soon before",
       {fault("a", 10, 14, 2), fault("b", 18, 19, 1)},
       1,
       "before 16..18 during 18..19 recovering 19..20 after 20..25 "},
      {"one inside another",
       {fault("a", 10, 30, 2), fault("b", 12, 14, 1)},
       1,
       "before 12..12 during 12..14 recovering 14..15 after 20..20 "},
      {"never healed", {fault("a", 10, {}, {})}, 0, "before 3..10 during 10..60 recovering 60..60 after 60..60 "},
      {"never recovered", {fault("a", 10, 14, {})}, 0, "before 5..10 during 10..14 recovering 14..14 after 14..14 "},
      {"recovered at once", {fault("a", 10, 14, 0.0)}, 0, "before 5..10 during 10..14 recovering 14..14 after 14..19 "},
      {"at the end", {fault("a", 50, 58, 1)}, 0, "before 42..50 during 50..58 recovering 58..59 after 59..60 "},
      {"long", {fault("a", 3, 59, 0.0)}, 0, "before 3..3 during 3..59 recovering 59..59 after 59..60 "},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const json::array reviews = reviewed(row.faults, {{"warmup", 0, 3, false}, {"peak", 3, 60, true}});
    REQUIRE(reviews.size() == row.faults.size());
    CHECK(windows_of(reviews[row.which]) == row.windows);
  }
  CHECK(reviewed({}, {}).empty());
}
