#include "record/series_index.hpp"

#include <fstream>
#include <map>

#include "base/random.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/record/scratch_directory.hpp"

using namespace tidegate;
using namespace tidegate::record;
using test::content_of;
using test::put_content;
using test::ScratchDirectory;

namespace {

constexpr SeriesKind kKinds[] = {SeriesKind::counter, SeriesKind::gauge, SeriesKind::histogram};

SeriesKey key(int number) {
  SeriesKey out;
  out.metric = "m" + std::to_string(number % 4);
  out.tags = {{"n", std::to_string(number)}};
  out.kind = kKinds[number % 3];
  return out;
}

/// Records of nine series over some seconds, some of them late, a flush now and then.
void write_random(SeriesWriter& writer, std::uint64_t stream) {
  Draws draws(3, stream, 0);
  for (int record = 0; record < 400; ++record) {
    const int number = static_cast<int>(draws.uniform() * 9);
    const auto second = static_cast<std::int32_t>(record / 20 - draws.uniform() * 8);
    const SeriesId id = writer.intern(key(number));
    if (number % 3 == 0) writer.add(second, id, draws.uniform());
    if (number % 3 == 1) writer.set(second, id, draws.uniform());
    if (number % 3 == 2) {
      Histogram histogram;
      histogram.record(static_cast<std::uint64_t>(draws.uniform() * 1e6), 1 + record % 3);
      writer.merge(second, id, histogram);
    }
    if (record % 37 == 0) REQUIRE(writer.flush().ok());
  }
  REQUIRE(writer.flush().ok());
}

SeriesIndex opened(const std::string& path) {
  auto index = SeriesIndex::open(path);
  INFO((index ? std::string() : index.error().message));
  REQUIRE(index.ok());
  return std::move(*index);
}

/// What the index gives is what reading the whole file gives.
void check_equal(const SeriesIndex& index, const SeriesSet& set) {
  REQUIRE(index.size() == set.series.size());
  CHECK(index.range() == set.range());
  for (std::size_t i = 0; i < index.size(); ++i) {
    CHECK(index.key(i) == set.series[i].key);
    if (index.key(i).kind == SeriesKind::histogram) {
      std::map<std::int32_t, Histogram> read;
      const std::size_t one[] = {i};
      index.each_histogram(one, -100, 100, [&](std::int32_t at, const Histogram& value) { read.emplace(at, value); });
      CHECK(read == set.series[i].histograms.decoded());
    } else {
      std::map<std::int32_t, double> read;
      index.each_value(i, -100, 100, [&](std::int32_t at, double value) { read.emplace(at, value); });
      CHECK(read == set.series[i].values);
    }
  }
}

}  // namespace

TEST_CASE("the index reads what the reader of whole files reads, also while the file grows") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("series.tgs");
  auto writer = SeriesWriter::create(path);
  REQUIRE(writer.ok());
  SeriesIndex index = opened(path);
  CHECK(index.size() == 0);
  CHECK(index.range() == std::pair(0, 0));
  CHECK_FALSE(index.refresh());
  for (std::uint64_t round = 0; round < 3; ++round) {
    write_random(**writer, round);
    CHECK(index.refresh());
    CHECK(index.cut_short().empty());
    const auto set = read_series(path);
    REQUIRE(set.ok());
    check_equal(index, *set);
    check_equal(opened(path), *set);
  }
  CHECK_FALSE(index.refresh());
}

TEST_CASE("a refresh says which seconds it touched, and gives the new records alone") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("series.tgs");
  auto writer = SeriesWriter::create(path);
  REQUIRE(writer.ok());
  const SeriesId id = (*writer)->intern(key(2));
  Histogram first, late;
  first.record(100, 5);
  late.record(900, 2);
  (*writer)->merge(4, id, first);
  (*writer)->merge(5, id, first);
  REQUIRE((*writer)->flush().ok());
  SeriesIndex index = opened(path);
  REQUIRE(index.size() == 1);
  CHECK(index.touched(0).empty());
  (*writer)->merge(4, id, late);
  REQUIRE((*writer)->flush().ok());
  REQUIRE(index.refresh());
  CHECK(index.touched(0) == std::vector<std::int32_t>{4});
  Histogram fresh;
  index.each_fresh_histogram(0, [&](std::int32_t, const Histogram& value) { fresh.merge(value); });
  CHECK(fresh == late);
  const std::size_t one[] = {0};
  std::vector<std::pair<std::int32_t, std::uint64_t>> counts;
  index.each_histogram(one, 4, 5, [&](std::int32_t at, const Histogram& h) { counts.emplace_back(at, h.count()); });
  CHECK(counts == std::vector<std::pair<std::int32_t, std::uint64_t>>{{4, 7}});
}

TEST_CASE("several series are merged by second") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("series.tgs");
  auto writer = SeriesWriter::create(path);
  REQUIRE(writer.ok());
  Histogram histogram;
  histogram.record(10);
  (*writer)->merge(1, (*writer)->intern(key(2)), histogram);
  (*writer)->merge(2, (*writer)->intern(key(2)), histogram);
  (*writer)->merge(2, (*writer)->intern(key(5)), histogram);
  (*writer)->merge(9, (*writer)->intern(key(5)), histogram);
  REQUIRE((*writer)->flush().ok());
  const SeriesIndex index = opened(path);
  const std::size_t both[] = {0, 1};
  std::map<std::int32_t, std::uint64_t> counts;
  index.each_histogram(both, 0, 9, [&](std::int32_t at, const Histogram& h) { counts[at] = h.count(); });
  CHECK(counts == std::map<std::int32_t, std::uint64_t>{{1, 1}, {2, 2}});
}

TEST_CASE("an index of damaged files holds what stands before the damage") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("series.tgs");
  {
    auto writer = SeriesWriter::create(path);
    REQUIRE(writer.ok());
    write_random(**writer, 1);
  }
  const std::string whole = content_of(path);
  SECTION("cut anywhere, it is the same as reading the cut file") {
    for (std::size_t length = 16; length < whole.size(); length += 97) {
      put_content(path, whole.substr(0, length));
      const auto set = read_series(path);
      REQUIRE(set.ok());
      const SeriesIndex index = opened(path);
      CHECK(index.cut_short() == set->cut_short_reason);
      check_equal(index, *set);
    }
  }
  SECTION("a torn tail that is completed later is read then") {
    put_content(path, whole.substr(0, whole.size() - 5));
    SeriesIndex index = opened(path);
    CHECK_FALSE(index.cut_short().empty());
    std::ofstream(path, std::ios::binary | std::ios::app) << whole.substr(whole.size() - 5);
    CHECK(index.refresh());
    CHECK(index.cut_short().empty());
    check_equal(index, *read_series(path));
  }
  SECTION("a flipped bit ends it, for good") {
    std::string broken = whole;
    broken[whole.size() / 2] = static_cast<char>(broken[whole.size() / 2] ^ 1);
    put_content(path, broken);
    SeriesIndex index = opened(path);
    CHECK_FALSE(index.cut_short().empty());
    CHECK_FALSE(index.refresh());
  }
  SECTION("what is no series file is refused") {
    put_content(path, "");
    CHECK_FALSE(SeriesIndex::open(path).ok());
    put_content(path, "TGSERIES\x02\0\0\0\0\0\0\0");
    CHECK_FALSE(SeriesIndex::open(path).ok());
    CHECK_FALSE(SeriesIndex::open(path + ".not-there").ok());
  }
}
