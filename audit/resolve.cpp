#include "audit/resolve.hpp"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <mutex>
#include <thread>

#include "audit/history.hpp"
#include "audit/partitions.hpp"
#include "audit/resolver.hpp"

namespace tidegate::audit {
namespace {

constexpr std::uint64_t kRecordsPerPart = 400'000;

/// The keys whose outcome is open: position of a sample of their attempts in the file, and since when.
struct OpenKey {
  std::uint32_t position = 0;
  std::int64_t since_ns = 0;
};

Result<std::vector<OpenKey>> open_keys(const record::RunDirectory& directory) {
  std::error_code ignored;
  const auto bytes = std::filesystem::file_size(directory.operations(), ignored);
  const std::size_t parts = ignored ? 1 : bytes / 192 / kRecordsPerPart + 1;
  Partitions<Attempt> attempts(directory.path() + "/truth", parts);
  std::uint32_t position = 0;
  const auto cut = record::visit_operations(directory.operations(), [&](const record::Operation& operation) {
    if (operation.event != record::OperationEvent::read) {
      const Attempt attempt = attempt_of(operation, position);
      attempts.add(attempt.key, attempt);
    }
    ++position;
  });
  if (!cut) return cut.error();
  if (!attempts.error().ok()) return attempts.error().error();
  std::vector<OpenKey> open;
  for (std::size_t part = 0; part < parts; ++part) {
    auto records = attempts.take(part);
    if (!records) return records.error();
    std::ranges::sort(*records, in_key_order);
    for_each_key(*records, [&open](std::span<const Attempt> of_key) {
      const KeyHistory key = fold(of_key);
      if (key.fate == Fate::unknown) open.push_back({key.sample, key.unknown_ns});
    });
  }
  std::ranges::sort(open, {}, &OpenKey::position);
  return open;
}

class Resolver {
 public:
  Resolver(const record::RunDirectory& directory, const ResolveOptions& options, std::vector<OpenKey> open)
      : directory_(directory), options_(options), open_(std::move(open)), deadline_(monotonic_now() + options.limit) {}

  void run() {
    std::vector<std::thread> threads;
    const auto count = std::min<std::size_t>(static_cast<std::size_t>(options_.at_once), open_.size());
    for (std::size_t i = 0; i < count; ++i) threads.emplace_back([this] { work(); });
    for (std::thread& thread : threads) thread.join();
  }

  std::vector<record::Operation> resolved;
  double longest_s = 0;

 private:
  bool over() const { return monotonic_now() >= deadline_ || (options_.interrupted && options_.interrupted()); }

  void work() {
    record::OperationReader reader(directory_.operations());
    for (std::size_t index = next_++; index < open_.size() && !over(); index = next_++) {
      const auto operation = reader.at(open_[index].position);
      if (!operation) continue;
      OpenOutcome open{*operation, std::nullopt, Nanoseconds(open_[index].since_ns)};
      {
        const std::lock_guard lock(mutex_);
        auto request = options_.render(operation->block, operation->iteration, operation->step);
        if (request) open.request = std::move(*request);
      }
      const auto done = resolve_one(open, options_, [this] { return over(); });
      if (!done) continue;
      const std::lock_guard lock(mutex_);
      resolved.push_back(*done);
      longest_s = std::max(longest_s, to_seconds(done->time - open.since));
    }
  }

  const record::RunDirectory& directory_;
  const ResolveOptions& options_;
  std::vector<OpenKey> open_;
  Nanoseconds deadline_;
  std::atomic<std::size_t> next_{0};
  std::mutex mutex_;
};

}  // namespace

Result<Resolution> resolve_unknowns(const record::RunDirectory& directory, const ResolveOptions& options) {
  auto open = open_keys(directory);
  if (!open) return open.error();
  Resolution resolution;
  resolution.unknown = open->size();
  if (open->empty()) return resolution;
  Resolver resolver(directory, options, std::move(*open));
  resolver.run();
  for (const record::Operation& operation : resolver.resolved) {
    ++(operation.event == record::OperationEvent::resolved_ok ? resolution.resolved_ok : resolution.resolved_fail);
  }
  resolution.longest_s = resolver.longest_s;
  resolution.open = resolution.unknown - resolver.resolved.size();
  auto writer = record::OperationWriter::append_to(directory.operations());
  if (!writer) return writer.error();
  if (auto written = (*writer)->write(resolver.resolved); !written) return written.error();
  return resolution;
}

}  // namespace tidegate::audit
