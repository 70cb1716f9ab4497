// Method: one pass over the history. Touches are looked up by the key's hash and by that of the trace id that derives
// from the key (base/trace_id.hpp); invocations and answers in the seconds of a fault are kept to be compared.

#include "runner/touched.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

#include "base/trace_id.hpp"
#include "record/operations.hpp"

namespace tidegate::runner {
namespace {

using record::Operation;
using record::OperationEvent;

constexpr std::size_t kLastBit = 63;
/// An invocation is stamped before its bytes leave, on another thread than the one that saw them.
constexpr Nanoseconds kStampError = std::chrono::milliseconds(2);
/// Memory stays bounded however long faults last.
constexpr std::size_t kMostCompared = 2'000'000;

struct Sent {
  std::uint64_t position = 0;
  Nanoseconds at{0};
  Nanoseconds answered{-1};
  bool failed = false;
  std::uint64_t touched = 0;
};

/// One attempt of one iteration.
using AttemptName = std::tuple<std::uint16_t, std::uint64_t, std::uint16_t, std::uint16_t>;
AttemptName name_of(const Operation& operation) {
  return {operation.block, operation.iteration, operation.step, operation.attempt};
}

bool is_answer(OperationEvent event) {
  return event == OperationEvent::ok || event == OperationEvent::fail || event == OperationEvent::unknown;
}

struct Group {
  std::uint64_t requests = 0, failed = 0;
  std::vector<Nanoseconds> times;
  void add(const Sent& sent) {
    ++requests;
    failed += sent.failed ? 1 : 0;
    if (sent.answered.count() >= 0 && !sent.failed) times.push_back(sent.answered - sent.at);
  }
  double p50_s() {
    if (times.empty()) return 0;
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::nth_element(times.begin(), middle, times.end());
    return to_seconds(*middle);
  }
};

/// What one pass over the history collects.
class Pass {
 public:
  Pass(const std::vector<chaos::FaultProgress>& progress,
       std::unordered_map<std::uint64_t, std::vector<std::size_t>> wanted)
      : progress_(progress), wanted_(std::move(wanted)) {}

  void take(const Operation& operation) {
    const std::uint64_t position = position_++;
    if (operation.event == OperationEvent::invoke) return invoked(operation, position);
    if (!is_answer(operation.event)) return;
    const auto open = open_.find(name_of(operation));
    if (open == open_.end()) return;
    sent_[open->second].answered = operation.time;
    sent_[open->second].failed = operation.event != OperationEvent::ok;
    open_.erase(open);
  }

  std::vector<Sent>& sent() { return sent_; }
  /// Of each touch that is looked for, the invocations of its key.
  const std::unordered_map<std::size_t, std::vector<std::size_t>>& found() const { return found_; }

 private:
  void invoked(const Operation& operation, std::uint64_t position) {
    const auto key = operation.key_text();
    const std::vector<std::size_t>* touches = nullptr;
    for (const std::uint64_t hash : {chaos::message_hash(key), chaos::message_hash(trace_id_for(key))}) {
      const auto match = wanted_.find(hash);
      if (match == wanted_.end()) continue;
      touches = &match->second;
      for (const std::size_t touch : *touches) found_[touch].push_back(sent_.size());
    }
    if (touches == nullptr && (!in_a_fault(operation.time) || sent_.size() >= kMostCompared)) return;
    open_[name_of(operation)] = sent_.size();
    sent_.push_back({position, operation.time, Nanoseconds{-1}, false, 0});
  }

  bool in_a_fault(Nanoseconds time) const {
    return std::any_of(progress_.begin(), progress_.end(), [&](const chaos::FaultProgress& fault) {
      return fault.injected <= time && time <= fault.healed;
    });
  }

  const std::vector<chaos::FaultProgress>& progress_;
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> wanted_;
  std::unordered_map<std::size_t, std::vector<std::size_t>> found_;
  std::map<AttemptName, std::size_t> open_;
  std::vector<Sent> sent_;
  std::uint64_t position_ = 0;
};

}  // namespace

TouchedRequests::TouchedRequests(std::vector<std::string> faults) : faults_(std::move(faults)) {}

void TouchedRequests::add(const std::string& fault, const std::vector<chaos::Touch>& touches) {
  const auto found = std::find(faults_.begin(), faults_.end(), fault);
  if (found == faults_.end()) return;
  const auto index = static_cast<std::size_t>(found - faults_.begin());
  const std::lock_guard lock(mutex_);
  for (const chaos::Touch& touch : touches) entries_.push_back({touch.message, index, touch.at});
}

Result<void> TouchedRequests::mark(const std::string& path, RunClock clock,
                                   const std::vector<chaos::FaultProgress>& progress, const Emit& emit) {
  const std::lock_guard lock(mutex_);
  if (entries_.empty()) return {};
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> wanted;
  for (std::size_t i = 0; i < entries_.size(); ++i) wanted[entries_[i].message].push_back(i);
  Pass pass(progress, std::move(wanted));
  const auto cut = record::visit_operations(path, [&pass](const Operation& operation) { pass.take(operation); });
  if (!cut) return cut.error();

  auto& sent = pass.sent();
  for (const auto& [touch, invocations] : pass.found()) {
    const Entry& entry = entries_[touch];
    const Nanoseconds at = clock.from_monotonic(entry.at) + kStampError;
    std::size_t latest = invocations.front();
    for (const std::size_t each : invocations) {
      if (sent[each].at <= at && sent[each].at >= sent[latest].at) latest = each;
    }
    sent[latest].touched |= std::uint64_t{1} << std::min(entry.fault, kLastBit);
  }
  std::vector<record::TouchedOperation> marks;
  for (const Sent& each : sent) {
    if (each.touched != 0) marks.push_back({each.position, each.touched});
  }
  if (auto marked = record::mark_touched(path, marks); !marked) return marked;

  for (std::size_t i = 0; i < faults_.size() && i < progress.size(); ++i) {
    const std::uint64_t bit = std::uint64_t{1} << std::min(i, kLastBit);
    Group touched, others;
    for (const Sent& each : sent) {
      if ((each.touched & bit) != 0) {
        touched.add(each);
      } else if (each.touched == 0 && progress[i].injected <= each.at && each.at <= progress[i].healed) {
        others.add(each);
      }
    }
    if (touched.requests == 0) continue;
    emit("fault_touched", {{"fault", faults_[i]},
                           {"bit", std::min(i, kLastBit)},
                           {"requests", touched.requests},
                           {"failed", touched.failed},
                           {"p50_s", touched.p50_s()},
                           {"others", others.requests},
                           {"others_failed", others.failed},
                           {"others_p50_s", others.p50_s()}});
  }
  return {};
}

}  // namespace tidegate::runner
