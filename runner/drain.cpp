#include "runner/drain.hpp"

#include <fmt/format.h>

#include <optional>
#include <thread>

namespace tidegate::runner {
namespace {

constexpr auto kPeriod = std::chrono::milliseconds(250);
constexpr auto kReadingAtOnce = std::chrono::seconds(20);

std::string open_groups(const gates::LagProbe& probe) {
  std::string text;
  for (const gates::GroupLag& lag : probe.latest()) {
    if (lag.known && lag.records == 0) continue;
    text += (text.empty() ? "" : ", ") + lag.group +
            (lag.known ? fmt::format(" {} records behind", lag.records) : " not known");
  }
  return text.empty() ? "consumer lag is not 0" : "consumer lag: " + text;
}

/// Looks again and again until nothing is open.
class Watch {
 public:
  explicit Watch(const DrainInput& input) : input_(input) {
    if (input.system == nullptr) return;
    payments_.emplace(*input.system, audit::OpenItems::Kind::payments);
    if (input.system->webhooks) deliveries_.emplace(*input.system, audit::OpenItems::Kind::deliveries);
  }

  /// What is still open, empty when nothing is. The exports are asked last, since they are the dearest.
  std::string open() {
    std::string text = open_processes();
    if (text.empty() && input_.probe != nullptr && !input_.probe->drained()) text = open_groups(*input_.probe);
    if (!text.empty()) {
      closed_at_.reset();
      return text;
    }
    if (!closed_at_) {
      text = open_items(payments_, "payments in a transient state");
      if (text.empty()) text = open_deliveries();
      if (!text.empty()) return text;
      closed_at_ = input_.clock.now();
    }
    // The events of the last changes may be on their way.
    if (input_.probe != nullptr && !input_.probe->quiet(*closed_at_)) return "events still come";
    // And what they brought is to be delivered.
    text = open_deliveries();
    if (!text.empty()) closed_at_.reset();
    return text;
  }

  /// How long what was not read before has been read.
  Nanoseconds reading() const { return reading_; }

 private:
  std::string open_processes() const {
    if (input_.supervisor == nullptr) return {};
    for (const stack::ProcessSpec& process : input_.supervisor->topology().processes) {
      if (!input_.supervisor->ready_since(process.name)) return "process " + process.name + " is not ready";
    }
    return {};
  }

  std::string open_deliveries() { return open_items(deliveries_, "webhook deliveries pending"); }

  std::string open_items(std::optional<audit::OpenItems>& items, std::string_view what) {
    if (!items) return {};
    const Nanoseconds start = monotonic_now();
    const auto answer = items->ask(kReadingAtOnce, input_.interrupted);
    if (!answer) return fmt::format("what {} there are cannot be read: {}", what, answer.error().message);
    if (answer->went_on) reading_ += monotonic_now() - start;
    if (answer->open > 0) {
      return fmt::format("{} {}: {}{}", answer->open, what, answer->examples, answer->open > 3 ? ", …" : "");
    }
    return answer->whole ? std::string() : fmt::format("what {} there are is still being read", what);
  }

  const DrainInput& input_;
  std::optional<audit::OpenItems> payments_, deliveries_;
  Nanoseconds reading_{0};
  std::optional<Nanoseconds> closed_at_;  // run clock: since then nothing is open
};

}  // namespace

DrainOutcome wait_until_drained(const DrainInput& input) {
  DrainOutcome outcome;
  const Nanoseconds start = monotonic_now();
  Watch watch(input);
  Nanoseconds told = start;
  while (!input.interrupted()) {
    outcome.open_text = watch.open();
    outcome.drained = outcome.open_text.empty();
    const Nanoseconds now = monotonic_now();
    outcome.seconds = to_seconds(now - start);
    outcome.reading_seconds = to_seconds(watch.reading());
    const Nanoseconds waited = now - start - watch.reading();
    if (outcome.drained || waited >= input.limit || watch.reading() >= input.reading_limit) break;
    if (now - told >= std::chrono::seconds(1)) {
      told = now;
      input.each_second();
    }
    std::this_thread::sleep_for(kPeriod);
  }
  return outcome;
}

}  // namespace tidegate::runner
