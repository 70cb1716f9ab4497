#pragma once
// What faults need that act through a process's own documented operator API, as a person on call would.

#include <string>

#include "base/json.hpp"
#include "base/result.hpp"

namespace tidegate::chaos {

/// Implemented by the runner, which knows addresses and the operator's token. Blocking, at most a few seconds. Called
/// on the timeline's thread.
class OperatorControl {
 public:
  virtual ~OperatorControl() = default;
  /// The JSON of the answer; an error unless its status is a success. `body` is empty for GET.
  virtual Result<json::value> call(const std::string& process, const std::string& endpoint, const std::string& method,
                                   const std::string& path, const std::string& body) = 0;
  /// The sum of a counter over its labels, from the process's Prometheus page.
  virtual Result<double> counter(const std::string& process, const std::string& endpoint, const std::string& name) = 0;
};

/// Where traffic of a fault goes; implemented by the runner.
class TrafficControl {
 public:
  virtual ~TrafficControl() = default;
  /// host:port behind the link, as its FROM sees it.
  virtual Result<std::string> address(const std::string& link) = 0;
};

}  // namespace tidegate::chaos
