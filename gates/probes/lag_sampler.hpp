#pragma once
// One sample of all groups at a time: the questions in their order, the tail, the sums. Blocking; not thread-safe.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gates/probes/group_tracker.hpp"
#include "gates/probes/offset_client.hpp"
#include "gates/probes/tail_reader.hpp"

namespace tidegate::gates {

class LagSampler {
 public:
  static Result<std::unique_ptr<LagSampler>> make(const LagProbeOptions& options, RunClock clock);

  /// A sample, or why there is none, per group in the order of the options.
  std::vector<Result<GroupSample>> sample();
  /// Takes what the tail reader fetched; between samples, so that little waits.
  void read_tail() { tail_.read_available(); }

 private:
  LagSampler(const LagProbeOptions& options, RunClock clock, OffsetClient client, TailReader tail);
  using Offsets = std::vector<PartitionOffsets>;
  std::vector<Result<Offsets>> ask();
  std::vector<Result<Offsets>> ask_who_answers();
  std::vector<Result<Offsets>> ask_once();
  Result<void> ask_low();
  void begin_tail(const std::vector<Result<Offsets>>& offsets);
  void catch_up(const std::vector<Result<Offsets>>& offsets);
  bool is_read(const LagGroup& group, const Offsets& offsets);
  GroupSample measure(std::size_t index, const Offsets& offsets, Nanoseconds now);
  void note_what_is_read(const std::vector<Result<Offsets>>& offsets, std::int64_t asked_ms);
  void forget_old(const std::vector<Result<Offsets>>& offsets);

  /// What is remembered of one partition's reader.
  struct Reading {
    std::optional<std::int64_t> all_read_at_ms;  ///< when the ring last held all there was
    Nanoseconds sent_back_at{0};
  };
  Reading& reading(const std::string& topic, int partition);

  std::vector<LagGroup> groups_;
  Nanoseconds catch_up_limit_;
  TopicSizes topics_;
  RunClock clock_;
  std::string bootstrap_;
  Nanoseconds timeout_, retry_within_;
  std::optional<OffsetClient> client_;  // always holds one; replaced in place, because its parts end in order
  bool client_is_stale_ = false;
  TopicOffsets low_;
  int low_age_ = 0;  ///< samples that rest on it; 0: none was asked
  TailReader tail_;
  std::vector<GroupTracker> trackers_;
  std::map<std::string, std::vector<Reading>> readings_;
};

}  // namespace tidegate::gates
