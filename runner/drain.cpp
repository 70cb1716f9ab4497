#include "runner/drain.hpp"

#include <fmt/format.h>

#include <thread>

namespace tidegate::runner {
namespace {

constexpr auto kPeriod = std::chrono::milliseconds(250);
constexpr auto kExportLimit = std::chrono::seconds(20);

// What is still open, empty when nothing is. The export is asked last, since it is the dearest.
std::string still_open(const DrainInput& input) {
  if (input.supervisor != nullptr) {
    for (const stack::ProcessSpec& process : input.supervisor->topology().processes) {
      if (!input.supervisor->ready_since(process.name)) return "process " + process.name + " is not ready";
    }
  }
  if (input.probe != nullptr && !input.probe->drained()) return "consumer lag is not 0";
  if (input.system == nullptr) return {};
  const auto open = audit::count_open_payments(*input.system, kExportLimit);
  if (!open) return "the payments export cannot be read: " + open.error().message;
  return *open == 0 ? std::string() : fmt::format("{} payments in a transient state", *open);
}

}  // namespace

DrainOutcome wait_until_drained(const DrainInput& input) {
  DrainOutcome outcome;
  const Nanoseconds start = monotonic_now();
  Nanoseconds told = start;
  while (!input.interrupted()) {
    outcome.open_text = still_open(input);
    outcome.drained = outcome.open_text.empty();
    const Nanoseconds now = monotonic_now();
    outcome.seconds = to_seconds(now - start);
    if (outcome.drained || now - start >= input.limit) break;
    if (now - told >= std::chrono::seconds(1)) {
      told = now;
      input.each_second();
    }
    std::this_thread::sleep_for(kPeriod);
  }
  return outcome;
}

}  // namespace tidegate::runner
