#pragma once
// For whoever passes the load's metrics on while the run goes on.

#include "record/series.hpp"

namespace tidegate::loadgen {

/// Is told what the engine hands to the series writer, on the thread that calls Engine::swap().
class SeriesObserver {
 public:
  virtual ~SeriesObserver() = default;
  virtual void on_series(record::SeriesId id, const record::SeriesKey& key) = 0;  ///< before its first value
  virtual void on_value(record::SeriesId id, double value) = 0;  ///< a counter's delta, or a gauge's value
  virtual void on_histogram(record::SeriesId id, const Histogram& delta) = 0;
};

}  // namespace tidegate::loadgen
