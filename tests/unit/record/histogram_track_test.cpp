#include "record/histogram_track.hpp"

#include <map>

#include "base/random.hpp"
#include "record/series.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/record/scratch_directory.hpp"

using namespace tidegate;
using namespace tidegate::record;
using tidegate::test::ScratchDirectory;

TEST_CASE("a track answers as a map of histograms would, in memory and from the file", "[track][property]") {
  const ScratchDirectory scratch;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Draws draws(seed, 9, 0);
    const std::string path = scratch.file("series-" + std::to_string(seed) + ".tgs");
    auto writer = SeriesWriter::create(path);
    REQUIRE(writer.ok());
    const auto id = (*writer)->intern({"h", {}, SeriesKind::histogram, "us"});
    HistogramTrack memory;
    std::map<std::int32_t, Histogram> want;
    for (int record = 0; record < 40; ++record) {
      const auto second = static_cast<std::int32_t>(draws.between(-3, 12));  // out of order, repeated, before zero
      Histogram histogram;
      for (std::int64_t i = draws.between(0, 5); i > 0; --i) {
        histogram.record(static_cast<std::uint64_t>(draws.between(0, 4'000'000'000)), 3);
      }
      memory.add(second, histogram);
      (*writer)->merge(second, id, histogram);
      if (draws.uniform() < 0.5) REQUIRE((*writer)->flush().ok());
      if (!histogram.empty()) want[second].merge(histogram);
    }
    REQUIRE((*writer)->flush().ok());
    const auto set = read_series(path);
    REQUIRE(set.ok());
    const HistogramTrack& file = set->series.at(0).histograms;
    for (const HistogramTrack* track : {static_cast<const HistogramTrack*>(&memory), &file}) {
      INFO("seed " << seed);
      CHECK(track->decoded() == want);
      CHECK(track->size() == want.size());
      CHECK(track->first_second() == want.begin()->first);
      CHECK(track->end_second() == want.rbegin()->first + 1);
      for (const std::uint64_t limit : {0ULL, 1ULL, 2048ULL, 1'000'000ULL, 3'600'000'000ULL, 5'000'000'000ULL}) {
        std::map<std::int32_t, std::pair<std::uint64_t, std::uint64_t>> have, expected;
        track->counts(0, 9, limit, [&](std::int32_t second, const Histogram::Counts& counts) {
          have[second] = {counts.total, counts.at_or_over};
        });
        for (const auto& [second, histogram] : want) {
          if (second >= 0 && second < 9) expected[second] = {histogram.count(), histogram.count_at_or_over(limit)};
        }
        CHECK(have == expected);
      }
    }
  }
}

TEST_CASE("an empty track holds nothing", "[track]") {
  const HistogramTrack track;
  CHECK(track.empty());
  CHECK(track.size() == 0);
  CHECK(track.at(3).empty());
  CHECK(track.decoded().empty());
}
