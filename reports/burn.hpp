#pragma once
// How fast each second spends an error budget that the scenario has a gate for: bad share over allowed share. A picture
// beside the verdict, not a judgement: what is not understood here is not drawn.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "record/run.hpp"
#include "record/series_index.hpp"

namespace tidegate::reports {

struct Budget {
  std::string gate;
  std::string metric;          ///< whose samples are the events
  std::string step;            ///< its `name` tag; empty: the metric is a poll's own
  double bad_allowed = 0.001;  ///< 1 - objective
  std::uint64_t limit_us = 0;  ///< a good event is quicker than this; 0: any expected one is good
  double max_burn = 1;
};

/// The `budget` gates of the scenario inside run.json.
std::vector<Budget> budgets_of(const record::RunInfo& info);

/// One budget's burn rate, second by second; a run that goes on is folded further.
class BurnFold {
 public:
  explicit BurnFold(Budget budget) : budget_(std::move(budget)) {}
  const Budget& budget() const { return budget_; }
  void update(const record::SeriesIndex& index);
  const std::map<std::int32_t, double>& values() const { return values_; }

 private:
  bool assign(const record::SeriesIndex& index);
  void fold(const record::SeriesIndex& index, std::int32_t from, std::int32_t to);

  Budget budget_;
  std::size_t assigned_ = 0;
  std::vector<std::size_t> good_, failed_;  // series of expected and of unexpected answers
  std::map<std::int32_t, double> values_;
};

}  // namespace tidegate::reports
