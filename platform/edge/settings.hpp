#pragma once
// What the edge does with requests: where they go, what is changed in them, and when a candidate is taken back.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace tidegate::platform {

/// Requests whose path begins with `path` go to another upstream: a service taken out of the old platform.
struct StranglerRule {
  std::string path;
  std::string upstream;  ///< a role of the peers: "legacy"
};

/// Changes to requests whose path begins with `path`, so that clients need not change with the services.
struct Transform {
  std::string path;
  std::map<std::string, std::string> set_headers;
  std::vector<std::string> remove_headers;
  std::map<std::string, std::string> rename_members;  ///< of a JSON object body, old name to new
};

/// A candidate beside the stable upstream.
struct Canary {
  std::string upstream;    ///< "canary"; empty: none
  std::int64_t share = 0;  ///< per cent of the requests
  std::int64_t shadow =
      0;  ///< per cent of the stable upstream's requests that it gets a copy of; nobody sees its answers
};

/// The candidate's share becomes 0 by itself when one of these is breached.
struct Rollback {
  double error_share = 0.05;                             ///< of its answers in the window: 5xx and none
  Nanoseconds slowest = std::chrono::milliseconds(500);  ///< of 99 % of its answers in the window
  std::int64_t least_requests = 50;                      ///< before the window is judged
  Nanoseconds window = std::chrono::seconds(10);
  std::int64_t failed_probes = 3;  ///< in a row
};

struct EdgeSettings {
  std::string stable = "gateway";
  Canary canary;
  std::vector<StranglerRule> strangler;
  std::vector<Transform> transforms;
  Rollback rollback;
  Nanoseconds hold = std::chrono::seconds(5);  ///< how long a request waits for an upstream that is away
  Nanoseconds probe_every = std::chrono::seconds(1);
  std::string probe_path = "/healthz";

  /// All members are optional; unknown ones are errors, so that a misspelt one is not taken for a missing one.
  static Result<EdgeSettings> from_json(const json::object& document);
  json::object to_json() const;
};

}  // namespace tidegate::platform
