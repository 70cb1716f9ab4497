#include "record/series.hpp"

#include <thread>

#include "tests/support/catch.hpp"
#include "tests/unit/record/scratch_directory.hpp"

using namespace tidegate;
using namespace tidegate::record;
using test::ScratchDirectory;

namespace {

SeriesKey key(std::string metric, SeriesKind kind, Tags tags = {}) {
  SeriesKey out;
  out.metric = std::move(metric);
  out.kind = kind;
  out.tags = std::move(tags);
  out.unit = "us";
  return out;
}

Histogram histogram_of(std::initializer_list<std::uint64_t> values) {
  Histogram out;
  for (const auto value : values) out.record(value);
  return out;
}

SeriesSet read_back(const std::string& path) {
  auto set = read_series(path);
  INFO((set ? std::string() : set.error().message));
  REQUIRE(set.ok());
  return std::move(*set);
}

}  // namespace

TEST_CASE("series come back as they were written") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("series.tgs");
  {
    auto writer = SeriesWriter::create(path);
    REQUIRE(writer.ok());
    const SeriesId requests = (*writer)->intern(key("http_reqs", SeriesKind::counter, {{"status", "202"}}));
    const SeriesId users = (*writer)->intern(key("vus", SeriesKind::gauge));
    const SeriesId latency =
        (*writer)->intern(key("response_time", SeriesKind::histogram, {{"name", "create \"x\"\n"}, {"flow", ""}}));
    (*writer)->add(-3, requests, 2);  // set-up happens before second 0
    (*writer)->add(7, requests, 0.5);
    (*writer)->set(7, users, 12);
    (*writer)->merge(7, latency, histogram_of({1, 900, 3'600'000'000}));
    REQUIRE((*writer)->flush().ok());
  }
  const SeriesSet set = read_back(path);
  CHECK_FALSE(set.cut_short);
  REQUIRE(set.series.size() == 3);
  CHECK(set.range() == std::pair<std::int32_t, std::int32_t>{-3, 8});

  const auto requests = set.find("http_reqs");
  REQUIRE(requests.size() == 1);
  CHECK(requests[0]->values == std::map<std::int32_t, double>{{-3, 2}, {7, 0.5}});
  CHECK(requests[0]->sum(-3, 7) == 2);  // [from, to)
  CHECK(requests[0]->sum(-3, 8) == 2.5);
  CHECK(requests[0]->key.unit == "us");
  CHECK(requests[0]->key.kind == SeriesKind::counter);

  const auto latency = set.find("response_time");
  REQUIRE(latency.size() == 1);
  CHECK(latency[0]->key.text() == "response_time{flow=,name=create \"x\"\n}");  // tags sorted by key
  REQUIRE(latency[0]->key.tag("name") != nullptr);
  CHECK(*latency[0]->key.tag("name") == "create \"x\"\n");
  CHECK(latency[0]->key.tag("absent") == nullptr);
  CHECK(latency[0]->merged(0, 100) == histogram_of({1, 900, 3'600'000'000}));
  CHECK(latency[0]->merged(0, 7).empty());
  CHECK(set.find("vus")[0]->key.text() == "vus");
  CHECK(set.find("never written").empty());
}

TEST_CASE("a late record adds to its earlier second, and a gauge keeps its last value") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("series.tgs");
  auto writer = SeriesWriter::create(path);
  REQUIRE(writer.ok());
  const SeriesId done = (*writer)->intern(key("iterations", SeriesKind::counter));
  const SeriesId users = (*writer)->intern(key("vus", SeriesKind::gauge));
  const SeriesId latency = (*writer)->intern(key("response_time", SeriesKind::histogram));
  for (int flush = 0; flush < 3; ++flush) {
    (*writer)->add(5, done, 1);  // always second 5, flushed three times
    (*writer)->add(5, done, 1);
    (*writer)->set(5, users, 100 + flush);
    (*writer)->merge(5, latency, histogram_of({100}));
    (*writer)->merge(6 + flush, latency, histogram_of({200}));
    REQUIRE((*writer)->flush().ok());
  }
  const SeriesSet set = read_back(path);
  CHECK(set.find("iterations")[0]->values.at(5) == 6);
  CHECK(set.find("vus")[0]->values.at(5) == 102);
  const Series& merged = *set.find("response_time")[0];
  CHECK(merged.histograms.at(5) == histogram_of({100, 100, 100}));
  CHECK(merged.merged(5, 9).count() == 6);
  CHECK(merged.merged(5, 8).count() == 5);
}

TEST_CASE("the same key gives the same series, whatever the order of its tags") {
  const ScratchDirectory scratch;
  auto writer = SeriesWriter::create(scratch.file("series.tgs"));
  REQUIRE(writer.ok());
  const SeriesId one = (*writer)->intern(key("a", SeriesKind::counter, {{"x", "1"}, {"y", "2"}}));
  CHECK((*writer)->intern(key("a", SeriesKind::counter, {{"y", "2"}, {"x", "1"}})) == one);
  CHECK((*writer)->intern(key("a", SeriesKind::counter, {{"x", "1"}, {"y", "3"}})) != one);
  CHECK((*writer)->intern(key("a", SeriesKind::gauge, {{"x", "1"}, {"y", "2"}})) != one);
}

TEST_CASE("an empty file of series has no seconds, and empty histograms leave no record") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("series.tgs");
  auto writer = SeriesWriter::create(path);
  REQUIRE(writer.ok());
  REQUIRE((*writer)->flush().ok());
  CHECK(read_back(path).range() == std::pair<std::int32_t, std::int32_t>{0, 0});
  const SeriesId latency = (*writer)->intern(key("response_time", SeriesKind::histogram));
  (*writer)->merge(4, latency, Histogram());
  REQUIRE((*writer)->flush().ok());
  const SeriesSet set = read_back(path);
  CHECK(set.series.size() == 1);
  CHECK(set.range() == std::pair<std::int32_t, std::int32_t>{0, 0});
}

TEST_CASE("samples from several threads all arrive") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("series.tgs");
  auto writer = SeriesWriter::create(path);
  REQUIRE(writer.ok());
  constexpr int kThreads = 4, kSamples = 500;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&writer, t] {
      for (int i = 0; i < kSamples; ++i) {
        const SeriesId id = (*writer)->intern(key("n", SeriesKind::counter, {{"thread", std::to_string(t % 2)}}));
        (*writer)->add(i % 10, id, 1);
        if (i % 100 == 0 && !(*writer)->flush()) std::abort();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  REQUIRE((*writer)->flush().ok());
  const SeriesSet set = read_back(path);
  double total = 0;
  for (const Series* series : set.find("n")) total += series->sum(0, 10);
  CHECK(total == kThreads * kSamples);
}

TEST_CASE("more data than one block holds is split, and read as one") {
  const ScratchDirectory scratch;
  const std::string path = scratch.file("series.tgs");
  auto writer = SeriesWriter::create(path);
  REQUIRE(writer.ok());
  const std::string long_value(1U << 20, 'v');
  for (int i = 0; i < 20; ++i) {
    const SeriesId id = (*writer)->intern(key("n", SeriesKind::counter, {{"i", std::to_string(i) + long_value}}));
    (*writer)->add(i, id, i);
  }
  REQUIRE((*writer)->flush().ok());
  const SeriesSet set = read_back(path);
  CHECK_FALSE(set.cut_short);
  REQUIRE(set.series.size() == 20);
  CHECK(set.series[19].values.at(19) == 19);
  CHECK(set.series[19].key.tag("i")->size() == long_value.size() + 2);
}
