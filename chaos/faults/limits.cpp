// fd_limit: a limit of a running process is lowered.
#include <csignal>

#include "chaos/faults/parse.hpp"
#include "chaos/faults/registry.hpp"

namespace tidegate::chaos {
namespace {

class LimitFault final : public HeldFault {
 public:
  LimitFault(ProcessTarget target, int resource, rlim_t value)
      : target_(std::move(target)), resource_(resource), value_(value) {}

  Result<void> inject() override {
    auto before = target_.limit(resource_);
    if (!before) return before.error();
    before_ = *before;
    if (value_ >= before_.rlim_cur) {
      return usage_error("process " + std::to_string(target_.pid()) + " is limited to " +
                         std::to_string(before_.rlim_cur) + " already; " + std::to_string(value_) +
                         " would lower nothing");
    }
    auto set = target_.set_limit(resource_, rlimit{value_, before_.rlim_max});
    if (set) hits_ = 1;
    return set;
  }
  std::optional<Undo> undo() const override {
    if (hits_ == 0) return std::nullopt;  // what to go back to is not known yet
    return Undo{false, resource_, before_};
  }
  Result<void> heal() override { return Undo{false, resource_, before_}.apply(target_); }
  std::uint64_t hits() const override { return hits_; }

 private:
  ProcessTarget target_;
  int resource_;
  rlim_t value_;
  rlimit before_{};
  std::uint64_t hits_ = 0;
};

}  // namespace

FaultKind fd_limit_fault() {
  FaultKind kind;
  kind.name = "fd_limit";
  kind.target = TargetKind::process;
  kind.summary = "The process may open no descriptor of that number or above: accepts, connects and opens fail.";
  kind.hit = "the process ran with the lowered limit";
  kind.recovery = "the limit is what it was";
  kind.parameters =
      schema::object({schema::required("limit", schema::integer(3, 1e9), "descriptors; required")}, kind.summary);
  kind.exclusive = true;
  kind.check = [](const yaml::Node&, Diagnostics&) {};
  kind.make_held_fault = [](const yaml::Node& parameters, ProcessTarget target) -> std::unique_ptr<HeldFault> {
    return std::make_unique<LimitFault>(std::move(target), RLIMIT_NOFILE,
                                        static_cast<rlim_t>(schema::as_integer(*parameters.find("limit"))));
  };
  return kind;
}

}  // namespace tidegate::chaos
