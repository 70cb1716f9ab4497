#pragma once
// Counters and gauges of one process, as Prometheus text (exposition format 0.0.4). Incrementing is one relaxed atomic
// addition; looking a counter up takes a lock, so keep the reference.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tidegate::platform {

/// Only grows. Thread-safe.
class Counter {
 public:
  void add(std::uint64_t by = 1) noexcept { value_.fetch_add(by, std::memory_order_relaxed); }
  std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Label names and values of one series; values may hold anything, they are escaped.
using Labels = std::vector<std::pair<std::string, std::string>>;

/// The registry. Thread-safe. Every registry starts with process_cpu_seconds_total, process_resident_memory_bytes and
/// process_start_time_seconds.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// The counter of that name and labels, made at the first call. The reference stays valid as long as the registry.
  Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
  /// A figure that is asked for at each scrape, on the scraping thread; `read` must be thread-safe.
  void gauge(const std::string& name, const std::string& help, const Labels& labels, std::function<double()> read);
  /// The same for a figure that only grows but is kept elsewhere (type counter).
  void counted(const std::string& name, const std::string& help, const Labels& labels, std::function<double()> read);

  /// All of it, in the order of first mention.
  std::string text() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tidegate::platform
