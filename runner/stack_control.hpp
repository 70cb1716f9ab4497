#pragma once
// What faults may do to the stack, over its supervisor: signals and restarts, its processes' operator APIs, its
// addresses.

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/http/client.hpp"
#include "chaos/operator_control.hpp"
#include "chaos/running_fault.hpp"
#include "stack/supervisor.hpp"

namespace tidegate::runner {

/// Thread-safe. The supervisor outlives it, and knows which deaths were asked for since they go through it.
class StackControl final : public chaos::ProcessControl, public chaos::OperatorControl, public chaos::TrafficControl {
 public:
  explicit StackControl(stack::Supervisor& supervisor) : supervisor_(supervisor) {}

  Result<void> kill(const std::string& process, int signal_number) override;
  Result<void> restart(const std::string& process) override;
  Result<void> restart_with(const std::string& process, const std::map<std::string, std::string>& switches) override;
  Result<Identity> identity(const std::string& process) const override;
  std::optional<Nanoseconds> ready_since(const std::string& process) const override;

  /// With the topology's secret `operator_token`, where it has one.
  Result<json::value> call(const std::string& process, const std::string& endpoint, const std::string& method,
                           const std::string& path, const std::string& body) override;
  Result<double> counter(const std::string& process, const std::string& endpoint, const std::string& name) override;

  Result<std::string> address(const std::string& link) override;

 private:
  Result<http::Response> fetch(const std::string& process, const std::string& endpoint, http::ClientRequest request);
  stack::Supervisor& supervisor_;
};

/// The sum of a metric over its labels in Prometheus' text format; nothing when it is not there.
std::optional<double> sum_of_metric(std::string_view page, std::string_view name);

}  // namespace tidegate::runner
