#include "gates/probes/lag_sampler.hpp"

#include <algorithm>
#include <thread>

namespace tidegate::gates {
namespace {

using namespace std::chrono_literals;

// On a broker that answers late, a record is known after two waits; a sample must still end within its period.
Nanoseconds fetch_wait(Nanoseconds period) {
  return std::min<Nanoseconds>(period * 3 / 10, 300ms);
}
Nanoseconds catch_up_limit(Nanoseconds period) {
  return std::min<Nanoseconds>(period * 65 / 100, 650ms);
}

constexpr std::size_t kFewPartitions = 100;
constexpr int kLowEvery = 5;  // samples
constexpr Nanoseconds kCatchUpStep = 20ms;
constexpr Nanoseconds kSendBackPause = 3s;      // going back takes about a second
constexpr std::int64_t kShortHistory = 10'000;  // records read whole when no group says where to begin

std::int64_t to_milliseconds(Nanoseconds time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

}  // namespace

LagSampler::LagSampler(const LagProbeOptions& options, RunClock clock, OffsetClient client, TailReader tail)
    : groups_(options.groups),
      catch_up_limit_(catch_up_limit(options.period)),
      clock_(clock),
      bootstrap_(options.bootstrap),
      timeout_(options.timeout),
      retry_within_(options.period / 4),
      client_(std::move(client)),
      tail_(std::move(tail)) {
  for (const LagGroup& group : groups_) {
    int& size = topics_[group.topic];
    size = std::max(size, group.partitions);
    trackers_.emplace_back(group.partitions);
  }
  for (const auto& [topic, partitions] : topics_) readings_[topic].resize(static_cast<std::size_t>(partitions));
}

Result<std::unique_ptr<LagSampler>> LagSampler::make(const LagProbeOptions& options, RunClock clock) {
  TopicSizes topics;
  for (const LagGroup& group : options.groups) topics[group.topic] = std::max(topics[group.topic], group.partitions);
  auto client = OffsetClient::make(options.bootstrap, options.timeout);
  if (!client) return client.error();
  auto tail = TailReader::make(options.bootstrap, topics, fetch_wait(options.period));
  if (!tail) return tail.error();
  return std::unique_ptr<LagSampler>(new LagSampler(options, clock, std::move(*client), std::move(*tail)));
}

LagSampler::Reading& LagSampler::reading(const std::string& topic, int partition) {
  return readings_.at(topic).at(static_cast<std::size_t>(partition));
}

// Of many partitions low watermarks are not asked each time: they only grow, so that an older one is lower at most, and
// a loss is told a few seconds later.
Result<void> LagSampler::ask_low() {
  std::size_t partitions = 0;
  for (const auto& [topic, size] : topics_) partitions += static_cast<std::size_t>(size);
  if (low_age_ > 0 && partitions > kFewPartitions && low_age_ < kLowEvery) {
    ++low_age_;
    return {};
  }
  auto low = client_->low_watermarks(topics_);
  if (!low) return low.error();
  low_ = std::move(*low);
  low_age_ = 1;
  for (const auto& [topic, offsets] : low_) {
    const bool whole = std::ranges::all_of(offsets, [](const auto& offset) { return offset.has_value(); });
    if (!whole) low_age_ = kLowEvery;
  }
  return {};
}

// Where a group never committed, it counts whether anything is left to commit: that is asked anew.
std::vector<Result<LagSampler::Offsets>> LagSampler::ask() {
  auto answers = ask_once();
  const bool undefined = std::ranges::any_of(answers, [](const Result<Offsets>& answer) {
    return answer.ok() && std::ranges::any_of(
                              *answer, [](const PartitionOffsets& one) { return !one.committed && one.end > one.low; });
  });
  if (!undefined || low_age_ == 1) return answers;
  low_age_ = 0;
  return ask_once();
}

// Low watermarks, then committed, then ends. Each only grows: what is committed below an earlier low watermark is gone,
// and no end is below an earlier commit.
std::vector<Result<LagSampler::Offsets>> LagSampler::ask_once() {
  std::vector<Result<Offsets>> answers;
  const auto all_failed = [&](const Error& error) {
    answers.assign(groups_.size(), Result<Offsets>(error));
    return answers;
  };
  if (auto asked = ask_low(); !asked) return all_failed(asked.error());
  const auto committed = client_->committed(groups_);
  const auto end = client_->end_offsets(topics_);
  if (!end) return all_failed(end.error());
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (!committed[i]) {
      answers.push_back(committed[i].error());
      continue;
    }
    Offsets offsets;
    bool whole = true;
    for (int p = 0; p < groups_[i].partitions; ++p) {
      const auto at = static_cast<std::size_t>(p);
      const auto lowest = low_.at(groups_[i].topic)[at], last = end->at(groups_[i].topic)[at];
      whole = whole && lowest && last;
      offsets.push_back({lowest.value_or(0), trackers_[i].remembered(p, (*committed[i])[at]), last.value_or(0)});
    }
    if (whole) {
      answers.push_back(std::move(offsets));
    } else {
      answers.push_back(protocol_error("no offsets of topic " + groups_[i].topic));
    }
  }
  return answers;
}

// A client goes on asking the leaders and coordinators that it once learnt of, minutes after they moved. So one that
// got no answer is replaced by one that learns anew: at once where the refusal was quick, else before the next sample.
std::vector<Result<LagSampler::Offsets>> LagSampler::ask_who_answers() {
  const auto renew = [&] {
    auto fresh = OffsetClient::make(bootstrap_, timeout_);
    if (fresh) client_.emplace(std::move(*fresh));
    low_age_ = 0;
  };
  const auto complete = [](const std::vector<Result<Offsets>>& answers) {
    return std::all_of(answers.begin(), answers.end(), [](const auto& answer) { return answer.ok(); });
  };
  if (client_is_stale_) renew();
  const Nanoseconds asked = monotonic_now();
  auto answers = ask();
  if (!complete(answers) && monotonic_now() - asked < retry_within_) {
    renew();
    answers = ask();
  }
  client_is_stale_ = !complete(answers);
  return answers;
}

// Where the first group still has to read; its last record too, for the read age.
void LagSampler::begin_tail(const std::vector<Result<Offsets>>& offsets) {
  std::map<std::string, std::vector<std::int64_t>> starts;
  for (const auto& [topic, partitions] : topics_) {
    auto& of_topic = starts[topic];
    for (int p = 0; p < partitions; ++p) {
      std::optional<std::int64_t> start, low, end;
      for (std::size_t i = 0; i < groups_.size(); ++i) {
        if (groups_[i].topic != topic || !offsets[i] || p >= groups_[i].partitions) continue;
        const PartitionOffsets& one = (*offsets[i])[static_cast<std::size_t>(p)];
        low = one.low;
        end = one.end;
        if (one.committed) start = std::min(start.value_or(*one.committed), *one.committed);
      }
      if (!low) return;  // not all is known yet; the next sample tries again
      const std::int64_t unasked = *end - *low <= kShortHistory ? *low : *end;
      of_topic.push_back(start ? std::max(*low, *start - 1) : unasked);
    }
  }
  tail_.begin(starts);
}

bool LagSampler::is_read(const LagGroup& group, const Offsets& offsets) {
  for (int p = 0; p < group.partitions; ++p) {
    const PartitionOffsets& one = offsets[static_cast<std::size_t>(p)];
    const std::int64_t position = std::max(one.committed.value_or(one.low), one.low);
    const OffsetRing& ring = tail_.ring(group.topic, p);
    if (one.committed && position < one.end && position >= ring.next()) return false;
  }
  return true;
}

// Waits a moment for records whose age is needed and that the tail has not read yet; sends it back to those before it.
void LagSampler::catch_up(const std::vector<Result<Offsets>>& offsets) {
  const Nanoseconds deadline = monotonic_now() + catch_up_limit_;
  tail_.read_available();
  const auto all_read = [&] {
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      if (offsets[i] && !is_read(groups_[i], *offsets[i])) return false;
    }
    return true;
  };
  // Waiting in the queue itself would wake this thread for every fetch of every partition.
  while (!all_read() && monotonic_now() < deadline) {
    std::this_thread::sleep_for(kCatchUpStep);
    tail_.read_available();
  }
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (!offsets[i]) continue;
    for (int p = 0; p < groups_[i].partitions; ++p) {
      const PartitionOffsets& one = (*offsets[i])[static_cast<std::size_t>(p)];
      Reading& reader = reading(groups_[i].topic, p);
      if (!one.committed || *one.committed >= one.end) continue;
      const std::int64_t wanted = std::max(*one.committed - 1, one.low);
      if (wanted >= tail_.ring(groups_[i].topic, p).start()) continue;
      if (monotonic_now() - reader.sent_back_at < kSendBackPause) continue;
      reader.sent_back_at = monotonic_now();
      tail_.go_back(groups_[i].topic, p, wanted);
    }
  }
}

