#include "record/rollup.hpp"

#include "tests/support/catch.hpp"
#include "tests/unit/record/scratch_directory.hpp"

using namespace tidegate;
using namespace tidegate::record;
using test::ScratchDirectory;

TEST_CASE("ten seconds roll up to one record: sums, merges, and the largest of a gauge", "[rollup]") {
  const ScratchDirectory scratch;
  auto writer = std::move(*SeriesWriter::create(scratch.file("series.tgs")));
  const auto count = writer->intern({"iterations", {}, SeriesKind::counter, "count"});
  const auto lag = writer->intern({"lag_age", {}, SeriesKind::gauge, "s"});
  const auto times = writer->intern({"response_time", {}, SeriesKind::histogram, "us"});
  Histogram all;
  for (std::int32_t second = -3; second < 25; ++second) {
    writer->add(second, count, 2);
    writer->set(second, lag, second == 14 ? 99 : 1);
    Histogram one;
    one.record(static_cast<std::uint64_t>(1000 + 10 * (second + 3)));
    writer->merge(second, times, one);
    all.merge(one);
  }
  REQUIRE(writer->flush().ok());
  REQUIRE(write_rollup(*read_series(scratch.file("series.tgs")), scratch.file("tens.tgs")).ok());
  const auto tens = read_series(scratch.file("tens.tgs"));
  REQUIRE(tens.ok());
  CHECK(tens->find("iterations")[0]->values == std::map<std::int32_t, double>{{-10, 6}, {0, 20}, {10, 20}, {20, 10}});
  CHECK(tens->find("lag_age")[0]->values == std::map<std::int32_t, double>{{-10, 1}, {0, 1}, {10, 99}, {20, 1}});
  const HistogramTrack& track = tens->find("response_time")[0]->histograms;
  CHECK(track.size() == 4);
  CHECK(track.at(10).count() == 10);
  CHECK(track.merged(-10, 99) == all);
}

TEST_CASE("nothing rolls up to nothing, and a full disk is an error", "[rollup]") {
  const ScratchDirectory scratch;
  REQUIRE(write_rollup({}, scratch.file("tens.tgs")).ok());
  CHECK(read_series(scratch.file("tens.tgs"))->series.empty());
  CHECK_FALSE(write_rollup({}, "/dev/full").ok());
}
