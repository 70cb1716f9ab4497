#pragma once
// What the agent and its clients say to each other, as values and as the JSON of the control API (chaos/README.md).

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "base/yaml.hpp"
#include "chaos/match.hpp"
#include "chaos/touch.hpp"

namespace tidegate::chaos {

/// A link to open.
struct LinkRequest {
  std::string name;
  std::string listen = "127.0.0.1:0";  ///< port 0: chosen by the system
  bool http = false;                   ///< messages are known, so faults can look at them
  std::string upstream = {};           ///< may come later
};
json::object to_json(const LinkRequest& request);
Result<LinkRequest> link_request_from_json(const json::value& value);

/// A fault for a limited time, on a link or on a process.
struct LeaseRequest {
  std::string id;       ///< the fault's name in the scenario
  std::string link;     ///< of a link that was opened; empty for a fault on a process
  std::string process;  ///< its name, for people
  int pid = 0;
  std::uint64_t started = 0;  ///< process_start_ticks of that process; zero: whoever has the number
  std::string kind;
  yaml::Node parameters;
  Match match;
  std::uint64_t seed = 0;
  Nanoseconds duration{0};                      ///< planned; zero: until healed
  Nanoseconds grace = std::chrono::seconds(2);  ///< after `duration` the agent heals it itself
  bool needs_heartbeat = true;                  ///< healed when the client falls silent
  std::string by;                               ///< who asked for it, for the log
};
json::object to_json(const LeaseRequest& request);
/// Refuses unknown and missing members, unknown kinds and bad parameters, all named in one usage error.
Result<LeaseRequest> lease_from_json(const json::value& value);

/// A lease as the agent knows it; healed ones are remembered for a while.
struct FaultReport {
  std::string id, link, kind;
  std::string process;  ///< instead of a link
  std::string by;       ///< who asked for it
  bool active = false;
  std::string healed_by;  ///< why it is not active: "asked", "lease ended", "heartbeat missing", "SIGTERM", ...
  std::uint64_t hits = 0;
  std::uint64_t hits_last_second = 0;  ///< in the last whole second
  double active_s = 0;                 ///< how long it has been, or was, on
};
json::object to_json(const FaultReport& report);
Result<FaultReport> report_from_json(const json::value& value);

/// Some of the messages that a fault touched, in the order of their coming.
struct TouchPage {
  std::vector<Touch> touches;
  std::uint64_t next = 0;    ///< where the following page begins
  std::uint64_t beyond = 0;  ///< touches that were not kept, for their number
};
json::object to_json(const TouchPage& page);
Result<TouchPage> touch_page_from_json(const json::value& value);

struct LinkReport {
  std::string name, address, upstream;  ///< upstream is empty while unknown
  std::uint64_t connections = 0, accepted = 0, refused = 0;
  std::uint64_t bytes_up = 0, bytes_down = 0;
  bool http = false, enabled = true;
};
json::object to_json(const LinkReport& report);
Result<LinkReport> link_from_json(const json::value& value);

struct AgentStatus {
  int pid = 0;
  std::uint64_t limit = 0;  ///< of faults at once; zero: none
  std::vector<LinkReport> links;
  std::vector<FaultReport> faults;  ///< in the order of injection
};
json::object to_json(const AgentStatus& status);
Result<AgentStatus> status_from_json(const json::value& value);

}  // namespace tidegate::chaos
