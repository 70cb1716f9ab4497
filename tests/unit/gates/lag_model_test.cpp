// The pure parts of the lag probe: the ring of timestamps, the lag of a partition, the memory of a group.

#include "gates/lag_metrics.hpp"
#include "gates/probes/group_tracker.hpp"
#include "gates/probes/offset_ring.hpp"
#include "gates/probes/partition_lag.hpp"
#include "record/metrics.hpp"
#include "tests/support/catch.hpp"

using namespace tidegate;
using namespace tidegate::gates;

namespace {

using Where = OffsetRing::Found::Where;

/// Records 100..199, one every 50 ms from 10,000 ms on.
OffsetRing hundred() {
  OffsetRing ring;
  ring.restart_at(100);
  for (std::int64_t i = 0; i < 100; ++i) ring.add(100 + i, 10'000 + 50 * i);
  return ring;
}

}  // namespace

TEST_CASE("the ring knows when the record at an offset was made", "[lag][ring]") {
  OffsetRing ring = hundred();
  CHECK(ring.find(99).where == Where::before);
  CHECK(ring.find(100).timestamp_ms == 10'000);
  CHECK(ring.find(150).timestamp_ms == 12'500);
  CHECK(ring.find(199).timestamp_ms == 14'950);
  CHECK(ring.find(200).where == Where::beyond);
  CHECK(ring.next() == 200);
  ring.forget_below(150);
  CHECK(ring.find(149).where == Where::before);
  CHECK(ring.find(150).timestamp_ms == 12'500);
  // A gap (compaction, markers): the next record counts.
  ring.add(300, 30'000);
  CHECK(ring.find(250).timestamp_ms == 30'000);
  // Sent back: what was known of later offsets is read again.
  ring.add(120, 11'000);
  CHECK(ring.find(120).timestamp_ms == 11'000);
  CHECK(ring.find(150).where == Where::beyond);
  CHECK(OffsetRing().find(0).where == Where::before);
}

TEST_CASE("the ring's memory follows time, not traffic", "[lag][ring]") {
  OffsetRing ring;
  // A million records in ten seconds: at most one entry per 10 ms.
  for (std::int64_t i = 0; i < 1'000'000; ++i) ring.add(i, i / 100);
  CHECK(ring.size() <= 1001);
  for (const std::int64_t offset : {0L, 123'456L, 999'999L}) {
    CHECK(std::abs(ring.find(offset).timestamp_ms - offset / 100) < OffsetRing::kFinestMilliseconds);
  }
  // An hour of a lagging group: coarser, and still bounded.
  for (std::int64_t i = 0; i < 360'000; ++i) ring.add(1'000'000 + i, 10'000 + 10 * i);
  CHECK(ring.size() <= OffsetRing::kMostEntries);
  CHECK(std::abs(ring.find(1'180'000).timestamp_ms - (10'000 + 1'800'000)) < 1000);
  // Timestamps that jump about do not break it.
  for (std::int64_t i = 0; i < 100'000; ++i) ring.add(2'000'000 + i, (i % 2) * 1'000'000'000);
  CHECK(ring.size() <= OffsetRing::kMostEntries);
}

TEST_CASE("the lag of a partition", "[lag]") {
  const OffsetRing ring = hundred();
  constexpr std::int64_t kNow = 20'000;
  struct Row {
    const char* what;
    PartitionOffsets offsets;
    std::optional<std::int64_t> unread_since;
    bool undefined;
    std::uint64_t records;
    std::optional<double> age, read_age;
    std::uint64_t skipped;
  };
  const Row rows[] = {
      {"caught up", {100, 200, 200}, std::nullopt, false, 0, 0, 0, 0},
      {"half way", {100, 150, 200}, std::nullopt, false, 50, 7.5, 7.55, 0},
      {"nothing committed of what there is: the first record is the oldest",
       {100, 100, 200},
       std::nullopt,
       false,
       100,
       10,
       10,
       0},
      {"never committed", {100, std::nullopt, 200}, std::nullopt, true, 0, std::nullopt, std::nullopt, 0},
      // A partition whose low watermark equals its end holds nothing: no lag, also for a group that never committed.
      {"never committed, nothing there", {200, std::nullopt, 200}, std::nullopt, false, 0, 0, 0, 0},
      {"an empty topic", {0, std::nullopt, 0}, std::nullopt, false, 0, 0, 0, 0},
      // Deleted before it was committed: the rest lags, what is gone is told.
      {"below the low watermark", {160, 150, 200}, std::nullopt, false, 40, 7, std::nullopt, 10},
      {"all of it deleted", {200, 150, 200}, std::nullopt, false, 0, 0, 0, 50},
      // The topic was made anew, or offsets moved back: never negative.
      {"committed beyond the end", {100, 250, 200}, std::nullopt, false, 0, 0, 0, 0},
      // Not read yet: no older than the last moment at which all was read.
      {"not read yet", {100, 200, 210}, 19'000, false, 10, 1, 5.05, 0},
      {"not read yet, and never was", {100, 200, 210}, std::nullopt, false, 10, std::nullopt, 5.05, 0},
      {"before what the ring covers", {10, 20, 200}, 19'000, false, 180, std::nullopt, std::nullopt, 0},
  };
  for (const Row& row : rows) {
    const PartitionLag lag = partition_lag(row.offsets, ring, kNow, row.unread_since);
    INFO(row.what);
    CHECK(lag.undefined == row.undefined);
    CHECK(lag.records == row.records);
    CHECK(lag.age_s.has_value() == row.age.has_value());
    if (lag.age_s && row.age) CHECK(*lag.age_s == Approx(*row.age));
    if (row.read_age && lag.read_age_s) CHECK(*lag.read_age_s == Approx(*row.read_age));
    CHECK(lag.skipped == row.skipped);
  }
}

TEST_CASE("ages are never negative and markers are no records", "[lag]") {
  OffsetRing ring;
  ring.restart_at(0);
  ring.add(0, 50'000);  // a producer whose clock is ahead
  CHECK(*partition_lag({0, 0, 1}, ring, 20'000, std::nullopt).age_s == 0);
  // A transaction's marker at offset 1: the end offset counts it, no record waits.
  ring.reached(2);
  const PartitionLag marker = partition_lag({0, 1, 2}, ring, 60'000, 1'000);
  CHECK(*marker.age_s == 0);
  // Records that were only not read yet are not mistaken for markers.
  CHECK(*partition_lag({0, 1, 3}, ring, 60'000, 1'000).age_s == Approx(59));
}

TEST_CASE("a group adds its partitions up and remembers", "[lag][group]") {
  const OffsetRing ring = hundred();
  const auto sample = [&](GroupTracker& tracker, const std::vector<PartitionOffsets>& offsets, std::int64_t now_ms) {
    std::vector<PartitionLag> lags;
    for (const PartitionOffsets& one : offsets) lags.push_back(partition_lag(one, ring, now_ms, std::nullopt));
    return tracker.sample(lags, offsets, static_cast<double>(now_ms) * 1e-3);
  };
  SECTION("sums and worst values") {
    GroupTracker tracker(3);
    const GroupSample one = sample(tracker, {{100, 150, 200}, {100, 200, 200}, {100, 190, 200}}, 20'000);
    CHECK(one.records == 60);
    CHECK(*one.age_s == Approx(7.5));
    CHECK(one.undefined_partitions == 0);
  }
  SECTION("an undefined partition is counted, not summed") {
    GroupTracker tracker(2);
    const GroupSample one = sample(tracker, {{100, 150, 200}, {100, std::nullopt, 200}}, 20'000);
    CHECK(one.undefined_partitions == 1);
    CHECK(*one.age_s == Approx(7.5));
    CHECK(one.records == 50);
  }
  SECTION("an age that is not known keeps growing") {
    GroupTracker tracker(1);
    CHECK(*sample(tracker, {{100, 150, 200}}, 20'000).age_s == Approx(7.5));
    // The ring lost sight of it (the reader was sent back): the same record still waits.
    CHECK(*sample(tracker, {{10, 50, 200}}, 23'000).age_s == Approx(10.5));
    CHECK(*sample(tracker, {{100, 200, 200}}, 24'000).age_s == 0);
  }
  SECTION("an age that was never known is not known") {
    GroupTracker tracker(2);
    CHECK_FALSE(sample(tracker, {{10, 50, 200}, {100, 150, 200}}, 20'000).age_s);
  }
  SECTION("a commit that the broker does not tell any more stays known") {
    GroupTracker tracker(1);
    CHECK_FALSE(tracker.remembered(0, std::nullopt));
    CHECK(tracker.remembered(0, 150) == 150);
    CHECK(tracker.remembered(0, std::nullopt) == 150);
    CHECK(tracker.remembered(0, 120) == 120);  // a rewind is what it is
  }
  SECTION("lost records are told once each") {
    GroupTracker tracker(1);
    const auto first = sample(tracker, {{160, 150, 200}}, 20'000);
    REQUIRE(first.skipped.size() == 1);
    CHECK(first.skipped[0].count == 10);
    CHECK(first.skipped[0].committed == 150);
    CHECK(sample(tracker, {{160, 150, 200}}, 21'000).skipped.empty());
    const auto more = sample(tracker, {{170, 150, 200}}, 22'000);
    REQUIRE(more.skipped.size() == 1);
    CHECK(more.skipped[0].count == 10);
    CHECK(sample(tracker, {{170, 200, 200}}, 23'000).skipped.empty());
  }
  SECTION("a commit that goes back is told, where and how far") {
    GroupTracker tracker(2);
    sample(tracker, {{100, 150, 200}, {100, 150, 200}}, 20'000);
    const auto back = sample(tracker, {{100, 150, 200}, {100, 120, 200}}, 21'000);
    REQUIRE(back.rewinds.size() == 1);
    CHECK(back.rewinds[0].partition == 1);
    CHECK(back.rewinds[0].from == 150);
    CHECK(back.rewinds[0].to == 120);
    CHECK(sample(tracker, {{100, 150, 200}, {100, 120, 200}}, 22'000).rewinds.empty());
  }
  SECTION("a partition that stands still has stalled, one that has nothing to do has not") {
    GroupTracker tracker(3);
    const std::vector<PartitionOffsets> still = {{100, 150, 200}, {100, 200, 200}, {100, 160, 200}};
    std::vector<PartitionOffsets> moving = still;
    for (int second = 20; second < 25; ++second) {
      moving[2].committed = *moving[2].committed + 1;
      CHECK(sample(tracker, moving, second * 1000).stalled_partitions == 0);
    }
    moving[2].committed = 170;
    const auto stalled = sample(tracker, moving, 26'000);
    CHECK(stalled.newly_stalled == std::vector<int>{0});
    CHECK(stalled.stalled_partitions == 1);
    CHECK_FALSE(stalled.stopped);  // another partition goes on
    CHECK(sample(tracker, moving, 27'000).newly_stalled.empty());
    const auto stopped = sample(tracker, moving, 31'000);
    CHECK(stopped.stopped);
    CHECK(stopped.stalled_partitions == 2);
    CHECK_FALSE(sample(tracker, moving, 32'000).stopped);
    moving[0].committed = 151;
    CHECK(sample(tracker, moving, 33'000).resumed);
  }
  SECTION("how long until it is drained") {
    GroupTracker tracker(1);
    CHECK_FALSE(sample(tracker, {{100, 100, 200}}, 20'000).drain_estimate_s);
    CHECK(*sample(tracker, {{100, 120, 200}}, 21'000).drain_estimate_s == Approx(4));  // 80 records at 20 a second
    CHECK(*sample(tracker, {{100, 200, 200}}, 22'000).drain_estimate_s == 0);
    GroupTracker growing(1);
    sample(growing, {{100, 190, 200}}, 20'000);
    CHECK_FALSE(sample(growing, {{100, 150, 200}}, 21'000).drain_estimate_s);
  }
}

TEST_CASE("what the lag probe writes is in the catalogue", "[lag]") {
  for (const std::string_view name : {kLagDrainEstimate, record::kLagStalledPartitions, record::kLagRewinds}) {
    CHECK(record::find_metric(name) != nullptr);
  }
}
