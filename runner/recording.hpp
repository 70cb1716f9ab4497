#pragma once
// The run directory while it is being written: run.json first, then series, events and operations as they happen.

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "record/events.hpp"
#include "record/operations.hpp"
#include "record/run.hpp"
#include "record/series.hpp"

namespace tidegate::runner {

/// emit() is thread-safe; the rest is the runner's thread's. The first error of any writer (a full disk, say) is kept
/// and ends the run.
class Recording {
 public:
  /// `out` empty: runs/NAME-TIME in the working directory.
  static Result<std::unique_ptr<Recording>> create(const std::string& out, record::RunInfo info);

  const record::RunDirectory& directory() const { return directory_; }
  record::RunInfo& info() { return info_; }
  record::SeriesWriter& series() { return *series_; }
  record::EventWriter& events() { return *events_; }

  /// Events before the start of load is known wait in memory, since their place on the run clock is not known yet.
  void emit(std::string_view type, json::object fields = {});
  /// Fixes the run clock and writes the events that waited.
  void set_clock(RunClock clock);
  RunClock clock() const { return clock_; }

  void write_operations(std::span<const record::Operation> operations);
  void flush();
  Result<void> error() const;

  /// The last event and the final run.json.
  Result<void> finish(bool interrupted);

 private:
  Recording(record::RunDirectory directory, record::RunInfo info);
  void note(const Result<void>& result);

  struct Waiting {
    Nanoseconds monotonic;
    std::string type;
    json::object fields;
  };
  record::RunDirectory directory_;
  record::RunInfo info_;
  std::unique_ptr<record::SeriesWriter> series_;
  std::unique_ptr<record::EventWriter> events_;
  std::unique_ptr<record::OperationWriter> operations_;
  mutable std::mutex mutex_;
  bool clock_known_ = false;
  RunClock clock_;
  std::vector<Waiting> waiting_;
  Result<void> error_;
};

}  // namespace tidegate::runner
