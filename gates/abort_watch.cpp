#include "gates/abort_watch.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.hpp"
#include "gates/anytime.hpp"
#include "gates/decision.hpp"
#include "gates/gate_kind.hpp"
#include "gates/planned.hpp"

namespace tidegate::gates {

struct AbortWatch::Watched {
  std::string gate, window;
  SecondSet seconds;
  std::int32_t grace = 0;  // seconds of the window
  AbortTerms terms;
  double confidence = kDefaultConfidence;
  std::optional<std::uint64_t> planned;  // samples of the whole window

  std::optional<std::string> broken(std::int32_t now) const;
};

AbortWatch::~AbortWatch() = default;
AbortWatch::AbortWatch(AbortWatch&&) noexcept = default;

AbortWatch::AbortWatch(const GateSet& gates, const GateContext& context) {
  for (const GateEntry& entry : gates.entries) {
    if (!entry.abort_grace) continue;
    for (const WindowReference& window : entry.windows) {
      Watched watched;
      watched.gate = entry.name;
      watched.window = window.phrase();
      watched.terms = entry.gate->abort_terms();
      watched.confidence = entry.gate->confidence().value_or(kDefaultConfidence);
      watched.grace = static_cast<std::int32_t>(*entry.abort_grace / std::chrono::seconds(1));
      watched.seconds = planned_seconds(window, context).value_or(SecondSet());
      watched.planned = watched.terms.census ? std::optional(static_cast<std::uint64_t>(watched.seconds.length()))
                                             : planned_of(*entry.gate, window, context);
      watched_.push_back(std::move(watched));
    }
  }
}

void AbortWatch::take(std::int32_t second, const record::SeriesKey& key, double number, const Histogram* histogram) {
  for (Watched& watched : watched_) {
    if (watched.seconds.contains(second)) watched.terms.counter->take(second, key, number, histogram);
  }
}

std::optional<std::string> AbortWatch::Watched::broken(std::int32_t now) const {
  const SecondSet past = seconds.before(now);
  if (past.length() < std::max(grace, 1)) return std::nullopt;
  Share sum;
  std::vector<Share> by_second;
  for (const Span& span : past.spans()) {
    for (std::int32_t at = span.from; at < span.to; ++at) {
      by_second.push_back(terms.counter->at(at));
      sum.bad += by_second.back().bad;
      sum.total += by_second.back().total;
    }
  }
  const std::string so_far = fmt::format("{} of {} bad after {} s", format_count(sum.bad),
                                         counted(sum.total, terms.census ? "second" : "sample"), past.length());
  const double total = static_cast<double>(std::max(planned.value_or(0), sum.total));
  const bool certain =
      planned && static_cast<double>(sum.bad) > terms.allowed * total * (1 + 1e-9) &&
      (terms.census || share_lower_bound(static_cast<double>(sum.bad), total, confidence) > terms.allowed);
  if (certain) return so_far + ": it fails even if all that is still planned were good";
  if (terms.census) return std::nullopt;
  const double worth = estimate_clustering(by_second, confidence).worth;
  if (is_broken_anytime(static_cast<double>(sum.bad) * worth, static_cast<double>(sum.total) * worth, terms.allowed,
                        confidence)) {
    return so_far + ": more than chance explains, at whatever second one looks";
  }
  return std::nullopt;
}

std::optional<AbortWatch::Abort> AbortWatch::check(std::int32_t now) const {
  for (const Watched& watched : watched_) {
    if (auto why = watched.broken(now)) {
      return Abort{watched.gate, (watched.window.empty() ? "" : watched.window + ": ") + *why};
    }
  }
  return std::nullopt;
}

}  // namespace tidegate::gates
