#pragma once
// Gates with `abort_on: true`, watched while the run goes on. The runner feeds it every second's records and asks
// whether to stop; what stopping means is the load engine's.
//
// It says stop when a gate fails even were every remaining planned sample good, or on a bound that may be looked at
// every second (gates/anytime.hpp), and never before the grace is over.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gates/clustering.hpp"
#include "gates/gate.hpp"
#include "record/series.hpp"

namespace tidegate::gates {

/// Counts the bad samples of one gate from the records of a run, in the best case of the generator: an arrival that it
/// dropped or delayed stops nobody.
class AbortCounter {
 public:
  virtual ~AbortCounter() = default;
  /// One record as it was written; `histogram` is null for numbers.
  virtual void take(std::int32_t second, const record::SeriesKey& key, double number, const Histogram* histogram) = 0;
  /// What the second holds so far.
  virtual Share at(std::int32_t second) const = 0;
};

/// What a gate needs to be watched.
struct AbortTerms {
  double allowed = 0;  ///< share of bad samples
  std::unique_ptr<AbortCounter> counter;
  bool census = false;  ///< one-second slices: the plan alone decides, there is no bound
};

/// Not thread-safe.
class AbortWatch {
 public:
  /// `context`: the plan. Gates without `abort_on` are left alone.
  AbortWatch(const GateSet& gates, const GateContext& context);
  ~AbortWatch();
  AbortWatch(AbortWatch&&) noexcept;

  bool empty() const { return watched_.empty(); }
  void take(std::int32_t second, const record::SeriesKey& key, double number, const Histogram* histogram);

  struct Abort {
    std::string gate, reason;
  };
  /// After all records of the seconds before `now` were taken: why to stop, if so.
  std::optional<Abort> check(std::int32_t now) const;

 private:
  struct Watched;
  std::vector<Watched> watched_;
};

}  // namespace tidegate::gates
