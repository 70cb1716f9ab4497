#include "gates/probes/lag_series.hpp"

#include "gates/lag_metrics.hpp"

namespace tidegate::gates {
namespace {

using record::SeriesKind;

record::SeriesKey key_of(std::string_view metric, const LagGroup& group, const std::string& partition, SeriesKind kind,
                         std::string unit) {
  return {std::string(metric),
          {{"group", group.group}, {"partition", partition}, {"topic", group.topic}},
          kind,
          std::move(unit)};
}

}  // namespace

LagSeries::LagSeries(record::SeriesWriter& writer, const LagGroup& group, bool evicting) : writer_(writer) {
  for (int i = 0; i < group.partitions; ++i) partitions_.push_back(intern(group, std::to_string(i), evicting));
  written_.resize(partitions_.size());
  all_ = intern(group, "all", evicting);
  undefined_ = writer.intern(key_of(kLagUndefinedPartitions, group, "all", SeriesKind::gauge, "count"));
  drain_ = writer.intern(key_of(kLagDrainEstimate, group, "all", SeriesKind::gauge, "s"));
  stalled_ = writer.intern(key_of(record::kLagStalledPartitions, group, "all", SeriesKind::gauge, "count"));
  rewinds_ = writer.intern(key_of(record::kLagRewinds, group, "all", SeriesKind::counter, "count"));
  silent_ = writer.intern({std::string(record::kProbeSilent),
                           {{"probe", "lag:" + group.group + ":" + group.topic}},
                           SeriesKind::counter,
                           "s"});
}

LagSeries::Ids LagSeries::intern(const LagGroup& group, const std::string& partition, bool evicting) {
  const std::string_view skipped = evicting ? record::kLagEvicted : kLagLostRecords;
  return {writer_.intern(key_of(record::kLagRecords, group, partition, SeriesKind::gauge, "records")),
          writer_.intern(key_of(record::kLagAge, group, partition, SeriesKind::gauge, "s")),
          writer_.intern(key_of(record::kLagReadAge, group, partition, SeriesKind::gauge, "s")),
          writer_.intern(key_of(skipped, group, partition, SeriesKind::counter, "records"))};
}

void LagSeries::write_partition(std::int32_t second, std::size_t partition, const PartitionLag& lag) {
  if (lag.undefined) return;
  const Written now{lag.records, lag.age_s, lag.read_age_s};
  if (partitions_.size() > kEverySecond && written_[partition] == now) return;
  written_[partition] = now;
  const Ids& ids = partitions_[partition];
  writer_.set(second, ids.records, static_cast<double>(lag.records));
  if (lag.age_s) writer_.set(second, ids.age, *lag.age_s);
  if (lag.read_age_s) writer_.set(second, ids.read_age, *lag.read_age_s);
}

void LagSeries::write(std::int32_t second, const GroupSample& sample) {
  for (std::size_t i = 0; i < sample.partitions.size(); ++i) {
    write_partition(second, i, sample.partitions[i]);
  }
  // Without a value where a partition's age is not known: the second then counts as unknown.
  writer_.set(second, all_.records, static_cast<double>(sample.records));
  if (sample.age_s) writer_.set(second, all_.age, *sample.age_s);
  if (sample.read_age_s) writer_.set(second, all_.read_age, *sample.read_age_s);
  writer_.set(second, undefined_, sample.undefined_partitions);
  if (sample.drain_estimate_s) writer_.set(second, drain_, *sample.drain_estimate_s);
  writer_.set(second, stalled_, sample.stalled_partitions);
  if (!sample.rewinds.empty()) writer_.add(second, rewinds_, static_cast<double>(sample.rewinds.size()));
  for (const SkippedRecords& skipped : sample.skipped) {
    writer_.add(second, partitions_[static_cast<std::size_t>(skipped.partition)].skipped,
                static_cast<double>(skipped.count));
  }
}

void LagSeries::write_silence(std::int32_t second, double seconds) {
  writer_.add(second, silent_, seconds);
}

}  // namespace tidegate::gates
