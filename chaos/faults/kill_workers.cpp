// kill_workers: some of the processes that a process started for itself are killed; it has to notice and start others.
#include <csignal>
#include <filesystem>
#include <set>
#include <sstream>

#include "base/units.hpp"
#include "chaos/faults/parse.hpp"
#include "chaos/faults/registry.hpp"
#include "chaos/process_target.hpp"

namespace tidegate::chaos {
namespace {

/// Its children that run, whichever of its threads started them.
std::set<int> children_of(int pid) {
  std::set<int> children;
  std::error_code error;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", error)) {
    const auto text = read_file(thread.path().string() + "/children");
    std::istringstream numbers(text ? *text : std::string());
    for (int child = 0; numbers >> child;) {
      const auto target = ProcessTarget::open(child, 0);
      if (target && target->alive()) children.insert(child);
    }
  }
  return children;
}

/// The oldest first. Healed once there are as many as before.
class KillWorkers final : public RunningFault {
 public:
  KillWorkers(std::size_t count, Nanoseconds whole_within, std::string process, ProcessControl& control)
      : count_(count), whole_within_(whole_within), process_(std::move(process)), control_(control) {}

  Result<void> inject() override {
    const auto identity = control_.identity(process_);
    if (!identity) return identity.error();
    pid_ = identity->pid;
    const auto workers = children_of(pid_);
    if (workers.empty()) return usage_error("process '" + process_ + "' has no worker processes");
    before_ = workers.size();
    killed_at_ = monotonic_now();
    for (const int worker : workers) {
      if (hits_ == count_) break;
      const auto target = ProcessTarget::open(worker, 0);
      // A number may have found another owner since: what is killed is a child of the process when it is opened.
      if (!target || !children_of(pid_).contains(worker) || !target->signal(SIGKILL)) continue;
      killed_.insert(worker);
      ++hits_;
    }
    if (hits_ == 0) return machine_error("no worker process of '" + process_ + "' could be killed");
    return {};
  }

  Result<bool> poll() override {
    auto workers = children_of(pid_);
    std::erase_if(workers, [this](int worker) { return killed_.contains(worker); });
    if (workers.size() >= before_) return true;
    if (monotonic_now() - killed_at_ <= whole_within_) return false;
    return timeout_error("process '" + process_ + "' had " + std::to_string(before_) + " workers, and " +
                         std::to_string(workers.size()) + " only " + format_duration(whole_within_) + " after " +
                         std::to_string(hits_) + " were killed");
  }
  Result<void> heal() override { return {}; }
  std::uint64_t hits() const override { return hits_; }

 private:
  std::size_t count_;
  Nanoseconds whole_within_;
  std::string process_;
  ProcessControl& control_;
  int pid_ = 0;
  std::size_t before_ = 0;
  std::set<int> killed_;
  Nanoseconds killed_at_{0};
  std::uint64_t hits_ = 0;
};

constexpr Nanoseconds kUsualTime = std::chrono::seconds(2);

}  // namespace

FaultKind kill_workers_fault() {
  FaultKind kind;
  kind.name = "kill_workers";
  kind.target = TargetKind::process;
  kind.summary = "Some of the worker processes that the process started are killed (-9); it has to start others.";
  kind.hit = "a worker that was killed";
  kind.recovery = "by itself: it has as many workers as before";
  kind.parameters =
      schema::object({schema::optional("count", schema::integer(1, 1000), "of them, the oldest first; default 1"),
                      schema::optional("whole_within", schema::duration(), "as many as before; default 30s")},
                     kind.summary);
  kind.exclusive = true;
  kind.check = [](const yaml::Node&, Diagnostics&) {};
  kind.own_duration = [](const yaml::Node&) -> std::optional<Nanoseconds> { return kUsualTime; };
  kind.make_process_fault = [](const yaml::Node& parameters, const std::string& process,
                               ProcessControl& control) -> std::unique_ptr<RunningFault> {
    const auto* count = parameters.find("count");
    return std::make_unique<KillWorkers>(count == nullptr ? 1 : static_cast<std::size_t>(schema::as_integer(*count)),
                                         duration_or(parameters, "whole_within", std::chrono::seconds(30)), process,
                                         control);
  };
  return kind;
}

}  // namespace tidegate::chaos
