#include "platform/edge/candidate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/units.hpp"

namespace tidegate::platform {

void CandidateWatch::reset() {
  answers_.clear();
  failed_probes_ = 0;
}

void CandidateWatch::answered(int status, Nanoseconds took, Nanoseconds now, const Rollback& rollback) {
  while (!answers_.empty() && (answers_.front().at + rollback.window < now || answers_.size() >= kMostAnswers)) {
    answers_.pop_front();
  }
  answers_.push_back({now, took, status == 0 || status >= 500});
}

void CandidateWatch::probed(bool succeeded) {
  failed_probes_ = succeeded ? 0 : failed_probes_ + 1;
}

std::optional<std::string> CandidateWatch::breach(Nanoseconds now, const Rollback& rollback) const {
  if (failed_probes_ >= rollback.failed_probes) return fmt::format("{} probes failed in a row", failed_probes_);
  std::vector<Nanoseconds> times;
  std::int64_t failed = 0;
  for (const Answer& answer : answers_) {
    if (answer.at + rollback.window < now) continue;
    times.push_back(answer.took);
    failed += answer.failed ? 1 : 0;
  }
  const auto count = static_cast<std::int64_t>(times.size());
  if (count < rollback.least_requests) return std::nullopt;
  const double share = static_cast<double>(failed) / static_cast<double>(count);
  if (share > rollback.error_share) {
    return fmt::format("{} of {} requests failed, above {}", failed, count, format_share(rollback.error_share));
  }
  const auto rank = static_cast<std::ptrdiff_t>((times.size() * 99 + 99) / 100 - 1);
  std::nth_element(times.begin(), times.begin() + rank, times.end());
  const Nanoseconds p99 = times[static_cast<std::size_t>(rank)];
  if (p99 > rollback.slowest) {
    return fmt::format("99 % of its answers took up to {}, above {}", format_duration(p99),
                       format_duration(rollback.slowest));
  }
  return std::nullopt;
}

}  // namespace tidegate::platform
