#include "runner/recording.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "base/file.hpp"

namespace tidegate::runner {
namespace {

std::string default_directory(const std::string& name) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  localtime_r(&now, &parts);
  const std::string base = fmt::format("runs/{}-{:%Y%m%d-%H%M%S}", name, parts);
  std::string path = base;
  for (int i = 2; read_file(path + "/run.json").ok(); ++i) path = fmt::format("{}-{}", base, i);
  return path;
}

}  // namespace

Recording::Recording(record::RunDirectory directory, record::RunInfo info)
    : directory_(std::move(directory)), info_(std::move(info)) {}

Result<std::unique_ptr<Recording>> Recording::create(const std::string& out, record::RunInfo info) {
  auto directory = record::RunDirectory::create(out.empty() ? default_directory(info.name) : out);
  if (!directory) return directory.error();
  if (auto written = directory->write_info(info); !written) return written.error();
  std::unique_ptr<Recording> recording(new Recording(std::move(*directory), std::move(info)));
  auto series = record::SeriesWriter::create(recording->directory_.series());
  if (!series) return series.error();
  auto events = record::EventWriter::create(recording->directory_.events());
  if (!events) return events.error();
  auto operations = record::OperationWriter::create(recording->directory_.operations());
  if (!operations) return operations.error();
  recording->series_ = std::move(*series);
  recording->events_ = std::move(*events);
  recording->operations_ = std::move(*operations);
  return recording;
}

void Recording::emit(std::string_view type, json::object fields) {
  const Nanoseconds now = monotonic_now();
  const std::lock_guard lock(mutex_);
  if (!clock_known_) {
    waiting_.push_back({now, std::string(type), std::move(fields)});
    return;
  }
  note(events_->write(clock_.from_monotonic(now), type, std::move(fields)));
}

void Recording::set_clock(RunClock clock) {
  const std::lock_guard lock(mutex_);
  if (clock_known_) return;
  clock_ = clock;
  clock_known_ = true;
  for (Waiting& event : waiting_) {
    note(events_->write(clock_.from_monotonic(event.monotonic), event.type, std::move(event.fields)));
  }
  waiting_.clear();
  info_.unix_origin_s = to_seconds(clock.unix_origin());
}

void Recording::write_operations(std::span<const record::Operation> operations) {
  if (operations.empty()) return;
  const auto written = operations_->write(operations);
  const std::lock_guard lock(mutex_);
  note(written);
}

void Recording::flush() {
  const auto flushed = series_->flush();
  const std::lock_guard lock(mutex_);
  note(flushed);
}

Result<void> Recording::error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

void Recording::note(const Result<void>& result) {
  if (!result && error_.ok()) error_ = result;
}

Result<void> Recording::finish(bool interrupted) {
  set_clock(RunClock::starting_in(Nanoseconds{0}));  // a run that never came to its load
  flush();
  emit("run_ended");
  info_.finished = true;
  info_.interrupted = interrupted;
  info_.ended_s = to_seconds(clock_.now());
  operations_.reset();
  return directory_.write_info(info_);
}

}  // namespace tidegate::runner
