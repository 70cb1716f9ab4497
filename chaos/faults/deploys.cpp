// The faults of a deploy beside rolling_restart: deploy starts a process with other switches, canary sends a share of
// the requests to a candidate, callback_flood is what a partner's deploy does to us.
#include <csignal>
#include <map>
#include <thread>

#include "base/units.hpp"
#include "chaos/faults/parse.hpp"
#include "chaos/faults/registry.hpp"
#include "chaos/faults/setting.hpp"

namespace tidegate::chaos {
namespace {

using Switches = std::map<std::string, std::string>;
constexpr Nanoseconds kHealLimit = std::chrono::seconds(5);
constexpr auto kLookEvery = std::chrono::milliseconds(10);

/// Restarted with the switches, and at the heal without them.
class Deploy final : public RunningFault {
 public:
  Deploy(Switches switches, Nanoseconds ready_within, std::string process, ProcessControl& control)
      : switches_(std::move(switches)), ready_within_(ready_within), process_(std::move(process)), control_(control) {}

  Result<void> inject() override {
    if (auto ended = control_.kill(process_, SIGTERM); !ended) return ended;
    restarted_ = monotonic_now();
    auto restarted = control_.restart_with(process_, switches_);
    if (restarted) return restarted;
    [[maybe_unused]] const auto back = control_.restart(process_);
    return restarted;
  }

  Result<bool> poll() override {
    if (hits_ > 0) return false;
    if (is_ready()) {
      hits_ = 1;
    } else if (monotonic_now() - restarted_ > ready_within_) {
      return timeout_error("process '" + process_ + "' was not ready within " + format_duration(ready_within_));
    }
    return false;
  }

  Result<void> heal() override {
    if (auto ended = control_.kill(process_, SIGTERM); !ended) return ended;
    restarted_ = monotonic_now();
    if (auto restarted = control_.restart(process_); !restarted) return restarted;
    while (!is_ready()) {
      if (monotonic_now() - restarted_ > kHealLimit) {
        return timeout_error("process '" + process_ + "' was not ready within " + format_duration(kHealLimit) +
                             " of the deploy's end");
      }
      std::this_thread::sleep_for(kLookEvery);
    }
    return {};
  }
  std::uint64_t hits() const override { return hits_; }

 private:
  bool is_ready() const {
    const auto ready = control_.ready_since(process_);
    return ready && *ready >= restarted_;
  }

  Switches switches_;
  Nanoseconds ready_within_;
  std::string process_;
  ProcessControl& control_;
  Nanoseconds restarted_{0};
  std::uint64_t hits_ = 0;
};

/// A kind that is a setting: `make(parameters)` says which.
template <typename Make>
void set_setting_fault(FaultKind& kind, Make make) {
  kind.target = TargetKind::process;
  kind.make_operator_fault = [make](const yaml::Node& parameters, const std::string& process,
                                    OperatorControl& control) -> std::unique_ptr<RunningFault> {
    return std::make_unique<SettingFault>(make(parameters), process, control);
  };
}

std::int64_t integer_or(const yaml::Node& parameters, const char* key, std::int64_t otherwise) {
  const auto* node = parameters.find(key);
  return node == nullptr ? otherwise : schema::as_integer(*node);
}

}  // namespace

FaultKind deploy_fault() {
  FaultKind kind;
  kind.name = "deploy";
  kind.target = TargetKind::process;
  kind.summary =
      "Another build or configuration is deployed: the process is ended (SIGTERM) and started with other switches.";
  kind.hit = "the process was ready with the switches";
  kind.recovery = "it is deployed as it was, and is ready";
  kind.parameters = schema::object(
      {schema::required("switches", schema::map_of(schema::text()), "names and values, of the topology; required"),
       schema::optional("ready_within", schema::duration(), "of the new one, default 30s; at the heal it is 5s")},
      kind.summary);
  kind.exclusive = true;
  kind.check = [](const yaml::Node& parameters, Diagnostics& diagnostics) {
    const auto* switches = parameters.find("switches");
    if (switches->entries().empty()) diagnostics.add(switches->mark(), "switches: is empty");
  };
  kind.make_process_fault = [](const yaml::Node& parameters, const std::string& process,
                               ProcessControl& control) -> std::unique_ptr<RunningFault> {
    Switches switches;
    for (const auto& [name, value] : parameters.find("switches")->entries()) switches[name.text()] = value.text();
    return std::make_unique<Deploy>(
        std::move(switches), duration_or(parameters, "ready_within", std::chrono::seconds(30)), process, control);
  };
  return kind;
}

FaultKind canary_fault() {
  FaultKind kind;
  kind.name = "canary";
  kind.summary = "An edge sends a share of the requests to a candidate, by its operator API.";
  kind.hit = "a request that went to the candidate";
  kind.recovery = "all requests go where they went";
  kind.parameters = schema::object(
      {schema::optional("upstream", schema::text(), "the candidate, as the edge knows it; default canary"),
       schema::optional("share", schema::integer(1, 100), "per cent that the edge allows; default 10"),
       schema::optional("path", schema::text(), "of the edge's settings; default /admin/edge"),
       schema::optional("hit", schema::text(), "the edge's counter; default edge_canary_requests_total")},
      kind.summary);
  kind.exclusive = true;
  kind.check = [](const yaml::Node&, Diagnostics&) {};
  set_setting_fault(kind, [](const yaml::Node& parameters) {
    const auto text = [&](const char* key, const char* otherwise) {
      const auto* node = parameters.find(key);
      return node == nullptr ? std::string(otherwise) : node->text();
    };
    Setting setting;
    setting.path = text("path", "/admin/edge");
    setting.hit = text("hit", "edge_canary_requests_total");
    setting.member = "settings";
    setting.whole = setting.may_be_new = true;
    setting.set = {{"canary", json::object{{"upstream", text("upstream", "canary")},
                                           {"share", integer_or(parameters, "share", 10)}}}};
    return setting;
  });
  return kind;
}

FaultKind callback_flood_fault() {
  FaultKind kind;
  kind.name = "callback_flood";
  kind.summary = "A provider tells each result by signed callbacks too, many times over, by its operator API.";
  kind.hit = "a callback that it sent";
  kind.recovery = "it tells as often as it did";
  kind.parameters =
      schema::object({schema::optional("copies", schema::integer(1, 1000), "of each message; default 20"),
                      schema::optional("share", schema::share(), "of the results that are told so; default 100%"),
                      schema::optional("path", schema::text(), "of the provider's behaviour; default /admin/behaviour"),
                      schema::optional("hit", schema::text(), "its counter; default bank_callbacks_total")},
                     kind.summary);
  kind.exclusive = true;
  kind.check = [](const yaml::Node& parameters, Diagnostics& diagnostics) {
    const auto* share = parameters.find("share");
    if (share != nullptr && schema::as_share(*share) <= 0) diagnostics.add(share->mark(), "a share of 0 sends none");
  };
  set_setting_fault(kind, [](const yaml::Node& parameters) {
    const auto* share = parameters.find("share");
    const auto* path = parameters.find("path");
    const auto* hit = parameters.find("hit");
    Setting setting;
    setting.path = path == nullptr ? "/admin/behaviour" : path->text();
    setting.hit = hit == nullptr ? "bank_callbacks_total" : hit->text();
    setting.set = {{"callback_share", share == nullptr ? 1.0 : schema::as_share(*share)},
                   {"callback_copies", integer_or(parameters, "copies", 20)}};
    return setting;
  });
  return kind;
}

}  // namespace tidegate::chaos