GroupSample LagSampler::measure(std::size_t index, const Offsets& offsets, Nanoseconds now) {
  const LagGroup& group = groups_[index];
  const std::int64_t now_ms = to_milliseconds(clock_.to_unix(now));
  std::vector<PartitionLag> lags;
  for (int p = 0; p < group.partitions; ++p) {
    lags.push_back(partition_lag(offsets[static_cast<std::size_t>(p)], tail_.ring(group.topic, p), now_ms,
                                 reading(group.topic, p).all_read_at_ms));
  }
  return trackers_[index].sample(std::move(lags), offsets, to_seconds(now));
}

void LagSampler::note_what_is_read(const std::vector<Result<Offsets>>& offsets, std::int64_t asked_ms) {
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (!offsets[i]) continue;
    for (int p = 0; p < groups_[i].partitions; ++p) {
      const OffsetRing& ring = tail_.ring(groups_[i].topic, p);
      if (ring.started() && ring.next() >= (*offsets[i])[static_cast<std::size_t>(p)].end) {
        reading(groups_[i].topic, p).all_read_at_ms = asked_ms;
      }
    }
  }
}

// Rings keep what the slowest group still needs.
void LagSampler::forget_old(const std::vector<Result<Offsets>>& offsets) {
  for (const auto& [topic, partitions] : topics_) {
    for (int p = 0; p < partitions; ++p) {
      std::optional<std::int64_t> slowest;
      for (std::size_t i = 0; i < groups_.size(); ++i) {
        if (groups_[i].topic != topic || p >= groups_[i].partitions) continue;
        if (!offsets[i]) return;  // a group that did not answer may need anything
        const PartitionOffsets& one = (*offsets[i])[static_cast<std::size_t>(p)];
        const std::int64_t needed = std::max(one.committed.value_or(one.low), one.low) - 1;
        slowest = std::min(slowest.value_or(needed), needed);
      }
      if (slowest) tail_.ring(topic, p).forget_below(*slowest);
    }
  }
}

std::vector<Result<GroupSample>> LagSampler::sample() {
  const std::int64_t asked_ms = to_milliseconds(clock_.to_unix(clock_.now()));
  const auto offsets = ask_who_answers();
  // The one "now" of this sample: when the answers were in.
  const Nanoseconds now = clock_.now();
  if (!tail_.begun()) begin_tail(offsets);
  if (tail_.begun()) catch_up(offsets);
  std::vector<Result<GroupSample>> samples;
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    if (offsets[i]) {
      samples.push_back(measure(i, *offsets[i], now));
    } else {
      samples.push_back(offsets[i].error());
    }
  }
  note_what_is_read(offsets, asked_ms);
  forget_old(offsets);
  return samples;
}

}  // namespace tidegate::gates
