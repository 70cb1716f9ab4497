#include "gates/abort_counters.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "gates/percentile.hpp"

namespace tidegate::gates {
namespace {

class OverCounter final : public AbortCounter {
 public:
  OverCounter(std::string metric, Selector selector, const Limit& limit)
      : metric_(std::move(metric)),
        selector_(std::move(selector)),
        limit_(first_over(limit)),
        small_is_good_(wants_small(limit.comparison)) {}

  void take(std::int32_t second, const record::SeriesKey& key, double /*number*/, const Histogram* histogram) override {
    if (histogram == nullptr || key.metric != metric_ || !selector_.matches(key)) return;
    Share& share = seconds_[second];
    const std::uint64_t over = histogram->count_at_or_over(limit_);
    const bool failed = is_failed(key) && !selector_.any_outcome;
    share.total += histogram->count();
    share.bad += failed ? histogram->count() : small_is_good_ ? over : histogram->count() - over;
  }
  Share at(std::int32_t second) const override {
    const auto found = seconds_.find(second);
    return found == seconds_.end() ? Share{} : found->second;
  }

 private:
  std::string metric_;
  Selector selector_;
  std::uint64_t limit_;
  bool small_is_good_;
  std::map<std::int32_t, Share> seconds_;
};

class FailedCounter final : public AbortCounter {
 public:
  explicit FailedCounter(Selector selector) : selector_(std::move(selector)) {}

  void take(std::int32_t second, const record::SeriesKey& key, double number, const Histogram* /*histogram*/) override {
    if (key.metric != record::kHttpReqs || number <= 0 || !selector_.matches(key)) return;
    Share& share = seconds_[second];
    const auto count = static_cast<std::uint64_t>(std::llround(number));
    share.total += count;
    if (is_failed(key)) share.bad += count;
  }
  Share at(std::int32_t second) const override {
    const auto found = seconds_.find(second);
    return found == seconds_.end() ? Share{} : found->second;
  }

 private:
  Selector selector_;
  std::map<std::int32_t, Share> seconds_;
};

class SliceCounter final : public AbortCounter {
 public:
  SliceCounter(const LagSignal& signal, const Limit& limit)
      : metric_(metric_of(signal.measure)), selector_(whole_topics(signal)), limit_(limit) {}

  void take(std::int32_t second, const record::SeriesKey& key, double number, const Histogram* /*histogram*/) override {
    if (key.metric != metric_ || !std::isfinite(number) || !selector_.matches(key)) return;
    Share& share = seconds_[second];
    share.total = 1;
    if (!limit_.holds(number)) share.bad = 1;
  }
  Share at(std::int32_t second) const override {
    const auto found = seconds_.find(second);
    return found == seconds_.end() ? Share{} : found->second;
  }

 private:
  std::string_view metric_;
  Selector selector_;
  Limit limit_;
  std::map<std::int32_t, Share> seconds_;
};

}  // namespace

std::unique_ptr<AbortCounter> count_over(std::string_view metric, const Selector& selector, const Limit& limit) {
  return std::make_unique<OverCounter>(std::string(best_case_metric(metric)), selector, limit);
}

std::unique_ptr<AbortCounter> count_failed(const Selector& selector) {
  return std::make_unique<FailedCounter>(selector);
}

std::unique_ptr<AbortCounter> count_slices(const LagSignal& signal, const Limit& limit) {
  return std::make_unique<SliceCounter>(signal, limit);
}

}  // namespace tidegate::gates
