#pragma once
// What all loops share while they run, and none of them changes. Internal to loadgen/.

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "loadgen/compiled.hpp"
#include "loadgen/connection.hpp"
#include "loadgen/metrics.hpp"
#include "loadgen/render.hpp"
#include "loadgen/transport_options.hpp"

namespace tidegate::loadgen {

/// Where the API under test is.
struct Origin {
  std::string scheme = "http", host, port;
  std::string unix_path;    ///< instead of host and port
  std::string host_header;  ///< of requests

  bool is_tls() const { return scheme == "https"; }
};
/// `http://host:port`, `https://host:port` or `unix:/path`; a path after the port is ignored.
Result<Origin> parse_origin(const std::string& base_url);

struct Runtime {
  explicit Runtime(CompiledPlan bound) : plan(std::move(bound)), setup(plan), layout(plan) {}
  CompiledPlan plan;  ///< with the stack's values and the host put in
  SetupData setup;
  MetricLayout layout;
  RunClock clock;
  Origin origin;
  std::vector<Address> addresses;
  std::vector<Address> sources;  ///< that connections start from; empty: the kernel's choice
  TransportOptions transport;
  bool keep_samples = false;
  double spin = 0;  ///< share of its time that a loop may burn just before arrivals
};

/// Puts in `${stack…}` and `${env…}`, prepares requests for the host, and notes which feeders each flow reads. An error
/// names the value that is missing.
Result<CompiledPlan> bind_plan(const CompiledPlan& plan, const std::string& host,
                               const std::map<std::string, std::string>& stack);

}  // namespace tidegate::loadgen
