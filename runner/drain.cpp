#include "runner/drain.hpp"

#include <fmt/format.h>

#include <optional>
#include <thread>

namespace tidegate::runner {
namespace {

constexpr auto kPeriod = std::chrono::milliseconds(250);
constexpr auto kExportLimit = std::chrono::seconds(20);

std::string open_groups(const gates::LagProbe& probe) {
  std::string text;
  for (const gates::GroupLag& lag : probe.latest()) {
    if (lag.known && lag.records == 0) continue;
    text += (text.empty() ? "" : ", ") + lag.group +
            (lag.known ? fmt::format(" {} records behind", lag.records) : " not known");
  }
  return text.empty() ? "consumer lag is not 0" : "consumer lag: " + text;
}

// What is still open, empty when nothing is. The export is asked last, since it is the dearest.
std::string still_open(const DrainInput& input, audit::OpenPayments* payments) {
  if (input.supervisor != nullptr) {
    for (const stack::ProcessSpec& process : input.supervisor->topology().processes) {
      if (!input.supervisor->ready_since(process.name)) return "process " + process.name + " is not ready";
    }
  }
  if (input.probe != nullptr && !input.probe->drained()) return open_groups(*input.probe);
  if (payments == nullptr) return {};
  const auto answer = payments->ask(kExportLimit);
  if (!answer) return "the payments export cannot be read: " + answer.error().message;
  if (answer->open == 0) return {};
  return fmt::format("{} payments in a transient state: {}{}", answer->open, answer->examples,
                     answer->open > 3 ? ", …" : "");
}

}  // namespace

DrainOutcome wait_until_drained(const DrainInput& input) {
  DrainOutcome outcome;
  const Nanoseconds start = monotonic_now();
  std::optional<audit::OpenPayments> payments;
  if (input.system != nullptr) payments.emplace(*input.system);
  Nanoseconds told = start;
  while (!input.interrupted()) {
    outcome.open_text = still_open(input, payments ? &*payments : nullptr);
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
