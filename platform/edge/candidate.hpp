#pragma once
// How the candidate does, and whether it has to be taken back. No I/O; times come from its caller.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "platform/edge/settings.hpp"

namespace tidegate::platform {

class CandidateWatch {
 public:
  /// Begins afresh.
  void reset();
  /// One answer of the candidate: 0 for none.
  void answered(int status, Nanoseconds took, Nanoseconds now, const Rollback& rollback);
  void probed(bool succeeded);
  /// The trigger that is breached, in words; nothing: none is.
  std::optional<std::string> breach(Nanoseconds now, const Rollback& rollback) const;

 private:
  static constexpr std::size_t kMostAnswers = 10'000;
  struct Answer {
    Nanoseconds at;
    Nanoseconds took;
    bool failed;
  };
  std::deque<Answer> answers_;  // of the window, oldest first
  std::int64_t failed_probes_ = 0;
};

}  // namespace tidegate::platform
